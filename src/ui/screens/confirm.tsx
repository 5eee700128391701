import type { ReactNode } from 'react';
import { Menu } from '../components/menu.tsx';
import { SPACE, Stack } from '../components/stack.tsx';
import { useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { line, span, wrapText } from '../lines.ts';

export interface Confirmation {
  /** One sentence that ends in a question mark. */
  question: string;
  /** What is agreed to, whole, line by line: a command, addresses. Never shortened where it can be scrolled to. */
  detail: readonly string[];
  yes: string;
  no: string;
}

/** Yes or no, with no under the pointer. What is agreed to is wrapped, never cut. */
export function ConfirmScreen({
  question,
  detail,
  yes,
  no,
  onAnswer,
}: Confirmation & { onAnswer: (agreed: boolean) => void }): ReactNode {
  const theme = useTheme();
  const { width } = useSize();
  useKeys(({ name, text }) => {
    if (name === 'escape' || text === 'n' || text === 'q') onAnswer(false);
    else if (text === 'y') onAnswer(true);
  });
  return (
    <Stack
      blocks={[
        SPACE,
        { lines: wrapText(question, width - 1).map(text => line(span(` ${text}`, 'strong'))), rank: 1, least: 1 },
        {
          lines: detail.flatMap(part => wrapText(part, width - 4).map(text => line(span(`   ${text}`, 'accent')))),
          rank: 2,
          least: 1,
        },
        SPACE,
        {
          want: 2,
          least: 2,
          rank: 0,
          draw: (rows, columns) => (
            <Menu
              items={[
                { value: 'no', label: no },
                { value: 'yes', label: yes },
              ]}
              rows={rows}
              width={columns}
              onChoose={value => onAnswer(value === 'yes')}
            />
          ),
        },
        SPACE,
        {
          lines: [
            keyBar(
              [
                ['enter', 'choose'],
                ['y', yes],
                ['n', no],
              ],
              width,
              theme,
            ),
          ],
          rank: 3,
        },
      ]}
    />
  );
}

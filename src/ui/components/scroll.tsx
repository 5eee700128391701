import { type ReactNode, useState } from 'react';
import { type KeyPress, useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { edges, type Line, line, span } from '../lines.ts';
import { Lines } from './lines.tsx';
import { SPACE, Stack } from './stack.tsx';

/** Rows that are more than the window shows, under a title, to be scrolled through. */
export function Scroll({
  title,
  lines,
  keys,
  onClose,
  onKey,
}: {
  title: Line;
  lines: readonly Line[];
  /** Shown in the bar, behind those for scrolling. */
  keys: readonly (readonly [string, string])[];
  onClose: () => void;
  onKey?: (press: KeyPress) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height, full } = useSize();
  const [wanted, setTop] = useState(0);
  // Title, two spaces and the bar, as far as the window has room for them.
  const page = Math.max(1, height - (height >= 8 ? 5 : height >= 3 ? 2 : 0));
  const last = Math.max(0, lines.length - page);
  const top = Math.min(wanted, last);
  useKeys(press => {
    const { name, text } = press;
    if (name === 'escape' || text === 'q') onClose();
    else if (name === 'up' || text === 'k') setTop(Math.max(0, top - 1));
    else if (name === 'down' || text === 'j') setTop(Math.min(last, top + 1));
    else if (name === 'page-up') setTop(Math.max(0, top - page));
    else if (name === 'page-down' || text === ' ') setTop(Math.min(last, top + page));
    else if (name === 'home' || text === 'g') setTop(0);
    else if (name === 'end' || text === 'G') setTop(last);
    else onKey?.(press);
  });
  const place = last === 0 ? '' : `${top + 1}-${Math.min(lines.length, top + page)} of ${lines.length}`;
  const { upDown, ellipsis } = theme.glyphs;
  return (
    <Stack
      blocks={[
        SPACE,
        { lines: [edges(title, line(span(place, 'quiet')), width, ellipsis)], rank: 1 },
        SPACE,
        {
          want: Math.min(page, lines.length),
          least: 1,
          rank: 0,
          draw: given => <Lines lines={lines.slice(top, top + given)} width={full} />,
        },
        SPACE,
        {
          lines: [keyBar([...(last > 0 ? [[upDown, 'scroll'] as const] : []), ...keys], width, theme)],
          rank: 2,
        },
      ]}
    />
  );
}

import { type ReactNode, useRef, useState } from 'react';
import { leaving, partsOf, taking } from '../../generate/parts.ts';
import type { Change, Plan } from '../../generate/types.ts';
import { Frame } from '../components/frame.tsx';
import { type RowItem, Rows, unread, wholeHeight } from '../components/rows.tsx';
import { isBack } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { edges, line, span } from '../lines.ts';
import { commonName, type TitleOf } from '../plan-lines.ts';

/** What becomes of a part that is left out. */
const LATER =
  'What is left out is still asked for by the posture: generate --check says that it is missing, and the next generate writes it.';

/** The plan part by part: space leaves one out and takes it back, enter shows its lines. */
export function PlanFiles({
  plan,
  skipped,
  titleOf,
  onSkip,
  onView,
  onClose,
  current,
}: {
  plan: Plan;
  /** Outputs that are left out. */
  skipped: ReadonlySet<string>;
  titleOf: TitleOf;
  onSkip: (skipped: ReadonlySet<string>) => void;
  onView: (changes: readonly Change[]) => void;
  onClose: () => void;
  /** The path of a change whose part is under the pointer first. */
  current?: string | undefined;
}): ReactNode {
  const { glyphs } = useTheme();
  const { width, height } = useSize();
  const parts = partsOf(plan);
  const begin = parts.find(({ changes }) => changes.some(({ path }) => path === current)) ?? parts[0];
  const [at, setAt] = useState(begin?.outputs.join());
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(skipped);

  function toggle(values: readonly (string | undefined)[]): void {
    const some = parts.filter(({ outputs }) => values.includes(outputs.join()));
    const all = some.every(({ outputs }) => !outputs.some(output => latest.current.has(output)));
    latest.current = (all ? leaving : taking)(
      plan,
      latest.current,
      some.flatMap(({ outputs }) => outputs),
    );
    onSkip(latest.current);
  }

  const items = parts.map(({ outputs, changes }): RowItem => {
    const written = !outputs.some(output => skipped.has(output));
    const name = commonName(changes.map(({ path }) => path));
    return {
      value: outputs.join(),
      label: changes.length > 1 ? `${name}  (${changes.length} files)` : name,
      hint: outputs.map(titleOf).find(Boolean) ?? changes[0]?.reason,
      checked: written,
      mark: { text: written ? glyphs.on : glyphs.off, tone: written ? 'accent' : 'quiet' },
    };
  });
  const left = items.filter(({ checked }) => !checked).length;
  const high = wholeHeight(items, width);
  // Title, what is said below the list, the keys, and the rows between them.
  const whole = high + (left > 0 ? 11 : 8) <= height;
  const below = whole ? undefined : unread(items, at, width);
  const fixed = plan.changes.find(({ output, state }) => output === 'posture' && state !== 'unchanged');
  return (
    <Frame
      title={[
        edges(
          line(span(' What is written', 'strong')),
          line(span(left === 0 ? 'all of it' : `${items.length - left} of ${items.length}`, 'quiet')),
          width,
          glyphs.ellipsis,
        ),
      ]}
      control={{
        want: whole ? high : items.length,
        least: 1,
        rank: 0,
        draw: (rows, columns) => (
          <Rows
            several
            whole={whole}
            items={items}
            rows={rows}
            width={columns}
            initial={at}
            onHighlight={setAt}
            onKey={({ name, text }, item, shown) => {
              if (text === ' ' || text === 's') toggle([item?.value]);
              else if (text === 'a') toggle(shown.map(({ value }) => value));
              else if (name === 'enter' || name === 'right')
                onView(parts.find(({ outputs }) => outputs.join() === item?.value)?.changes ?? []);
              else if (isBack(name) || text === 'q') onClose();
            }}
          />
        ),
      }}
      said={[
        below === undefined ? undefined : { text: below, rank: 5 },
        left > 0 ? { text: LATER, rank: 3, tone: 'warn' } : undefined,
        fixed && { text: `${fixed.path} is written in any case: all else is made from it.`, rank: 6 },
      ]}
      keys={[
        ['space', 'leave out, take'],
        ['enter', 'see its lines'],
        ['a', 'all'],
        [`esc ${glyphs.left}`, 'back to the plan'],
      ]}
    />
  );
}

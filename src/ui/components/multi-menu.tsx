import { type ReactNode, useRef, useState } from 'react';
import type { KeyPress } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import type { MenuItem } from './menu.tsx';
import { Rows } from './rows.tsx';

/**
 * A list to choose any number from: space marks, `a` marks all, enter takes what is marked. Enter in a search marks what it
 * found where that is one, and never takes the list.
 */
export function MultiMenu({
  items,
  rows,
  width,
  initial,
  isActive = true,
  onChoose,
  onHighlight,
  onMark,
  onOther,
}: {
  items: readonly MenuItem<string>[];
  rows: number;
  width: number;
  initial: readonly string[];
  isActive?: boolean;
  onChoose: (values: readonly string[]) => void;
  onHighlight?: (value: string) => void;
  onMark?: (values: readonly string[]) => void;
  /** Keys that mean nothing to the list. */
  onOther?: (press: KeyPress) => void;
}): ReactNode {
  const { glyphs } = useTheme();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set(initial));
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(marked);
  const inOrder = (set: ReadonlySet<string>): string[] =>
    items.filter(item => set.has(item.value)).map(item => item.value);

  function mark(next: ReadonlySet<string>): void {
    latest.current = next;
    setMarked(next);
    onMark?.(inOrder(next));
  }
  function toggle(value: string): void {
    const next = new Set(latest.current);
    if (!next.delete(value)) next.add(value);
    mark(next);
  }
  /** All that the search leaves; none, where they are marked already. */
  function toggleAll(shown: readonly { value: string }[]): void {
    const next = new Set(latest.current);
    const all = shown.every(({ value }) => next.has(value));
    for (const { value } of shown) all ? next.delete(value) : next.add(value);
    mark(next);
  }

  return (
    <Rows
      several
      items={items.map(item => {
        const checked = marked.has(item.value);
        return {
          ...item,
          checked,
          mark: { text: checked ? glyphs.on : glyphs.off, tone: checked ? ('accent' as const) : ('quiet' as const) },
        };
      })}
      rows={rows}
      width={width}
      isActive={isActive}
      {...(onHighlight ? { onHighlight } : {})}
      onFound={({ value }) => mark(new Set(latest.current).add(value))}
      onKey={(press, item, shown) => {
        const { name, text } = press;
        if (name === 'enter') onChoose(inOrder(latest.current));
        else if (text === ' ' && item) toggle(item.value);
        else if (text === 'a') toggleAll(shown);
        else onOther?.(press);
      }}
    />
  );
}

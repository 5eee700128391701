import { Box, Text } from 'ink';
import { type ReactNode, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells, fitText, pad, TWO_COLUMNS } from '../lines.ts';
import { labelColumn, type MenuItem } from './menu.tsx';

/** The part of a list of `count` that is shown in `rows` rows, so that `at` is in it. */
export function windowStart(at: number, count: number, rows: number, start: number): number {
  const last = Math.max(0, count - rows);
  if (at < start) return at;
  if (at >= start + rows) return Math.min(last, at - rows + 1);
  return Math.min(start, last);
}

/** A list to choose any number from: space marks, enter takes what is marked. */
export function MultiMenu({
  items,
  rows,
  width,
  initial,
  isActive = true,
  onChoose,
  onHighlight,
  onMark,
}: {
  items: readonly MenuItem<string>[];
  rows: number;
  width: number;
  initial: readonly string[];
  isActive?: boolean;
  onChoose: (values: readonly string[]) => void;
  onHighlight?: (value: string) => void;
  onMark?: (values: readonly string[]) => void;
}): ReactNode {
  const { glyphs, looks } = useTheme();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set(initial));
  const [at, setAt] = useState(0);
  const [top, setTop] = useState(0);
  const shown = Math.max(1, Math.min(rows, items.length));
  const start = windowStart(at, items.length, shown, top);

  function move(to: number): void {
    const next = (to + items.length) % items.length;
    setAt(next);
    setTop(windowStart(next, items.length, shown, start));
    const item = items[next];
    if (item) onHighlight?.(item.value);
  }

  const inOrder = (set: ReadonlySet<string>): string[] =>
    items.filter(item => set.has(item.value)).map(item => item.value);

  function mark(next: ReadonlySet<string>): void {
    setMarked(next);
    onMark?.(inOrder(next));
  }

  useKeys(({ name, text }) => {
    if (name === 'up' || text === 'k') move(at - 1);
    else if (name === 'down' || text === 'j') move(at + 1);
    else if (name === 'home') move(0);
    else if (name === 'end') move(items.length - 1);
    else if (text === ' ') {
      const value = items[at]?.value;
      if (value === undefined) return;
      const next = new Set(marked);
      if (!next.delete(value)) next.add(value);
      mark(next);
    } else if (text === 'a') {
      mark(new Set(marked.size === items.length ? [] : items.map(item => item.value)));
    } else if (name === 'enter') {
      onChoose(inOrder(marked));
    }
  }, isActive);

  const box = cells(glyphs.on);
  const room = width - 4 - box;
  const names = labelColumn(items, room);
  return (
    <Box flexDirection="column" aria-role="listbox" aria-state={{ multiselectable: true }}>
      {items.slice(start, start + shown).map((item, index) => {
        const here = start + index === at;
        const on = marked.has(item.value);
        const hintRoom = width >= TWO_COLUMNS ? room - names - 3 : 0;
        const besides = item.hint !== undefined && hintRoom > 8;
        const name = fitText(oneLine(item.label), besides ? names : room, glyphs.ellipsis);
        return (
          <Box key={item.value} aria-role="checkbox" aria-state={{ checked: on, selected: here }}>
            <Text aria-hidden {...looks.accent}>
              {here ? ` ${glyphs.pointer} ` : '   '}
            </Text>
            <Text aria-hidden {...(on ? looks.accent : looks.quiet)}>
              {on ? glyphs.on : glyphs.off}{' '}
            </Text>
            <Text {...(here ? { ...looks.accent, ...looks.strong } : looks.plain)}>
              {besides ? pad(name, names) : name}
            </Text>
            {besides ? (
              <Text {...looks.quiet}>
                {'   '}
                {fitText(oneLine(item.hint ?? ''), hintRoom, glyphs.ellipsis)}
              </Text>
            ) : null}
          </Box>
        );
      })}
    </Box>
  );
}

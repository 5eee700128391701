import { Box, Text } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells, fitText, fitWords, pad, TWO_COLUMNS } from '../lines.ts';
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
  const [{ marked, at, top }, setState] = useState({ marked: new Set(initial) as ReadonlySet<string>, at: 0, top: 0 });
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef({ marked, at, top });
  const shown = Math.max(1, Math.min(rows, items.length));
  const start = windowStart(at, items.length, shown, top);

  const inOrder = (set: ReadonlySet<string>): string[] =>
    items.filter(item => set.has(item.value)).map(item => item.value);

  function become(change: Partial<typeof latest.current>): void {
    latest.current = { ...latest.current, ...change };
    setState(latest.current);
  }
  function move(to: number): void {
    const next = (to + items.length) % items.length;
    become({ at: next, top: windowStart(next, items.length, shown, latest.current.top) });
    const item = items[next];
    if (item) onHighlight?.(item.value);
  }
  function mark(next: ReadonlySet<string>): void {
    become({ marked: next });
    onMark?.(inOrder(next));
  }
  function toggle(): void {
    const value = items[latest.current.at]?.value;
    if (value === undefined) return;
    const next = new Set(latest.current.marked);
    if (!next.delete(value)) next.add(value);
    mark(next);
  }

  useKeys(({ name, text }) => {
    const { at: here, marked: now } = latest.current;
    if (items.length === 0) {
      if (name === 'enter') onChoose([]);
    } else if (name === 'up' || text === 'k') move(here - 1);
    else if (name === 'down' || text === 'j') move(here + 1);
    else if (name === 'home') move(0);
    else if (name === 'end') move(items.length - 1);
    else if (text === ' ') toggle();
    else if (text === 'a') mark(new Set(now.size === items.length ? [] : items.map(item => item.value)));
    else if (name === 'enter') onChoose(inOrder(now));
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
                {fitWords(oneLine(item.hint ?? ''), hintRoom, glyphs.ellipsis)}
              </Text>
            ) : null}
          </Box>
        );
      })}
    </Box>
  );
}

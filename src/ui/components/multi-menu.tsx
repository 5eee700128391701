import { Box, Text } from 'ink';
import { type ReactNode, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells, fitText, nameColumn, pad } from '../lines.ts';
import type { MenuItem } from './menu.tsx';

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
}: {
  items: readonly MenuItem<string>[];
  rows: number;
  width: number;
  initial: readonly string[];
  isActive?: boolean;
  onChoose: (values: readonly string[]) => void;
  onHighlight?: (value: string) => void;
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
      setMarked(next);
    } else if (text === 'a') {
      setMarked(marked.size === items.length ? new Set() : new Set(items.map(item => item.value)));
    } else if (name === 'enter') {
      onChoose(items.filter(item => marked.has(item.value)).map(item => item.value));
    }
  }, isActive);

  const box = cells(glyphs.on);
  const room = width - 4 - box;
  const withHints = items.some(item => item.hint) && width >= 50;
  const names = nameColumn(
    items.map(item => item.label),
    width,
    withHints ? Math.ceil(width / 2) : room,
  );
  return (
    <Box flexDirection="column" aria-role="listbox" aria-state={{ multiselectable: true }}>
      {items.slice(start, start + shown).map((item, index) => {
        const here = start + index === at;
        const on = marked.has(item.value);
        const name = fitText(oneLine(item.label), names, glyphs.ellipsis);
        const hintRoom = room - names - 3;
        return (
          <Box key={item.value} aria-role="checkbox" aria-state={{ checked: on, selected: here }}>
            <Text aria-hidden {...looks.accent}>
              {here ? ` ${glyphs.pointer} ` : '   '}
            </Text>
            <Text aria-hidden {...(on ? looks.accent : looks.quiet)}>
              {on ? glyphs.on : glyphs.off}{' '}
            </Text>
            <Text {...(here ? { ...looks.accent, ...looks.strong } : looks.plain)}>
              {item.hint ? pad(name, names) : name}
            </Text>
            {item.hint && hintRoom > 8 ? (
              <Text {...looks.quiet}>
                {'   '}
                {fitText(oneLine(item.hint), hintRoom, glyphs.ellipsis)}
              </Text>
            ) : null}
          </Box>
        );
      })}
    </Box>
  );
}

import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { createContext, type ReactNode, useContext, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { fitText, fitWords, nameColumn, pad, TWO_COLUMNS } from '../lines.ts';

export interface MenuItem<V> {
  value: V;
  label: string;
  hint?: string | undefined;
}

/** Cells for the labels that have a hint beside them; the others may run on. */
export function labelColumn(items: readonly MenuItem<string>[], width: number): number {
  const hinted = items.filter(item => item.hint);
  if (width < TWO_COLUMNS || hinted.length === 0) return width;
  return nameColumn(
    hinted.map(item => item.label),
    width,
    Math.floor(width * 0.6),
  );
}

/** Columns of a menu, and the hint of each value: what a row needs beside its own label. */
const MenuLayout = createContext<{
  width: number;
  names: number;
  hintRoom: number;
  hints: ReadonlyMap<string, string | undefined>;
}>({
  width: 0,
  names: 0,
  hintRoom: 0,
  hints: new Map(),
});

function Row(props: { isSelected?: boolean; label: string }): ReactNode {
  const { glyphs, looks } = useTheme();
  const { width, names, hintRoom, hints } = useContext(MenuLayout);
  // ink-select-input hands the whole item on.
  const { isSelected = false, label, value } = props as typeof props & { value: string };
  const hint = hints.get(value);
  const besides = hint !== undefined && hintRoom > 8;
  const name = fitText(oneLine(label), besides ? names : width, glyphs.ellipsis);
  return (
    <Box aria-role="option" aria-state={{ selected: isSelected }}>
      <Text {...(isSelected ? { ...looks.accent, ...looks.strong } : looks.plain)}>
        {besides ? pad(name, names) : name}
      </Text>
      {besides ? (
        <Text {...looks.quiet}>
          {'   '}
          {fitWords(oneLine(hint), hintRoom, glyphs.ellipsis)}
        </Text>
      ) : null}
    </Box>
  );
}

function Pointer({ isSelected = false }: { isSelected?: boolean }): ReactNode {
  const { glyphs, looks } = useTheme();
  return (
    <Text aria-hidden {...looks.accent}>
      {isSelected ? ` ${glyphs.pointer} ` : '   '}
    </Text>
  );
}

/**
 * A list to choose one from, in at most `rows` rows: names in one column, what they mean in another. A longer list turns
 * under the pointer; home and end go to its ends.
 */
export function Menu<V extends string>({
  items,
  rows,
  width,
  initial,
  isActive = true,
  onChoose,
  onHighlight,
}: {
  items: readonly MenuItem<V>[];
  rows: number;
  width: number;
  initial?: V | undefined;
  isActive?: boolean;
  onChoose: (value: V) => void;
  onHighlight?: (value: V) => void;
}): ReactNode {
  const [current, setCurrent] = useState(initial ?? items[0]?.value);
  // The list of ink-select-input knows no such keys: it begins anew with the pointer there.
  const [jumps, setJumps] = useState(0);
  useKeys(({ name }) => {
    const to = name === 'home' ? items[0] : name === 'end' ? items.at(-1) : undefined;
    if (!to || to.value === current) return;
    setCurrent(to.value);
    setJumps(jumps + 1);
    onHighlight?.(to.value);
  }, isActive);
  const limit = Math.max(1, Math.min(rows, items.length));
  const names = labelColumn(items, width - 3);
  const hints = new Map<string, string | undefined>(items.map(item => [item.value, item.hint]));
  return (
    <MenuLayout.Provider
      value={{ width: width - 3, names, hintRoom: width >= TWO_COLUMNS ? width - 6 - names : 0, hints }}
    >
      <Box flexDirection="column" aria-role="listbox">
        <SelectInput<V>
          key={`${limit} ${jumps}`}
          items={items.map(({ label, value }) => ({ label, value }))}
          initialIndex={Math.max(
            0,
            items.findIndex(item => item.value === current),
          )}
          limit={limit}
          isFocused={isActive}
          indicatorComponent={Pointer}
          itemComponent={Row}
          onSelect={item => onChoose(item.value)}
          onHighlight={item => {
            setCurrent(item.value);
            onHighlight?.(item.value);
          }}
        />
      </Box>
    </MenuLayout.Provider>
  );
}

import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { createContext, type ReactNode, useContext, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { fitText, nameColumn, pad } from '../lines.ts';

export interface MenuItem<V> {
  value: V;
  label: string;
  hint?: string | undefined;
}

/** Columns of a menu, and the hint of each value: what a row needs beside its own label. */
const MenuLayout = createContext<{ names: number; hintRoom: number; hints: ReadonlyMap<string, string | undefined> }>({
  names: 0,
  hintRoom: 0,
  hints: new Map(),
});

function Row(props: { isSelected?: boolean; label: string }): ReactNode {
  const { glyphs, looks } = useTheme();
  const { names, hintRoom, hints } = useContext(MenuLayout);
  // ink-select-input hands the whole item on.
  const { isSelected = false, label, value } = props as typeof props & { value: string };
  const hint = hints.get(value);
  const name = fitText(oneLine(label), names, glyphs.ellipsis);
  return (
    <Box aria-role="option" aria-state={{ selected: isSelected }}>
      <Text {...(isSelected ? { ...looks.accent, ...looks.strong } : looks.plain)}>{hint ? pad(name, names) : name}</Text>
      {hint && hintRoom > 8 ? (
        <Text {...looks.quiet}>
          {'   '}
          {fitText(oneLine(hint), hintRoom, glyphs.ellipsis)}
        </Text>
      ) : null}
    </Box>
  );
}

function Pointer({ isSelected = false }: { isSelected?: boolean }): ReactNode {
  const { glyphs, looks } = useTheme();
  return (
    <Text aria-hidden {...looks.accent}>
      {isSelected ? ` ${glyphs.pointer}` : '  '}
    </Text>
  );
}

/**
 * A list to choose one from, in at most `rows` rows: names in one column, what they mean in another. A longer list turns
 * under the pointer.
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
  const limit = Math.max(1, Math.min(rows, items.length));
  const most = items.some(item => item.hint) && width >= 50 ? Math.ceil(width / 2) : width - 3;
  const names = nameColumn(
    items.map(item => item.label),
    width,
    most,
  );
  const hints = new Map<string, string | undefined>(items.map(item => [item.value, item.hint]));
  return (
    <MenuLayout.Provider value={{ names, hintRoom: width - 6 - names, hints }}>
      <Box flexDirection="column" aria-role="listbox">
        <SelectInput<V>
          key={limit}
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

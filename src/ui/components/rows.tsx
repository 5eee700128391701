import { Box, Text } from 'ink';
import { type ReactNode, useContext, useEffect } from 'react';
import { oneLine, plural } from '../../base/text.ts';
import type { KeyPress } from '../hooks/use-keys.ts';
import { type List, useList } from '../hooks/use-list.ts';
import { useTheme } from '../hooks/use-theme.ts';
import type { Keys } from '../key-bar.ts';
import { cells, fitText, fitWords, pad, TWO_COLUMNS, wrapText } from '../lines.ts';
import type { Tone } from '../theme.ts';
import { SearchKeys } from './frame.tsx';
import { labelColumn, type MenuItem } from './menu.tsx';

export interface RowItem extends MenuItem<string> {
  /** A sign before the name, and what a screen reader says in its place: nothing, where the name is enough. */
  mark?: { text: string; tone: Tone; says?: string } | undefined;
  /** For screen readers: whether it is marked. Absent: it is one to choose. */
  checked?: boolean;
  tone?: Tone;
  /** A command above what is listed, which no search is for. */
  apart?: boolean;
}

/** The columns of a list: for the signs, for the names, and for what is said about them. */
function columnsOf(
  items: readonly RowItem[],
  width: number,
): { signs: number; room: number; names: number; hintRoom: number } {
  const signs = Math.max(0, ...items.map(({ mark }) => (mark ? cells(mark.text) + 1 : 0)));
  const room = width - 3 - signs;
  const names = labelColumn(items, room);
  return { signs, room, names, hintRoom: width >= TWO_COLUMNS ? room - names - 3 : 0 };
}

/** How many rows a list takes in which what is said of each is whole. */
export function wholeHeight(items: readonly RowItem[], width: number): number {
  const { hintRoom } = columnsOf(items, width);
  return items.reduce((sum, { hint }) => sum + hintRows(hint, hintRoom).length, 0);
}

/** What is said of an item, on as many rows as it takes beside the names: one, where it does not stand there. */
function hintRows(hint: string | undefined, room: number): string[] {
  return hint === undefined || room <= 8 ? [''] : wrapText(hint, room);
}

/** What cannot be read in the row of an item, as it is cut or left out there: for a place below the list. */
export function unread(items: readonly RowItem[], value: string | undefined, width: number): string | undefined {
  const item = items.find(one => one.value === value);
  if (!item) return undefined;
  const { signs, room, names, hintRoom } = columnsOf(items, width);
  const besides = item.hint !== undefined && hintRoom > 8;
  const label = oneLine(item.label).trim();
  const hint = oneLine(item.hint ?? '');
  return (
    [
      cells(label) > (besides ? names : room) + (item.mark ? 0 : signs) && label,
      hint !== '' && (!besides || cells(hint) > hintRoom) && hint,
    ]
      .filter(Boolean)
      .join('; ') || undefined
  );
}

/** What is searched for in a list, and how much of it is left. */
function SearchLine({
  search,
  typing,
  count,
  of,
}: {
  search: string;
  typing: boolean;
  count: number;
  of: number;
}): ReactNode {
  const { looks, colored } = useTheme();
  return (
    <Box aria-role="textbox">
      <Text {...looks.accent}> / </Text>
      <Text>{oneLine(search)}</Text>
      {typing ? colored ? <Text inverse> </Text> : <Text>|</Text> : null}
      <Text {...looks.quiet}>{`   ${count} of ${plural(of, 'entry', 'entries')}`}</Text>
    </Box>
  );
}

/** The keys while a search is typed. */
function typingKeys(several: boolean, only: boolean): Keys {
  return [
    ['enter', several ? (only ? 'mark it' : 'go to what is found') : 'take it'],
    ['esc', 'end the search'],
  ];
}

/** The keys of a search that is in force, beside those of the list. */
const FOUND: Keys = [
  ['/', 'search on'],
  ['esc', 'show all again'],
];

/** A list in at most `rows` rows: a sign, names in one column, what is said about them in another; `/` searches in it. */
export function Rows<T extends RowItem>({
  items,
  rows,
  width,
  initial,
  isActive = true,
  several = false,
  finds = false,
  whole = false,
  onKey,
  onHighlight,
  onFound,
}: {
  items: readonly T[];
  rows: number;
  width: number;
  initial?: string | undefined;
  isActive?: boolean;
  /** Whether several can be marked: said to screen readers. */
  several?: boolean;
  /** Whether a letter begins a search. */
  finds?: boolean;
  /** Whether what is said of the items is wrapped and not cut, where all of it has room. */
  whole?: boolean;
  /** Keys that mean nothing to a list, with the item under the pointer and those that the search left. */
  onKey: (press: KeyPress, item: T | undefined, items: readonly T[]) => void;
  onHighlight?: ((value: string) => void) | undefined;
  /** Hears of the only one that a search left. */
  onFound?: (item: T) => void;
}): ReactNode {
  const { glyphs, looks, screenReader } = useTheme();
  const list: List<T> = useList({ items, rows, initial, isActive, several, finds, onHighlight, onFound, onKey });
  const { search, typing, items: found } = list;
  const tell = useContext(SearchKeys);
  const searches = search !== undefined;
  const only = found.length === 1;
  useEffect(() => {
    tell(!searches ? undefined : typing ? typingKeys(several, only) : FOUND);
    return () => tell(undefined);
  }, [tell, searches, typing, several, only]);
  const { signs, room, names, hintRoom } = columnsOf(items, width);
  const wraps = whole && wholeHeight(items, width) <= rows - (searches ? 1 : 0);
  return (
    <Box flexDirection="column" aria-role="listbox" aria-state={{ multiselectable: several }}>
      {list.search === undefined ? null : (
        <SearchLine
          search={list.search}
          typing={list.typing}
          count={list.items.length}
          of={items.filter(({ apart }) => !apart).length}
        />
      )}
      {list.shown.map((item, index) => {
        const here = list.start + index === list.at;
        // A row without a sign among others that have one begins where their signs do.
        const lead = item.mark ? signs : 0;
        const besides = item.hint !== undefined && hintRoom > 8;
        const column = besides ? names + signs - lead : room + signs - lead;
        const name = fitText(oneLine(item.label), column, glyphs.ellipsis);
        const look = here ? { ...looks.accent, ...looks.strong } : looks[item.tone ?? 'plain'];
        const [says = '', ...further] =
          wraps && besides
            ? hintRows(item.hint, hintRoom)
            : [fitWords(oneLine(item.hint ?? ''), hintRoom, glyphs.ellipsis)];
        const state = item.checked === undefined ? { selected: here } : { checked: item.checked, selected: here };
        return (
          <Box key={item.value} aria-role={item.checked === undefined ? 'option' : 'checkbox'} aria-state={state}>
            <Text aria-hidden {...looks.accent}>
              {here ? ` ${glyphs.pointer} ` : '   '}
            </Text>
            {item.mark && !screenReader ? (
              <Text {...looks[item.mark.tone]}>{pad(item.mark.text, signs - 1)} </Text>
            ) : null}
            {item.mark?.says && screenReader ? <Text>{item.mark.says}</Text> : null}
            <Text {...look}>{besides ? pad(name, column) : name}</Text>
            {besides ? (
              <Text {...looks.quiet}>
                {'   '}
                {says}
                {further.map(text => `\n   ${text}`).join('')}
              </Text>
            ) : null}
          </Box>
        );
      })}
    </Box>
  );
}

import { useRef, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { type KeyPress, useKeys } from './use-keys.ts';

/** The part of a list of `count` that is shown in `rows` rows, so that `at` is in it. */
export function windowStart(at: number, count: number, rows: number, start: number): number {
  const last = Math.max(0, count - rows);
  if (at < start) return at;
  if (at >= start + rows) return Math.min(last, at - rows + 1);
  return Math.min(start, last);
}

interface Item {
  value: string;
  label: string;
  hint?: string | undefined;
  /** A command above what is listed: a search is for the others. */
  apart?: boolean;
}

/** Whether an item has all words of a search in its name or in what is said of it. */
export function matches({ label, hint }: Item, search: string): boolean {
  const text = oneLine(`${label} ${hint ?? ''}`).toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

interface State {
  /** The value under the pointer. */
  on: string | undefined;
  top: number;
  /** What is searched for; undefined: nothing. */
  search: string | undefined;
  /** Whether keys go into the search. */
  typing: boolean;
}

export interface List<T> {
  /** The items that the search leaves, and the part of them that is shown. */
  items: readonly T[];
  shown: readonly T[];
  /** Position of the first shown one, and of the pointer, among `items`. */
  start: number;
  at: number;
  search: string | undefined;
  typing: boolean;
}

/**
 * The pointer in a list that may be longer than its window, and the search in it: `/` begins one, enter goes into what it
 * left, or takes what is under the pointer where one is chosen; escape ends it. Keys that are none of these go to `onKey`,
 * with the item under the pointer.
 */
export function useList<T extends Item>({
  items: all,
  rows,
  initial,
  isActive = true,
  several = false,
  finds = false,
  onHighlight,
  onFound,
  onKey,
}: {
  items: readonly T[];
  rows: number;
  initial?: string | undefined;
  isActive?: boolean;
  /** Whether several can be marked. */
  several?: boolean;
  /** Whether a letter begins a search, as none is a command here. */
  finds?: boolean;
  onHighlight?: ((value: string) => void) | undefined;
  /** Where several can be marked: hears of the only one that a search left, once it is gone into. */
  onFound?: ((item: T) => void) | undefined;
  onKey: (press: KeyPress, item: T | undefined, items: readonly T[]) => void;
}): List<T> {
  const [state, setState] = useState<State>({ on: initial ?? all[0]?.value, top: 0, search: undefined, typing: false });
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(state);
  const left = ({ search }: State): readonly T[] =>
    search === undefined ? all : all.filter(item => !item.apart && matches(item, search.trim()));
  const placeIn = (items: readonly T[], { on }: State): number =>
    Math.max(
      0,
      items.findIndex(({ value }) => value === on),
    );
  // The line of the search takes a row of the list's.
  const room = ({ search }: State): number => Math.max(1, rows - (search === undefined ? 0 : 1));

  function become(change: Partial<State>): void {
    const next = { ...latest.current, ...change };
    const items = left(next);
    const at = placeIn(items, next);
    const on = items[at]?.value;
    const moved = on !== latest.current.on;
    latest.current = { ...next, on, top: windowStart(at, items.length, room(next), next.top) };
    setState(latest.current);
    if (moved && on !== undefined) onHighlight?.(on);
  }

  function move(items: readonly T[], to: number): void {
    become({ on: items[to]?.value });
  }

  function typed(press: KeyPress, search: string): boolean {
    const { name, text } = press;
    if (name === 'char') become({ search: search + text });
    else if (name === 'backspace' && search !== '') become({ search: [...search].slice(0, -1).join('') });
    else if (name === 'clear') become({ search: '' });
    else if (name === 'escape' || name === 'backspace') become({ search: undefined, typing: false });
    else if (name === 'enter' || name === 'tab') {
      become({ typing: false });
      const found = left(latest.current);
      const [only] = found;
      if (several && name === 'enter' && only && found.length === 1) onFound?.(only);
      // Where one is chosen, enter means the one under the pointer; where several are, what was found is there to be marked.
      return name === 'tab' || several || found.length === 0;
    } else return false;
    return true;
  }

  function take(press: KeyPress): void {
    const { name, text } = press;
    const { search, typing } = latest.current;
    if (typing && typed(press, search ?? '')) return;
    const items = left(latest.current);
    const here = placeIn(items, latest.current);
    const count = items.length;
    const page = Math.max(1, room(latest.current) - 1);
    if (name === 'escape' && search !== undefined) become({ search: undefined });
    else if (text === '/' && all.length > 1) become({ search: search ?? '', typing: true });
    else if (finds && /^[\p{L}\p{N}]$/u.test(text)) become({ search: text, typing: true });
    else if (count > 0 && (name === 'up' || text === 'k')) move(items, (here - 1 + count) % count);
    else if (count > 0 && (name === 'down' || text === 'j')) move(items, (here + 1) % count);
    else if (name === 'page-up') move(items, Math.max(0, here - page));
    else if (name === 'page-down') move(items, Math.min(count - 1, here + page));
    else if (name === 'home') move(items, 0);
    else if (name === 'end') move(items, count - 1);
    else onKey(press, items[here], items);
  }
  useKeys(take, isActive, lines => {
    if (latest.current.typing) become({ search: `${latest.current.search ?? ''}${lines.join(' ')}` });
  });

  const items = left(state);
  const at = placeIn(items, state);
  const shownRows = Math.max(1, Math.min(room(state), items.length));
  const start = windowStart(at, items.length, shownRows, state.top);
  return { items, shown: items.slice(start, start + shownRows), start, at, search: state.search, typing: state.typing };
}

import { cells, type Line, line, span } from './lines.ts';
import type { Theme } from './theme.ts';

/** The keys that do something now, each with what it does. */
export type Keys = readonly (readonly [key: string, does: string])[];

/** Keys by which one goes on, back, out and to the reason: the last to go where there is no room. */
const KEPT = new Set(['enter', '?', 'tab', 'esc']);

/** The keys while a list is searched in: those of the search alone, or those of the list, but for what the search has. */
export function withSearch(keys: Keys, search: Keys | undefined): Keys {
  if (!search) return keys;
  const names = new Set(search.flatMap(([key]) => key.split(' ')));
  const others = keys.filter(([key]) => !key.split(' ').some(name => names.has(name)));
  return names.has('enter') ? search : [...others, ...search];
}

/** The keys in one quiet row: where it is narrow, without those that one can do without. */
export function keyBar(keys: Keys, width: number, theme: Theme): Line {
  const kept = ([key]: Keys[number]) => Number(key.split(' ').some(name => KEPT.has(name)));
  const shown = new Set<Keys[number]>();
  let used = 1;
  for (const one of keys.toSorted((a, b) => kept(b) - kept(a))) {
    const size = cells(one.join(' ')) + (shown.size > 0 ? 3 : 0);
    if (used + size > width) break;
    shown.add(one);
    used += size;
  }
  return row(
    keys.filter(one => shown.has(one)),
    theme,
  );
}

/** All of the keys, in as many rows as it takes. */
export function keyRows(keys: Keys, width: number, theme: Theme): Line[] {
  const rows: Keys[number][][] = [];
  let used = width;
  for (const one of keys) {
    const size = cells(one.join(' ')) + 3;
    if (used + size > width) {
      rows.push([]);
      used = -2;
    }
    rows.at(-1)?.push(one);
    used += size;
  }
  return rows.map(each => row(each, theme));
}

function row(keys: Keys, { screenReader }: Theme): Line {
  return line(' ', span(keys.map(one => one.join(' ')).join(screenReader ? ', ' : '   '), 'quiet'));
}

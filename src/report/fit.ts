import type { Group } from '../selftest/types.ts';
import { type Style, signs } from './style.ts';
import { displayWidth, wrap } from './width.ts';

/** What is told in one go, over as many rows as it takes. */
export interface Told {
  rows: string[];
  /** How many things it tells of. */
  things: number;
}

/** What stands under one heading, the most consequential first. */
export interface Section {
  group: Group;
  heading: string;
  lines: Told[];
}

/** What is left out of a list, and the way to it. */
export interface Rest {
  /** Of how many things all of it tells. */
  total: number;
  way: string;
  style: Style;
}

/** The first of a list in at most so many rows, and how many more there are. */
export function cutList(list: readonly Told[], height: number, rest: Rest): string[] {
  const kept: Told[] = [];
  let left = height - 1;
  for (const told of list) {
    if (told.rows.length > left) break;
    kept.push(told);
    left -= told.rows.length;
  }
  return withRest(
    kept.flatMap(({ rows }) => rows),
    kept,
    rest,
  ).slice(0, height);
}

/** Most that a window is asked for at the least: a line under each of four headings, and how many more there are. */
const LEAST = 9;

/** The rows that a line under each heading takes. */
export function leastOf(sections: readonly Section[]): number {
  const all = sections.reduce((sum, { lines }) => sum + 1 + rowsOf(lines), 0);
  const firsts = sections.reduce((sum, { lines }) => sum + 1 + rowsOf(lines.slice(0, 1)), 1);
  return Math.min(LEAST, firsts, all);
}

const rowsOf = (lines: readonly Told[]) => lines.reduce((sum, { rows }) => sum + rows.length, 0);

/**
 * What opens production, then one line under each heading, then a second one, and so on, in at most so many rows: what a heading has
 * many of hides none of what stands under the next.
 */
export function cutSections(sections: readonly Section[], height: number, rest: Rest): string[] {
  const turns = sections
    .flatMap(({ group, lines }, at) =>
      lines.map((line, index) => ({ at, line, index, turn: group === 'production' ? 0 : index })),
    )
    .sort((a, b) => a.turn - b.turn || a.at - b.at || a.index - b.index);
  const kept = sections.map((): Told[] => []);
  const full = new Set<number>();
  let left = height - 1;
  for (const { at, line, index } of turns) {
    const needs = line.rows.length + (index === 0 ? 1 : 0);
    // What stands below a line that is left out is less than it.
    if (full.has(at) || needs > left) full.add(at);
    else {
      kept[at]?.push(line);
      left -= needs;
    }
  }
  const rows = sections.flatMap(({ heading }, at) => {
    const lines = kept[at] ?? [];
    return lines.length === 0 ? [] : [heading, ...lines.flatMap(line => line.rows)];
  });
  return withRest(rows, kept.flat(), rest).slice(0, height);
}

const NO_BREAK = '\u00a0';

/** Rows, and of how many things they do not tell. */
function withRest(rows: readonly string[], told: readonly Told[], { total, way, style }: Rest): string[] {
  const left = total - told.reduce((sum, { things }) => sum + things, 0);
  const more = wrap(`and ${left} more${way ? `   ${way}` : ''}`.replaceAll(' ', NO_BREAK), style.width - 3)[0] ?? '';
  return [...rows, `   ${more.replaceAll(NO_BREAK, ' ')}`];
}

/** The first rows of a text; that a sentence goes on is seen. */
export function cutText(lines: readonly string[], rows: number, style: Style): string[] {
  const kept = lines.slice(0, rows);
  const last = kept.pop();
  if (last === undefined || rows >= lines.length) return lines.slice(0, rows);
  const { ellipsis } = signs(style);
  const room = style.width - displayWidth(ellipsis);
  const words = displayWidth(last) <= room ? last : (wrap(last.trimStart(), room - 1)[0] ?? '');
  return [...kept, `${words.startsWith(' ') ? '' : ' '}${words}${ellipsis}`];
}

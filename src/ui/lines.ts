import { oneLine } from '../base/text.ts';
import { displayWidth as cells, characters, pad, wrap } from '../report/width.ts';
import type { Tone } from './theme.ts';

export { cells, pad };

/** A run of text with one meaning. */
export interface Span {
  text: string;
  tone?: Tone | undefined;
}

/** One row of the terminal. Every screen is made of these, so that its height is known before it is drawn. */
export type Line = readonly Span[];

export const BLANK: Line = [];

/** A line from plain text and spans. Text from outside is made safe here. */
export function line(...parts: (Span | string)[]): Line {
  return parts
    .map(part => (typeof part === 'string' ? { text: part } : part))
    .map(({ text, tone }) => ({ text: safe(text), tone }))
    .filter(({ text }) => text !== '');
}

export function span(text: string, tone?: Tone): Span {
  return { text, tone };
}

/** As `oneLine`, but spaces at the ends, which are layout, stay. */
function safe(text: string): string {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const body = oneLine(text);
  if (body === '') return lead;
  const trail = / *$/.exec(text)?.[0] ?? '';
  return `${lead}${body}${trail}`;
}

export function lineCells(parts: Line): number {
  return parts.reduce((sum, part) => sum + cells(part.text), 0);
}

/** The longest beginning that takes at most `width` cells; no character is cut in two. */
function head(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const character of characters(text)) {
    used += cells(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}

/** At most `width` cells, the end replaced by `ellipsis` where something is cut. */
export function fitText(text: string, width: number, ellipsis: string): string {
  if (cells(text) <= width) return text;
  const mark = cells(ellipsis) <= width ? ellipsis : '';
  return `${head(text, width - cells(mark)).trimEnd()}${mark}`;
}

/** As `fitText`, but cut where a part of the sentence ends, or a word: what stays has a meaning of its own. */
export function fitWords(text: string, width: number, ellipsis: string): string {
  if (cells(text) <= width) return text;
  const kept = head(text, width - cells(ellipsis) - 1);
  const part = Math.max(-1, ...[...kept.matchAll(/[,;:] | \(/g)].map(found => found.index));
  const word = kept.lastIndexOf(' ');
  const end = [part, word].find(at => at >= kept.length / 3);
  return end === undefined ? fitText(text, width, ellipsis) : `${kept.slice(0, end)} ${ellipsis}`;
}

/** As `fitText`, but the middle goes, so that the end of a path stays readable. */
export function fitMiddle(text: string, width: number, ellipsis: string): string {
  if (cells(text) <= width) return text;
  const room = width - cells(ellipsis);
  if (room < 4) return fitText(text, width, ellipsis);
  const segments = characters(text);
  const first = head(text, Math.floor(room / 3));
  let last = '';
  for (let i = segments.length - 1; i >= 0; i--) {
    const next = `${segments[i]}${last}`;
    if (cells(next) > room - cells(first)) break;
    last = next;
  }
  return `${first}${ellipsis}${last}`;
}

/** A line of at most `width` cells. */
export function fitLine(parts: Line, width: number, ellipsis: string): Line {
  if (lineCells(parts) <= width) return parts;
  const kept: Span[] = [];
  let used = 0;
  for (const [index, part] of parts.entries()) {
    const size = cells(part.text);
    const rest = index < parts.length - 1;
    if (used + size + (rest ? cells(ellipsis) : 0) > width) {
      const text = fitText(`${part.text}${rest ? ' '.repeat(width) : ''}`, width - used, ellipsis);
      kept.push({ ...part, text });
      break;
    }
    kept.push(part);
    used += size;
  }
  return kept;
}

/**
 * A mark and a text behind it, over as many rows as it takes: cut anywhere, as nothing of it may be left out, the further
 * rows without the mark.
 */
export function wrapLine(parts: Line, width: number): Line[] {
  const [mark, text, ...others] = parts;
  if (!mark || !text || others.length > 0 || lineCells(parts) <= width) return [parts];
  const room = Math.max(4, width - cells(mark.text));
  const rows: Line[] = [];
  for (let rest = text.text; rest !== ''; ) {
    const row = head(rest.slice(0, room * 8), room) || rest.slice(0, 1);
    rows.push([rows.length === 0 ? mark : { ...mark, text: ' '.repeat(cells(mark.text)) }, { ...text, text: row }]);
    rest = rest.slice(row.length);
  }
  return rows;
}

const TOGETHER = '\u00a0';

/** A command in a sentence: `wrapText` does not break it. */
export function together(command: string): string {
  return command.replaceAll(' ', TOGETHER);
}

/** Words on lines of at most `width` cells, paragraph by paragraph. */
export function wrapText(text: string, width: number): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap(part => wrap(oneLine(part), width))
    .map(row => row.replaceAll(TOGETHER, ' '));
}

/** As `wrapText`, in at most `rows` lines; what does not fit is cut with an ellipsis. */
export function paragraph(text: string, width: number, rows: number, ellipsis: string): string[] {
  const all = wrapText(text, width);
  if (all.length <= rows) return all;
  const kept = all.slice(0, Math.max(1, rows));
  return [...kept.slice(0, -1), fitText(`${kept.at(-1)} ${' '.repeat(width)}`, width, ellipsis)];
}

/** `left`, and at the right edge `right`, which goes first where there is no room. */
export function edges(left: Line, right: Line, width: number, ellipsis: string): Line {
  const gap = width - lineCells(left) - lineCells(right);
  if (gap < 2) return fitLine(left, width, ellipsis);
  return [...left, { text: ' '.repeat(gap) }, ...right];
}

/** From this many cells on there is room for a second column. */
export const TWO_COLUMNS = 50;

/** Rows of a mark, a name and what is said about it; where it is narrow, of mark and name alone. */
export function table(
  rows: readonly { mark: Line; name: string; says: string }[],
  width: number,
  ellipsis: string,
): Line[] {
  const lead = Math.max(0, ...rows.map(row => lineCells(row.mark)));
  const wide = width >= TWO_COLUMNS;
  const column = nameColumn(
    rows.map(row => row.name),
    width,
    wide ? Math.floor(width / 2) : width - lead,
  );
  return rows.map(({ mark, name, says }) =>
    line(
      ...mark,
      pad(fitMiddle(oneLine(name), column, ellipsis), column),
      span(wide && says !== '' ? `   ${fitWords(oneLine(says), width - lead - column - 3, ellipsis)}` : '', 'quiet'),
    ),
  );
}

/** As `table`, with nothing cut: names and what is said of them on as many rows as they take. */
export function wholeTable(rows: readonly { mark: Line; name: string; says: string }[], width: number): Line[] {
  const lead = Math.max(0, ...rows.map(row => lineCells(row.mark)));
  const wide = width >= TWO_COLUMNS;
  const column = wide
    ? nameColumn(
        rows.map(row => row.name),
        width - lead,
      )
    : width - lead;
  const room = wide ? width - lead - column - 3 : width - lead - 2;
  return rows.flatMap(({ mark, name, says }) => {
    const names = wrapText(name, column);
    const said = says === '' ? [] : wrapText(says, room);
    const first = (at: number): Line => (at === 0 ? mark : line(' '.repeat(lead)));
    if (!wide)
      return [
        ...names.map((text, at) => [...first(at), ...line(text)]),
        ...said.map(text => line(span(`${' '.repeat(lead + 2)}${text}`, 'quiet'))),
      ];
    return Array.from({ length: Math.max(names.length, said.length) }, (_, at) => [
      ...first(at),
      ...line(pad(names[at] ?? '', column), span(said[at] === undefined ? '' : `   ${said[at]}`, 'quiet')),
    ]);
  });
}

/** A column for names beside one for what is said about them: as wide as the widest name, at most half of the width. */
export function nameColumn(names: readonly string[], width: number, most = Math.floor(width / 2)): number {
  return Math.max(0, Math.min(most, Math.max(0, ...names.map(cells))));
}

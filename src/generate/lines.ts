import { diffArrays } from 'diff';
import { type CommentStyle, isEffective } from './comments.ts';

/** How a text came from another: which of the other's lines it still has, and what was put in before each and at the end. */
interface Alignment {
  has: boolean[];
  put: string[][];
}

/** By whole lines, as a diff sees it. */
function align(from: readonly string[], to: readonly string[]): Alignment {
  const has: boolean[] = [];
  const put: string[][] = Array.from({ length: from.length + 1 }, () => []);
  for (const { added, removed, value } of diffArrays([...from], [...to])) {
    if (added) put[has.length]?.push(...value);
    else has.push(...value.map(() => !removed));
  }
  return { has, put };
}

/**
 * `now` without the change from `was` to `wrote`; undefined where somebody has changed the same lines. Unlike a merge,
 * lines that stand just beside ours are no conflict: whoever adds one to the end of a file puts it behind our last. With
 * the new version as `was`, this brings an edited file up to it.
 */
export function takeLinesBack(was: string, wrote: string, now: string): string | undefined {
  const base = wrote.split('\n');
  const theirs = align(base, now.split('\n'));
  const back = align(base, was.split('\n'));
  const result: string[] = [];
  for (let at = 0; at <= base.length; ) {
    let end = at;
    while (end < base.length && !back.has[end]) end++;
    const gaps = back.put.slice(at, end + 1);
    if (end > at || gaps.some(({ length }) => length > 0)) {
      const lines = takeHunkBack(theirs, at, end, gaps.flat());
      if (!lines) return undefined;
      result.push(...lines);
    } else result.push(...(theirs.put[at] ?? []));
    if (end < base.length && theirs.has[end]) result.push(base[end] ?? '');
    at = end + 1;
  }
  return result.join('\n');
}

/** What stands in the place of our lines `from` to `to`, for which `old` lines had stood there before. */
function takeHunkBack({ has, put }: Alignment, from: number, to: number, old: string[]): string[] | undefined {
  const ours = has.slice(from, to);
  const added = put.slice(from, to + 1);
  const kept = added.flat();
  const gone = ours.filter(there => !there).length;
  if (old.length === 0) {
    // A line put beside one of ours that is missing stands for it: part of what we wrote was changed.
    const changed = added.some(({ length }, gap) => length > 0 && (ours[gap - 1] === false || ours[gap] === false));
    return changed && gone < ours.length ? undefined : kept;
  }
  if (gone === 0 && added.slice(1, -1).flat().length === 0 && (to > from || kept.length === 0))
    return [...(added[0] ?? []), ...old, ...(to > from ? (added.at(-1) ?? []) : [])];
  const already =
    gone === ours.length &&
    kept
      .join('\n')
      .concat('\n')
      .includes(`${old.join('\n')}\n`);
  return already ? kept : undefined;
}

function bare(line: string): string {
  return line.replace(/[ \t\r]+$/, '');
}

/**
 * The first line that was put between ours in a script, comments and empty ones too: there it can stand in a quotation, or in
 * what is handed to another program, where nothing is a comment. Undefined where none was; before the first of ours that does
 * something, and behind the last one, they say what they like.
 */
export function putIntoScript(base: string, edited: string): number | undefined {
  const ours = base.split('\n');
  const { has, put } = align(ours.map(bare), edited.split('\n').map(bare));
  const [first, last] = bodyOf(ours);
  let line = 1;
  for (const [gap, lines] of put.entries()) {
    if (lines.length > 0 && gap > first && gap <= last) return line;
    line += lines.length + (has[gap] ? 1 : 0);
  }
  return undefined;
}

/** Where the work of a script begins and ends: its first and its last line that does something, but for what names its shell. */
function bodyOf(lines: readonly string[]): [first: number, last: number] {
  const does = (line: string, index: number) =>
    isEffective(line, index, 'script', lines[index - 1]) && !(index === 0 && line.startsWith('#!'));
  return [lines.findIndex(does), lines.findLastIndex(does)];
}

/** What of the lines that somebody has added to ours may stay: always so of comments and empty lines. */
export interface Tolerance {
  /** How comments are written there. A script has done its work behind the last of our lines. */
  style: CommentStyle;
  /** Lines that cannot undo ours, wherever they stand. */
  harmless?: ((line: string) => boolean) | undefined;
}

/**
 * An edited text with those lines of `base` back in their places that do something and were taken out or changed, and
 * what went with them; without added ones that may undo them. All other edits are kept as they are.
 */
export function restoreLines(base: string, edited: string, { style, harmless }: Tolerance): string {
  const ours = base.split('\n');
  const { has, put } = align(ours.map(bare), edited.split('\n').map(bare));
  const does = (line: string, index: number) => isEffective(line, index, style, ours[index - 1]);
  const missed = missedLines(ours, has, does);
  const raw = edited.split('\n');
  const last = ours.findLastIndex(does);
  const [begins, ends] = bodyOf(ours);
  const gone = new Set(ours.filter((line, index) => !has[index] && does(line, index)).map(uncommented));
  const result: string[] = [];
  let at = 0;
  for (let gap = 0; gap <= ours.length; gap++) {
    const added = raw.slice(at, at + (put[gap]?.length ?? 0));
    at += added.length;
    const free = style === 'script' && gap > last;
    const kept = added.filter((line, index) =>
      isEffective(line, 1, style, index === 0 ? ours[gap - 1] : added[index - 1])
        ? free || harmless?.(line) === true
        : !(style === 'script' && gap > begins && gap <= ends) && (line.trim() === '' || !gone.has(uncommented(line))),
    );
    const line = ours[gap];
    // The first line of a script says what runs it: nothing goes before it.
    const first = gap === 0 && line?.startsWith('#!') === true;
    if (!first) result.push(...kept);
    if (line !== undefined) {
      if (has[gap]) result.push(raw[at++] ?? '');
      else if (missed[gap]) result.push(line);
    }
    if (first) result.push(...kept);
  }
  return result.join('\n');
}

/** The missing lines that do something, and those that are missing just beside them: their comments. */
function missedLines(
  lines: readonly string[],
  has: readonly boolean[],
  does: (line: string, index: number) => boolean,
): boolean[] {
  const missed = lines.map((line, index) => !has[index] && does(line, index));
  const spread = (index: number, from: number) => {
    if (!has[index] && missed[from]) missed[index] = true;
  };
  for (let index = 1; index < lines.length; index++) spread(index, index - 1);
  for (let index = lines.length - 2; index >= 0; index--) spread(index, index + 1);
  return missed;
}

/** A line, or what it was before somebody put a comment sign before it. */
function uncommented(line: string): string {
  return bare(line.replace(/^\s*(?:#|\/\/)?\s*/, ''));
}

import { extname } from 'node:path';
import { applyEdits, formats } from './formats/index.ts';
import { type Edit, type Format, FormatProblem, type KeyPath } from './formats/types.ts';
import { applyToValue, isTable, same, table } from './formats/values.ts';
import { takeLinesBack } from './lines.ts';

/** A text as it was before us, as we wrote it, and as it is now; null where there is no file. */
export interface Versions {
  was: string | null;
  wrote: string | null;
  now: string | null;
  /** Others write into the file too, so that it may well stay when we go. */
  shared: boolean;
}

export type TakenBack = { text: string | null } | { conflict: string };

const FORMATS: Readonly<Record<string, Format>> = {
  '.json': formats.json,
  '.jsonc': formats.json,
  '.toml': formats.toml,
  '.yaml': formats.yaml,
  '.yml': formats.yaml,
};

const SAME_LINES = 'it was edited since, in the same lines';

/**
 * What becomes of an edited file when our change of it is taken back: the change goes, and every other edit stays. Where
 * both are about the same thing, that is for a person. Pure.
 */
export function takeBack(path: string, { was, wrote, now, shared }: Versions): TakenBack {
  if (now === null) return was === null ? { text: null } : { conflict: 'it was removed since' };
  if (wrote === null) return { conflict: 'it was made again since' };
  if (was === null && !shared) return { conflict: 'it was edited since' };
  const lines = takeLinesBack(was ?? '', wrote, now);
  const format = FORMATS[extname(path)];
  // Of a file of ours the lines that are left may hold no more than a comment.
  const outcome = format
    ? takeKeysBack(format, { was: was ?? '', wrote, now }, was === null ? undefined : lines)
    : lines;
  if (outcome === undefined) return { conflict: SAME_LINES };
  return { text: was === null && /^\ufeff?[\s{}]*$/.test(outcome) ? null : outcome };
}

class Clash extends Error {}

/**
 * The same for a file with keys, in which a line says too little: a comma belongs to the next one. What the lines came to
 * is taken where it means just this, as it has the very bytes that were there before.
 */
function takeKeysBack(
  format: Format,
  { was, wrote, now }: { was: string; wrote: string; now: string },
  lines: string | undefined,
): string | undefined {
  try {
    const [before, ours, present] = [was, wrote, now].map(text => format.parse(text).value);
    const edits = reverse(before, ours, present, []);
    const wanted = edits.reduce<unknown>(applyToValue, present);
    if (lines !== undefined && means(format, lines, wanted)) return lines;
    return applyEdits(format, now, edits);
  } catch (error) {
    if (error instanceof Clash || error instanceof FormatProblem) return undefined;
    throw error;
  }
}

function means(format: Format, text: string, value: unknown): boolean {
  try {
    return same(format.parse(text).value, value);
  } catch (error) {
    if (error instanceof FormatProblem) return false;
    throw error;
  }
}

/** The edits of `now` that turn `wrote` into `was`. Throws Clash where what is there now is neither. */
function reverse(was: unknown, wrote: unknown, now: unknown, path: KeyPath): Edit[] {
  if (same(was, wrote) || same(was, now)) return [];
  if (isTable(wrote) && isTable(now) && (isTable(was) || was === undefined)) {
    const before = was ?? table();
    const edits = [...new Set([...Object.keys(wrote), ...Object.keys(before)])].flatMap(key =>
      reverse(own(before, key), own(wrote, key), own(now, key), [...path, key]),
    );
    return was === undefined && emptied(now, edits, path) ? [{ kind: 'remove', path }] : edits;
  }
  if (Array.isArray(wrote) && Array.isArray(now) && (Array.isArray(was) || was === undefined)) {
    const before = was ?? [];
    const drop = without(wrote, before).filter(element => now.some(other => same(other, element)));
    const add = without(before, wrote).filter(element => !now.some(other => same(other, element)));
    if (was === undefined && without(now, drop).length === 0) return [{ kind: 'remove', path }];
    return [
      ...(add.length > 0 ? [{ kind: 'add' as const, path, elements: add }] : []),
      ...(drop.length > 0 ? [{ kind: 'drop' as const, path, elements: drop }] : []),
    ];
  }
  if (!same(now, wrote)) throw new Clash(path.join('.'));
  return [was === undefined ? { kind: 'remove', path } : { kind: 'set', path, value: was }];
}

function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Whether a table has nothing left in it after edits of its own keys. */
function emptied(now: Record<string, unknown>, edits: readonly Edit[], path: KeyPath): boolean {
  const removed = edits.filter(({ kind, path: at }) => kind === 'remove' && at.length === path.length + 1);
  return path.length > 0 && removed.length === edits.length && removed.length === Object.keys(now).length;
}

/** The elements of `list` that are not in `other`, each counted. */
function without(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const rest = [...other];
  return list.filter(element => {
    const index = rest.findIndex(one => same(one, element));
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

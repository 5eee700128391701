import { extname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { formats } from './formats/index.ts';
import { extrasOf } from './formats/json.ts';
import { FormatProblem } from './formats/types.ts';
import { same } from './formats/values.ts';

const BY_EXTENSION: Readonly<Record<string, keyof typeof formats>> = {
  '.json': 'json',
  '.jsonc': 'json',
  '.toml': 'toml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
};
const SCRIPT = '.cjs';

let parseScript: typeof import('acorn').parse | undefined;

/** Loads what it takes to compare files of this name, where that is not loaded with everything else. */
export async function prepareMeaning(path: string): Promise<void> {
  if (extname(path) === SCRIPT) parseScript ??= (await import('acorn')).parse;
}

/**
 * Whether two texts of a file mean the same in its format, as after a formatter. With `without comments`, only where
 * the first has none that could be lost. A program is compared only after `prepareMeaning`.
 */
export function meansTheSame(path: string, a: string, b: string, comments?: 'without comments'): boolean {
  if (extname(path) === SCRIPT) return sameProgram(a, b, comments !== undefined);
  const format = formats[BY_EXTENSION[extname(path)] ?? 'json'];
  if (!(extname(path) in BY_EXTENSION)) return false;
  try {
    if (comments) JSON.parse(a);
    return same(format.parse(a).value, format.parse(b).value) && (format.id !== 'json' || !addsExtras(a, b));
  } catch (error) {
    if (error instanceof FormatProblem || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether a text has what not every program reads, and the one before had none of: no formatter puts that in. */
function addsExtras(text: string, before: string): boolean {
  const known = new Set(extrasOf(before).map(({ kind }) => kind));
  return extrasOf(text).some(({ kind }) => !known.has(kind));
}

function sameProgram(a: string, b: string, withComments: boolean): boolean {
  const [one, other] = [a, b].map(readProgram);
  if (!one || !other || !isDeepStrictEqual(one.tree, other.tree)) return false;
  return !withComments || one.comments.every(comment => other.comments.includes(comment));
}

/** A program without places and spellings, and its comments word by word; undefined where it is none. */
function readProgram(text: string): { tree: unknown; comments: string[] } | undefined {
  if (!parseScript) return undefined;
  const comments: string[] = [];
  try {
    const tree = parseScript(text, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      onComment: (_block, comment) => void comments.push(comment.replace(/\s+/g, ' ').trim()),
    });
    return { tree: JSON.parse(JSON.stringify(tree, withoutPlace)), comments };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Of a large number its digits are kept, which JSON does not; a key means the same with and without quotes. */
function withoutPlace(key: string, value: unknown): unknown {
  if (key === 'start' || key === 'end' || key === 'raw') return undefined;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null || !('computed' in value) || value.computed || !('key' in value))
    return value;
  const { key: name } = value as { key: { type?: unknown; value?: unknown } };
  return name.type === 'Literal' && typeof name.value === 'string'
    ? { ...value, key: { type: 'Identifier', name: name.value } }
    : value;
}

import { extname } from 'node:path';
import { formats } from './formats/index.ts';
import { FormatProblem } from './formats/types.ts';
import { same } from './formats/values.ts';

const BY_EXTENSION: Readonly<Record<string, keyof typeof formats>> = {
  '.json': 'json',
  '.jsonc': 'json',
  '.toml': 'toml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
};

/**
 * Whether two texts of a file mean the same in its format, as after a formatter. With `without comments`, only where
 * the first has none that could be lost.
 */
export function meansTheSame(path: string, a: string, b: string, comments?: 'without comments'): boolean {
  const format = formats[BY_EXTENSION[extname(path)] ?? 'json'];
  if (!(extname(path) in BY_EXTENSION)) return false;
  try {
    if (comments) JSON.parse(a);
    return same(format.parse(a).value, format.parse(b).value);
  } catch (error) {
    if (error instanceof FormatProblem || error instanceof SyntaxError) return false;
    throw error;
  }
}

import { basename, extname } from 'node:path';

/**
 * How a line says nothing in a file. `script`: a shell's, in which text of other programs can stand between quotes, and data
 * behind a mark; `slashes`: JSON as editors read it; `none`: what has no comments, or has its meaning compared (meaning.ts).
 */
export type CommentStyle = 'script' | 'hash' | 'slashes' | 'none';

export function commentStyle(path: string, script: boolean): CommentStyle {
  if (script || extname(path) === '.sh' || /(?:^|\/)\.(?:githooks|husky)\//.test(path)) return 'script';
  if (basename(path) === 'devcontainer.json' || extname(path) === '.jsonc') return 'slashes';
  return ['.json', '.cjs'].includes(extname(path)) ? 'none' : 'hash';
}

const COMMENT: Readonly<Record<CommentStyle, RegExp | undefined>> = {
  // With one of these in it, what is a comment to a shell could end a quotation that it stands in, or be put in its place.
  script: /^[ \t]*#[^'"`$\\]*$/,
  hash: /^[ \t]*#/,
  slashes: /^[ \t]*\/\//,
  none: undefined,
};

/** Only these are blank to the programs that read such files: a no-break space is a word to a shell. */
const BLANK = /^[ \t\r]*$/;

/**
 * Whether a line does something: it is neither empty nor a comment, or the first of a script. `before`: the line before it,
 * which a comment cuts off where it goes on.
 */
export function isEffective(line: string, index: number, style: CommentStyle, before = ''): boolean {
  if (index === 0 && line.startsWith('#!')) return true;
  if (style === 'script' && /\\\r?$/.test(before)) return true;
  return !BLANK.test(line) && COMMENT[style]?.test(line) !== true;
}

import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../base/errors.ts';
import { oneLine, truncate } from '../base/text.ts';
import { encodeScalar } from './encode.ts';
import { migrate } from './migrate.ts';
import { POSTURE_FILE, type PostureEdit } from './model.ts';
import { postureSchema } from './schema.ts';
import { secretShape } from './secrets.ts';
import { spliceYaml, withEdits } from './splice.ts';
import { readTree } from './tree.ts';

const ORDER = Object.keys(postureSchema.shape);
const BOM = '\ufeff';
const CONFLICT = /^(?:<{7}|>{7})/m;

/**
 * The posture's text with the edits made: comments, order, quoting, blank lines, line ends and byte order mark stay, and no
 * byte changes outside what is edited. A file of an older version comes out in the current one. UserError when the text is
 * not valid YAML, or is written in a way that cannot be edited in place. The outcome is not judged: `parsePosture` does that.
 */
export function editPosture(text: string, edits: readonly PostureEdit[]): string {
  if (edits.length === 0) return text;
  const current = migrate(text);
  const marked = current.startsWith(BOM);
  const bare = marked ? current.slice(1) : current;
  const edited = CONFLICT.test(current) ? undefined : attempt(bare, changing(bare, edits));
  if (edited === undefined) {
    const tree = readTree(current, POSTURE_FILE);
    if (!tree.readable) throw new UserError(tree.problems);
    throw new UserError({
      what: 'this file is written in a way that cannot be changed in place without touching other lines',
      where: { path: POSTURE_FILE, ...place(tree, edits) },
      expected: 'plain "key: value" lines and "- " lists',
      next: `write it so, or make the change by hand: ${edits.map(({ path }) => path.join('.')).join(', ')}`,
    });
  }
  return (marked ? BOM : '') + edited;
}

/** The edits that change anything: whoever answers a question with what is there has edited nothing. */
function changing(text: string, edits: readonly PostureEdit[]): readonly PostureEdit[] {
  const tree = readTree(text, POSTURE_FILE);
  if (tree.problems.length > 0) return edits;
  let data = tree.data;
  return edits.filter(edit => {
    const before = data;
    data = withEdits(before, [edit]);
    return !isDeepStrictEqual(before, data);
  });
}

function attempt(text: string, edits: readonly PostureEdit[]): string | undefined {
  if (edits.length === 0) return text;
  return spliceFolded(text, edits) ?? splice(text, edits);
}

function splice(text: string, edits: readonly PostureEdit[]): string | undefined {
  try {
    return spliceYaml(text, edits, ORDER);
  } catch (error) {
    // Text that no longer parses after a splice is the same fault as text that means something else.
    if (error instanceof Error && error.name === 'YAMLParseError') return undefined;
    throw error;
  }
}

/**
 * The same on the text without the long parts that no edit is about, so that ten thousand credentials are not read again
 * for each of them. Undefined where the outcome, read whole, is not what was asked: then it takes the long way.
 */
function spliceFolded(text: string, edits: readonly PostureEdit[]): string | undefined {
  const folded = fold(text, new Set(edits.map(({ path }) => String(path[0]))));
  // Where nothing is left that shows its line ends, it would get others.
  if (!folded || folded.text.includes('\r\n') !== text.includes('\r\n')) return undefined;
  const before = readTree(text, POSTURE_FILE);
  const short = before.problems.length === 0 ? splice(folded.text, edits) : undefined;
  if (short === undefined) return undefined;
  const whole = folded.unfold(short);
  const after = readTree(whole, POSTURE_FILE);
  return after.problems.length === 0 && isDeepStrictEqual(after.data, withEdits(before.data, edits))
    ? whole
    : undefined;
}

const FOLDED = 'folded-';

/** The text with each top-level block of lines whose key is not in `open` as one line; undefined where there is none. */
function fold(text: string, open: ReadonlySet<string>): { text: string; unfold(text: string): string } | undefined {
  if (text.includes(FOLDED)) return undefined;
  const parts: string[] = [];
  let short = '';
  let done = 0;
  const starts = [...text.matchAll(/^[^\s#\-\]}].*/gm)];
  for (const [index, start] of starts.entries()) {
    const key = /^([A-Za-z]\w*):\s*(?:#.*)?$/.exec(start[0])?.[1];
    if (key === undefined || open.has(key)) continue;
    const end = contentEnd(text, start.index, starts[index + 1]?.index ?? text.length);
    if (end === start.index + start[0].length) continue;
    short += `${text.slice(done, start.index)}${key}: ${FOLDED}${parts.push(text.slice(start.index, end)) - 1}`;
    done = end;
  }
  if (parts.length === 0) return undefined;
  const line = new RegExp(`^[A-Za-z]\\w*: ${FOLDED}(\\d+)`, 'gm');
  return {
    text: short + text.slice(done),
    unfold: edited => edited.replace(line, (whole, number) => parts[Number(number)] ?? whole),
  };
}

/** Where the last line between two places ends that is neither empty nor a comment at the margin. */
function contentEnd(text: string, from: number, to: number): number {
  let end = to;
  for (;;) {
    const begin = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(begin, end);
    if (begin <= from || (line.trim() !== '' && !line.startsWith('#'))) return begin + line.trimEnd().length;
    end = begin - 1;
  }
}

function place(tree: ReturnType<typeof readTree>, edits: readonly PostureEdit[]) {
  const { line, column } = tree.locate(edits[0]?.path ?? []);
  return { line, column };
}

/** Where editors find the schema: the package as it lies in the repository once it is installed there. */
export const SCHEMA_FILE = 'node_modules/agent-posture/schema/posture-1.json';

/**
 * The text of a fresh posture for `project`: free text, of which what a posture would not take is left out. `installed`:
 * the schema is there, so that the reference to it leads somewhere.
 */
export function newPosture(project: string, { installed = false } = {}): string {
  const name = truncate(oneLine(project), 200);
  return [
    ...(installed ? [`# yaml-language-server: $schema=./${SCHEMA_FILE}`] : []),
    '# What coding agents may touch in this repository: names, never values.',
    '# After an edit: agent-posture generate, then agent-posture test.',
    'version: 1',
    `project: ${encodeScalar(name === '' || secretShape(name) ? 'project' : name)}`,
    '',
  ].join('\n');
}

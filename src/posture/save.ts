import { UserError } from '../base/errors.ts';
import { oneLine, truncate } from '../base/text.ts';
import { encodeScalar } from './encode.ts';
import { migrate } from './migrate.ts';
import { POSTURE_FILE, type PostureEdit } from './model.ts';
import { postureSchema } from './schema.ts';
import { secretShape } from './secrets.ts';
import { spliceYaml } from './splice.ts';
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
  const edited = CONFLICT.test(current) ? undefined : attempt(marked ? current.slice(1) : current, edits);
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

function attempt(text: string, edits: readonly PostureEdit[]): string | undefined {
  try {
    return spliceYaml(text, edits, ORDER);
  } catch (error) {
    // Text that no longer parses after a splice is the same fault as text that means something else.
    if (error instanceof Error && error.name === 'YAMLParseError') return undefined;
    throw error;
  }
}

function place(tree: ReturnType<typeof readTree>, edits: readonly PostureEdit[]) {
  const { line, column } = tree.locate(edits[0]?.path ?? []);
  return { line, column };
}

/** Where editors find the schema: the package as it lies in the repository once it is installed there. */
const SCHEMA_COMMENT = '# yaml-language-server: $schema=./node_modules/agent-posture/schema/posture-1.json';

/** The text of a fresh posture for `project`: free text, of which what a posture would not take is left out. */
export function newPosture(project: string): string {
  const name = truncate(oneLine(project), 200);
  return [
    SCHEMA_COMMENT,
    '# What coding agents may touch in this repository: names, never values.',
    '# After an edit: agent-posture generate, then agent-posture test.',
    'version: 1',
    `project: ${encodeScalar(name === '' || secretShape(name) ? 'project' : name)}`,
    '',
  ].join('\n');
}

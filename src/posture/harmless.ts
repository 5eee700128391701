import { join } from 'node:path';
import { READ_LIMIT, readBounded } from '../base/files.ts';
import { heldByGit } from '../base/git.ts';
import { secretLookingName } from '../base/secret-names.ts';
import { secretShape } from './secrets.ts';

/** Parts of a path below which tests and examples keep their data. */
const TEST_DATA = /(^|\/)(tests?|__tests__|fixtures|snapshots|testdata|examples)\//i;

const BY_PATH = 'tracked test data, by its path';
const BY_CONTENT = 'tracked, and nothing in it looks like a secret';

/** `NAME=value`, `name: value`, `"name": "value",`: a line of a file of settings. */
const SETTING = /^(?:export\s+)?["']?([^\s"'=]{1,200}?)["']?(?:\s*=|:(?=\s|$))\s*(.*)$/;
/** Another one in the value of a setting: `{ user: a, password: b }`. */
const PAIR = /([\w.-]{1,200})["']?\s{0,5}[:=]\s{0,5}["']?[^\s"',;}]/g;
/** What holds no value: comments, section heads, brackets. */
const STRUCTURE = /^(?:[#;].*|\/\/.*|\[[^\]]*\]|[{}[\],]+|---)?$/;
/** What stands for a value, or says nothing. */
const NO_VALUE = /^(?:[\s"',;{[]*|["']?(?:\$\{?\w+\}?|<[^<>]*>|\*+|true|false|null|none)["']?[\s,;]*)$/i;

/**
 * Whether a text is one of settings alone, none of which is a secret by its name or looks like one. A line that cannot
 * be read as a setting may be anything, a bare password among them.
 */
export function holdsNoSecret(text: string): boolean {
  if (text.includes('\0') || text.includes('\ufffd') || secretShape(text) !== undefined) return false;
  return text.split(/\r?\n/).every(line => {
    const trimmed = line.trim().replace(/^-\s+/, '');
    if (STRUCTURE.test(trimmed)) return true;
    const [, name = '', value = ''] = SETTING.exec(trimmed) ?? [];
    if (name === '' || (namesSecret(name) && !NO_VALUE.test(value))) return false;
    return [...value.matchAll(PAIR)].every(([, inner = '']) => !namesSecret(inner));
  });
}

function namesSecret(name: string): boolean {
  return secretLookingName(name) || /^(key|auth|pw|pass)$/i.test(name);
}

/**
 * Why a file that looks like one of secrets by its name is none, though git has it: test data, or no secret in any of
 * its versions. Undefined where it may be one. A version that could not be read whole is given as undefined.
 */
export function harmlessInGit(path: string, versions: readonly (string | undefined)[]): string | undefined {
  if (TEST_DATA.test(path)) return BY_PATH;
  return versions.length > 0 && versions.every(text => text !== undefined && holdsNoSecret(text))
    ? BY_CONTENT
    : undefined;
}

/** The same for a file in the working tree, by `tracked` (`trackedFiles`): test data only where it has no edits. */
export async function harmless(
  root: string,
  path: string,
  tracked: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (!tracked.has(path)) return undefined;
  if (heldByGit(root, path, tracked) && TEST_DATA.test(path)) return BY_PATH;
  const file = await readBounded(join(root, path), READ_LIMIT);
  return file.ok && !file.truncated && holdsNoSecret(file.data.toString('utf8')) ? BY_CONTENT : undefined;
}

import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';

/** Names whose presence makes a folder the root. */
const MARKS = ['agent-posture.yaml', '.git'];

/**
 * The real path of the folder that `--root` names, or of the nearest one upward with a posture or a `.git`, or else of
 * `from`. A folder above in which others can lay files, such as /tmp, is never the root.
 */
export async function findRoot(given: string | undefined, from = process.cwd()): Promise<string> {
  if (given !== undefined) {
    const path = resolve(from, given);
    if (!existsSync(path)) throw new UserError({ what: 'there is no such folder', where: { path: given } });
    if (!statSync(path).isDirectory()) throw new UserError({ what: 'not a folder', where: { path: given } });
    return realpathSync(path);
  }
  const start = realpathSync(from);
  for (let folder = start; ; folder = dirname(folder)) {
    if (MARKS.some(mark => existsSync(join(folder, mark))) && (folder === start || isOurs(folder))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** Nobody else can put a posture there. Where there are no owners, on Windows, every folder is. */
function isOurs(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o002) === 0);
}

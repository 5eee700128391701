import { realpathSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, UserError } from './errors.ts';
import { ensureFolder } from './files.ts';
import { sha256 } from './hash.ts';
import { stateHome } from './state-home.ts';

/** The state folder of one repository (journal, approvals, pins, baselines, overlay), keyed by its real path. Not created. */
export function stateFolder(root: string, env: NodeJS.ProcessEnv = process.env): string {
  const real = realpathSync(root);
  const name =
    real
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/[^\w.-]/g, '_')
      .slice(0, 40) || 'root';
  return join(stateHome(env), `${name}-${sha256(real).slice(0, 16)}`);
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file stands where a folder is needed',
  EEXIST: 'a file stands where a folder is needed',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'no folder can be made there',
};

/** Creates a folder for this user alone (0700), parents included. UserError where it cannot be made or written. */
export async function ensurePrivate(folder: string): Promise<string> {
  try {
    await ensureFolder(folder, 0o700);
    await chmod(folder, 0o700);
  } catch (error) {
    throw new UserError({
      what: `what this program keeps cannot be written there: ${CAUSES[errorCode(error) ?? ''] ?? errorCode(error) ?? 'error'}`,
      where: { path: folder },
      expected: 'a folder of yours, or one that can be made',
      next: 'let it be written, or name another folder: AGENT_POSTURE_STATE=FOLDER',
    });
  }
  return folder;
}

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { commonFolderOf, git } from '../base/git.ts';

/** What tells a file or folder from another one that lies at the same path later. */
export interface FileIdentity {
  device: string;
  inode: string;
  /** When it was made, in nanoseconds; null where the file system does not keep that. */
  birth: string | null;
}

function identityOf(path: string): FileIdentity | undefined {
  try {
    const { dev, ino, birthtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
    // Where it is not kept, the system gives 0 or the time of the last change.
    const known = birthtimeNs > 0n && birthtimeNs < ctimeNs;
    return { device: `${dev}`, inode: `${ino}`, birth: known ? `${birthtimeNs}` : null };
  } catch {
    return undefined;
  }
}

/** Whether both are the same. A device may be counted otherwise after a restart, so it decides only without times. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  if (a.inode !== b.inode) return false;
  return a.birth !== null && b.birth !== null ? a.birth === b.birth : a.device === b.device;
}

/** The checkout at `root`: the very `.git`, which in a worktree is a file of its own; without one, the folder. */
export function checkoutIdentity(root: string): FileIdentity | undefined {
  return identityOf(join(root, '.git')) ?? identityOf(root);
}

/** The folder that holds git's settings for `root`; undefined where there is none. Asks git in worktrees only. */
export async function settingsIdentity(root: string): Promise<FileIdentity | undefined> {
  const folder = await commonFolderOf(root, (...args) => git(args, { cwd: root }));
  return folder === undefined ? undefined : identityOf(folder);
}

import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What tells this repository from another one at the same path: the very `.git`; without one, the folder. */
export async function repositoryIdentity(root: string): Promise<string> {
  const git = await lstat(join(root, '.git'), { bigint: true }).catch(() => undefined);
  const { dev, ino } = git ?? (await lstat(await realpath(root), { bigint: true }));
  return `${git ? 'git' : 'root'} ${dev}:${ino}`;
}

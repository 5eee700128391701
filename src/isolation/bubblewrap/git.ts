import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWithin } from '../../base/files.ts';

/**
 * In a worktree `.git` is a file that names a folder elsewhere. That folder is let into the box only if it names this
 * worktree back, as git itself keeps it, so that a planted `.git` file cannot ask for any other folder. Undefined for an
 * ordinary repository. See gitrepository-layout(5).
 */
export function worktreeFolder(root: string): { common: string } | { refused: string } | undefined {
  const link = join(root, '.git');
  try {
    if (!lstatSync(link).isFile()) return undefined;
  } catch {
    return undefined;
  }
  const refused = { refused: '.git names a folder that does not name this worktree back: git will not work inside' };
  try {
    const named = /^gitdir: (.+)$/m.exec(readFileSync(link, 'utf8'))?.[1];
    if (named === undefined) return refused;
    const own = realpathSync(resolve(root, named));
    const back = realpathSync(dirname(readFileSync(join(own, 'gitdir'), 'utf8').trim()));
    const common = realpathSync(resolve(own, readFileSync(join(own, 'commondir'), 'utf8').trim()));
    const isGit = ['HEAD', 'objects', 'refs'].every(name => lstatSync(join(common, name)));
    if (back !== realpathSync(root) || !isGit || dirname(own) !== join(common, 'worktrees') || isWithin(common, root))
      return refused;
    return { common };
  } catch {
    return refused;
  }
}

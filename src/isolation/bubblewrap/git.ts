import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWithin } from '../../base/files.ts';

/**
 * In a worktree `.git` is a file that names a folder elsewhere. That folder is let into the box only if it names this
 * worktree back, as git itself keeps it, so that a planted `.git` file cannot ask for any other folder. Undefined for an
 * ordinary repository. See gitrepository-layout(5).
 */
export function worktreeFolder(root: string): { common: string; own: string } | { refused: string } | undefined {
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
    return { common, own };
  } catch {
    return refused;
  }
}

/** The folder of git that holds the settings and references of `root`; undefined where there is none of its own. */
export function commonFolder(root: string): string | undefined {
  const link = join(root, '.git');
  if (kindOf(link) === 'folder') return link;
  const worktree = worktreeFolder(root);
  return worktree && 'common' in worktree ? worktree.common : undefined;
}

/** In each folder of git's: what names programs to run, or another folder to take that from. */
const STEERING = ['config', 'config.worktree', 'commondir', 'info/attributes'];
/** The deepest that git's folders of submodules are looked for. */
const DEPTH = 8;

/** What git outside would obey, in its common folder and in those of other worktrees and of submodules. All absolute. */
export interface GitGuards {
  /** Files; those that are missing must not be made either. */
  files: string[];
  folders: string[];
}

/**
 * The guards of git's own folder, so that all of git's work goes on in it and nothing in it makes the next git outside run
 * a program. See gitrepository-layout(5).
 */
export function gitGuards(root: string, common: string): GitGuards {
  const worktrees = foldersIn(join(common, 'worktrees'));
  const repositories = [common, ...submodules(join(common, 'modules'))];
  return {
    files: [
      ...repositories.flatMap(folder => STEERING.map(name => join(folder, name))),
      ...worktrees.flatMap(folder => ['gitdir', 'commondir', 'config.worktree'].map(name => join(folder, name))),
      ...submoduleLinks(root),
    ],
    folders: repositories.map(folder => join(folder, 'hooks')),
  };
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => join(folder, entry.name));
  } catch {
    return [];
  }
}

/** Git's folders of submodules: a name with slashes makes folders in between. */
function submodules(folder: string, depth = DEPTH): string[] {
  if (depth === 0) return [];
  return foldersIn(folder).flatMap(inner =>
    kindOf(join(inner, 'HEAD')) === 'file'
      ? [inner, ...submodules(join(inner, 'modules'), depth - 1)]
      : submodules(inner, depth - 1),
  );
}

/** The `.git` files in the folders that .gitmodules names. */
function submoduleLinks(root: string): string[] {
  const path = join(root, '.gitmodules');
  if (kindOf(path) !== 'file') return [];
  return [...readFileSync(path, 'utf8').matchAll(/^\s*path\s*=\s*(.+?)\s*$/gm)]
    .map(([, name = '']) => join(root, name, '.git'))
    .filter(link => isWithin(root, link) && kindOf(link) === 'file');
}

/** Links are not followed. */
export function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  try {
    const stats = lstatSync(path);
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  } catch {
    return undefined;
  }
}

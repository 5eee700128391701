import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWithin, statsOf } from '../base/files.ts';
import { ENTRY_LIMIT, walkBelow } from './walk.ts';

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
/** Without these, git takes no folder for its own. */
export const GIT_PARTS: readonly string[] = ['objects', 'refs'];
/** The deepest that git's folders of submodules are looked for. */
const DEPTH = 8;

/** What git outside would obey, in its common folder and in those of other worktrees and of submodules. All absolute. */
export interface GitGuards {
  /** Beside git's folder: made or made to point elsewhere, they make the root one of other settings, the others a bare one. */
  beside: string[];
  /** Files; those that are missing must not be made either. */
  files: string[];
  folders: string[];
  /** What is there of submodules, and of other repositories that the index names. */
  nested: string[];
}

/**
 * The guards of git's own folder, so that all of git's work goes on in it and nothing in it makes the next git outside run
 * a program; and those of the repositories below the root that the index names (`links`), whose settings git obeys for a
 * status in the root. See gitrepository-layout(5).
 */
export function gitGuards(root: string, common: string | undefined, links: readonly string[]): GitGuards {
  const link = join(root, '.git');
  const beside = [...(kindOf(link) === 'folder' ? [] : [link]), join(root, 'commondir')];
  // Where git finds no `.git`, this is how it knows a bare repository, whose settings would be the root's.
  if (kindOf(link) === undefined) beside.push(join(root, 'HEAD'));
  if (common === undefined) return { beside, files: [], folders: [], nested: [] };
  const worktrees = foldersIn(join(common, 'worktrees'));
  const repositories = [common, ...submodules(join(common, 'modules'))];
  return {
    beside,
    files: [
      ...repositories.flatMap(folder => STEERING.map(name => join(folder, name))),
      ...worktrees.flatMap(folder => ['gitdir', 'commondir', 'config.worktree'].map(name => join(folder, name))),
    ],
    folders: repositories.map(folder => join(folder, 'hooks')),
    nested: submoduleSettings(root, links),
  };
}

/** Of what else lies below the root (build folders have clones that come and go), only what is in the index is kept. */
function submoduleSettings(root: string, links: readonly string[]): string[] {
  if (links.length === 0) return [];
  const places = links.map(link => join(root, link));
  return nestedRepositories(root)
    .repositories.filter(({ folder }) => places.some(place => isWithin(place, folder)))
    .flatMap(({ git }) => (kindOf(git) === 'file' ? [git] : settingsIn(git)));
}

/** What git obeys of submodules and is there, in their own folders and in git's folder of the root. All absolute. */
export function submoduleGuards(root: string, links: readonly string[]): string[] {
  const inGit = submodules(join(root, '.git', 'modules')).flatMap(settingsIn);
  return [...submoduleSettings(root, links), ...inGit];
}

const settingsIn = (git: string) => [...STEERING, 'hooks'].map(name => join(git, name)).filter(kindOf);

/** A repository below the root: its folder, and what of it is git's own, a folder or a file that names one. */
export interface Nested {
  folder: string;
  git: string;
  /** Of a worktree of this repository, its own folder of git's: only settings in there are its own. */
  own?: string;
}

/**
 * The repositories below `root`, submodules, bare ones and this repository's own worktrees too, and the root where it is
 * a bare one. `whole`: false where there is more than can be looked at.
 */
export function nestedRepositories(root: string): { repositories: Nested[]; whole: boolean } {
  const common = commonFolder(root);
  const repositories: Nested[] =
    isBare(root) && kindOf(join(root, '.git')) === undefined ? [{ folder: root, git: root }] : [];
  const whole = walkBelow(root, { entries: ENTRY_LIMIT }, (path, entry, place) => {
    if (path === join(root, '.git')) return false;
    const folder = dirname(path);
    // A file system that knows no case gives git this too.
    if (entry.name.toLowerCase() !== '.git') {
      // Below a name that is no UTF-8 nothing can be looked up: one part of such a repository stands for the rest.
      const bare = typeof place === 'string' ? entry.isDirectory() && isBare(path) : entry.name === 'HEAD';
      if (bare) repositories.push(typeof place === 'string' ? { folder: path, git: path } : { folder, git: folder });
      return true;
    }
    const worktree = worktreeFolder(folder);
    const own = worktree && 'common' in worktree && worktree.common === common ? worktree.own : undefined;
    repositories.push({ folder, git: path, ...(own ? { own } : {}) });
    return false;
  });
  return { repositories, whole };
}

/** A bare repository is known by what is in it, as git knows it: all of it, or where else the rest is. */
function isBare(folder: string): boolean {
  const holds = (name: string) => kindOf(join(folder, name)) !== undefined;
  return holds('HEAD') && (holds('commondir') || (holds('objects') && holds('refs')));
}

/** The times of files come from a clock that is behind by up to a tick, in milliseconds. */
const TICK = 20;

/**
 * Folders of repositories that are not among those `before`, or whose settings were changed since (milliseconds since
 * 1970, by a time that no program inside can set): git outside obeys them, in the root too once they are in its index.
 * `whole`: false where there is more than can be looked at.
 */
export function repositoriesMade(root: string, before: readonly Nested[], since: number) {
  const known = new Set(before.filter(({ own }) => own === undefined).map(({ git }) => git));
  const { repositories, whole } = nestedRepositories(root);
  const isNew = ({ git, own }: Nested) => own === undefined && !known.has(git);
  const made = repositories
    .filter(each => isNew(each) || settingsOf(each).some(path => changedAt(path) >= since - TICK))
    .map(({ folder }) => folder)
    .sort();
  return { made, whole };
}

/** Whether a rebase was left open since: what it is to do next is a list that may name commands, run by --continue. */
export function rebaseLeft(root: string, since: number): boolean {
  const worktree = worktreeFolder(root);
  const own = worktree && 'own' in worktree ? worktree.own : join(root, '.git');
  return changedAt(join(own, 'rebase-merge/git-rebase-todo')) >= since - TICK;
}

/** What git obeys of a repository: where `git` is a file, that itself; of a worktree, what it has beside the common settings. */
function settingsOf({ git, own }: Nested): string[] {
  if (own !== undefined) return [join(own, 'config.worktree')];
  if (kindOf(git) !== 'folder') return [git];
  const hooks = join(git, 'hooks');
  let names: string[] = [];
  try {
    names = readdirSync(hooks);
  } catch {}
  return [...STEERING.map(name => join(git, name)), ...names.map(name => join(hooks, name))];
}

const changedAt = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;

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

/** Links are not followed. */
export function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  const stats = statsOf(path);
  return stats && (stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other');
}

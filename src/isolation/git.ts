import { lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { isWithin, readNow, statsOf } from '../base/files.ts';
import { pipesIn } from '../base/git.ts';
import { ENTRY_LIMIT, walkBelow } from './walk.ts';

/**
 * What git reads of a file that names a folder: all of it but line ends at its end, unlike `trim`. Undefined for what is no
 * plain file (git may wait on it), and for what we could not look up as git does.
 */
function namedIn(path: string): string | undefined {
  if (kindOf(path) !== 'file') return undefined;
  const read = readNow(path, 65_536);
  if (!read.ok || read.truncated) return undefined;
  const text = read.data.toString();
  return text.includes('\0') || !Buffer.from(text).equals(read.data) ? undefined : text.replace(/[\r\n]+$/, '');
}

/** As the kernel looks it up: with `link/..`, what Node makes of a path by its text may be another place. */
const lookedUp = (from: string, name: string) => realpathSync.native(name.startsWith('/') ? name : `${from}/${name}`);

/** The folder that a `.git` file names. Throws where there is none. */
function namedByLink(link: string): string {
  const named = namedIn(link);
  if (named?.startsWith('gitdir: ') !== true) throw new Error('no file of git');
  return lookedUp(dirname(link), named.slice('gitdir: '.length));
}

/**
 * In a worktree `.git` is a file that names a folder elsewhere. That folder is let into the box only if it names this
 * worktree back, as git itself keeps it, so that a planted `.git` file cannot ask for any other folder. Undefined for an
 * ordinary repository. See gitrepository-layout(5).
 */
export function worktreeFolder(root: string): { common: string; own: string } | { refused: string } | undefined {
  const link = join(root, '.git');
  if (kindOf(link) !== 'file') return undefined;
  const refused = { refused: '.git names a folder that does not name this worktree back: git will not work inside' };
  try {
    const own = namedByLink(link);
    const back = realpathSync(dirname(namedIn(join(own, 'gitdir')) ?? ''));
    const common = commonOf(own);
    const isGit = ['HEAD', 'objects', 'refs'].every(name => lstatSync(join(common, name)));
    if (back !== realpathSync(root) || !isGit || dirname(own) !== join(common, 'worktrees') || isWithin(common, root))
      return refused;
    return { common, own };
  } catch {
    return refused;
  }
}

/** Where a folder of git's says that what it shares with others lies. Throws where that leads nowhere. */
function commonOf(own: string): string {
  const file = join(own, 'commondir');
  if (kindOf(file) === undefined) return own;
  const named = namedIn(file);
  if (named === undefined) throw new Error('no file of git');
  return lookedUp(own, named);
}

/** The folders that git takes settings from where `git` is a repository's `.git`: a folder, a file or a link. */
function foldersOfGit(git: string): string[] {
  try {
    const own = kindOf(git) === 'file' ? namedByLink(git) : realpathSync.native(git);
    try {
      return [...new Set([own, commonOf(own)])];
    } catch {
      return [own];
    }
  } catch {
    return [];
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
/** Where what git is to do next is kept while a rebase, a cherry-pick or the like is open. */
const OPEN_STATE = ['sequencer', 'rebase-merge', 'rebase-apply'];

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
  // Where git takes no `.git`, this is how it knows a bare repository, whose settings would be the root's.
  const taken = kindOf(link) === 'folder' ? isGitFolder(link) : kindOf(link) === 'file';
  if (!taken) beside.push(join(root, 'HEAD'));
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
    nested: submoduleSettings(root, common, links),
  };
}

/** Of what else lies below the root (build folders have clones that come and go), only what is in the index is kept. */
function submoduleSettings(root: string, common: string | undefined, links: readonly string[]): string[] {
  if (links.length === 0) return [];
  const places = links.map(link => join(root, link));
  // What a `.git` names may lie anywhere: nothing else is brought into the box for it.
  const shown = (path: string) => isWithin(root, path) || (common !== undefined && isWithin(common, path));
  return nestedRepositories(root)
    .repositories.filter(({ folder, own }) => own === undefined && places.some(place => isWithin(place, folder)))
    .flatMap(({ git }) => [
      ...(kindOf(git) === 'folder' ? [] : [git]),
      ...foldersOfGit(git).filter(shown).flatMap(settingsIn),
    ]);
}

/** What git obeys of submodules and is there, in their own folders and in git's folder of the root. All absolute. */
export function submoduleGuards(root: string, links: readonly string[]): string[] {
  const common = join(root, '.git');
  return [...submoduleSettings(root, common, links), ...submodules(join(common, 'modules')).flatMap(settingsIn)];
}

const settingsIn = (git: string) => [...STEERING, 'hooks'].map(name => join(git, name)).filter(kindOf);

/** A repository below the root: its folder, and what of it is git's own, a folder or a file that names one. */
export interface Nested {
  folder: string;
  git: string;
  /** Of a worktree of this repository, its own folder of git's: only settings in there are its own. */
  own?: string;
  /** Which very files and folders git obeys there: what was prepared elsewhere and moved here keeps its times. */
  state: string;
}

/**
 * The repositories below `root`, submodules, bare ones and this repository's own worktrees too, and the root where it is
 * a bare one. `whole`: false where there is more than can be looked at.
 */
export function nestedRepositories(root: string): { repositories: Nested[]; whole: boolean } {
  const common = commonFolder(root);
  // Beside a `.git` too: whatever keeps git from taking that one makes it take this.
  const repositories: Omit<Nested, 'state'>[] = isBare(root) ? [{ folder: root, git: root }] : [];
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
  return { repositories: repositories.map(each => ({ ...each, state: stateOf(each) })), whole };
}

const stateOf = (each: Omit<Nested, 'state'>) =>
  [each.git, ...foldersOfGit(each.git), ...settingsOf(each)].map(identity).join();

function identity(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return `${path} ${stats && `${stats.dev} ${stats.ino}`}`;
}

/** What of git's own folders of `root` is a pipe or the like where git reads a file: git waits on it. Absolute. */
export function oddParts(root: string): string[] {
  const common = commonFolder(root);
  const worktrees = common === undefined ? [] : [common, ...foldersIn(join(common, 'worktrees'))];
  return [...new Set([...worktrees, ...foldersOfGit(join(root, '.git'))])].flatMap(pipesIn);
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
  const known = new Map(before.filter(({ own }) => own === undefined).map(({ git, state }) => [git, state]));
  const { repositories, whole } = nestedRepositories(root);
  const isNew = ({ git, own, state }: Nested) => own === undefined && (known.get(git) !== state || leadsUnseen(git));
  const made = repositories
    .filter(each => isNew(each) || settingsOf(each).some(changedSince(since)))
    .map(({ folder }) => folder)
    .sort();
  return { made, whole, repositories };
}

/** Whether git finds a folder there that we cannot look up, as by a name that is no UTF-8: then it is always told. */
function leadsUnseen(git: string): boolean {
  if (kindOf(git) === 'file' && namedIn(git) === undefined) return true;
  return foldersOfGit(git).some(folder => {
    const file = join(folder, 'commondir');
    return folder.includes('\uFFFD') || (kindOf(file) !== undefined && namedIn(file) === undefined);
  });
}

/**
 * Where a rebase, a cherry-pick or the like was left open since: what it is to do next may name commands, which --continue
 * runs. In all worktrees, submodules and repositories below the root; absolute.
 */
export function leftOpen(
  root: string,
  since: number,
  before: readonly string[] = [],
  nested?: readonly Nested[],
): string[] {
  const known = new Set(before);
  return openStates(root, nested)
    .filter(
      state =>
        !known.has(identity(state)) ||
        [state, ...namesIn(state).map(name => join(state, name))].some(changedSince(since)),
    )
    .sort();
}

/** What of that is open: by what it is, not by its name alone. */
export const leftBefore = (root: string, nested: readonly Nested[]): string[] => openStates(root, nested).map(identity);

function openStates(root: string, repositories = nestedRepositories(root).repositories as readonly Nested[]): string[] {
  const common = commonFolder(root);
  const ofRoot = common === undefined ? [] : [common, ...foldersIn(join(common, 'worktrees'))];
  const inGit = common === undefined ? [] : submodules(join(common, 'modules'));
  const nested = repositories.flatMap(({ git }) => foldersOfGit(git));
  return [...new Set([...ofRoot, ...inGit, ...nested])]
    .flatMap(folder => OPEN_STATE.map(name => join(folder, name)))
    .filter(kindOf);
}

/** Of a path, whether it was made or changed since, by a time that no program inside can set. */
export const changedSince = (since: number) => (path: string) => changedAt(path) >= since - TICK;

/** What git obeys of a repository: where `git` is a file, that itself too; of a worktree, what it has beside the common settings. */
function settingsOf({ git, own }: Omit<Nested, 'state'>): string[] {
  if (own !== undefined) return [join(own, 'config.worktree')];
  return [
    ...(kindOf(git) === 'folder' ? [] : [git]),
    ...foldersOfGit(git).flatMap(folder => {
      const hooks = join(folder, 'hooks');
      return [...STEERING.map(name => join(folder, name)), ...namesIn(hooks).map(name => join(hooks, name))];
    }),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
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

/**
 * Git's folders of submodules, at any depth: a name with slashes makes folders in between. What could pass for one counts,
 * whatever kind of thing its parts are: what is left out here is not kept.
 */
function submodules(top: string): string[] {
  const found: string[] = [];
  const whole = walkBelow(top, { entries: MODULE_LIMIT }, (path, entry) => {
    if (!entry.isDirectory()) return false;
    const looks = ['HEAD', 'config', 'commondir'].some(
      name => !['folder', undefined].includes(kindOf(join(path, name))),
    );
    if (looks) found.push(path);
    return looks || !['objects', 'refs', 'logs'].includes(entry.name) || !found.includes(dirname(path));
  });
  if (!whole)
    throw new UserError({
      what: `more than ${MODULE_LIMIT} files in ${top}, so what git obeys of submodules cannot be kept`,
      next: 'remove what is no submodule there, and run again',
    });
  return found;
}

/** The most entries that are looked at in git's folder of submodules; their objects are not. */
const MODULE_LIMIT = 200_000;

/** Whether git takes a folder for one of its own: in one that it does not, it looks for a repository above. */
export function isGitFolder(folder: string): boolean {
  const parts = GIT_PARTS.every(name => kindOf(join(folder, name)) !== undefined);
  return isHead(join(folder, 'HEAD')) && (parts || kindOf(join(folder, 'commondir')) !== undefined);
}

/**
 * Whether git takes it for a HEAD, byte for byte: a link to refs/…, or a file with a symbolic reference or an object's name
 * in its first 255 bytes, where only four characters are blanks. See gitrepository-layout(5) and `validate_headref`.
 */
export function isHead(path: string): boolean {
  return headText(path) !== undefined;
}

/** What a HEAD says that git takes, one character per byte; undefined for what it does not take. */
export function headText(path: string): string | undefined {
  try {
    if (lstatSync(path).isSymbolicLink()) {
      const target = readlinkSync(path, 'latin1');
      return target.startsWith('refs/') ? `ref: ${target}\n` : undefined;
    }
  } catch {
    return undefined;
  }
  if (kindOf(path) !== 'file') return undefined;
  const read = readNow(path, 65_536);
  const text = read.ok ? read.data.toString('latin1') : '';
  return /^(ref:[ \t\n\r]*refs\/|[0-9a-fA-F]{40})/.test(text.slice(0, 255)) ? text : undefined;
}

/** Links are not followed. */
export function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  const stats = statsOf(path);
  return stats && (stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other');
}

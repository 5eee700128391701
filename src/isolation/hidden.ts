import { realpathSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { UserError } from '../base/errors.ts';
import { expandHome, isThere, isWithin, statsOf } from '../base/files.ts';
import { heldByGit, trackedFiles } from '../base/git.ts';
import { patternRules } from '../posture/patterns.ts';
import { type Budget, ENTRY_LIMIT, type Visit, walkBelow } from './walk.ts';

/** Generated examples hold names only, so they are never hidden. */
const NEVER_HIDDEN = ['!.env*.example', '!.env.example'];

/** The patterns of the home (`~/…`, as paths relative to it) and those of the repository, order kept. */
function sortPatterns(patterns: readonly string[]): { home: string[]; repository: string[] } {
  const home: string[] = [];
  const repository: string[] = [];
  for (const pattern of patterns) {
    const match = /^(!?)~\/(.+)$/.exec(pattern);
    if (match) home.push(`${match[1]}/${match[2]}`);
    else repository.push(pattern);
  }
  return { home, repository };
}

/** Looks at everything below `start`, and throws where the budget ends before. Gives the folders that stay shut. */
function walk(start: string, budget: Budget, visit: Visit): string[] {
  const shut: string[] = [];
  const unseen = (folder: string, named: boolean) => {
    if (!named) throw unnamed(start, folder);
    shut.push(folder);
  };
  if (walkBelow(start, budget, visit, unseen)) return shut;
  throw new UserError({
    what: `more than ${ENTRY_LIMIT} files to look at, counted over all folders that isolation.files is about and reached in ${start}, so its patterns cannot be carried out whole`,
    where: { path: 'agent-posture.yaml' },
    expected: 'a repository, and folders that the box shows, whose files can all be looked at',
    next: 'move what is not part of the repository, such as data and build folders, out of it',
  });
}

/** What cannot be named to the program that mounts cannot be hidden, and is not passed over. */
function unnamed(start: string, path: string): UserError {
  return new UserError({
    what: `${relative(start, path)}: its name is no UTF-8, so that it cannot be hidden as isolation.files.hide asks`,
    where: { path: 'agent-posture.yaml' },
    next: 'rename it, or move it out of the repository',
  });
}

/** A longer path is not mounted on; the kernel takes 4,096 bytes, and the box lies deeper than the repository. */
const PATH_LIMIT = 3_000;
/** As much is left of one that is too long: each folder on the way is a mount. */
const PATH_KEPT = 1_000;

/** The path, or where it is too long to be mounted on, a folder on the way to it. */
function mountable(start: string, path: string): string {
  if (Buffer.byteLength(path) <= PATH_LIMIT) return path;
  let at = path;
  while (Buffer.byteLength(at) > Buffer.byteLength(start) + PATH_KEPT) at = dirname(at);
  return at === start ? path : at;
}

/**
 * What the patterns, read from `base`, match below `start`: a matching folder is one entry, unless it is `apart`. Folders
 * that cannot be looked into are `shut`: what they hold may match.
 */
function matchesBelow(
  base: string,
  start: string,
  patterns: readonly string[],
  budget: Budget,
  apart: (folder: string) => boolean = () => false,
): { found: string[]; shut: string[] } {
  const rules = patternRules(patterns);
  const found: string[] = [];
  const shut = walk(start, budget, (path, entry, place) => {
    const name = relative(base, path);
    const matches = rules.ignores(entry.isDirectory() ? `${name}/` : name);
    if (matches && typeof place !== 'string') throw unnamed(start, path);
    const whole = matches && !(entry.isDirectory() && apart(path));
    if (whole) found.push(mountable(start, path));
    return !whole;
  });
  return { found, shut: shut.map(folder => mountable(start, folder)) };
}

/** All names, below `root`, of those of the files that have more than one. */
function otherNames(root: string, files: readonly string[], budget: Budget): string[] {
  // Files of others come and go (in a build): what is gone has no other names.
  const inode = (path: string | Buffer) => {
    const stats = statsOf(path);
    return stats && stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : undefined;
  };
  const wanted = new Set(files.map(inode).filter(id => id !== undefined));
  const found: string[] = [];
  if (wanted.size > 0)
    walk(root, budget, (path, entry, place) => {
      if (!entry.isFile() || !wanted.has(inode(place) ?? '')) return true;
      if (typeof place !== 'string') throw unnamed(root, path);
      found.push(path);
      return true;
    });
  return found;
}

/** What patterns match, as absolute real paths. */
export interface Expanded {
  hidden: string[];
  /** Not hidden: git holds it as it stands, so hiding it would hide nothing, and a commit made inside would empty it. */
  tracked: string[];
  /** Those of the hidden that git tracks otherwise than they stand. */
  edited: string[];
  /** Folders of the repository among the hidden that could not be looked into. */
  shut: string[];
}

/**
 * The files and folders (absolute real paths) that `patterns` match now, inside `root` and inside the other folders that
 * the box shows (`shown`, in the home). A folder stands for all it holds. A link stands for what it leads to; a file with
 * several names stands for all of those that lie in the root. What git tracks and has no edits is told apart: masked, it
 * would be committed empty. Throws UserError when there are too many to look at.
 */
export async function expandHidden(
  { root, home, shown }: { root: string; home: string; shown: readonly string[] },
  patterns: readonly string[],
): Promise<Expanded> {
  const budget = { entries: ENTRY_LIMIT };
  const sorted = sortPatterns(patterns);
  const index = patterns.length > 0 ? await trackedFiles(root) : new Map<string, string>();
  const folders = new Set([...index.keys()].flatMap(foldersOf));
  const found: string[] = [];
  const shut: string[] = [];
  const take = (matches: { found: string[]; shut: string[] }) => {
    found.push(...matches.found, ...matches.shut);
    shut.push(...matches.shut);
  };
  if (sorted.repository.length > 0)
    take(
      matchesBelow(root, root, [...sorted.repository, ...NEVER_HIDDEN], budget, folder =>
        folders.has(relative(root, folder)),
      ),
    );
  for (const pattern of sorted.home.filter(pattern => !pattern.startsWith('!'))) {
    if (!/[*?[\]]/.test(pattern)) found.push(expandHome(`~${pattern}`, home));
    else
      for (const place of [root, ...shown].filter(place => isWithin(home, place)))
        take(matchesBelow(home, place, sorted.home, budget));
  }
  const real = new Set<string>();
  for (const path of found)
    try {
      const at = realpathSync(path);
      if (at.includes('\uFFFD') && !isThere(at)) throw unnamed(root, path);
      real.add(at);
    } catch (error) {
      if (error instanceof UserError) throw error;
    }
  const held = (path: string) => isWithin(root, path) && heldByGit(root, relative(root, path), index);
  const tracked = [...real].filter(held).sort();
  for (const path of tracked) real.delete(path);
  const files = [...real].filter(path => isWithin(root, path) && statsOf(path)?.isFile());
  for (const path of otherNames(root, files, budget)) real.add(path);
  const hidden = [...real].sort();
  const edited = hidden.filter(path => isWithin(root, path) && index.has(relative(root, path)));
  return { hidden, tracked, edited, shut: shut.filter(path => isWithin(root, path)) };
}

/** `a/b` and `a` of `a/b/c`. */
function foldersOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

/** One line each on what is not as the patterns say: what is shown nonetheless, what a commit would empty, what else is hidden. */
export function hiddenNotes(root: string, { tracked, edited, shut }: Expanded): string[] {
  const named = (paths: readonly string[]) => {
    const [first, ...rest] = paths.map(path => relative(root, path));
    return first === undefined ? undefined : `${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}`;
  };
  const shown = named(tracked);
  const emptied = named(edited);
  const closed = named(shut);
  return [
    ...(shown ? [`${shown}: can be read inside, since git tracks it and the repository holds the content anyhow`] : []),
    ...(emptied ? [`${emptied}: tracked by git and edited, so hidden; a commit made inside would empty it`] : []),
    ...(closed ? [`${closed}: could not be looked into, so hidden whole`] : []),
  ];
}

/**
 * What `isolation.files.write` matches, absolute; `.` is the root itself. A matching folder stands for all it holds.
 * Nothing outside the root: a posture that asks for that is refused when it is read, and a symbolic link, which may lead
 * anywhere, is never let through.
 */
export function expandWritable(root: string, patterns: readonly string[]): string[] {
  if (patterns.includes('.') || patterns.includes('./')) return [root];
  const { found } = matchesBelow(root, root, sortPatterns(patterns).repository, { entries: ENTRY_LIMIT });
  return found.filter(path => statsOf(path)?.isSymbolicLink() === false);
}

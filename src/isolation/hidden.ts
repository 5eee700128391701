import { type Dirent, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { UserError } from '../base/errors.ts';
import { expandHome, isWithin } from '../base/files.ts';

/** The most entries that are looked at to find what a pattern matches. */
export const ENTRY_LIMIT = 500_000;

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

function matcher(patterns: readonly string[]): Ignore {
  return ignore({ ignorecase: process.platform !== 'linux', allowRelativePaths: false }).add([...patterns]);
}

/** Looks at everything below `start`; goes into a folder where `visit` says so. Links are named, never followed. */
function walk(start: string, budget: { entries: number }, visit: (path: string, entry: Dirent) => boolean): void {
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      continue;
    }
    budget.entries -= entries.length;
    if (budget.entries < 0)
      throw new UserError({
        what: `more than ${ENTRY_LIMIT} files below ${start}, so the patterns of isolation.files cannot be carried out whole`,
        where: { path: 'agent-posture.yaml' },
        expected: 'a repository whose files can all be looked at',
        next: 'move what is not part of the repository out of it',
      });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (visit(path, entry) && entry.isDirectory()) folders.push(path);
    }
  }
}

/** What the patterns, read from `base`, match below `start`: a matching folder is one entry. */
function matchesBelow(base: string, start: string, patterns: readonly string[], budget: { entries: number }): string[] {
  const rules = matcher(patterns);
  const found: string[] = [];
  walk(start, budget, (path, entry) => {
    const name = relative(base, path);
    const matches = rules.ignores(entry.isDirectory() ? `${name}/` : name);
    if (matches) found.push(path);
    return !matches;
  });
  return found;
}

/** All names, below `root`, of those of the files that have more than one. */
function otherNames(root: string, files: readonly string[], budget: { entries: number }): string[] {
  const inode = (path: string) => {
    const { dev, ino, nlink } = lstatSync(path);
    return nlink > 1 ? `${dev}:${ino}` : undefined;
  };
  const wanted = new Set(files.map(inode).filter(id => id !== undefined));
  const found: string[] = [];
  if (wanted.size > 0)
    walk(root, budget, (path, entry) => {
      if (entry.isFile() && wanted.has(inode(path) ?? '')) found.push(path);
      return true;
    });
  return found;
}

/**
 * The files and folders (absolute real paths) that `patterns` match now, inside `root` and inside the other folders that
 * the box shows (`shown`, in the home). A folder stands for all it holds. A link stands for what it leads to; a file with
 * several names stands for all of those that lie in the root. Throws UserError when there are too many to look at.
 */
export function expandHidden(
  { root, home, shown }: { root: string; home: string; shown: readonly string[] },
  patterns: readonly string[],
): string[] {
  const budget = { entries: ENTRY_LIMIT };
  const sorted = sortPatterns(patterns);
  const found = sorted.repository.length
    ? matchesBelow(root, root, [...sorted.repository, ...NEVER_HIDDEN], budget)
    : [];
  for (const pattern of sorted.home.filter(pattern => !pattern.startsWith('!'))) {
    if (!/[*?[\]]/.test(pattern)) found.push(expandHome(`~${pattern}`, home));
    else
      for (const place of [root, ...shown].filter(place => isWithin(home, place)))
        found.push(...matchesBelow(home, place, sorted.home, budget));
  }
  const real = new Set<string>();
  for (const path of found)
    try {
      real.add(realpathSync(path));
    } catch {}
  const files = [...real].filter(path => isWithin(root, path) && lstatSync(path).isFile());
  for (const path of otherNames(root, files, budget)) real.add(path);
  return [...real].sort();
}

/** What `isolation.files.write` matches, absolute; `.` is the root itself. A matching folder stands for all it holds. */
export function expandWritable(root: string, home: string, patterns: readonly string[]): string[] {
  if (patterns.includes('.') || patterns.includes('./')) return [root];
  const { home: inHome, repository } = sortPatterns(patterns);
  const budget = { entries: ENTRY_LIMIT };
  return [
    ...matchesBelow(root, root, repository, budget),
    ...inHome.filter(pattern => !pattern.startsWith('!')).map(pattern => expandHome(`~${pattern}`, home)),
  ];
}

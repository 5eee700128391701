import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { agents } from '../agents/index.ts';
import { UserError } from '../base/errors.ts';
import { isWithin } from '../base/files.ts';
import { gitlinks } from '../base/git.ts';
import { outermost } from '../base/outermost.ts';
import { GIT_PARTS, gitGuards, kindOf, oddParts } from './git.ts';
import { configGuards } from './git-config.ts';
import { makePlaceholders, type Placeholders } from './placeholders.ts';
import { type Budget, walkBelow } from './walk.ts';

/** The most entries of guard folders that are looked at to find links. */
const LIMIT = 20_000;

const FILES_OF_AGENTS = agents.flatMap(({ filesInBox = [] }) => filesInBox);

/** Where a path really lies, there or not: links on the way to it are followed, its last part is not. */
export function realPlace(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return dirname(path) === path ? path : join(realPlace(dirname(path)), basename(path));
  }
}

/**
 * What is bound read-only for these guards (absolute, there or not): themselves, and within `root` what links among them
 * lead to, since whoever obeys a guard follows the link. The notes say which links cannot be kept themselves.
 */
export function keptPaths(root: string, wanted: readonly string[]): { guards: string[]; notes: string[] } {
  const guards = new Set<string>();
  const notes: string[] = [];
  const budget = { entries: LIMIT };
  const keepTarget = (link: string): boolean => {
    try {
      const target = realpathSync(link);
      // A link to the root or above it would make everything read-only.
      if (!isWithin(root, target) || isWithin(target, root)) return false;
      guards.add(target);
      return true;
    } catch {
      return false;
    }
  };
  for (const path of wanted) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    const name = inRepository(root, path);
    if (stats.isSymbolicLink()) {
      keepTarget(path);
      notes.push(`${name} is a symbolic link: what it leads to is kept, the link itself is not`);
      continue;
    }
    const real = realPlace(path);
    if (real !== path) {
      notes.push(`${name} lies behind a symbolic link: what it leads to is kept, the link itself is not`);
      if (!isWithin(root, real)) continue;
    }
    guards.add(real);
    if (stats.isDirectory())
      for (const link of linksIn(real, budget))
        if (!keepTarget(link))
          notes.push(`${inRepository(root, link)} is a symbolic link to what is not in the repository: not kept`);
  }
  const all = [...guards];
  return { guards: all.filter(path => !all.some(other => other !== path && isWithin(other, path))), notes };
}

function linksIn(folder: string, budget: Budget): string[] {
  const links: string[] = [];
  walkBelow(folder, budget, (path, entry) => {
    if (entry.isSymbolicLink()) links.push(path);
    return true;
  });
  return links;
}

/** Folders between `top` (excluded) and `path` (excluded), the upper ones first. */
export function foldersBetween(top: string, path: string): string[] {
  const found: string[] = [];
  for (let folder = dirname(path); folder !== top && isWithin(top, folder); folder = dirname(folder))
    found.unshift(folder);
  return found;
}

/**
 * The folders that hold something of `kept`, guarded or hidden, and lie in one of the writable `places` and in no guard,
 * sorted. Each is bound onto itself: a mount point cannot be renamed, so what it holds cannot be moved to where the next
 * start does not look for it.
 */
export function holdersOf(places: readonly string[], kept: readonly string[], guards: readonly string[]): string[] {
  const holders = new Set<string>();
  for (const path of kept) {
    const place = places.filter(each => isWithin(each, path)).sort((a, b) => a.length - b.length)[0];
    if (place === undefined) continue;
    for (const folder of foldersBetween(place, path))
      if (!guards.some(guard => isWithin(guard, folder))) holders.add(folder);
  }
  return [...holders].sort();
}

/** `path` as one writes it in the repository. */
export function inRepository(root: string, path: string): string {
  return relative(root, path) || '.';
}

/** Absolute path of a guard, with or without the trailing `/` of a folder. */
export function guardPath(root: string, guard: string): string {
  return join(root, guard.replace(/[/\\]+$/, ''));
}

/** The guards of one box, as every runtime that mounts lays them. All paths absolute and real. */
export interface LaidGuards {
  /** Bound read-only. */
  guards: string[];
  /** Of git's own folder: bound as they are, since a mount point cannot be removed, and git's folder stays one. */
  parts: string[];
  /** What could not be kept, each in one line. */
  notes: string[];
  /** Takes away what stood for guards that were missing. */
  close(): void;
}

/**
 * Looks up what must not be changed from inside, and has something stand for what is missing. `wanted`: the guards of the
 * box, relative to `root`; those of git's folder are looked up in `common`, as they are in a worktree too, undefined where
 * the box has none. Nothing is laid where the box cannot write.
 */
export async function layGuards(
  root: string,
  wanted: readonly string[],
  common: string | undefined,
  canWrite: (path: string) => boolean,
): Promise<LaidGuards> {
  const odd = oddParts(root);
  if (odd.length > 0)
    throw new UserError({
      what: `${odd.map(path => inRepository(root, path)).join(', ')}: no plain file, and git waits on it for ever`,
      next: 'remove it, and get it back from git or from a copy',
    });
  const links = await gitlinks(root);
  const ofGit = gitGuards(root, common, links);
  // Submodules have settings of their own, and those may include and name others.
  const configs = [...ofGit.files, ...ofGit.nested].filter(
    path => basename(path) === 'config' && kindOf(path) === 'file' && dirname(path) !== common,
  );
  const ofConfig = await configGuards(root, common, configs);
  const paths = [
    ...outermost(wanted)
      .filter(guard => !guard.startsWith('.git/'))
      .map(guard => guardPath(root, guard)),
    ...ofGit.beside,
    ...ofGit.folders,
    ...ofGit.files,
    ...ofGit.nested,
    ...ofConfig.settings,
    ...ofConfig.programs,
  ];
  const inGit = (path: string) => common !== undefined && isWithin(common, path);
  const placeholders: Placeholders[] = [];
  const close = () => {
    for (const each of placeholders) each.close();
  };
  try {
    // Git's folder first, here and at the end: while it is not whole, the root must not pass for a bare repository.
    if (common !== undefined && canWrite(common)) {
      placeholders.push(makePlaceholders(common, ofGit.files.filter(inGit), 'git'));
      placeholders.push(makePlaceholders(common, ofGit.folders));
      placeholders.push(makePlaceholders(common, ofConfig.settings.filter(inGit), 'files'));
      placeholders.push(makePlaceholders(common, ofConfig.programs.filter(inGit)));
    }
    // Instructions in Markdown are made by agents every day; only what configures one is kept from being made.
    const places = paths.map(realPlace).filter(path => canWrite(path) && !path.endsWith('.md'));
    const inRoot = places.filter(path => isWithin(root, path) && !inGit(path));
    const kept = wanted.map(guard => guardPath(root, guard));
    const ofAgents = FILES_OF_AGENTS.map(path => guardPath(root, path))
      .filter(path => kept.some(guard => isWithin(guard, path)))
      .map(realPlace)
      .filter(path => canWrite(path) && isWithin(root, path));
    const settings = new Set(ofConfig.settings.map(realPlace));
    placeholders.push(makePlaceholders(root, [...inRoot.filter(path => settings.has(path)), ...ofAgents], 'files'));
    placeholders.push(makePlaceholders(root, inRoot));
    const parts = common !== undefined && canWrite(common) ? GIT_PARTS.map(name => join(common, name)) : [];
    // A link in their place would be followed to wherever whoever made the repository wants.
    const { guards, notes } = keptPaths(root, paths);
    if (links.includes('.')) notes.push('git cannot say which repositories here are submodules: all of them are kept');
    for (const path of ofConfig.written)
      notes.push(
        `${inRepository(root, path)}: git is told to obey it, and git’s own work writes it, so it is not kept`,
      );
    return { guards, notes, parts: parts.filter(path => kindOf(path) === 'folder'), close };
  } catch (error) {
    close();
    throw error;
  }
}

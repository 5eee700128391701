import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isWithin } from '../../base/files.ts';
import { inRepository } from './mounts.ts';

/** The most entries of guard folders that are looked at to find links. */
const LIMIT = 20_000;

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

function linksIn(folder: string, budget: { entries: number }): string[] {
  const links: string[] = [];
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined && budget.entries > 0; at = folders.pop())
    try {
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        budget.entries--;
        if (entry.isSymbolicLink()) links.push(join(at, entry.name));
        else if (entry.isDirectory()) folders.push(join(at, entry.name));
      }
    } catch {}
  return links;
}

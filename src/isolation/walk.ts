import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The most entries that are looked at in a repository. */
export const ENTRY_LIMIT = 500_000;

export interface Budget {
  entries: number;
}

export type Visit = (path: string, entry: Dirent) => boolean;

/**
 * Looks at everything below `start`; goes into a folder where `visit` says so. Links are named, never followed. False
 * where that was more than the budget, and not everything was looked at.
 */
export function walkBelow(start: string, budget: Budget, visit: Visit): boolean {
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      continue;
    }
    budget.entries -= entries.length;
    if (budget.entries < 0) return false;
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (visit(path, entry) && entry.isDirectory()) folders.push(path);
    }
  }
  return true;
}

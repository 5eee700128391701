import { lstatSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { guardsAnywhere } from '../agents/guards.ts';
import { outermost } from '../base/outermost.ts';
import { changedSince, kindOf } from './git.ts';
import { ENTRY_LIMIT, walkBelow } from './walk.ts';

/** The most that is looked at in one such folder. */
const FOLDER_LIMIT = 5_000;

/**
 * What was made or changed since below the root (milliseconds since 1970, by a time that no program inside can set) and is
 * obeyed by whoever opens the folder that it lies in; relative to `root`. Not in node_modules, where packages bring their
 * own by the thousand and nobody opens a folder. `whole`: false where there is more than can be looked at.
 */
export function settingsMade(root: string, since: number): { made: string[]; whole: boolean } {
  const byFirst = new Map<string, string[]>();
  for (const guard of guardsAnywhere()) {
    const [first = ''] = guard.split('/');
    byFirst.set(first, [...(byFirst.get(first) ?? []), guard]);
  }
  const made: string[] = [];
  const isChanged = changedSince(since);
  const whole = walkBelow(root, { entries: ENTRY_LIMIT }, (path, entry) => {
    if (entry.name === '.git' || entry.name === 'node_modules') return false;
    const folder = dirname(path);
    if (folder === root) return entry.isDirectory();
    const found = [...(byFirst.get(entry.name) ?? []), ...(entry.name.endsWith('.code-workspace') ? [entry.name] : [])];
    for (const guard of found) {
      const place = join(folder, guard);
      if (kindOf(place) === undefined) continue;
      // One that was moved here as a whole is known by what was moved, which may be any folder on the way.
      const way = guard.split('/').flatMap((_, at, parts) => (at + 1 < parts.length ? [parts.slice(0, at + 1)] : []));
      const changed = [place, ...way.map(parts => join(folder, ...parts)), ...below(place)].some(isChanged);
      if (changed)
        made.push(relative(root, guard.endsWith('/') ? `${place}/` : place) + (guard.endsWith('/') ? '/' : ''));
    }
    return entry.isDirectory();
  });
  return { made: outermost(made).sort(), whole };
}

function below(folder: string): string[] {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .slice(0, FOLDER_LIMIT)
      .map(name => join(folder, name));
  } catch {
    return [];
  }
}

import { copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Driver, Mode } from '../../agents/driver.ts';
import { agents } from '../../agents/index.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { isWithin, statsOf } from '../../base/files.ts';
import { trackedFiles } from '../../base/git.ts';
import type { Stage } from './stage.ts';

/** What is copied of a repository at the most: enough for its rules, its hooks and its work. */
const LIMITS = { files: 3_000, bytes: 64_000_000, file: 4_000_000, folder: 200 };

/** Copies one file, or a link that stays within `from`; what else it may be is left out. */
function copyOne(from: string, place: string, to: string, within: string): number {
  const stats = lstatSync(from, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (stats.isSymbolicLink()) {
    const target = readlinkSync(from);
    if (!isWithin(within, resolve(dirname(from), target)) || target.startsWith('/')) return 0;
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    if (!statsOf(place)) symlinkSync(target, place);
    return 0;
  }
  if (!stats.isFile() || stats.size > LIMITS.file) return 0;
  if (!isWithin(to, resolve(place))) return 0;
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  copyFileSync(from, place);
  return stats.size;
}

/** The files below a folder, relative to it, without following a link. */
export function filesIn(folder: string, left = LIMITS.folder, below = ''): string[] {
  let entries: import('node:fs').Dirent[] = [];
  try {
    entries = readdirSync(join(folder, below), { withFileTypes: true });
  } catch {}
  const found: string[] = [];
  for (const entry of entries) {
    if (found.length >= left || entry.name === 'node_modules' || entry.name === '.git') continue;
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory()) found.push(...filesIn(folder, left - found.length, path));
    else found.push(path);
  }
  return found;
}

/**
 * Lays a copy of the repository: what git tracks, and what steers agents, tracked or not. A file that is to be kept secret is
 * none of it: `isSecret` says which, and decoys stand in their places later. Gives what was left out, in a few words.
 */
export async function copyRepository(stage: Stage, isSecret: (path: string) => boolean): Promise<string | undefined> {
  const { root, scratchRoot } = stage;
  const guards = agents.flatMap(({ guardFiles, ignoreFile }) => [...guardFiles, ...(ignoreFile ? [ignoreFile] : [])]);
  const steering = [...new Set([...guards, '.agent-posture/', '.githooks/', '.gitignore', 'AGENTS.md', 'CLAUDE.md'])]
    .filter(path => !path.startsWith('.git/'))
    .flatMap(path => (path.endsWith('/') ? filesIn(join(root, path)).map(name => `${path}${name}`) : [path]));
  const tracked = [...(await trackedFiles(root)).keys()];
  const wanted = [...new Set([...steering, ...tracked])].filter(path => !isSecret(path));
  let bytes = 0;
  let files = 0;
  for (const path of wanted) {
    if (files >= LIMITS.files || bytes >= LIMITS.bytes)
      return `the copy that agents are tried in holds ${files} of ${wanted.length} files of the repository`;
    try {
      bytes += copyOne(join(root, path), join(scratchRoot, path), scratchRoot, root);
      files++;
    } catch {}
  }
  return undefined;
}

/** Copies what of the user's own steers the agent into the scratch home, without its logins. */
export function copySettings(stage: Stage, driver: Driver): void {
  const { home, scratchHome } = stage;
  for (const { path, keep } of driver.copies) {
    const from = join(home, path.slice(2));
    if (path.endsWith('/')) {
      for (const name of filesIn(from))
        copyOne(join(from, name), join(scratchHome, path.slice(2), name), scratchHome, home);
    } else if (statsOf(from)?.isFile()) {
      const text = readFileSync(from, 'utf8');
      const kept = keep ? keep(text) : text;
      if (kept !== undefined) stage.write(path, kept);
    }
  }
}

/** The settings of the agent as they lie on the stage, in the order in which later ones win, and what holds rules beside them. */
export function settingsOn(stage: Stage, { agent, ruleFiles = [] }: Driver): SettingsFile[] {
  const beside = ruleFiles.flatMap(path =>
    path.endsWith('/') ? filesIn(stage.at(path)).map(name => `${path}${name}`) : [path],
  );
  return [...new Set([...agent.traces.settings, ...beside])]
    .filter(path => !path.startsWith('/'))
    .flatMap(path => {
      const text = stage.read(path);
      return text === undefined ? [] : [{ path, text }];
    });
}

/** Whether a sandbox of the agent's own is on in this mode, as far as the settings on the stage tell: no variable of the user's goes along. */
export function isWalled(stage: Stage, driver: Driver, mode: Mode): boolean {
  const { settings, ownSandbox } = driver.agent.traces;
  // What holds rules beside them may be of another format.
  const files = settingsOn(stage, driver).filter(({ path }) => settings.includes(path));
  return ownSandbox?.(files, {}) === true && !(mode === 'bypass' && driver.bypassesSandbox === true);
}

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { compareVersions } from '../../agents/advisories/versions.ts';
import type { AgentHook, Driver, Mode } from '../../agents/driver.ts';
import { agents } from '../../agents/index.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { findProgram } from '../../base/exec.ts';
import { isWithin, realPathOf } from '../../base/files.ts';
import { trackedFiles, trackedLinks } from '../../base/git.ts';
import { filesNamed, SCRIPT } from './hook-programs.ts';
import { namesOf } from './hook-ways.ts';
import { SafeFolder } from './safe.ts';
import type { Stage } from './stage.ts';

/** What is copied of a repository at the most: enough for its rules, its hooks and its work. */
const LIMITS = { files: 3_000, bytes: 64_000_000, file: 4_000_000, folder: 200 };

/**
 * Copies one file of the repository, or a link that stays within it; what else it may be is left out, and no link is followed: what
 * it leads to is none of the repository's. Gives its size.
 */
function copyOne(stage: Stage, from: SafeFolder, path: string): number {
  // An index can list anything, and git obeys what stands there.
  if (inGitFolder(path) || isInstalled(path)) return 0;
  const target = from.linkAt(path);
  if (target !== undefined) {
    const isInside = !isAbsolute(target) && !join(dirname(path), target).startsWith('..');
    // What is approved of an agent's own folder is what lies in it: a folder elsewhere is none of that.
    const isFolder = statSync(join(stage.root, path), { throwIfNoEntry: false })?.isDirectory() === true;
    if (isInside && !(isFolder && OWN_FOLDERS.some(folder => path.startsWith(folder)))) stage.link(path, target);
    return 0;
  }
  const file = from.file(path, LIMITS.file);
  if (!file) return 0;
  stage.write(path, file.bytes, file.mode);
  return file.bytes.length;
}

/** Folders of agents, in the repository. */
const OWN_FOLDERS = agents.flatMap(({ guardFiles }) => guardFiles.filter(path => path.endsWith('/')));

/** Packages, tracked or not: of what they hold nothing could be named that is to be approved. */
const isInstalled = (path: string) => path.split('/').includes('node_modules');

/** In a folder that git, on some system, takes for its own. */
const inGitFolder = (path: string) => path.split('/').some(part => /^(?:\.git|git~\d+)[. ]*$/i.test(part));

/** Copies one file of the user's own home, to which a link of theirs may lead. */
function copyOwn(
  stage: Stage,
  path: string,
  from = stage.real(path),
  keep: (text: string) => string | undefined = text => text,
): void {
  const stats = statSync(from, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size > LIMITS.file) return;
  const bytes = readFileSync(from);
  const text = bytes.toString('utf8');
  const kept = keep(text);
  // As it is to the byte, where nothing of it is left out.
  if (kept !== undefined) stage.write(path, kept === text ? bytes : kept, stats.mode & 0o777);
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
  const { root } = stage;
  const from = new SafeFolder(root);
  const guards = agents.flatMap(({ guardFiles, ignoreFile }) => [...guardFiles, ...(ignoreFile ? [ignoreFile] : [])]);
  const steering = [...new Set([...guards, '.agent-posture/', '.githooks/', '.gitignore', 'AGENTS.md', 'CLAUDE.md'])]
    .filter(path => !path.startsWith('.git/'))
    .flatMap(path => (path.endsWith('/') ? filesIn(join(root, path)).map(name => `${path}${name}`) : [path]));
  const tracked = [...(await trackedFiles(root)).keys(), ...(await trackedLinks(root))];
  // A folder that steers may itself be a link to another of the repository.
  const tops = steering.map(path => path.split('/')[0] ?? path).filter(path => from.linkAt(path) !== undefined);
  const wanted = [...new Set([...tops, ...steering, ...tracked])].filter(path => !isSecret(path));
  let bytes = 0;
  let files = 0;
  for (const path of wanted) {
    if (files >= LIMITS.files || bytes >= LIMITS.bytes)
      return `the copy that agents are tried in holds ${files} of ${wanted.length} files of the repository`;
    try {
      bytes += copyOne(stage, from, path);
      files++;
    } catch {}
  }
  return undefined;
}

/**
 * Copies what of the user's own steers the agent into the scratch home; logins are left out there, and in the copy of the repository.
 * What its program needs there beside is let in.
 */
export function copySettings(stage: Stage, driver: Driver): void {
  letIn(stage, driver);
  for (const { path, keep } of driver.copies) {
    if (!path.startsWith('~/')) {
      const text = stage.read(path);
      const kept = text === undefined ? undefined : keep?.(text);
      if (kept !== undefined) stage.write(path, kept);
      continue;
    }
    const from = ownPlace(stage, driver, path);
    if (!path.endsWith('/')) copyOwn(stage, path, from, keep);
    else for (const name of filesIn(from)) copyOwn(stage, `${path}${name}`, join(from, name));
  }
}

/** Each folder as part of the program. What a link leads to is none of it. */
function letIn(stage: Stage, { letsIn }: Driver): void {
  if (!letsIn) return;
  const below = (folder: string, depth: number): string[] =>
    depth === 0 ? [folder] : foldersIn(folder).flatMap(name => below(join(folder, name), depth - 1));
  const top = stage.real(letsIn.folder);
  const isThere = realPathOf(top) === top && statSync(top, { throwIfNoEntry: false })?.isDirectory();
  if (isThere) for (const place of below(top, letsIn.below)) stage.admitted.add(place);
}

/** The newest version of the program that lies unpacked in the home, where it is newer than `version`: its user may start that. */
export function newerIn(stage: Stage, version: string): string | undefined {
  const versions = [...stage.admitted].map(place => basename(place));
  const newer = versions.filter(name => (compareVersions(name, version) ?? 0) > 0);
  return newer.sort((a, b) => compareVersions(a, b) ?? 0).at(-1);
}

/** The folders in a folder, without links to some. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Where a file of the user's own really lies: a variable may lead the agent to another folder than the usual one. */
function ownPlace(stage: Stage, { agent }: Driver, path: string): string {
  const { variable = '', usually = '' } = agent.traces.folder ?? {};
  const folder = process.env[variable] ?? '';
  return isAbsolute(folder) && path.startsWith(`${usually}/`)
    ? join(folder, path.slice(usually.length + 1))
    : stage.real(path);
}

/** Whether a file is one to be run: what a hook reads besides may be whatever its user keeps, a login too. */
function isProgram(place: string): boolean {
  try {
    const stats = statSync(place);
    const { mode } = stats;
    if (!stats.isFile()) return false;
    if ((mode & 0o111) !== 0 || SCRIPT.test(realPathOf(place))) return true;
    const descriptor = openSync(place, 'r');
    try {
      const start = Buffer.alloc(2);
      return readSync(descriptor, start) === 2 && start.toString('latin1') === '#!';
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/**
 * Copies the programs that hooks name and that are not there yet: files that git does not track, or of the home. A program of the home that the
 * PATH leads to is let in as it is. Gives what was let in so: what else it needs of the home is not there.
 */
export function copyNamed(stage: Stage, hooks: readonly AgentHook[], isSecret: (path: string) => boolean): string[] {
  const from = new SafeFolder(stage.root);
  for (const path of hooks.flatMap(hook => filesNamed(stage, hook))) {
    if (stage.kind(path) !== undefined) continue;
    if (isSecret(path) || !isProgram(stage.real(path))) continue;
    if (path.startsWith('~/')) copyOwn(stage, path);
    else copyOne(stage, from, path);
    // A link that leads out of the repository is what the agent runs all the same.
    if (stage.kind(path) === undefined && !inGitFolder(path)) copyOwn(stage, path);
  }
  const places = namesOf(stage, hooks).flatMap(name => findProgram(name, [stage.root]) ?? []);
  const own = places.filter(place => isWithin(stage.home, place));
  for (const place of own) stage.admitted.add(place);
  return own.map(place => `~/${relative(stage.home, place)}`);
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

/** Keeps the settings as they lie on the stage: gives what puts them back, and takes away those that have come. */
export function keepSettings(stage: Stage, driver: Driver): () => void {
  const laid = new Map(settingsOn(stage, driver).map(({ path }) => [path, stage.bytes(path)]));
  return () => {
    for (const { path } of settingsOn(stage, driver)) if (!laid.has(path)) stage.drop(path);
    for (const [path, bytes] of laid) if (bytes && !stage.bytes(path)?.equals(bytes)) stage.write(path, bytes);
  };
}

/** Whether a sandbox of the agent's own is on in this mode, as far as the settings on the stage tell: no variable of the user's goes along. */
export function isWalled(stage: Stage, driver: Driver, mode: Mode): boolean {
  const { settings, ownSandbox } = driver.agent.traces;
  // What holds rules beside them may be of another format.
  const files = settingsOn(stage, driver).filter(({ path }) => settings.includes(path));
  return ownSandbox?.(files, {}) === true && !(mode === 'bypass' && driver.bypassesSandbox === true);
}

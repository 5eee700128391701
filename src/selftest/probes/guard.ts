import { constants } from 'node:fs';
import { access, lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { COMMON_GUARDS, GIT_GUARDS, guardsThere, LEFTHOOK_GUARDS, managerPlace } from '../../agents/guards.ts';
import { agents } from '../../agents/index.ts';
import { errorCode } from '../../base/errors.ts';
import { displayPath, isWithin, statsOf } from '../../base/files.ts';
import { gitlinks } from '../../base/git.ts';
import type { Facts } from '../../discover/facts.ts';
import { commandFiles } from '../../isolation/command/files.ts';
import { kindOf, submoduleGuards } from '../../isolation/git.ts';
import { configGuards } from '../../isolation/git-config.ts';
import type { Posture } from '../../posture/schema.ts';
import { NOT_HERE, type Probe, type ProbeContext } from './types.ts';

/**
 * Repository-relative guard files, and folders with a trailing `/`, there or not: what an agent must not change or make.
 * The box keeps them from being written, and the self-test tries whether it does.
 */
export function guardPaths(
  root: string,
  facts: Pick<Facts, 'agents' | 'git'>,
  { agents: declared = [], isolation }: Pick<Posture, 'agents' | 'isolation'> = {},
): string[] {
  const { git } = facts;
  const ids = agentIds(facts, declared);
  const ofAgents = agents.filter(({ id }) => ids.has(id)).flatMap(({ guardFiles }) => guardFiles);
  const hooks = git.hooksPath === undefined ? [] : hooksFolder(root, git.hooksPath);
  const common = [...COMMON_GUARDS, ...GIT_GUARDS, ...guardsThere(root)];
  const ofManager = git.hookManager
    ? [managerPlace(git.hookManager), ...(git.hookManager.id === 'lefthook' ? LEFTHOOK_GUARDS : [])]
    : [];
  return [...new Set([...common, ...ofAgents, ...hooks, ...ofManager, ...commandFiles(root, isolation?.command)])];
}

/** The agents whose settings are guards: those found here, and those that the posture declares. */
function agentIds({ agents: found }: Pick<Facts, 'agents'>, declared: readonly string[]): ReadonlySet<string> {
  return new Set([...found.map(({ id }) => id), ...declared]);
}

function hooksFolder(root: string, hooksPath: string): string[] {
  const path = resolve(root, hooksPath);
  return isWithin(root, path) && path !== root ? [`${displayPath(path, { root, home: root })}/`] : [];
}

/** Links that are followed for one guard; the system gives up at as many. */
const HOPS = 40;

/**
 * The links within the root that stand on the way to `path`, itself and what they lead to included: whoever can replace
 * one of them replaces the guard, wherever the file that it leads to is kept.
 */
async function linksOnTheWay(root: string, path: string): Promise<string[]> {
  const links: string[] = [];
  const parts = path.split(sep).filter(Boolean);
  let at: string = sep;
  for (let hops = 0; parts.length > 0 && hops < HOPS; ) {
    const next = join(at, parts.shift() as string);
    const to = await readlink(next).catch(() => undefined);
    if (to === undefined) {
      at = next;
      continue;
    }
    hops++;
    if (isWithin(root, next) && next !== root) links.push(next);
    // Every link of `at` is resolved, so a step up in `to` means what it says.
    parts.unshift(...resolve(at, to).split(sep).filter(Boolean));
    at = sep;
  }
  return links;
}

/** A plain file, or a folder where one is meant. Links are not followed: what they lead to is not guarded by this name. */
async function exists(root: string, path: string): Promise<boolean> {
  const stats = statsOf(join(root, path.replace(/\/$/, '')));
  return path.endsWith('/') ? stats?.isDirectory() === true : stats?.isFile() === true;
}

/** What is there of a guard: it, something else, or what this user itself cannot look at. */
async function lookAt(root: string, path: string): Promise<'there' | 'not' | 'closed'> {
  const at = join(root, path.replace(/\/$/, ''));
  try {
    const stats = await lstat(at);
    const fits = path.endsWith('/') ? stats.isDirectory() : stats.isFile();
    // A folder has to be entered, and a file read, to see what became of it.
    if (fits) await access(at, stats.isDirectory() ? constants.X_OK : constants.R_OK);
    return fits ? 'there' : 'not';
  } catch (error) {
    return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '') ? 'closed' : 'not';
  }
}

/** Of what git obeys of submodules and of what its settings name, as much is tried. */
const SUBMODULE_ROWS = 40;

/** Git outside obeys the settings of every repository below the root too: of a gitlink's even for a status in the root. */
const nestedGit: Probe = {
  safeguard: 'GRD-1',
  attempt: 'write',
  target: '*/.git',
  expect: 'deny',
  severity: 'high',
  group: 'guard',
  opens: 'programs that git runs for you, even for git status here',
  subject: { kind: 'nested-git' },
  origin: 'nested-git',
};
/** Reached wherever work can be done: a row that is always red is no news, so it is only tried when one looks closely. */
const NOT_NEWS =
  'no box that lets work be done can refuse it: agent-posture run names what was made; tried with --deep';

/** Anything that runs outside the box can take a mode away: that must not pass for held, nor end the run. */
const CLOSED = 'you cannot look at it yourself, by its mode or that of its folder: nothing can be said of it';

/** Write tries on the guards: in place, by a copy renamed over them, by renaming their folder, and by creating one that is missing. */
export async function guardProbes(context: ProbeContext): Promise<Probe[]> {
  const { root, home, facts, posture } = context;
  const all = guardPaths(root, facts, posture);
  const here = await Promise.all(all.map(path => lookAt(root, path)));
  const present = all.filter((_, index) => here[index] === 'there');
  const ids = agentIds(facts, posture?.agents ?? []);
  const missing = agents
    .filter(({ id }) => ids.has(id))
    .flatMap(({ guardFiles }) => guardFiles)
    // Instructions in Markdown are written by agents every day; only what configures one is tried when it is missing.
    .filter(path => !path.endsWith('/') && !path.endsWith('.md') && !present.includes(path));
  if (facts.git.hookManager?.id === 'lefthook')
    missing.push(...LEFTHOOK_GUARDS.filter(path => !present.includes(path)));
  if (await exists(root, '.git/')) missing.push(...GIT_GUARDS.filter(path => !present.includes(path)));
  const renamed = new Set<string>();
  const links = new Set((await Promise.all(all.map(path => linksOnTheWay(root, join(root, path))))).flat());
  const nested = context.deep ? nestedGit : { ...nestedGit, subject: { kind: 'skip', why: NOT_NEWS } as const };
  const probes: Probe[] = facts.git.present ? [nested] : [];
  const add = (path: string, subject: Probe['subject']) =>
    probes.push({
      safeguard: 'GRD-1',
      attempt: 'write',
      target: displayPath(path, { root, home }),
      expect: 'deny',
      severity: 'high',
      group: 'guard',
      subject,
      origin: 'guard',
    });
  const change = (path: string, folder: boolean, rename: boolean) =>
    add(path, {
      kind: 'guard',
      path,
      how: folder ? 'create' : 'in-place',
      folder,
      rounds: [...(folder ? [] : (['replace'] as const)), ...(rename ? (['rename-parent'] as const) : [])],
    });
  for (const guard of present) {
    const path = join(root, guard.replace(/\/$/, ''));
    const folder = guard.endsWith('/');
    // One folder is renamed once, and never the root itself, nor `.git` under a git that may be running.
    // Behind a link it is the folder itself; the link has a row of its own.
    const above = folder ? path : dirname(path);
    const parent = await realpath(above).catch(() => above);
    const rename = isWithin(root, parent) && parent !== root && parent !== join(root, '.git') && !renamed.has(parent);
    if (rename) renamed.add(parent);
    change(path, folder, rename);
  }
  const closed = all.filter((_, index) => here[index] === 'closed');
  for (const path of closed) add(join(root, path), { kind: 'unclear', why: CLOSED });
  for (const link of links) {
    if (link === join(root, '.git'))
      add(link, { kind: 'unclear', why: 'a symbolic link that a git may be following now, so it is not taken away' });
    else add(link, { kind: 'guard', path: link, how: 'rename-parent', folder: true, rounds: [] });
  }
  const [submodules, ofConfig] = await Promise.all([gitlinks(root), configGuards(root)]);
  const named = new Set(present.map(guard => join(root, guard.replace(/\/$/, ''))));
  const obeyed = [...ofConfig.settings, ...ofConfig.programs].filter(path => kindOf(path) && !named.has(path));
  for (const path of [...new Set([...submoduleGuards(root, submodules), ...obeyed])].slice(0, SUBMODULE_ROWS))
    change(path, kindOf(path) === 'folder', false);
  for (const guard of [...new Set(missing)]) {
    if (closed.includes(guard)) continue;
    const path = join(root, guard);
    // A link has its row already.
    if (statsOf(path)) continue;
    const folder = statsOf(dirname(path));
    if (folder?.isDirectory()) add(path, { kind: 'guard', path, how: 'create', folder: false, rounds: [] });
    else add(path, { kind: 'skip', why: NOT_HERE });
  }
  for (const path of await userGuards(context))
    add(path, { kind: 'guard', path, how: 'in-place', folder: false, rounds: [] });
  return probes;
}

/** The agents' own settings in the home: plain files that exist. */
async function userGuards({ home, facts }: ProbeContext): Promise<string[]> {
  const ids = new Set(facts.agents.map(({ id }) => id));
  const paths: string[] = [];
  for (const { id, userFiles } of agents) {
    if (!ids.has(id)) continue;
    for (const file of userFiles) {
      const path = join(home, file.replace(/^~\//, '').replace(/\/$/, ''));
      const stats = statsOf(path);
      if (stats?.isFile() && stats.size > 0) paths.push(path);
      else if (stats?.isDirectory())
        for (const entry of (await readdir(path, { withFileTypes: true }).catch(() => [])).slice(0, 5))
          if (entry.isFile()) paths.push(join(path, entry.name));
    }
  }
  return paths;
}

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, type RunResult } from '../base/exec.ts';
import { isThere } from '../base/files.ts';
import { git, INERT } from '../base/git.ts';
import { type Check, OK } from './case.ts';
import { StillThere } from './still-there.ts';
import { makeTry } from './tries.ts';
import type { Observation, Try } from './wire.ts';
import type { Workspace } from './workspace.ts';

/**
 * Nobody's identity, no prompts, and nothing of the repository's configuration run on the pushing side; the remote's own
 * hooks do run, which is why a push is approved first.
 */
const PUSHING = [
  ...INERT,
  ...['safe.directory=*', 'protocol.allow=never', 'protocol.file.allow=always'].flatMap(setting => ['-c', setting]),
];

/** What a push goes to, and with what. */
export interface PushTarget {
  /** The repository that it is pushed from. */
  source: string;
  remote: string;
  /** The branch's whole ref, made new for this try where the pattern is wild. */
  ref: string;
  /** A commit that the remote does not have, over what the ref points to now. */
  commit: string;
  /** Where the ref stands before; undefined where it is new. */
  before: string | undefined;
}

const LIMITS = { timeout: 5_000, maxBuffer: 1_000_000 };

/** A name that the pattern (fnmatch, as GitHub's rulesets have it) matches, with a part of our own for its wildcard. */
export function branchFor(pattern: string, fresh: string): string {
  return pattern
    .replace(/\[([^\]!^])[^\]]*\]/g, '$1')
    .replace(/\*+/g, fresh)
    .replaceAll('?', 'x');
}

function showRef(remote: string, ref: string): Promise<RunResult> {
  return git(['--git-dir', remote, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: remote, ...LIMITS });
}

async function refAt(remote: string, ref: string): Promise<string | undefined> {
  const shown = await showRef(remote, ref);
  return shown.code === 0 ? shown.stdout.trim() : undefined;
}

/**
 * Prepares a push: for a wild pattern a fresh branch of the remote itself, for an exact name a copy of the remote in the
 * decoy folder, hooks and all. The commit that is pushed is laid as an object in a repository of ours, not the user's.
 */
export async function preparePush(
  workspace: Workspace,
  { remote, ref, scratch }: { remote: string; ref: string; scratch: boolean },
): Promise<PushTarget | string> {
  const at = scratch ? join(workspace.folder, `${workspace.fresh()}.git`) : remote;
  if (scratch) await cp(remote, at, { recursive: true, verbatimSymlinks: true });
  const branch = `refs/heads/${branchFor(ref, workspace.fresh())}`;
  const before = await refAt(at, branch);
  const source = await sourceOf(workspace);
  const identity = {
    GIT_AUTHOR_NAME: 'agent-posture',
    GIT_AUTHOR_EMAIL: 'agent-posture@localhost',
    GIT_COMMITTER_NAME: 'agent-posture',
    GIT_COMMITTER_EMAIL: 'agent-posture@localhost',
  };
  const inSource = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(at, 'objects'), ...identity };
  const tree = await git(['--git-dir', source, 'mktree'], { cwd: source, input: '', env: inSource, ...LIMITS });
  const parents = before === undefined ? [] : ['-p', before];
  const commit = await git(
    ['--git-dir', source, 'commit-tree', tree.stdout.trim(), ...parents, '-m', workspace.fresh()],
    {
      cwd: source,
      env: inSource,
      ...LIMITS,
    },
  );
  if (commit.code !== 0) return 'the commit for a push could not be made';
  return { source, remote: at, ref: branch, commit: commit.stdout.trim(), before };
}

const sources = new WeakMap<Workspace, Promise<string>>();

/** The repository of ours from which is pushed, made once. */
function sourceOf(workspace: Workspace): Promise<string> {
  const known = sources.get(workspace);
  if (known) return known;
  const path = join(workspace.folder, 'push.git');
  const made = git(['init', '-q', '--bare', path], { cwd: workspace.folder, ...LIMITS }).then(() => path);
  sources.set(workspace, made);
  return made;
}

/** The push itself, made by the vantage. */
export function pushTry(
  workspace: Workspace,
  root: string,
  { source, remote, ref, commit }: PushTarget,
): Try | undefined {
  const program = findProgram('git', [root]);
  if (!program) return undefined;
  return makeTry(
    {
      op: 'exec',
      argv: [program, ...PUSHING, '--git-dir', source, 'push', '--quiet', '--force', remote, `${commit}:${ref}`],
      cwd: workspace.folder,
      env: {
        GIT_TERMINAL_PROMPT: '0',
        GIT_ALTERNATE_OBJECT_DIRECTORIES: join(remote, 'objects'),
      },
    },
    10_000,
  );
}

/** Whether the vantage can see the remote at all. */
export function listRemoteTry(root: string, remote: string): Try | undefined {
  const program = findProgram('git', [root]);
  return program
    ? makeTry(
        {
          op: 'exec',
          argv: [program, ...PUSHING, 'ls-remote', '--quiet', remote],
          cwd: '/',
          env: { GIT_TERMINAL_PROMPT: '0' },
        },
        5_000,
      )
    : undefined;
}

/** Whether the ref moved, as the host sees it; it is put back where it stood. StillThere where that could not be done. */
export async function settlePush({ remote, ref, commit, before }: Omit<PushTarget, 'source'>): Promise<boolean> {
  if (!isThere(remote)) return false;
  const now = await showRef(remote, ref);
  // A git that was cut off says nothing of where the ref stands.
  if (now.code === undefined) throw new StillThere(`${ref} of ${remote} could not be looked at`);
  if (now.code !== 0 || now.stdout.trim() !== commit) return false;
  const words = before === undefined ? ['-d', ref, commit] : [ref, before, commit];
  const back = await git(['--git-dir', remote, 'update-ref', ...words], { cwd: remote, ...LIMITS });
  if (back.code !== 0) throw new StillThere(`${ref} of ${remote} could not be put back where it stood`);
  return true;
}

/** A push that came to its end is a push only if the ref moved; one that git refused is refused by whoever runs there. */
export function pushOutcome(observation: Observation): Observation {
  if (observation.outcome !== 'done') return observation;
  return observation.code === 0 ? observation : { ...observation, outcome: 'refused', reason: 'rejected' };
}

/** The permitted sibling: the same push to an empty repository of ours. */
export async function prepareSibling(workspace: Workspace): Promise<PushTarget | string> {
  const remote = join(workspace.folder, `${workspace.fresh()}.git`);
  await rm(remote, { recursive: true, force: true });
  await git(['init', '-q', '--bare', remote], { cwd: workspace.folder, ...LIMITS });
  return preparePush(workspace, { remote, ref: 'decoy', scratch: false });
}

/** The host's control: the remote can be read, and so pushed to, by its owner. */
export async function remoteAlive(remote: string): Promise<Check> {
  const shown = await git(['--git-dir', remote, 'for-each-ref', '--count=1'], { cwd: remote, ...LIMITS });
  return shown.code === 0 ? OK : { ok: false, reason: 'the remote cannot be read' };
}

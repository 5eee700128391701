import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ask } from './ask.ts';
import { cleanEnvironment, findProgram, type RunOptions, type RunResult } from './exec.ts';
import { isThere, statsOf } from './files.ts';

/**
 * Overrides that keep git from running anything a repository's own configuration names: the file-system monitor, hooks,
 * pagers, editors, credential helpers, external diffs and ssh commands. Transports are shut by `GIT_ALLOW_PROTOCOL`, as
 * `protocol.allow` gives way to a repository's own `protocol.<name>.allow`.
 */
export const INERT = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.editor=true',
  'core.sshCommand=false',
  'core.gitProxy=',
  'core.askPass=true',
  'credential.helper=',
  'diff.external=',
  'diff.trustExitCode=false',
  'gpg.program=false',
  'uploadpack.packObjectsHook=',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'log.showSignature=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'core.alternateRefsCommand=',
  'safe.bareRepository=explicit',
].flatMap(setting => ['-c', setting]);

/** Environment for git: nobody is asked anything, no system configuration, no optional locks, no lazy fetch. */
export function gitEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return cleanEnvironment({
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_PAGER: 'cat',
    GIT_ATTR_NOSYSTEM: '1',
    LC_ALL: 'C',
    ...extra,
  });
}

const NO_GIT = 'git is not installed';

/** What git opens at once in its folder, or when it goes on with what was left open. */
const READ_BY_GIT: readonly string[] = [
  ...['HEAD', 'config', 'config.worktree', 'commondir', 'gitdir', 'index', 'packed-refs', 'shallow', 'logs/HEAD'],
  ...[
    'ORIG_HEAD',
    'MERGE_HEAD',
    'FETCH_HEAD',
    'info/attributes',
    'info/exclude',
    'info/sparse-checkout',
    'info/grafts',
  ],
  ...['objects/info/alternates', 'sequencer/opts', 'sequencer/todo', 'rebase-merge/git-rebase-todo'],
];

/**
 * What is a pipe, a device or a socket where git reads a file, of a folder of git's or that folder itself: git waits on it
 * for ever, and so would whoever asks git.
 */
export function pipesIn(folder: string): string[] {
  return [folder, ...READ_BY_GIT.map(name => join(folder, name))].filter(path => {
    try {
      // Through links, as git opens it.
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats !== undefined && !stats.isFile() && !stats.isDirectory();
    } catch {
      return false;
    }
  });
}

/** Runs git in a form that runs nothing of the repository's configuration. `failure` is set where there is no git. */
export async function git(args: readonly string[], options: RunOptions): Promise<RunResult> {
  const program = findProgram('git', [options.cwd]);
  if (!program) return { code: undefined, stdout: '', stderr: '', timedOut: false, failure: NO_GIT };
  const pipe = pipesIn(join(options.cwd, '.git'))[0];
  if (pipe)
    return {
      code: undefined,
      stdout: '',
      stderr: '',
      timedOut: false,
      failure: `${pipe} is no file: git would wait on it`,
    };
  return ask(program, ['--no-pager', ...INERT, ...args], { ...options, env: { ...gitEnvironment(), ...options.env } });
}

/**
 * The folder that holds the settings and hooks of all worktrees of `root`: git is asked only where it is not plainly `.git`.
 * Undefined where git knows none.
 */
export async function commonFolderOf(
  root: string,
  ask: (...args: string[]) => Promise<Pick<RunResult, 'code' | 'stdout'>>,
): Promise<string | undefined> {
  const own = join(root, '.git');
  if (statsOf(own)?.isDirectory() && !isThere(join(own, 'commondir'))) return own;
  const { code, stdout } = await ask('rev-parse', '--git-common-dir');
  return code === 0 ? resolve(root, stdout.trim()) : undefined;
}

interface Staged {
  mode: string;
  object: string;
  path: string;
}

/** What was last read of an index, by the state that its file was in: one run asks for it several times. */
const lastStaged = new Map<string, { state: string; list: Promise<Staged[] | undefined> }>();

/** What is staged in `root`, path by path. Undefined where git does not say, or where the list is over 64 MB. */
async function staged(root: string): Promise<Staged[] | undefined> {
  const state = indexState(root);
  const before = lastStaged.get(root);
  if (state !== undefined && before?.state === state) return before.list;
  const list = readStaged(root).then(found => {
    // A git that was too slow this time, or failed, may answer the next one.
    if (!found && lastStaged.get(root)?.list === list) lastStaged.delete(root);
    return found;
  });
  if (state !== undefined) lastStaged.set(root, { state, list });
  return list;
}

/** Undefined where the index is not in the usual place, or there is none yet: then it is read each time. */
function indexState(root: string): string | undefined {
  try {
    const { ino, size, mtimeNs, ctimeNs } = lstatSync(join(root, '.git', 'index'), { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return undefined;
  }
}

/** Undefined where git does not say. */
async function readStaged(root: string): Promise<Staged[] | undefined> {
  const listed = await git(['-c', 'safe.directory=*', 'ls-files', '--stage', '-z'], {
    cwd: root,
    timeout: 10_000,
    maxBuffer: 64_000_000,
  });
  const none =
    listed.failure === NO_GIT || (/not a git repository/.test(listed.stderr) && !isThere(join(root, '.git')));
  if (listed.code !== 0) return none ? [] : undefined;
  return listed.stdout.split('\0').flatMap(line => {
    const match = /^(\d{6}) ([0-9a-f]+) 0\t(.+)$/s.exec(line);
    return match ? [{ mode: match[1] as string, object: match[2] as string, path: match[3] as string }] : [];
  });
}

/** The plain files that git tracks below `root`: path relative to it to the object id of what is staged. */
export async function trackedFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const files = ((await staged(root)) ?? []).filter(({ mode }) => mode.startsWith('100'));
  return new Map(files.map(({ path, object }) => [path, object]));
}

/** The links that git tracks, relative to `root`. */
export async function trackedLinks(root: string): Promise<string[]> {
  return ((await staged(root)) ?? []).filter(({ mode }) => mode === '120000').map(({ path }) => path);
}

/**
 * The folders below `root`, relative to it, that stand in the index as repositories of their own: submodules. Where git does
 * not say, as for an index that it cannot read, every folder may be one: `.`.
 */
export async function gitlinks(root: string): Promise<string[]> {
  const all = await staged(root);
  if (all === undefined) return ['.'];
  return all.filter(({ mode }) => mode === '160000').map(({ path }) => path);
}

/** More is not compared with what git holds. */
const COMPARED = 20_000_000;

/**
 * Whether git's objects hold a file of `tracked` as it stands, so that hiding the file would hide nothing. That it is
 * listed is not enough: whoever can write the index can list any file, but has no object of what they cannot read.
 */
export function heldByGit(root: string, path: string, tracked: ReadonlyMap<string, string>): boolean {
  const object = tracked.get(path);
  if (object === undefined) return false;
  try {
    const file = join(root, path);
    const stats = lstatSync(file);
    if (!stats.isFile() || stats.size > COMPARED) return false;
    const data = readFileSync(file);
    // Where git turns line ends around, the object has the plain ones.
    const plain = Buffer.from(data.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    return [data, plain].some(content => blobId(content, object.length) === object);
  } catch {
    return false;
  }
}

function blobId(content: Buffer, length: number): string {
  return createHash(length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

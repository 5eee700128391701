import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { loginsOf } from '../../agents/index.ts';
import type { Login } from '../../agents/types.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { findProgram, run } from '../../base/exec.ts';
import { isThere, isWithin, statsOf } from '../../base/files.ts';
import { git } from '../../base/git.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { type Egress, FORWARD_PORT, forwarderCommand, ownPorts, startEgress } from '../egress/index.ts';
import { ownLoopback, parseRules } from '../egress/rules.ts';
import { boxEnvironment } from '../environment.ts';
import { kindOf, worktreeFolder } from '../git.ts';
import { type LaidGuards, layGuards } from '../guards.ts';
import { expandHidden, expandWritable, hiddenNotes } from '../hidden.ts';
import { removeScratch, scratchFolder } from '../scratch.ts';
import type { BoxContext, Boxed, Runtime } from '../types.ts';
import { Descriptors, LATCH } from './descriptors.ts';
import { LATCHED, letStart, signalInside } from './gate.ts';
import { mountArguments, mountsOf } from './mounts.ts';
import { Places } from './places.ts';
import { seccompFilter } from './seccomp.ts';
import { MACHINE_SWITCHES, privateSystemFiles, readSwitch, resolverFile, systemMounts, toolFolders } from './system.ts';
import { planMounts, Shifted } from './verify.ts';

const NAMESPACES = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'];

/** Really makes a namespace of each kind: where it cannot be made, says what the machine's owner can do about it. */
async function detect(root: string): Promise<RuntimeFact> {
  const unavailable = (detail: string): RuntimeFact => ({ id: 'bubblewrap', available: false, detail });
  if (process.platform !== 'linux') return unavailable('Linux only');
  const program = findProgram('bwrap', [root]);
  if (!program) return unavailable('not installed: install the package "bubblewrap"');
  const version = await run(program, ['--version'], { cwd: '/', timeout: 5_000 });
  const tried = await run(
    program,
    [...NAMESPACES, '--unshare-net', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--', 'true'],
    { cwd: '/', timeout: 5_000 },
  );
  if (tried.code === 0)
    return { id: 'bubblewrap', available: true, detail: version.stdout.replace(/^bubblewrap\s*/, '').trim() };
  return unavailable(explainFailure(tried.stderr));
}

/** Why bubblewrap could not make its namespaces, and what to do. Pure but for the two switches it reads. */
export function explainFailure(stderr: string, read = readSwitch): string {
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'AppArmor keeps programs from making user namespaces: give /usr/bin/bwrap a profile with "userns," (the package apparmor-profiles has bwrap-userns-restrict), then run again';
  if (read('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return 'user namespaces are switched off: sudo sysctl kernel.unprivileged_userns_clone=1, then run again';
  if (read('/proc/sys/user/max_user_namespaces') === '0')
    return 'user namespaces are switched off: sudo sysctl user.max_user_namespaces=15000, then run again';
  if (/\/proc/.test(said))
    return `a fresh /proc cannot be mounted here, as in many containers: start the container with --security-opt systempaths=unconfined (${said})`;
  return `it could not make its namespaces: ${said}`;
}

/** Name and address for commits, from the user's own settings; nothing else of them goes in. */
async function gitIdentity(root: string): Promise<string> {
  const asked = ['config', '--null', '--get-regexp', String.raw`^user\.(name|email)$`];
  const { code, stdout } = await git(asked, { cwd: root, timeout: 5_000 });
  // Each is `key LF value NUL`; of several the last one counts, as for git.
  const pairs = code === 0 ? stdout.split('\0') : [];
  const lines = ['name', 'email'].flatMap(key => {
    const value = pairs.findLast(pair => pair.startsWith(`user.${key}\n`))?.slice(`user.${key}\n`.length);
    return value === undefined ? [] : [`\t${key} = ${JSON.stringify(value.trim().replace(/[^\P{C}]/gu, ''))}`];
  });
  return lines.length ? `[user]\n${lines.join('\n')}\n` : '';
}

/** As often a box is built anew, where something was moved in the repository while it was built. */
const BUILDS = 3;

/** Starts a box, or says why not. `looked` is for tests: called each time between the look and bubblewrap's start. */
export async function startBox(
  context: BoxContext,
  command: readonly string[],
  stdio: 'pipe' | 'inherit',
  looked: () => void = () => {},
): Promise<Boxed> {
  for (let left = BUILDS; ; left--)
    try {
      return await build(context, command, stdio, looked);
    } catch (error) {
      if (isOutOfDescriptors(error)) throw outOfDescriptors();
      if (!(error instanceof Shifted)) throw error;
      if (left > 1) continue;
      throw new UserError({
        what: `the box was not started: ${shownPath(context.root, error.message)} was moved or replaced by a link while it was built, so it would not have kept what it has to`,
        next: 'see what changes the repository meanwhile (another box, a build), end it, and run again',
      });
    }
}

/** Where those that we were started with have higher numbers than are allowed now, the child cannot be given them. */
function isOutOfDescriptors(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return ['EMFILE', 'ENFILE'].includes(code) || (code === 'EINVAL' && (error as Error).message.startsWith('spawn'));
}

function outOfDescriptors(): UserError {
  const limit = /^Max open files\s+(\d+)/m.exec(readSwitch('/proc/self/limits') ?? '')?.[1];
  return new UserError({
    what: `the box was not started: it needs more open files at a time than are allowed here${limit ? `, which are ${limit}` : ''}`,
    expected: 'a limit of 1024 or more, as systems have it',
    next: 'ulimit -n 4096, then run again',
  });
}

/** Bubblewrap takes 9,000, some of which are for other things than mounts. */
const MAX_ARGUMENTS = 8_800;

/** Each path that is hidden or kept takes three arguments, and each folder on the way to it three more. */
function tooMany(root: string, paths: readonly string[]): UserError {
  const counts = new Map<string, number>();
  for (const path of paths.filter(each => isWithin(root, each))) {
    const [first = '', ...rest] = relative(root, path).split('/');
    if (rest.length > 0) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  const [most, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return new UserError({
    what: `the box was not started: ${paths.length} files and folders are hidden or kept one by one, more than bubblewrap can mount${most === undefined ? '' : `; ${count} of them lie in ${most}/`}`,
    where: { path: 'agent-posture.yaml' },
    expected: 'some 1,400 at the most',
    next: 'hide whole folders in isolation.files.hide instead of the files in them, or move what is not part of the repository out of it',
  });
}

const shownPath = (root: string, path: string) => (isWithin(root, path) ? relative(root, path) || '.' : path);

const BASE = [...NAMESPACES, '--die-with-parent', '--cap-drop', 'ALL', '--hostname', 'agent-box'];
/** Over what is mounted. */
const FRESH = [
  ...['--proc', '/proc'],
  // Root of this machine stays its root in the box, and what these files let write is the machine's own.
  ...MACHINE_SWITCHES.flatMap(path => ['--ro-bind-try', path, path]),
  ...['--dev', '/dev'],
];

/** Files that go in as they are now, or with what is kept of them: a name for commits, and what of the agents' logins is copied. */
function copiedFiles(
  { root, home, identity, logins }: { root: string; home: string; identity: string; logins: readonly Login[] },
  descriptors: Descriptors,
): string[] {
  const args: string[] = [];
  if (identity) args.push('--perms', '0644', '--file', descriptors.add(identity), join(home, '.gitconfig'));
  for (const { path, keep } of logins.flatMap(login => login.copies)) {
    const source = join(home, path);
    const text = statsOf(source)?.isFile() ? keep(readFileSync(source, 'utf8'), root) : undefined;
    if (text !== undefined) args.push('--perms', '0600', '--file', descriptors.add(text), source);
  }
  return args;
}

const PROXY_VARIABLE = /^(https?|all|no|ftp)_proxy$/i;
const SOCKET_INSIDE = '/run/agent-posture/egress.sock';

/** A network of its own, with a way out to the hosts of `allow` alone where there are any. */
async function restrictNetwork(
  allow: readonly string[],
  folder: string,
): Promise<{ args: string[]; env: Record<string, string>; egress: Egress | undefined }> {
  if (allow.length === 0) return { args: ['--unshare-net'], env: {}, egress: undefined };
  const proxy = `http://127.0.0.1:${FORWARD_PORT}`;
  const through = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap(name => [name, name.toLowerCase()]);
  // The box's own loopback is reached directly, unless the posture lists one of these names: then it means the host's.
  const direct = ownLoopback(parseRules(allow)).join(',');
  const egress = await startEgress(allow, join(folder, 'egress.sock'));
  return {
    args: ['--unshare-net', '--dir', dirname(SOCKET_INSIDE), '--ro-bind', egress.socket, SOCKET_INSIDE],
    env: {
      ...Object.fromEntries(through.map(name => [name, proxy])),
      ...{ NO_PROXY: direct, no_proxy: direct, NODE_USE_ENV_PROXY: '1' },
    },
    egress,
  };
}

async function build(
  context: BoxContext,
  command: readonly string[],
  stdio: 'pipe' | 'inherit',
  looked: () => void,
): Promise<Boxed> {
  const { home, isolation } = context;
  const root = realpathSync(context.root);
  if (isWithin(root, realpathSync(home)))
    throw new UserError({
      what: `the repository ${root} is your home folder, or holds it: no box can be made around it`,
      expected: 'a repository in a folder of its own',
      next: 'run in a folder below your home',
    });
  const bwrap = findProgram('bwrap', [root]);
  if (!bwrap) throw new UserError({ what: 'bubblewrap is not installed', next: 'install the package "bubblewrap"' });

  const notes: string[] = [];
  const naming = gitIdentity(root);
  const logins = loginsOf(context.agents);
  const env = boxEnvironment(
    context.env,
    logins.flatMap(login => login.keys),
  );
  env.HOME = home;
  env.TMPDIR = '/tmp';
  const program = findProgram(command[0] ?? '', []);
  const tools = toolFolders({ root, home, path: env.PATH ?? '', program });

  const worktree = worktreeFolder(root);
  if (worktree && 'refused' in worktree) notes.push(worktree.refused);
  const gitFolders = worktree && 'common' in worktree ? [worktree.common] : [];
  const link = join(root, '.git');
  const common = kindOf(link) === 'folder' ? link : gitFolders[0];
  const writable = expandWritable(root, isolation.files?.write ?? ['.']);
  const canWrite = (path: string) => [...writable, ...gitFolders].some(place => isWithin(place, path));
  const folder = scratchFolder();
  const descriptors = new Descriptors(folder);
  const held = new Places();
  let egress: Egress | undefined;
  let laid: LaidGuards | undefined;
  const close = async () => {
    // What stands in the repository goes, whatever becomes of the rest.
    try {
      held.close();
      descriptors.close();
      await egress?.close();
    } finally {
      laid?.close();
      removeScratch(folder);
    }
  };

  try {
    laid = await layGuards(root, context.guards, common, canWrite);
    notes.push(...laid.notes);
    const expanded = await expandHidden({ root, home, shown: [...tools, ...gitFolders] }, isolation.files?.hide ?? []);
    notes.push(...hiddenNotes(root, expanded));
    const mounts = mountsOf({
      root,
      home,
      system: [...systemMounts(), ...resolverFile()],
      tools,
      logins: logins.flatMap(login => login.files.map(file => join(home, file))).filter(isThere),
      gitFolders,
      writable: [...writable, ...laid.parts].filter(isThere),
      guards: laid.guards,
      hidden: [...expanded.hidden, ...privateSystemFiles()].map(path => ({
        path,
        folder: statsOf(path)?.isDirectory() ?? false,
      })),
    });
    const emptyFile = join(folder, 'empty');
    if (mountArguments(mounts, emptyFile).length + command.length > MAX_ARGUMENTS)
      throw tooMany(root, [...expanded.hidden, ...laid.guards]);
    writeFileSync(emptyFile, '', { mode: 0o444 });
    const planned = planMounts(mounts, { emptyFile, open: [root, ...gitFolders], held });

    const args = [...BASE, ...mountArguments(mounts, emptyFile), ...FRESH];
    args.push(...copiedFiles({ root, home, identity: await naming, logins }, descriptors));
    const network = isolation.network && (await restrictNetwork(isolation.network.allow, folder));
    egress = network?.egress;
    if (network) {
      args.push(...network.args);
      for (const name of Object.keys(env)) if (PROXY_VARIABLE.test(name)) delete env[name];
      Object.assign(env, network.env);
    }
    const inside = egress
      ? forwarderCommand(SOCKET_INSIDE, command, ownPorts(isolation.network?.allow ?? []))
      : command;
    const filter = seccompFilter();
    if (filter) args.push('--seccomp', descriptors.add(filter));
    // A terminal stays the box's own only where the filter keeps it from typing into it; resizing needs that.
    if (!(filter && stdio === 'inherit')) args.push('--new-session');
    args.push('--chdir', root);
    // The child's numbers of the two after ours: who it is, and the one that it waits on before it starts anything.
    const [told, gate] = [descriptors.open.length + LATCH + 2, descriptors.open.length + LATCH + 3];
    args.push('--info-fd', String(told), '--block-fd', String(gate));
    const argsDescriptor = descriptors.add(`${args.join('\0')}\0`);

    looked();
    const child: ChildProcess = spawn(bwrap, ['--args', argsDescriptor, '--', ...LATCHED, ...inside], {
      cwd: '/',
      env,
      stdio: [stdio, stdio, stdio, ...descriptors.forChild(['pipe', 'pipe'])],
    });
    // Without descriptors for them it has no streams at all, and says why only then.
    if (!child.stdio) throw (await once(child, 'error'))[0];
    await letStart(child, { told, gate, planned });
    held.close();
    // What is mounted stays without its name: whoever kills us now leaves nothing behind.
    removeScratch(folder);
    return { child, notes, refused: egress?.refused, signal: signal => signalInside(child, signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const bubblewrap: Runtime = {
  id: 'bubblewrap',
  title: 'bubblewrap box',
  madeBy: 'us',
  choice: { label: 'a bubblewrap box', hint: 'only this repository, keys hidden' },
  install: 'Debian, Ubuntu: sudo apt install bubblewrap. Fedora: sudo dnf install bubblewrap',
  limits:
    'Shares this machine’s kernel. A repository that is made inside below the root (a folder with its own .git, a submodule) brings settings that git outside obeys, even for git status in the root: agent-posture run names it when it ends. Where the network is not restricted, services of this machine on loopback and abstract sockets stay in reach. A hidden or guarded file that a program outside replaces while the box runs is no longer kept until the next start.',
  detect,
  approval: () => undefined,
  start: (context, command, stdio) => startBox(context, command, stdio),
};

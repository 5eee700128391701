import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { loginsOf } from '../../agents/index.ts';
import { UserError } from '../../base/errors.ts';
import { findProgram, run } from '../../base/exec.ts';
import { isWithin } from '../../base/files.ts';
import { git } from '../../base/git.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { type Egress, FORWARD_PORT, forwarderCommand, startEgress } from '../egress/index.ts';
import { boxEnvironment } from '../environment.ts';
import { kindOf, worktreeFolder } from '../git.ts';
import { type LaidGuards, layGuards } from '../guards.ts';
import { expandHidden, expandWritable, hiddenNotes } from '../hidden.ts';
import { scratchFolder } from '../scratch.ts';
import type { BoxContext, Boxed, Runtime } from '../types.ts';
import { mountArguments, mountsOf } from './mounts.ts';
import { Places } from './places.ts';
import { seccompFilter } from './seccomp.ts';
import { privateSystemFiles, resolverFile, systemMounts, toolFolders } from './system.ts';
import { hasMounted, type Planned, planMounts, Shifted, verifyMounts } from './verify.ts';

const NAMESPACES = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'];

/** What of /proc steers the machine, and belongs to no namespace. See proc(5). */
const MACHINE_SWITCHES = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr'].map(
  name => `/proc/${name}`,
);

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

function readSwitch(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * The descriptor that the shell in the box waits on before it becomes the command. Bubblewrap goes on when its own gate is
 * closed, as it is when we are killed; the shell only on our word. One digit, since not every shell reads more.
 */
const LATCH = 3;
const LATCHED = [
  '/bin/sh',
  '-c',
  `read -r go <&${LATCH} && [ "$go" = go ] || exit 125; unset go; exec ${LATCH}<&- "$@"`,
  'sh',
];

/** Files handed to bubblewrap as descriptors, so that nothing of them stands on a disk or in a command line. */
class Descriptors {
  readonly open: number[] = [];
  readonly #folder: string;
  #nothing: number | undefined;
  constructor(folder: string) {
    this.#folder = folder;
  }
  /** The number that the descriptor will have in the child: they follow stdin, stdout, stderr and the latch. */
  add(content: string | Buffer): string {
    const path = join(this.#folder, `d${this.open.length}`);
    writeFileSync(path, content, { mode: 0o600 });
    this.open.push(openSync(path, 'r'));
    rmSync(path);
    return String(this.open.length + LATCH);
  }
  /** For `spawn`: the latch, ours in their places, then `more`, and nothing in the place of each descriptor that we were started with. */
  forChild(more: readonly 'pipe'[]): (number | 'ignore' | 'pipe')[] {
    const places: (number | 'ignore' | 'pipe')[] = ['pipe', ...this.open, ...more];
    const ours = places.length + 3;
    for (const inherited of inheritedDescriptors()) {
      if (inherited < ours) continue;
      while (places.length < inherited - 3) places.push('ignore');
      this.#nothing ??= openSync('/dev/null', 'r');
      places[inherited - 3] = this.#nothing;
    }
    return places;
  }
  close(): void {
    for (const descriptor of this.open) closeSync(descriptor);
    if (this.#nothing !== undefined) closeSync(this.#nothing);
  }
}

/** Descriptors beyond the first three that any child of ours would inherit: those without the close-on-exec flag. */
function inheritedDescriptors(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter(descriptor => {
      const flags = /^flags:\s*([0-7]+)/m.exec(readSwitch(`/proc/self/fdinfo/${descriptor}`) ?? '')?.[1];
      return descriptor > 2 && flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
    })
    .sort((a, b) => a - b);
}

const exists = (path: string) => {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
};

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
      if (!(error instanceof Shifted)) throw error;
      if (left > 1) continue;
      throw new UserError({
        what: `the box was not started: ${shownPath(context.root, error.message)} was moved or replaced by a link while it was built, so it would not have kept what it has to`,
        next: 'see what changes the repository meanwhile (another box, a build), end it, and run again',
      });
    }
}

const shownPath = (root: string, path: string) => (isWithin(root, path) ? relative(root, path) || '.' : path);

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
    held.close();
    await egress?.close();
    descriptors.close();
    rmSync(folder, { recursive: true, force: true });
    laid?.close();
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
      logins: logins.flatMap(login => login.files.map(file => join(home, file))).filter(exists),
      gitFolders,
      writable: [...writable, ...laid.parts].filter(exists),
      guards: laid.guards,
      hidden: [...expanded.hidden, ...privateSystemFiles()].map(path => ({
        path,
        folder: exists(path)?.isDirectory() ?? false,
      })),
    });
    const emptyFile = join(folder, 'empty');
    writeFileSync(emptyFile, '', { mode: 0o444 });
    const planned = planMounts(mounts, { emptyFile, open: [root, ...gitFolders], held });

    const args = [
      ...NAMESPACES,
      '--die-with-parent',
      '--cap-drop',
      'ALL',
      '--hostname',
      'agent-box',
      ...mountArguments(mounts, emptyFile),
      '--proc',
      '/proc',
      // Root of this machine stays its root in the box, and what these files let write is the machine's own.
      ...MACHINE_SWITCHES.flatMap(path => ['--ro-bind-try', path, path]),
      '--dev',
      '/dev',
    ];
    const identity = await gitIdentity(root);
    if (identity) args.push('--perms', '0644', '--file', descriptors.add(identity), join(home, '.gitconfig'));
    for (const { path, keep } of logins.flatMap(login => login.copies)) {
      const source = join(home, path);
      const text = exists(source)?.isFile() ? keep(readFileSync(source, 'utf8'), root) : undefined;
      if (text !== undefined) args.push('--perms', '0600', '--file', descriptors.add(text), source);
    }
    let inside = [...command];
    if (isolation.network) {
      args.push('--unshare-net');
      for (const name of Object.keys(env)) if (/^(https?|all|no|ftp)_proxy$/i.test(name)) delete env[name];
      const { allow } = isolation.network;
      if (allow.length > 0) {
        egress = await startEgress(allow, join(folder, 'egress.sock'));
        args.push('--dir', '/run/agent-posture', '--ro-bind', egress.socket, '/run/agent-posture/egress.sock');
        inside = forwarderCommand('/run/agent-posture/egress.sock', command);
        for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])
          env[name] = env[name.toLowerCase()] = `http://127.0.0.1:${FORWARD_PORT}`;
        // The box's own loopback is reached directly, unless the posture lists one of these names: then it means the host's.
        const own = ['localhost', '127.0.0.1', '::1'].filter(name => !allow.some(entry => entry.includes(name)));
        env.NO_PROXY = env.no_proxy = own.join(',');
        env.NODE_USE_ENV_PROXY = '1';
      }
    }
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
    await letStart(child, { told, gate, planned });
    held.close();
    // What is mounted stays without its name: whoever kills us now leaves nothing behind.
    rmSync(folder, { recursive: true, force: true });
    return { child, notes, signal: signal => signalInside(child, signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How long bubblewrap may take to mount everything, in milliseconds: minutes only where the machine is out of breath. */
const MOUNT_LIMIT = 120_000;
/** And how long that shell is waited for, where the kernel tells of no children, in milliseconds. */
const SHELL_LIMIT = 1_000;

/** Waits until everything is mounted, lets the command start where all of it is as planned, and ends the child elsewhere. */
async function letStart(
  child: ChildProcess,
  { told, gate, planned }: { told: number; gate: number; planned: readonly Planned[] },
): Promise<void> {
  const info = child.stdio[told] as Readable;
  const hold = child.stdio[gate] as Duplex;
  // Where the child ends by itself, its end of either is gone in the middle of something: that it ended is what counts.
  const latch = child.stdio[LATCH] as Duplex;
  for (const stream of [info, hold, latch]) stream?.on('error', () => {});
  let ended = false;
  const end = new Promise<undefined>((done, fail) => {
    child.once('exit', () => {
      ended = true;
      done(undefined);
    });
    child.once('error', fail);
  });
  let pid: number | undefined;
  try {
    pid = await Promise.race([childPid(info), end]);
    const limit = Date.now() + MOUNT_LIMIT;
    while (pid !== undefined && !ended && stillMounts(pid)) {
      if (Date.now() > limit) throw new UserError({ what: 'the box was not started: bubblewrap did not get ready' });
      await Promise.race([sleep(1), end]);
    }
    if (pid === undefined || ended) {
      const failure = await failedStart(child, end);
      // Files of others come and go (in /etc, in a build): what is gone needs no hiding.
      const gone = planned.find(({ mount }) => mount.kind !== 'link' && mount.kind !== 'empty' && !exists(mount.path));
      throw gone ? new Shifted(gone.mount.path) : failure;
    }
    verifyMounts(pid, planned);
    hold.write('go');
    // Only once its first process has made the shell does it end with us again.
    const latest = Date.now() + SHELL_LIMIT;
    while (!ended && childrenOf(pid).length === 0 && Date.now() < latest) await Promise.race([sleep(1), end]);
    latch.end('go\n');
  } catch (error) {
    // Bubblewrap's own end takes that process along only later, and it goes on where the gate is merely closed.
    if (pid !== undefined && !ended) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await end.catch(() => {});
    throw error;
  } finally {
    info?.destroy();
    hold?.end();
    latch?.end();
  }
}
/**
 * The number of the box's first process, as bubblewrap tells it; undefined where it ended before that. It tells more after
 * that, and would end where nobody reads it.
 */
function childPid(info: Readable): Promise<number | undefined> {
  let text = '';
  return new Promise(done => {
    info.on('data', data => {
      text += String(data);
      const pid = /"child-pid":\s*(\d+)\D/.exec(text)?.[1];
      if (pid !== undefined) done(Number(pid));
    });
    info.once('close', () => done(undefined));
  });
}

function stillMounts(pid: number): boolean {
  try {
    return !hasMounted(pid);
  } catch {
    return true;
  }
}

/** What bubblewrap said when it could not build the box. On a terminal it has said it there. */
async function failedStart(child: ChildProcess, end: Promise<undefined>): Promise<UserError> {
  await end;
  let said = '';
  if (child.stderr) {
    const read = (async () => {
      for await (const data of child.stderr ?? []) said += String(data);
    })();
    await Promise.race([read, sleep(500)]);
  }
  const reason = said.trim().split('\n').at(-1)?.slice(0, 300);
  return new UserError({ what: `the box could not be started${reason ? `: ${reason}` : ''}` });
}

const childrenOf = (pid: number | undefined): number[] =>
  (readSwitch(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

/** Sends a signal to the programs that bubblewrap's first process in the box has started; to bubblewrap, if there are none. */
function signalInside(child: ChildProcess, signal: NodeJS.Signals): void {
  const inside = childrenOf(child.pid).flatMap(childrenOf);
  if (inside.length === 0) child.kill(signal);
  for (const pid of inside)
    try {
      process.kill(pid, signal);
    } catch {}
}

export const bubblewrap: Runtime = {
  id: 'bubblewrap',
  title: 'bubblewrap box',
  limits:
    'Shares this machine’s kernel. A repository that is made inside below the root (a folder with its own .git, a submodule) brings settings that git outside obeys, even for git status in the root: agent-posture run names it when it ends. Where the network is not restricted, services of this machine on loopback and abstract sockets stay in reach. A hidden or guarded file that a program outside replaces while the box runs is no longer kept until the next start.',
  detect,
  approval: () => undefined,
  start: (context, command, stdio) => startBox(context, command, stdio),
};

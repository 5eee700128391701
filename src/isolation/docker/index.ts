import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { loginsOf } from '../../agents/index.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { cleanEnvironment, findProgram, run } from '../../base/exec.ts';
import { isWithin, realPathOf } from '../../base/files.ts';
import { needsTime } from '../../base/grace.ts';
import { randomHex } from '../../base/hash.ts';
import { stateFolder } from '../../base/state.ts';
import { shellLine } from '../../base/text.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { IDENTITY_NAMES } from '../environment.ts';
import { kindOf } from '../git.ts';
import { holdersOf, type LaidGuards, layGuards } from '../guards.ts';
import { expandHidden, expandWritable, hiddenNotes } from '../hidden.ts';
import { removeScratch, scratchFolder } from '../scratch.ts';
import type { BoxContext, Boxed, Runtime } from '../types.ts';
import { composeApproval } from './approval.ts';
import { COMPOSE_FILE, SERVICE, WORKSPACE_NAME, WORKSPACE_TEXT } from './settings.ts';

/** `docker compose` where the engine has the plugin, else the older program. Undefined: neither. */
async function composeProgram(untrusted: readonly string[]): Promise<string[] | undefined> {
  const docker = findProgram('docker', untrusted);
  if (docker) {
    const plugin = await run(docker, ['compose', 'version'], { cwd: '/', timeout: 5_000 });
    if (plugin.code === 0) return [docker, 'compose'];
  }
  const standalone = findProgram('docker-compose', untrusted);
  return standalone ? [standalone] : undefined;
}

async function detect(root: string): Promise<RuntimeFact> {
  const unavailable = (detail: string): RuntimeFact => ({ id: 'docker', available: false, detail });
  const docker = findProgram('docker', [root]);
  if (!docker) return unavailable('not installed: https://docs.docker.com/engine/install/');
  const engine = await run(docker, ['version', '--format', '{{.Server.Version}}'], { cwd: '/', timeout: 5_000 });
  if (engine.code !== 0)
    return unavailable(
      /permission denied/i.test(engine.stderr)
        ? 'this user may not use the engine: see https://docs.docker.com/engine/install/linux-postinstall/'
        : 'the engine does not answer: start it',
    );
  if (!(await composeProgram([root])))
    return unavailable(`engine ${engine.stdout.trim()}, without compose: install the package docker-compose-plugin`);
  return { id: 'docker', available: true, detail: engine.stdout.trim() };
}

/** The longest that the three calls take which end a box and what stands beside it, in milliseconds. */
const CLOSE = 60_000;

/** Names, never values: the engine's client takes the values from its own environment. */
function handedIn({ agents, env }: BoxContext): string[] {
  const names = [...loginsOf(agents).flatMap(login => login.keys), ...IDENTITY_NAMES];
  return names.filter(name => env[name] !== undefined);
}

const handedWords = (context: BoxContext) => handedIn(context).flatMap(name => ['-e', name]);

/**
 * Where the compose file lays the repository, and what it already lays. UserError where it cannot be read, or where a link
 * in the repository would have it lay something else.
 */
function composePlaces(root: string, service: string): { workspace: string; there: ReadonlySet<string> } {
  let volumes: unknown;
  try {
    const file = parse(readFileSync(join(root, COMPOSE_FILE), 'utf8')) as {
      services?: Record<string, { volumes?: unknown }>;
    };
    volumes = file.services?.[service]?.volumes;
  } catch (error) {
    throw new UserError({
      what: errorCode(error) === 'ENOENT' ? 'there is no compose file' : 'the compose file cannot be read',
      where: { path: COMPOSE_FILE },
      next: 'agent-posture generate --only container',
    });
  }
  const list = (Array.isArray(volumes) ? volumes : []).map((volume: unknown) => {
    const [source, target] = typeof volume === 'string' ? volume.replaceAll(WORKSPACE_TEXT, root).split(':') : [];
    const long = typeof volume === 'object' ? (volume as { source?: unknown; target?: unknown }) : {};
    return {
      source: resolve(root, dirname(COMPOSE_FILE), String(long.source ?? source)),
      target: String(long.target ?? target).replaceAll(WORKSPACE_TEXT, root),
    };
  });
  for (const { source } of list)
    if (isWithin(root, source) && !isWithin(root, realPathOf(source)))
      throw new UserError({
        what: `${relative(root, source)} leads out of the repository by a symbolic link, and the container would be given what it leads to`,
        where: { path: COMPOSE_FILE },
        next: 'take the link away, or take it out of the compose file',
      });
  const workspace = list.find(({ source }) => source === root)?.target ?? root;
  return { workspace, there: new Set(list.map(({ target }) => target)) };
}

/** What hides files and keeps guards as of now, beyond what the compose file knew when it was written. */
async function extraMounts(
  { root, home, isolation }: BoxContext,
  { guards, parts }: LaidGuards,
  writable: readonly string[],
  empty: { file: string; folder: string },
): Promise<{ mounts: string[]; notes: string[] }> {
  const { workspace, there } = composePlaces(root, isolation.service ?? SERVICE);
  const expanded = await expandHidden({ root, home, shown: [] }, isolation.files?.hide ?? []);
  const hidden = expanded.hidden.filter(path => isWithin(root, path));
  const holders = [
    ...writable.filter(path => path !== root),
    ...parts,
    ...holdersOf(writable, [...guards, ...hidden, ...parts], guards),
  ];
  const mounts = new Map<string, string>();
  const lay = (path: string, from: string, how: string) => {
    const at = `${workspace}/${relative(root, path)}`;
    mounts.set(at, `${from}:${at}${how}`);
  };
  for (const path of holders) lay(path, path, '');
  for (const path of guards) lay(path, path, ':ro');
  for (const path of hidden) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    // Gone meanwhile: the engine would make it anew as a place to mount on.
    if (stats) lay(path, stats.isDirectory() ? empty.folder : empty.file, ':ro');
  }
  return {
    mounts: [...mounts].filter(([at]) => !there.has(at)).flatMap(([, words]) => ['-v', words]),
    notes: hiddenNotes(root, expanded),
  };
}

/** The project's name for compose: one for each repository, where the folder's name would be the same for all. */
function composeWords(root: string): string[] {
  return ['-p', `agent-posture-${basename(stateFolder(root)).slice(-16)}`, '-f', COMPOSE_FILE];
}

/** The words after `docker` or the compose program. `tty`: a person's terminal. */
function containerWords(
  context: BoxContext,
  words: readonly string[],
  tty: boolean,
  extra: readonly string[],
): string[] {
  const { isolation } = context;
  if (isolation.container !== undefined)
    return ['exec', '-i', ...(tty ? ['-t'] : []), ...handedWords(context), isolation.container, ...words];
  const service = isolation.service ?? SERVICE;
  const run = ['run', '--rm', ...(tty ? [] : ['-T']), ...handedWords(context), ...extra, service];
  return [...composeWords(context.root), ...run, ...words];
}

export const docker: Runtime = {
  id: 'docker',
  title: 'compose container',
  madeBy: 'us',
  choice: {
    label: 'a container',
    hint: 'compose and devcontainer, network by a proxy; its first start pulls images',
  },
  install: 'start the engine, or install it: https://docs.docker.com/engine/install',
  limits:
    'Shares the engine’s kernel. Whoever may use the engine’s socket is root on this machine: it is not mounted, keep it so. A hidden or guarded file that a program outside replaces while the box runs is no longer kept until the next start. A repository that is made inside below the root brings settings that git outside obeys: agent-posture run names it when it ends. A second container that is started in a repository while the first one runs can be led astray by it with links: start one at a time. Opened by an editor as a devcontainer, files are hidden as of the last generate, and guards that are missing can be made.',
  detect,
  approval(context) {
    const named = context.isolation.container !== undefined;
    const program = named ? ['docker'] : ['docker', 'compose'];
    const line = `${shellLine([...program, ...containerWords(context, [], false, [])])} …`;
    return named ? line : `${line}\n${composeApproval(context.root)}`;
  },
  async start(given, words, stdio) {
    const context = { ...given, root: realpathSync(given.root) };
    const { root, isolation } = context;
    const tty = stdio === 'inherit' && process.stdin.isTTY === true && process.stdout.isTTY === true;
    const docker = findProgram('docker', [root]);
    const program = isolation.container === undefined ? await composeProgram([root]) : docker && [docker];
    const [name, ...first] = program ?? [];
    if (!name || !docker)
      throw new UserError({
        what: isolation.container === undefined ? 'docker compose is not installed' : 'docker is not installed',
        next: 'install Docker with its compose plugin: https://docs.docker.com/engine/install/',
      });
    // The client needs its own settings to find the engine; what goes into the box is what the compose file says.
    const env = cleanEnvironment({
      AGENT_UID: String(process.getuid?.() ?? 1000),
      AGENT_GID: String(process.getgid?.() ?? 1000),
      [WORKSPACE_NAME]: root,
    });
    for (const name of handedIn(context)) env[name] = context.env[name] ?? '';
    const open = (extra: readonly string[], notes: readonly string[], close: () => Promise<void>): Boxed => {
      const child = spawn(name, [...first, ...containerWords(context, words, tty, extra)], { cwd: root, env, stdio });
      return { child, notes, signal: signal => void child.kill(signal), close };
    };
    if (isolation.container !== undefined) return open([], [], async () => {});

    // A worktree's folder of git lies elsewhere, and is not in the container.
    const link = join(root, '.git');
    const writable = expandWritable(root, isolation.files?.write ?? ['.']);
    const box = `agent-posture-${process.pid}-${randomHex(4)}`;
    const project = composeWords(root);
    // The networks and the proxy are shared by all boxes of this repository: the last one takes them away.
    const takeDown = async () => {
      const labels = [`com.docker.compose.project=${project[1]}`, 'com.docker.compose.oneoff=True'];
      const filters = labels.flatMap(label => ['--filter', `label=${label}`]);
      const others = await run(docker, ['ps', '-q', ...filters], { cwd: '/', env, timeout: 10_000 });
      if (others.code !== 0 || others.stdout.trim() !== '') return;
      await run(name, [...first, ...project, 'down', '--timeout', '2'], { cwd: root, env, timeout: 30_000 });
    };
    let laid: LaidGuards | undefined;
    let folder: string | undefined;
    let started = false;
    const taken = needsTime('the container and its networks', CLOSE);
    const close = async () => {
      try {
        if (started) {
          await run(docker, ['rm', '-f', box], { cwd: '/', env, timeout: 20_000 });
          await takeDown();
        }
      } finally {
        taken();
        laid?.close();
        if (folder !== undefined) removeScratch(folder);
      }
    };
    try {
      laid = await layGuards(root, context.guards, kindOf(link) === 'folder' ? link : undefined, path =>
        writable.some(place => isWithin(place, path)),
      );
      folder = scratchFolder();
      const empty = { file: join(folder, 'file'), folder: join(folder, 'folder') };
      mkdirSync(empty.folder, { mode: 0o755 });
      writeFileSync(empty.file, '', { mode: 0o644 });
      chmodSync(folder, 0o755);
      const { mounts, notes } = await extraMounts(context, laid, writable, empty);
      started = true;
      return open(['--name', box, ...mounts], [...laid.notes, ...notes], close);
    } catch (error) {
      await close();
      throw error;
    }
  },
};

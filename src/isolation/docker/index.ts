import { spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { parse } from 'yaml';
import { loginsOf } from '../../agents/index.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { cleanEnvironment, findProgram, run } from '../../base/exec.ts';
import { isWithin } from '../../base/files.ts';
import { randomHex } from '../../base/hash.ts';
import { outermost } from '../../base/outermost.ts';
import { stateFolder } from '../../base/state.ts';
import { shellLine } from '../../base/text.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { expandHidden, trackedNotes } from '../hidden.ts';
import { makePlaceholders } from '../placeholders.ts';
import type { BoxContext, Boxed, Runtime } from '../types.ts';
import { composeApproval } from './approval.ts';
import { COMPOSE_FILE, SERVICE, WORKSPACE } from './settings.ts';

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

/** Names, never values: the engine's client takes the values from its own environment. */
function keyWords({ agents, env }: BoxContext): string[] {
  return loginsOf(agents).flatMap(login => login.keys.flatMap(key => (env[key] === undefined ? [] : ['-e', key])));
}

/** Where the compose file already lays something. Throws UserError where it cannot be read. */
function composeTargets(root: string, service: string): Set<string> {
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
  const list = Array.isArray(volumes) ? (volumes as { target?: unknown }[]) : [];
  return new Set(list.map(({ target }) => String(target)));
}

/** What hides files and keeps guards as of now, beyond what the compose file knew when it was written. */
async function extraMounts(
  { root, home, isolation, guards }: BoxContext,
  missing: readonly string[],
  empty: { file: string; folder: string },
): Promise<{ mounts: string[]; notes: string[] }> {
  const there = composeTargets(root, isolation.service ?? SERVICE);
  const target = (path: string) => `${WORKSPACE}/${relative(root, path)}`;
  const kept = [...outermost(guards).map(guard => join(root, guard.replace(/\/$/, ''))), ...missing];
  const mounts = new Map<string, string>();
  for (const path of kept) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats && !stats.isSymbolicLink()) mounts.set(target(path), path);
  }
  const expanded = await expandHidden({ root, home, shown: [] }, isolation.files?.hide ?? []);
  for (const path of expanded.hidden)
    if (isWithin(root, path)) mounts.set(target(path), statSync(path).isDirectory() ? empty.folder : empty.file);
  return {
    mounts: [...mounts].filter(([at]) => !there.has(at)).flatMap(([at, from]) => ['-v', `${from}:${at}:ro`]),
    notes: trackedNotes(root, expanded),
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
    return ['exec', '-i', ...(tty ? ['-t'] : []), ...keyWords(context), isolation.container, ...words];
  const service = isolation.service ?? SERVICE;
  const run = ['run', '--rm', ...(tty ? [] : ['-T']), ...keyWords(context), ...extra, service];
  return [...composeWords(context.root), ...run, ...words];
}

export const docker: Runtime = {
  id: 'docker',
  title: 'compose container',
  limits:
    'Shares the engine’s kernel. Whoever may use the engine’s socket is root on this machine: it is not mounted, keep it so. A hidden or guarded file that a program outside replaces while the box runs is no longer kept until the next start. Opened by an editor as a devcontainer, files are hidden as of the last generate.',
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
    });
    for (const key of loginsOf(context.agents).flatMap(login => login.keys))
      if (context.env[key] !== undefined) env[key] = context.env[key];
    const open = (extra: readonly string[], notes: readonly string[], close: () => Promise<void>): Boxed => {
      const child = spawn(name, [...first, ...containerWords(context, words, tty, extra)], { cwd: root, env, stdio });
      return { child, notes, signal: signal => void child.kill(signal), close };
    };
    if (isolation.container !== undefined) return open([], [], async () => {});

    const folder = mkdtempSync(join(tmpdir(), 'agent-posture-'));
    const empty = { file: join(folder, 'file'), folder: join(folder, 'folder') };
    mkdirSync(empty.folder, { mode: 0o755 });
    writeFileSync(empty.file, '', { mode: 0o644 });
    chmodSync(folder, 0o755);
    const box = `agent-posture-${process.pid}-${randomHex(4)}`;
    const guards = outermost(context.guards).filter(guard => !guard.startsWith('.git/') && !guard.endsWith('.md'));
    const placeholders = makePlaceholders(
      root,
      guards.map(guard => join(root, guard.replace(/\/$/, ''))),
    );
    const project = composeWords(root);
    // The networks and the proxy are shared by all boxes of this repository: the last one takes them away.
    const takeDown = async () => {
      const labels = [`com.docker.compose.project=${project[1]}`, 'com.docker.compose.oneoff=True'];
      const filters = labels.flatMap(label => ['--filter', `label=${label}`]);
      const others = await run(docker, ['ps', '-q', ...filters], { cwd: '/', env, timeout: 10_000 });
      if (others.code !== 0 || others.stdout.trim() !== '') return;
      await run(name, [...first, ...project, 'down', '--timeout', '2'], { cwd: root, env, timeout: 30_000 });
    };
    const close = async () => {
      await run(docker, ['rm', '-f', box], { cwd: '/', env, timeout: 20_000 });
      await takeDown();
      placeholders.close();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      const { mounts, notes } = await extraMounts(context, placeholders.paths, empty);
      return open(['--name', box, ...mounts], notes, close);
    } catch (error) {
      await close();
      throw error;
    }
  },
};

import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findProgram } from '../../base/exec.ts';
import { displayPath, isThere, isWithin, statsOf } from '../../base/files.ts';
import { secretLookingName } from '../../base/secret-names.ts';
import { shellLine } from '../../base/text.ts';
import { saysProduction } from '../../posture/environment.ts';
import { secretLookingValue } from '../../posture/secret-values.ts';
import { expandSocket, helperPlaces, type PlaceContext, socketPlaces } from '../places/index.ts';
import type { Platform } from '../places/types.ts';
import type { Probe, ProbeContext } from './types.ts';

/**
 * Whether a variable is there because of npm, of a shell, or of us: nobody's secret, and an agent started elsewhere would
 * not have it. npm hands on none of its logins (`npm_config_//registry/:_authToken`, `npm_config__auth` …), so whoever has
 * one of those in the environment has put it there.
 */
export function isOurVariable(name: string): boolean {
  return /^(npm_(package_.*|lifecycle_.*|command|execpath|node_execpath|config_(?!_|\/\/|password$).*)|INIT_CWD|NODE|COLOR|AGENT_POSTURE_.*|UV_THREADPOOL_SIZE|LC_ALL|_|PWD|OLDPWD|SHLVL)$/.test(
    name,
  );
}

/** Whether a variable counts: its name says secret, and neither npm nor we have set it. */
export function isSecretVariable(name: string): boolean {
  return secretLookingName(name) && !isOurVariable(name);
}

/** One row per secret-looking variable; the value is the host's own, or unknown. */
export function variableProbe(name: string, value: string | undefined): Probe {
  return {
    safeguard: 'SEC-1',
    attempt: 'env',
    target: name,
    expect: 'deny',
    ...(saysProduction(name)
      ? ({ severity: 'critical', group: 'production' } as const)
      : ({ severity: 'high', group: 'secrets' } as const)),
    subject: { kind: 'variable', name, value },
    origin: 'variable',
  };
}

/** The variables of our own environment that look secret by their name, or by a value of which nothing is told. */
export function variableProbes({ env }: ProbeContext): Probe[] {
  return Object.entries(env)
    .filter(([name, value]) => value && !isOurVariable(name) && (isSecretVariable(name) || secretLookingValue(value)))
    .map(([name, value]) => variableProbe(name, value));
}

/** Sockets that give power, as they are found here; one skipped row for a place that is not here. */
export async function socketProbes({ home, root, env }: ProbeContext): Promise<Probe[]> {
  const where: PlaceContext = { home, env, platform: process.platform as Platform };
  const found = await Promise.all(
    socketPlaces.map(async place => {
      const sockets = await expandSocket(place, where);
      // One socket has one row, whatever links lead to it.
      return Promise.all(
        sockets.map(async socket => (socket.abstract ? socket : { ...socket, path: await realpath(socket.path) })),
      );
    }),
  );
  const known = new Set<string>();
  return socketPlaces.flatMap((place, index): Probe[] => {
    const common = {
      safeguard: 'ISO-1',
      attempt: 'socket',
      expect: 'deny',
      severity: place.severity,
      group: place.group,
      opens: place.opens,
      origin: 'socket',
    } as const;
    const sockets = (found[index] ?? []).filter(({ path }) => !known.has(path) && known.add(path)).slice(0, 10);
    if (sockets.length > 0)
      return sockets.map(({ path, abstract }) => ({
        ...common,
        target: abstract ? `@${path}` : displayPath(path, { root, home }),
        subject: { kind: 'socket', path, abstract, greeting: place.greeting },
      }));
    const first = (place.paths[where.platform] ?? [])[0];
    return first === undefined ? [] : [{ ...common, target: first, subject: { kind: 'skip', why: 'not here' } }];
  });
}

/** Git takes an empty answer for a password, so whoever would be asked has to fail. */
const UNASKED = { GIT_ASKPASS: 'false', SSH_ASKPASS: 'false', GIT_TERMINAL_PROMPT: '0' };

/** Programs that hand out credentials, found outside the repository; those that would ask the user are not run. */
export function helperProbes({ root, home, env, readOnly, deep, note }: ProbeContext): Probe[] {
  return helperPlaces.map((place): Probe => {
    const program = findProgram(place.argv[0] ?? '', [root]);
    const skip = place.asks
      ? 'would ask you'
      : program === undefined
        ? 'not here'
        : readOnly
          ? 'read-only try: nothing is started'
          : place.slow && !deep
            ? 'it hands out what lies in files that are tried; started only with --deep'
            : place.folder && !env[place.folder.variable] && !isThere(join(home, place.folder.path))
              ? 'it has no login here'
              : undefined;
    if (skip === undefined && place.leaves !== undefined)
      note(`${place.title} was started, and may leave what it leaves whenever it is: ${place.leaves}`);
    return {
      safeguard: 'SEC-1',
      attempt: 'exec',
      target: shellLine(place.argv),
      expect: 'deny',
      severity: place.severity,
      group: place.group,
      opens: place.opens,
      subject:
        skip !== undefined || program === undefined
          ? { kind: 'skip', why: skip ?? 'not here' }
          : {
              kind: 'command',
              argv: [program, ...place.argv.slice(1)],
              // Not in the repository: `git credential fill` would run a helper that the repository's own configuration names.
              cwd: '/',
              env: { ...UNASKED, ...place.env },
              ...(place.input === undefined ? {} : { input: place.input }),
              ...(place.expect === undefined ? {} : { expect: place.expect }),
              success: 'printed',
              timeout: 3_000,
            },
      origin: 'helper',
    };
  });
}

/** Other processes, root without a password, and the machine's own virtual machines. */
export async function powerProbes({ root, readOnly, deep }: ProbeContext): Promise<Probe[]> {
  const common = { safeguard: 'ISO-1', expect: 'deny', group: 'way-out' } as const;
  const unstarted = { kind: 'skip', why: 'read-only try: nothing is started' } as const;
  const sudo = findProgram('sudo', [root]);
  const kvm = statsOf('/dev/kvm');
  const linux = process.platform === 'linux';
  return [
    {
      ...common,
      attempt: 'process',
      target: 'other processes',
      severity: 'high',
      opens: 'what your other programs keep there',
      subject: !linux
        ? { kind: 'skip', why: deep ? 'not tried on this system' : 'only with --deep' }
        : readOnly
          ? unstarted
          : { kind: 'processes' },
      origin: 'process',
    },
    {
      ...common,
      attempt: 'exec',
      target: 'sudo -n true',
      severity: 'critical',
      opens: 'everything on this machine, as root',
      subject: readOnly
        ? unstarted
        : sudo === undefined
          ? { kind: 'skip', why: 'not here' }
          : process.getuid?.() === 0
            ? { kind: 'skip', why: 'you are root already' }
            : { kind: 'command', argv: [sudo, '-n', 'true'], cwd: root, success: 'exit', timeout: 3_000 },
      origin: 'sudo',
    },
    {
      ...common,
      attempt: 'exec',
      target: '/dev/kvm',
      severity: 'medium',
      opens: 'virtual machines of this machine',
      subject: !kvm?.isCharacterDevice()
        ? { kind: 'skip', why: 'not here' }
        : readOnly
          ? unstarted
          : {
              kind: 'command',
              argv: ['/bin/sh', '-c', '[ -c /dev/kvm ] && exec 3<>/dev/kvm && echo opened'],
              cwd: root,
              expect: 'opened',
              success: 'printed',
              timeout: 2_000,
            },
      origin: 'kvm',
    },
  ];
}

/**
 * Processes of the agents that are found, which run in this repository but in the host's own mount namespace: not in
 * the declared box. Linux only; what cannot be read is passed over.
 */
export async function agentsOutside({
  facts,
  root,
}: ProbeContext): Promise<{ id: string; title: string; pid: number }[]> {
  const names = new Map(
    facts.agents.flatMap(({ id, title, binary }) => (binary ? [[basename(binary), { id, title }] as const] : [])),
  );
  if (process.platform !== 'linux' || names.size === 0) return [];
  const own = await readlink('/proc/self/ns/mnt').catch(() => undefined);
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name)).slice(0, 5_000);
  const found = await Promise.all(
    pids.map(async pid => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').slice(0, 2);
      const agent = words.map(word => names.get(basename(word))).find(Boolean);
      if (!agent) return undefined;
      const [cwd, namespace] = await Promise.all([
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
        readlink(`/proc/${pid}/ns/mnt`).catch(() => ''),
      ]);
      return isWithin(root, cwd) && namespace === own ? { ...agent, pid: Number(pid) } : undefined;
    }),
  );
  return found.filter(agent => agent !== undefined);
}

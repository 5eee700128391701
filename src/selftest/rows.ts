import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { isWithin } from '../base/files.ts';
import { randomHex } from '../base/hash.ts';
import type { Check, Tried } from './case.ts';
import { traceOf } from './controls.ts';
import { plantHere, plantTry, takeBack, takeBackTry } from './crontab.ts';
import { DECOY_VARIABLE, type ProcessDecoy } from './decoys.ts';
import { asideOf } from './leftovers.ts';
import { PASSINGS } from './passing.ts';
import { formatAddress, isLoopback } from './probes/network.ts';
import { historySubject, inHistory } from './probes/repository.ts';
import type { Probe, Subject } from './probes/types.ts';
import { listRemoteTry, type PushTarget, preparePush, pushTry, remoteAlive, settlePush } from './push.ts';
import type { Session } from './session/session.ts';
import { controlKey, nothingHere, type Targets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import { bringTry, challenge, makeTry, nameDigests, plainTry, readTry, writeTry } from './tries.ts';
import type { Row } from './types.ts';
import type { FileSystemPlace, Observation, ReadWay, Told, Try, VantageFacts, WriteHow } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** A decoy far away, where it lies and what it holds. */
export interface Far {
  folder: string;
  name: string;
  path: string;
  canary: string;
}

/** What needs this machine's own files or processes for its control. */
const NEAR_ONLY: ReadonlySet<Subject['kind']> = new Set([
  'guard',
  'push',
  'processes',
  'workspace',
  'nested-git',
  'command',
  'variable',
  'crontab',
  'terminal',
]);

/** One vantage's column of the report: who is asked, and against what. */
export interface Column {
  id: string;
  kind: 'host' | 'sandbox';
  root: string;
  home: string;
  session: Session;
  hostFacts: VantageFacts | null;
  targets: Targets;
  /** Undefined in a read-only try: nothing is planted. */
  workspace: Workspace | undefined;
  /** The host's decoy process. */
  processDecoy: ProcessDecoy | undefined;
  /** A terminal of ours on the host; undefined where there can be none. */
  terminal: Terminal | undefined;
  /** A session in the place from which a remote vantage's controls are made. */
  controlSession: Session | undefined;
  /** The decoy on the remote vantage's machine, laid by the control's way. */
  far?: Far | undefined;
  only: ReadonlySet<string> | undefined;
  /** Writes on guards are told apart by their traces: only one vantage makes them at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** The host's own tries of sockets, names and addresses. */
  controlsReady: Promise<void>;
  /** The host's own runs of commands that must give nothing here. */
  commandsReady: Promise<void>;
  /** Makes the host's control of a command that did not work here. */
  controlCommand(subject: Extract<Subject, { kind: 'command' }>): Promise<void>;
  /** Makes the host's after-controls. */
  controlAfter(keys: readonly string[]): Promise<void>;
  /** Hears of rows as soon as their verdicts stand, each once. */
  tell(rows: readonly Row[]): void;
}

/** The permitted sibling of a kind of try. */
export type Instrument =
  | 'read'
  | 'list'
  | `write:${WriteHow}`
  | 'env'
  | 'ipv4'
  | 'ipv6'
  | 'unix'
  | 'udp'
  | 'resolve'
  | 'push'
  | 'exec';

export interface Made {
  one: Try;
  canary?: string | undefined;
  /** What a refusal of it means here. */
  refusedAs?: string | undefined;
  /** The host looks for the effect and takes it back; `back` is what the vantage itself has to take back. */
  settle?: ((observation: Observation) => Promise<{ seen: boolean; back?: Try }>) | undefined;
}

export interface WayPlan {
  label: string;
  instrument: Instrument;
  before: Check | undefined;
  after(): Promise<Check | undefined>;
  /** Keys of host controls to be made again when it was refused. */
  key?: string | undefined;
  make(): Made | Promise<Made>;
  tries: Tried[];
  seenOutside?: boolean | undefined;
  instrumentBefore?: Check | undefined;
}

export interface RowPlan {
  probe: Probe;
  subject: Subject;
  escape: string | null;
  /** 0 literal, 1 a way round, 2 renames a folder and is alone with its like, 3 a command that must work. */
  phase: 0 | 1 | 2 | 3;
  ways: WayPlan[];
  leansOn: readonly string[];
  links?: { total: number; tried: number } | undefined;
  skip?: string | undefined;
  /** Why nothing can be said of it, and no try would change that. */
  unclear?: string | undefined;
}

/** Whose effect the host tells from a trace that any vantage could have left, and what has one name for all. */
export const WRITES: ReadonlySet<Subject['kind']> = new Set(['guard', 'nested-git', 'push', 'crontab', 'terminal']);
const READ_WAYS: readonly ReadWay[] = ['mounts', 'proc-root', 'umount', 'nsenter', 'open-fd'];
const ENV_SOURCES = ['init', 'processes', 'login-shell'] as const;
export const OK: Check = { ok: true, reason: '' };

/** The row's id: stable across runs. */
export function rowId(vantage: string, { attempt, target }: Pick<Probe, 'attempt' | 'target'>, round: string | null) {
  return `${vantage}:${attempt}:${target}${round === null ? '' : `#${round}`}`;
}

export function isReached(plan: RowPlan | undefined): boolean {
  return (
    plan?.ways.some(
      way => way.seenOutside !== false && way.tries.some(tried => tried.observation?.outcome === 'done'),
    ) === true
  );
}

export function isRefused(plan: RowPlan): boolean {
  return !isReached(plan) && plan.ways.some(way => way.tries.length > 0);
}

export function isLate(plan: RowPlan): boolean {
  return plan.ways.some(way => way.tries.some(tried => tried.observation?.outcome === 'timeout'));
}

/** The row of a probe, and those of the ways round its wall. */
export function rowsOf(column: Column, key: string, probe: Probe): RowPlan[] {
  const { subject } = probe;
  const base = { probe, subject, escape: null, phase: 0, leansOn: [] } as const;
  const history = column.far ? [] : historyRows(column, probe);
  if (column.far && NEAR_ONLY.has(subject.kind)) return [{ ...base, ways: [], skip: 'not tried on another machine' }];
  const why = subject.kind === 'skip' ? subject.why : nothingHere(probe, column.targets);
  if (why !== undefined || subject.kind === 'skip')
    return [{ ...base, ways: [], skip: why ?? 'not tried' }, ...history];
  switch (subject.kind) {
    case 'file':
      return [...fileRows(column, key, probe, subject.path), ...history];
    case 'folder':
      return [{ ...base, ways: [folderWay(column, key, subject.path)] }];
    case 'variable':
      return variableRows(column, key, probe, subject);
    case 'address':
      return addressRows(column, probe, subject);
    case 'name':
    case 'request':
    case 'command':
      return [commonRow(column, probe, subject)];
    case 'socket':
      return socketRows(column, probe, subject);
    case 'processes':
      return [processRow(column, key, probe)];
    case 'guard':
      return guardRows(column, probe, subject);
    case 'workspace':
      return [workspaceRow(column, probe)];
    case 'nested-git':
      return [nestedGitRow(column, probe)];
    case 'push':
      return [pushRow(column, probe, subject)];
    case 'crontab':
      return [crontabRow(column, probe, subject)];
    case 'terminal':
      return [terminalRow(column, probe)];
  }
}

const plainWay = (instrument: Instrument, before: Check | undefined) => ({
  label: '',
  instrument,
  before,
  tries: [] as Tried[],
});

function fileRows(column: Column, key: string, probe: Probe, path: string): RowPlan[] {
  const { targets, session, home, kind } = column;
  const read = targets.files.get(path);
  if (!read?.ok) return [];
  const { file } = read;
  // It is looked at once all tries are made, so one look serves every row of this file.
  let after: Promise<Check> | undefined;
  const way = (at: string, how: ReadWay): WayPlan => ({
    ...plainWay('read', OK),
    after: () => {
      after ??= targets.fileAfter(path);
      return after;
    },
    make: () => ({ one: readTry(at, how, key, file.content, file.place) }),
  });
  const linux = session.facts.platform === 'linux';
  const inside = session.facts.home;
  const names: [string, string][] = [];
  if (file.realPath !== undefined) names.push(['real-path', file.realPath]);
  if (inside !== undefined && inside !== home && isWithin(home, path))
    names.push(['inside-home', join(inside, path.slice(home.length))]);
  const links = file.links > 1 ? (targets.links.get(file.inode) ?? []).filter(other => other !== path) : [];
  const escapes: RowPlan[] =
    kind === 'host'
      ? []
      : [
          ...names.map(([name, at]): RowPlan => escapeRow(probe, name, [way(at, 'direct')])),
          ...(links.length > 0
            ? [
                escapeRow(
                  probe,
                  'hard-link',
                  links.slice(0, 20).map(at => ({ ...way(at, 'direct'), label: at })),
                ),
              ]
            : []),
          ...(linux ? READ_WAYS.map(how => escapeRow(probe, how, [way(path, how)])) : []),
        ];
  const literal: RowPlan = {
    probe,
    subject: probe.subject,
    escape: null,
    phase: 0,
    ways: [way(path, 'direct')],
    leansOn: escapes.map(plan => plan.escape as string),
    links: file.links > 1 ? { total: file.links - 1, tried: Math.min(links.length, 20) } : undefined,
  };
  return [literal, ...escapes];
}

/** A socket has other names too: bound to another path, or in a folder that is mounted elsewhere. */
function socketRows(
  { targets, session, kind }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'socket' }>,
): RowPlan[] {
  const control = controlKey(subject);
  const way = (place: FileSystemPlace | undefined): WayPlan => ({
    ...plainWay('unix', targets.checkBefore(control)),
    key: control,
    after: async () => targets.checkAfter(control),
    make: () => ({
      one: makeTry({
        op: 'socket',
        path: subject.path,
        abstract: subject.abstract,
        greeting: subject.greeting,
        ...(place ? { place } : {}),
      }),
    }),
  });
  const place = targets.places.get(subject.path);
  const elsewhere = place && kind !== 'host' && session.facts.platform === 'linux';
  const escapes = elsewhere ? [escapeRow(probe, 'mounts', [way(place)])] : [];
  const leansOn = escapes.map(plan => plan.escape as string);
  return [{ probe, subject, escape: null, phase: 0, ways: [way(undefined)], leansOn }, ...escapes];
}

function escapeRow(probe: Probe, name: string, ways: WayPlan[]): RowPlan {
  return { probe, subject: probe.subject, escape: name, phase: 1, ways, leansOn: [] };
}

function historyRows(column: Column, probe: Probe): RowPlan[] {
  const { history, historyUnclear } = probe;
  if (historyUnclear !== undefined) return [{ ...escapeRow(probe, 'history', []), unclear: historyUnclear }];
  return history === undefined ? [] : [historyRow(column, probe, history)];
}

function historyRow(column: Column, probe: Probe, object: string): RowPlan {
  const subject = historySubject(column.root, object);
  if (subject.kind !== 'command' || !column.workspace)
    return {
      ...escapeRow(probe, 'history', []),
      subject,
      skip: subject.kind === 'skip' ? subject.why : 'read-only try: nothing is started',
    };
  // The host has just found it in the log.
  const way: WayPlan = {
    ...plainWay('exec', OK),
    after: () => inHistory(column.root, object),
    make: () => ({ one: plainTry(subject) }),
  };
  return { ...escapeRow(probe, 'history', [way]), subject };
}

function folderWay({ targets }: Column, key: string, path: string): WayPlan {
  const list = targets.folders.get(path);
  return {
    ...plainWay('list', OK),
    after: () => targets.folderAfter(path),
    make: () => ({ one: makeTry({ op: 'list', path, key, digests: nameDigests(key, list?.ok ? list.names : []) }) }),
  };
}

function variableRows(
  { kind, session }: Column,
  key: string,
  probe: Probe,
  { name, value }: Extract<Subject, { kind: 'variable' }>,
): RowPlan[] {
  const way = (from: 'own' | (typeof ENV_SOURCES)[number]): WayPlan => ({
    ...plainWay('env', OK),
    after: async () => OK,
    make: () => ({
      one: makeTry({ op: 'env', name, from, ...(value === undefined ? {} : { challenge: challenge(key, value) }) }),
    }),
  });
  const sources =
    kind === 'host' ? [] : ENV_SOURCES.filter(from => from === 'login-shell' || session.facts.platform === 'linux');
  return [
    { probe, subject: probe.subject, escape: null, phase: 0, ways: [way('own')], leansOn: sources },
    ...sources.map(from => escapeRow(probe, from, [way(from)])),
  ];
}

/** A secret-looking variable that only the vantage has: there is nothing to compare it with, and any value counts. */
export function foundVariable({ kind }: Column, { probe, from }: { probe: Probe; from: string }): RowPlan[] {
  const source = from.startsWith('pid ') ? 'processes' : from === 'init' || from === 'login-shell' ? from : 'own';
  if (kind === 'host' && source === 'processes') return [];
  const { name } = probe.subject as Extract<Subject, { kind: 'variable' }>;
  const way: WayPlan = {
    ...plainWay('env', undefined),
    after: async () => undefined,
    make: () => ({ one: makeTry({ op: 'env', name, from: source }) }),
  };
  return [
    { probe, subject: probe.subject, escape: source === 'own' ? null : source, phase: 1, ways: [way], leansOn: [] },
  ];
}

/**
 * An address by its name and by each of its own addresses, directly and through each proxy; a loopback one by the host's
 * aliases too. Where a list of names is kept, also as one of them.
 */
function addressRows(column: Column, probe: Probe, subject: Extract<Subject, { kind: 'address' }>): RowPlan[] {
  const { targets, session, hostFacts, kind } = column;
  const own = targets.addresses.get(subject.host) ?? [];
  const hosts = [subject.host, ...own.filter(host => host !== subject.host)];
  const datagram = subject.greeting === 'quic';
  const family = (host: string): Instrument => (datagram ? 'udp' : isIP(host) === 6 ? 'ipv6' : 'ipv4');
  const way = (host: string, label: string, control: string, proxy?: string, told?: Told): WayPlan => ({
    ...plainWay(
      !datagram && isIP(host) === 0 && own.length > 0 && own.every(address => isIP(address) === 6)
        ? 'ipv6'
        : family(host),
      targets.checkBefore(control),
    ),
    label,
    key: control,
    after: async () => targets.checkAfter(control),
    make: () => ({
      one: plainTry(subject, { host, ...(proxy === undefined ? {} : { proxy }), ...(told ? { told } : {}) }),
    }),
  });
  const straight = (told?: Told) =>
    hosts.map(host => {
      const control = controlKey(subject, host === subject.host ? undefined : host);
      return way(host, formatAddress({ host, port: subject.port }), control, undefined, told);
    });
  const through = (some: readonly string[], told?: Told) =>
    (datagram ? [] : session.facts.proxies).flatMap(proxy =>
      some.map(host => {
        const control = controlKey(subject, host === subject.host ? undefined : host);
        return way(host, `${formatAddress({ host, port: subject.port })} through ${proxy}`, control, proxy, told);
      }),
    );
  const loopback = isLoopback(subject.host);
  const elsewhere = hostFacts?.namespaces.net !== session.facts.namespaces.net;
  // The host answers at its own loopback; whether it also does at an alias is what the try shows.
  const aliases =
    loopback && elsewhere
      ? session.facts.hostAliases.map(alias =>
          way(alias, formatAddress({ host: alias, port: subject.port }), controlKey(subject)),
        )
      : [];
  const literal: RowPlan = {
    probe,
    subject,
    escape: null,
    phase: 0,
    // A list of names may not know what to do with a bare address.
    ways: [...straight(), ...through(hosts), ...aliases],
    leansOn: [],
  };
  const { allowed } = subject;
  if (allowed === undefined || kind === 'host') return [literal];
  const escapes = PASSINGS.flatMap(({ name, told: tell, route }): RowPlan[] => {
    const told = tell(subject, allowed);
    if (told === undefined) return [];
    const ways = [...(route === 'any' ? straight(told) : []), ...through([subject.host], told)];
    const row = escapeRow(probe, name, ways);
    return [ways.length > 0 ? row : { ...row, skip: 'there is no proxy there' }];
  });
  return [literal, ...escapes];
}

function commonRow(
  column: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'name' | 'request' | 'command' }>,
): RowPlan {
  const { targets } = column;
  const control = controlKey(subject);
  const own = column.kind === 'host' && subject.kind === 'command' ? targets.observation(control) : undefined;
  const instrument: Instrument = subject.kind === 'name' ? 'resolve' : subject.kind === 'request' ? 'ipv4' : 'exec';
  const ways: WayPlan[] = [
    {
      ...plainWay(instrument, targets.checkBefore(control)),
      key: control,
      after: async () => targets.checkAfter(control),
      make: () => ({ one: plainTry(subject) }),
      // What the host ran for a control is the host's try as well.
      ...(own ? { tries: [{ observation: own, alone: true, controlled: true }] } : {}),
    },
  ];
  if (subject.kind === 'name') {
    const asked = { ...subject, direct: true };
    const key = controlKey(asked);
    ways.push({
      ...plainWay('udp', targets.checkBefore(key)),
      label: 'its name servers asked directly',
      key,
      after: async () => targets.checkAfter(key),
      make: () => ({ one: plainTry(asked) }),
    });
  }
  if (subject.kind === 'request')
    for (const proxy of column.session.facts.proxies)
      ways.push({
        ...plainWay('ipv4', targets.checkBefore(control)),
        label: `through ${proxy}`,
        key: control,
        after: async () => targets.checkAfter(control),
        make: () => ({ one: plainTry(subject, { proxy }) }),
      });
  return {
    probe,
    subject,
    escape: null,
    phase: subject.kind === 'command' && probe.expect === 'allow' ? 3 : 0,
    ways,
    leansOn: [],
  };
}

function processRow({ processDecoy }: Column, key: string, probe: Probe): RowPlan {
  const alive = async (): Promise<Check> =>
    processDecoy ? processDecoy.alive() : { ok: false, reason: 'no decoy process could be started' };
  const way: WayPlan = {
    ...plainWay('env', undefined),
    after: alive,
    make: async () => {
      way.before ??= await alive();
      // By comparing, since another run may have a decoy process of its own.
      const answer = challenge(key, processDecoy?.canary ?? '');
      return { one: makeTry({ op: 'env', name: DECOY_VARIABLE, from: 'processes', challenge: answer }) };
    },
  };
  return { probe, subject: probe.subject, escape: null, phase: 0, ways: [way], leansOn: [] };
}

function guardRows(
  column: Column,
  probe: Probe,
  { path, how, folder, rounds }: Extract<Subject, { kind: 'guard' }>,
): RowPlan[] {
  const { workspace, targets, session } = column;
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return [{ ...base, ways: [], skip: 'read-only try: nothing is written' }];
  const way = (kind: WriteHow): WayPlan => ({
    ...plainWay(`write:${kind}`, targets.writable.get(path)),
    after: () => targets.guardAfter(path),
    make: () => writeMade(workspace, kind, path, folder),
  });
  const place = targets.places.get(path);
  const again: WayPlan | undefined = place && {
    ...way(how),
    make: () => writeMade(workspace, how, path, folder, place),
  };
  const literal: RowPlan = { ...base, ways: [way(how)] };
  if (column.kind === 'host') return [literal];
  return [
    literal,
    ...(again && session.facts.platform === 'linux' ? [escapeRow(probe, 'mounts', [again])] : []),
    ...rounds.map(
      (kind): RowPlan => ({ ...escapeRow(probe, kind, [way(kind)]), phase: kind === 'rename-parent' ? 2 : 1 }),
    ),
  ];
}

function pushRow(
  { workspace, root, session }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'push' }>,
): RowPlan {
  const base = { probe, subject, escape: null, phase: 2, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is pushed' };
  const way: WayPlan = {
    ...plainWay('push', OK),
    after: () => remoteAlive(subject.remote),
    make: async () => {
      // A copy of the remote may be pushed to where the remote itself is out of reach.
      const look = listRemoteTry(root, subject.remote);
      const answer = look && (await session.round([look])).get(look.id);
      if (look && (answer?.outcome !== 'done' || answer.code !== 0))
        return { one: listRemoteTry(root, subject.remote) ?? look, refusedAs: 'unreachable' };
      return pushMade(workspace, root, await preparePush(workspace, subject));
    },
  };
  return { ...base, ways: [way] };
}

/** The host has one crontab, so it plants, looks and takes back while no other vantage does. */
function crontabRow(
  { workspace, id, exclusively }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'crontab' }>,
): RowPlan {
  const base = { probe, subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const { program } = subject;
  const way: WayPlan = {
    ...plainWay('exec', undefined),
    after: () => exclusively(() => plantHere(program, workspace.fresh())),
    make: async () => {
      if (id !== 'host') way.before ??= await plantHere(program, workspace.fresh());
      const mark = workspace.fresh();
      const gone = workspace.will({ crontab: program, mark });
      return {
        one: await plantTry(program, mark),
        settle: async observation => {
          const seen = await takeBack(program, mark);
          if (seen || ENDED.has(observation.outcome)) gone();
          return { seen, back: takeBackTry(mark) };
        },
      };
    },
  };
  return { ...base, ways: [way] };
}

/** A terminal is one session's at a time, so only one vantage types. */
function terminalRow({ workspace, terminal, exclusively }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is started' };
  if (!terminal) return { ...base, ways: [], skip: 'you cannot type into one either' };
  const way: WayPlan = {
    // The host has typed into it, or it would not be there.
    ...plainWay('exec', OK),
    after: () => exclusively(() => terminal.typeHere(workspace.fresh())),
    make: () => {
      const word = workspace.fresh();
      return {
        one: terminal.typeTry(word),
        // What was refused is not looked for: only a claim to have typed has to be seen, and that takes a while.
        settle: async ({ outcome }) => ({ seen: outcome === 'done' && (await terminal.arrived(word)) }),
      };
    },
  };
  return { ...base, ways: [way] };
}

export function pushMade(workspace: Workspace, root: string, prepared: PushTarget | string): Made {
  const one = typeof prepared === 'string' ? undefined : pushTry(workspace, root, prepared);
  // Nothing to try it with: a listing of nothing, which can come to no conclusion.
  if (!one || typeof prepared === 'string') return { one: makeTry({ op: 'list', path: root, key: '', digests: [] }) };
  const { remote, ref, commit, before = null } = prepared;
  const gone = workspace.will({ push: remote, ref, commit, before });
  return {
    one,
    settle: async observation => {
      const seen = await settlePush(prepared);
      if (seen || ENDED.has(observation.outcome)) gone();
      return { seen };
    },
  };
}

/** The program that made it has come to its end: it lays nothing later any more. */
const ENDED: ReadonlySet<Observation['outcome']> = new Set(['done', 'refused', 'unable']);

/** A write on something real or on a decoy, with how the host sees that it happened and takes it back. */
export async function writeMade(
  workspace: Workspace,
  how: WriteHow,
  path: string,
  folder: boolean,
  place?: FileSystemPlace,
): Promise<Made> {
  const fresh = workspace.fresh();
  const content = contentFor(path, randomHex(24));
  switch (how) {
    case 'create': {
      // Into a folder a fresh name; a file that is missing under its own.
      const at = folder ? join(path, fresh) : path;
      const aside = folder ? at : asideOf(path, fresh);
      const laid = { create: at, beside: `${aside}.new`, content };
      // What is there already is nothing that we make.
      if (!(await lstat(at).catch(() => undefined))) workspace.will(laid);
      return {
        one: writeTry(
          'create',
          at,
          content,
          aside,
          place && folder ? { ...place, path: join(place.path, fresh) } : place,
        ),
        settle: async () => {
          const seen = (await readFile(at, 'utf8').catch(() => undefined)) === content;
          if (seen) await rm(at, { force: true });
          await rm(laid.beside, { force: true });
          return { seen, back: makeTry({ op: 'unwrite', how, path: at, aside }) };
        },
      };
    }
    case 'in-place': {
      const before = await traceOf(path);
      return {
        one: writeTry('in-place', path, '', undefined, place),
        settle: async () => ({ seen: (await traceOf(path)) !== before }),
      };
    }
    case 'replace': {
      const aside = asideOf(path, fresh);
      workspace.willMove(path, aside);
      const before = await traceOf(path);
      return {
        one: writeTry('replace', path, '', aside),
        settle: async () => {
          const kept = await lstat(aside).catch(() => undefined);
          const seen = kept !== undefined && (await traceOf(path)) !== before;
          if (kept) await rename(aside, path);
          await rm(`${aside}.new`, { force: true });
          return { seen, back: makeTry({ op: 'unwrite', how, path, aside }) };
        },
      };
    }
    case 'rename-parent': {
      const parent = folder ? path : dirname(path);
      const aside = asideOf(parent, fresh);
      workspace.willMove(parent, aside);
      const before = await traceOf(parent);
      return {
        one: writeTry('rename-parent', parent, '', aside),
        settle: async () => {
          const kept = await lstat(aside).catch(() => undefined);
          const there = await lstat(parent).catch(() => undefined);
          if (kept && !there) await rename(aside, parent);
          return {
            seen: (await traceOf(parent)) !== before,
            back: makeTry({ op: 'unwrite', how, path: parent, aside }),
          };
        },
      };
    }
  }
}

/** Harmless in the file's own format, for the moment that it is there. */
function contentFor(path: string, canary: string): string {
  // A folder's name, with dots and slashes for digits, that means the folder itself: every git that runs goes on in it.
  if (basename(path) === 'commondir') return `./${[...canary].map(digit => (digit < '8' ? './' : './/')).join('')}\n`;
  if (/\.jsonc?$/.test(path)) return `{ "$comment": "agent-posture ${canary}" }\n`;
  return `# agent-posture ${canary}\n`;
}

/** Whether the host could make something in the workspace: only where its folder lies in the root. */
const inWorkspace = ({ inRoot }: Workspace): Check => (inRoot ? OK : { ok: false, reason: 'EACCES' });

function nestedGitRow({ workspace }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const check = inWorkspace(workspace);
  const way: WayPlan = {
    ...plainWay('write:create', check),
    after: async () => check,
    // A file will do: it names the folder whose settings git takes.
    make: () => writeMade(workspace, 'create', join(workspace.folder, '.git'), false),
  };
  return { ...base, ways: [way] };
}

function workspaceRow({ workspace }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const check = inWorkspace(workspace);
  const make =
    probe.attempt === 'read'
      ? () => {
          const { path, canary } = workspace.decoy();
          return { one: bringTry(path), canary };
        }
      : () => writeMade(workspace, 'create', workspace.folder, true);
  const way: WayPlan = {
    ...plainWay(probe.attempt === 'read' ? 'read' : 'write:create', check),
    after: async () => check,
    make,
  };
  return { ...base, ways: [way] };
}

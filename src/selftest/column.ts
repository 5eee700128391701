import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { isWithin } from '../base/files.ts';
import { randomHex } from '../base/hash.ts';
import type { Case, Check, Tried, Way } from './case.ts';
import { checkOf, traceOf } from './controls.ts';
import { judge } from './judge.ts';
import { isSecretVariable, variableProbe } from './probes/machine.ts';
import { formatAddress, isLoopback } from './probes/network.ts';
import { historySubject } from './probes/repository.ts';
import type { Probe, Subject } from './probes/types.ts';
import type { Session } from './session.ts';
import { controlKey, nothingHere, settled, type Targets } from './targets.ts';
import { bringTry, challenge, makeTry, nameDigests, plainTry, readTry, writeTry } from './tries.ts';
import type { ControlResult, Row } from './types.ts';
import type { Observation, ReadWay, Try, VantageFacts, WriteHow } from './wire.ts';
import { asideOf, type Workspace } from './workspace.ts';

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
  /** The value that the host's decoy process carries. */
  processDecoy: string | undefined;
  /** A session in the place from which a remote vantage's controls are made. */
  controlSession: Session | undefined;
  only: ReadonlySet<string> | undefined;
  /** Writes on guards are told apart by their traces: only one vantage makes them at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** The host's own runs of commands that must give nothing here. */
  commandsReady: Promise<void>;
  /** Makes the host's control of a command that did not work here. */
  controlCommand(subject: Extract<Subject, { kind: 'command' }>): Promise<void>;
  /** Makes the host's after-controls. */
  controlAfter(keys: readonly string[]): Promise<void>;
}

/** The permitted sibling of a kind of try. */
type Instrument = 'read' | 'list' | `write:${WriteHow}` | 'env' | 'ipv4' | 'ipv6' | 'unix' | 'resolve' | 'exec';

interface Made {
  one: Try;
  canary?: string | undefined;
  /** The host looks for the effect and takes it back; `back` is what the vantage itself has to take back. */
  settle?: ((observation: Observation) => Promise<{ seen: boolean; back?: Try }>) | undefined;
}

interface WayPlan {
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

interface RowPlan {
  probe: Probe;
  subject: Subject;
  escape: string | null;
  /** 0 literal, 1 a way round, 2 renames a folder and is alone with its like, 3 a command that must work. */
  phase: 0 | 1 | 2 | 3;
  ways: WayPlan[];
  leansOn: readonly string[];
  links?: { total: number; tried: number } | undefined;
  loopback?: boolean | undefined;
  skip?: string | undefined;
}

const READ_WAYS: readonly ReadWay[] = ['mounts', 'proc-root', 'umount', 'nsenter', 'open-fd'];
const ENV_SOURCES = ['init', 'processes', 'login-shell'] as const;
const OK: Check = { ok: true, reason: '' };

/** The row's id: stable across runs. */
export function rowId(vantage: string, { attempt, target }: Pick<Probe, 'attempt' | 'target'>, escape: string | null) {
  return `${vantage}:${attempt}:${target}${escape === null ? '' : `#${escape}`}`;
}

/** Tries every probe in one vantage and judges what came of it. Never throws for what the vantage does. */
export async function runColumn(
  column: Column,
  probes: readonly Probe[],
): Promise<{ rows: Row[]; handshake: boolean }> {
  const key = randomHex(16);
  const handshake = await shakeHands(column);
  const isCommand = ({ subject, expect }: Probe) => subject.kind === 'command' && expect === 'deny';
  const planned = (some: readonly Probe[]) =>
    some.flatMap(probe => rowsOf(column, key, probe)).filter(plan => wanted(column, plan));
  const plans = planned(probes.filter(probe => !isCommand(probe)));
  const run = new Rounds(column);
  const open = (phase: number, guards: boolean) =>
    plans.filter(plan => plan.phase === phase && plan.skip === undefined && (plan.subject.kind === 'guard') === guards);
  const again = (phase: number, guards: boolean, late = false) =>
    open(phase, guards)
      .filter(plan => plan.probe.expect === 'deny' && isRefused(plan) && isLate(plan) === late)
      .reverse();

  for (const found of await run.withNames(open(0, false)))
    plans.push(...foundVariable(column, found).filter(plan => wanted(column, plan)));
  const guarding = column.exclusively(async () => {
    await run.make(open(0, true), []);
    skipReached(plans);
    await run.make(open(1, true), again(0, true));
    await run.make(open(2, true), []);
    await run.make([], again(1, true));
    await run.make([], again(2, true));
  });
  skipReached(plans);
  await run.make(open(1, false), again(0, false));
  await run.make([], again(1, false));
  await guarding;
  await run.make([], [...again(0, false, true), ...again(1, false, true)]);
  await column.commandsReady;
  const commands = planned(probes.filter(isCommand));
  plans.push(...commands);
  const ready = commands.filter(plan => plan.skip === undefined && plan.ways.every(way => way.tries.length === 0));
  await run.make(ready, []);
  await run.make([], ready.filter(isRefused));
  await run.make(open(3, false), []);
  const instruments = await run.finalInstruments(plans);
  await column.controlAfter(
    plans.filter(isRefused).flatMap(plan => plan.ways.flatMap(way => (way.key && way.before?.ok ? [way.key] : []))),
  );
  for (const plan of open(3, false))
    if (isRefused(plan) && plan.subject.kind === 'command') await column.controlCommand(plan.subject);
  const rows = await Promise.all(plans.map(plan => judged(column, plan, plans, handshake, instruments)));
  return { rows, handshake };
}

/** A way round is not tried where the target was reached without it. */
function skipReached(plans: readonly RowPlan[]): void {
  const literals = new Map(plans.filter(({ escape }) => escape === null).map(plan => [plan.probe, plan]));
  for (const plan of plans)
    if (plan.escape !== null && plan.leansOn.length === 0 && plan.phase !== 0 && isReached(literals.get(plan.probe)))
      plan.skip ??= 'reached directly';
}

/** Before any refusal counts, a decoy planted in the workspace must come back (far away: one laid by the control's way). */
async function shakeHands({ session, workspace, root, controlSession, kind }: Column): Promise<boolean> {
  if (!workspace) return kind === 'host';
  const { path, canary } = workspace.decoy();
  const one = bringTry(path);
  if ((await session.round([one])).get(one.id)?.brought === canary) return true;
  if (!controlSession) return false;
  const far = join(controlSession.facts.cwd || root, `.${workspace.fresh()}`);
  const value = randomHex(24);
  await controlSession.round([writeTry('create', far, value)]);
  const second = bringTry(far);
  const brought = (await session.round([second])).get(second.id)?.brought;
  await controlSession.round([makeTry({ op: 'unwrite', how: 'create', path: far })]);
  return brought === value;
}

function wanted({ only, id }: Column, { probe, escape }: RowPlan): boolean {
  if (!only) return true;
  // A way round leans on its literal row, and that on its ways round: both are tried when one is asked for.
  const literal = rowId(id, probe, null);
  return (
    only.has(rowId(id, probe, escape)) || [...only].some(wish => wish === literal || wish.startsWith(`${literal}#`))
  );
}

function isReached(plan: RowPlan | undefined): boolean {
  return (
    plan?.ways.some(
      way => way.seenOutside !== false && way.tries.some(tried => tried.observation?.outcome === 'done'),
    ) === true
  );
}

function isRefused(plan: RowPlan): boolean {
  return !isReached(plan) && plan.ways.some(way => way.tries.length > 0);
}

function isLate(plan: RowPlan): boolean {
  return plan.ways.some(way => way.tries.some(tried => tried.observation?.outcome === 'timeout'));
}

/** The row of a probe, and those of the ways round its wall. */
function rowsOf(column: Column, key: string, probe: Probe): RowPlan[] {
  const { subject } = probe;
  const base = { probe, subject, escape: null, phase: 0, leansOn: [] } as const;
  const history = probe.history === undefined ? [] : [historyRow(column, probe, probe.history)];
  const why = subject.kind === 'skip' ? subject.why : nothingHere(probe, column.targets);
  if (why !== undefined) return [{ ...base, ways: [], skip: why }, ...history];
  switch (subject.kind) {
    case 'file':
      return [...fileRows(column, key, probe, subject.path), ...history];
    case 'folder':
      return [{ ...base, ways: [folderWay(column, key, subject.path)] }];
    case 'variable':
      return variableRows(column, key, probe, subject);
    case 'address':
      return [addressRow(column, probe, subject)];
    case 'name':
    case 'request':
    case 'command':
      return [commonRow(column, probe, subject)];
    case 'socket': {
      const control = controlKey(subject);
      const way: WayPlan = {
        ...plainWay('unix', column.targets.checkBefore(control)),
        key: control,
        after: async () => column.targets.checkAfter(control),
        make: () => ({
          one: makeTry({ op: 'socket', path: subject.path, abstract: subject.abstract, greeting: subject.greeting }),
        }),
      };
      return [{ ...base, ways: [way] }];
    }
    case 'processes':
      return [processRow(column, probe)];
    case 'guard':
      return guardRows(column, probe, subject);
    case 'workspace':
      return [workspaceRow(column, probe)];
    case 'push':
    case 'skip':
      return [{ ...base, ways: [], skip: 'not tried' }];
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
  const way = (at: string, how: ReadWay): WayPlan => ({
    ...plainWay('read', OK),
    after: () => targets.fileAfter(path),
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
          ...names.map(([escape, at]): RowPlan => escapeRow(probe, escape, [way(at, 'direct')])),
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
    leansOn: escapes.map(({ escape }) => escape as string),
    links: file.links > 1 ? { total: file.links - 1, tried: Math.min(links.length, 20) } : undefined,
  };
  return [literal, ...escapes];
}

function escapeRow(probe: Probe, escape: string, ways: WayPlan[]): RowPlan {
  return { probe, subject: probe.subject, escape, phase: 1, ways, leansOn: [] };
}

function historyRow(column: Column, probe: Probe, object: string): RowPlan {
  const subject = historySubject(column.root, object);
  if (subject.kind !== 'command' || !column.workspace)
    return {
      ...escapeRow(probe, 'history', []),
      subject,
      skip: subject.kind === 'skip' ? subject.why : 'read-only try: nothing is started',
    };
  const way: WayPlan = {
    ...plainWay('exec', OK),
    after: async () => OK,
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
function foundVariable({ kind }: Column, { probe, from }: { probe: Probe; from: string }): RowPlan[] {
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

/** An address by its name and by each of its own addresses, directly and through each proxy; a loopback one by the host's aliases too. */
function addressRow(column: Column, probe: Probe, subject: Extract<Subject, { kind: 'address' }>): RowPlan {
  const { targets, session, hostFacts } = column;
  const own = targets.addresses.get(subject.host) ?? [];
  const hosts = [subject.host, ...own.filter(host => host !== subject.host)];
  const family = (host: string): Instrument => (isIP(host) === 6 ? 'ipv6' : 'ipv4');
  const way = (host: string, label: string, control: string, proxy?: string): WayPlan => ({
    ...plainWay(
      isIP(host) === 0 && own.length > 0 && own.every(address => isIP(address) === 6) ? 'ipv6' : family(host),
      targets.checkBefore(control),
    ),
    label,
    key: control,
    after: async () => targets.checkAfter(control),
    make: () => ({ one: plainTry(subject, { host, ...(proxy === undefined ? {} : { proxy }) }) }),
  });
  const direct = hosts.map(host => {
    const control = controlKey(subject, host === subject.host ? undefined : host);
    return way(host, formatAddress({ host, port: subject.port }), control);
  });
  const proxies = session.facts.proxies.map(proxy =>
    way(subject.host, `${formatAddress(subject)} through ${proxy}`, controlKey(subject), proxy),
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
  return {
    probe,
    subject,
    escape: null,
    phase: 0,
    ways: [...direct, ...proxies, ...aliases],
    leansOn: [],
    ...(loopback ? { loopback: true } : {}),
  };
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

function processRow({ processDecoy }: Column, probe: Probe): RowPlan {
  const check: Check = processDecoy === undefined ? { ok: false, reason: 'no decoy process could be started' } : OK;
  const way: WayPlan = {
    ...plainWay('env', check),
    after: async () => check,
    make: () => ({ one: makeTry({ op: 'process' }), canary: processDecoy }),
  };
  return { probe, subject: probe.subject, escape: null, phase: 0, ways: [way], leansOn: [] };
}

function guardRows(
  column: Column,
  probe: Probe,
  { path, how, folder, rounds }: Extract<Subject, { kind: 'guard' }>,
): RowPlan[] {
  const { workspace, targets } = column;
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return [{ ...base, ways: [], skip: 'read-only try: nothing is written' }];
  const way = (kind: WriteHow): WayPlan => ({
    ...plainWay(`write:${kind}`, targets.writable.get(path)),
    after: () => targets.guardAfter(path),
    make: () => writeMade(workspace, kind, path, folder),
  });
  const literal: RowPlan = { ...base, ways: [way(how)] };
  if (column.kind === 'host') return [literal];
  return [
    literal,
    ...rounds.map(
      (kind): RowPlan => ({ ...escapeRow(probe, kind, [way(kind)]), phase: kind === 'rename-parent' ? 2 : 1 }),
    ),
  ];
}

/** A write on something real or on a decoy, with how the host sees that it happened and takes it back. */
async function writeMade(workspace: Workspace, how: WriteHow, path: string, folder: boolean): Promise<Made> {
  const fresh = workspace.fresh();
  const content = contentFor(path, randomHex(24));
  switch (how) {
    case 'create': {
      // Into a folder a fresh name; a file that is missing under its own.
      const at = folder ? join(path, fresh) : path;
      return {
        one: writeTry('create', at, content),
        settle: async () => {
          const seen = (await readFile(at, 'utf8').catch(() => undefined)) === content;
          if (seen) await rm(at, { force: true });
          return { seen, back: makeTry({ op: 'unwrite', how, path: at }) };
        },
      };
    }
    case 'in-place': {
      const before = await traceOf(path);
      return {
        one: writeTry('in-place', path, ''),
        settle: async () => ({ seen: (await traceOf(path)) !== before }),
      };
    }
    case 'replace': {
      const aside = asideOf(path, fresh);
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
  if (/\.jsonc?$/.test(path)) return `{ "$comment": "agent-posture ${canary}" }\n`;
  return `# agent-posture ${canary}\n`;
}

function workspaceRow({ workspace }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const check: Check = workspace.inRoot ? OK : { ok: false, reason: 'EACCES' };
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

/** Makes the rounds of one vantage, each with the permitted siblings of its tries at its start, in its middle and at its end. */
class Rounds {
  private readonly first = new Map<Instrument, Check>();

  constructor(private readonly column: Column) {}

  /** The first round; beside it the names of variables are looked at, and those are returned that the host does not have. */
  async withNames(plans: readonly RowPlan[]): Promise<{ probe: Probe; from: string }[]> {
    const { workspace, session } = this.column;
    const open = plans.filter(({ skip }) => skip === undefined);
    const names = makeTry({ op: 'env-names' });
    const results = await this.make(open, [], workspace ? [names] : []);
    const known = new Set(plans.map(({ probe }) => probe.target));
    const found = new Map<string, { probe: Probe; from: string }>();
    for (const { name, from } of results.get(names.id)?.names ?? [])
      if (
        isSecretVariable(name) &&
        !known.has(name) &&
        !found.has(name) &&
        name !== session.sibling.name &&
        found.size < 40
      )
        found.set(name, { probe: variableProbe(name, undefined), from });
    return [...found.values()];
  }

  /** One round: first tries of some rows, and second ones, each by itself, of others. */
  async make(
    first: readonly RowPlan[],
    again: readonly RowPlan[],
    beside: readonly Try[] = [],
  ): Promise<Map<string, Observation>> {
    const todo = await Promise.all(
      [...first.map(plan => ({ plan, alone: false })), ...again.map(plan => ({ plan, alone: true }))].flatMap(
        ({ plan, alone }) => plan.ways.map(async way => ({ plan, way, alone, made: await way.make() })),
      ),
    );
    if (todo.length === 0 && beside.length === 0) return new Map();
    const kinds = [...new Set(todo.map(({ way }) => way.instrument))];
    const siblings = await Promise.all(
      kinds.flatMap(kind =>
        ['start', 'middle', 'end'].map(async when => ({ kind, when, made: await this.sibling(kind) })),
      ),
    );
    const at = (when: string) => siblings.filter(sibling => sibling.when === when).map(({ made }) => made.one);
    const half = Math.ceil(todo.length / 2);
    const ones = todo.map(({ made }) => made.one);
    const results = await this.column.session.round([
      ...at('start'),
      ...beside,
      ...ones.slice(0, half),
      ...at('middle'),
      ...ones.slice(half),
      ...at('end'),
    ]);
    const good = new Map<Instrument, Check>();
    const backs: Try[] = [];
    for (const { kind, made } of siblings) {
      const check = await this.checkSibling(made, results.get(made.one.id), backs);
      if (!good.has(kind) || !check.ok) good.set(kind, check);
    }
    for (const { plan, way, alone, made } of todo) {
      const observation = settled(results.get(made.one.id), plan.subject);
      if (made.settle && observation) {
        const { seen, back } = await made.settle(observation);
        if (observation.outcome === 'done') {
          way.seenOutside = seen;
          if (back && !seen) backs.push(back);
        }
      }
      const check = good.get(way.instrument) ?? { ok: false, reason: 'no result' };
      way.instrumentBefore ??= check;
      way.tries.push({ observation, canary: made.canary, alone, controlled: check.ok });
    }
    if (backs.length > 0) await this.column.session.round(backs);
    return results;
  }

  /** The permitted siblings once more, after everything else. */
  async finalInstruments(plans: readonly RowPlan[]): Promise<Map<Instrument, Check>> {
    const kinds = [...new Set(plans.filter(isRefused).flatMap(({ ways }) => ways.map(({ instrument }) => instrument)))];
    const siblings = await Promise.all(kinds.map(async kind => ({ kind, made: await this.sibling(kind) })));
    const results = new Map<Instrument, Check>();
    if (siblings.length === 0) return results;
    const observations = await this.column.session.round(siblings.map(({ made }) => made.one));
    const backs: Try[] = [];
    for (const { kind, made } of siblings)
      results.set(kind, await this.checkSibling(made, observations.get(made.one.id), backs));
    if (backs.length > 0) await this.column.session.round(backs);
    return results;
  }

  private async checkSibling(made: Made, observation: Observation | undefined, backs: Try[]): Promise<Check> {
    if (made.settle && observation) {
      const { seen, back } = await made.settle(observation);
      if (observation.outcome === 'done' && !seen) {
        if (back) backs.push(back);
        return { ok: false, reason: 'own-layer' };
      }
    }
    if (made.canary !== undefined && observation?.outcome === 'done' && observation.brought !== made.canary)
      return { ok: false, reason: 'masked' };
    if (observation?.found === false) return { ok: false, reason: 'exit' };
    return checkOf(observation);
  }

  private async sibling(kind: Instrument): Promise<Made> {
    const { session, workspace, root } = this.column;
    switch (kind) {
      case 'env':
        return {
          one: makeTry({ op: 'env', name: session.sibling.name, from: 'own', bring: true }),
          canary: session.sibling.value,
        };
      case 'ipv4':
      case 'ipv6':
      case 'unix':
        return { one: makeTry({ op: 'listen', family: kind }) };
      case 'resolve':
        return { one: makeTry({ op: 'resolve', name: 'localhost' }) };
      case 'exec': {
        const said = randomHex(8);
        return { one: makeTry({ op: 'exec', argv: ['/bin/sh', '-c', `echo ${said}`], cwd: root, expect: said }) };
      }
    }
    if (!workspace) return { one: makeTry({ op: 'list', path: root, key: '', digests: [] }) };
    switch (kind) {
      case 'read': {
        const { path, canary } = workspace.decoy();
        return { one: bringTry(path), canary };
      }
      case 'list': {
        const { path, name } = workspace.decoyFolder();
        const key = randomHex(8);
        return { one: makeTry({ op: 'list', path, key, digests: nameDigests(key, [name]) }) };
      }
      case 'write:create':
        return writeMade(workspace, 'create', workspace.folder, true);
      case 'write:in-place':
        return writeMade(workspace, 'in-place', workspace.decoy().path, false);
      case 'write:replace':
        return writeMade(workspace, 'replace', workspace.decoy().path, false);
      case 'write:rename-parent':
        return writeMade(workspace, 'rename-parent', workspace.decoyFolder().path, true);
    }
  }
}

async function judged(
  column: Column,
  plan: RowPlan,
  plans: readonly RowPlan[],
  handshake: boolean,
  instruments: ReadonlyMap<Instrument, Check>,
): Promise<Row> {
  const { probe, escape } = plan;
  const base = {
    id: rowId(column.id, probe, escape),
    safeguard: probe.safeguard,
    vantage: column.id,
    attempt: probe.attempt,
    target: probe.target,
    expect: probe.expect,
    escape,
    severity: probe.severity,
    group: probe.group,
    opens: probe.opens,
    fix: null,
  };
  if (plan.skip !== undefined)
    return { ...base, verdict: 'skipped', layer: null, reason: plan.skip, evidence: null, controls: [], durationMs: 0 };
  const refused = isRefused(plan);
  const ways = await Promise.all(
    plan.ways.map(
      async (way): Promise<Way> => ({
        label: way.label,
        target: {
          before: way.before ?? (way.key ? column.targets.checkBefore(way.key) : undefined),
          after: refused ? await way.after() : undefined,
        },
        instrument: { before: way.instrumentBefore, after: instruments.get(way.instrument) },
        tries: way.tries,
        seenOutside: way.seenOutside,
      }),
    ),
  );
  const subject: Case = {
    attempt: plan.subject.kind === 'command' && escape === 'history' ? 'exec' : probe.attempt,
    expect: probe.expect,
    escape,
    vantage: {
      kind: column.kind,
      available: column.session.failure === undefined || ways.every(way => way.tries.length > 0),
      reason: column.session.failure ?? null,
      handshake,
      remote: column.controlSession !== undefined,
      facts: column.session.facts,
    },
    host: column.hostFacts,
    ways,
    others: plan.leansOn.map(name => {
      const other = plans.find(candidate => candidate.probe === probe && candidate.escape === name);
      const tries = other?.ways.flatMap(way => way.tries) ?? [];
      const answered =
        tries.length > 0 && tries.every(tried => /^(done|refused|none)$/.test(tried.observation?.outcome ?? ''));
      return { name, answered };
    }),
    links: plan.links,
    loopback: plan.loopback,
  };
  const judgement = judge(subject);
  return {
    ...base,
    ...judgement,
    reason:
      escape === 'history' && judgement.verdict === 'exposed'
        ? 'stands in the git history, readable with git'
        : judgement.reason,
    controls: ways.flatMap(way => controlResults(column.id, way)),
    durationMs: ways.reduce(
      (sum, way) => sum + way.tries.reduce((most, tried) => Math.max(most, tried.observation?.took ?? 0), 0),
      0,
    ),
  };
}

function controlResults(vantage: string, { target, instrument }: Way): ControlResult[] {
  const one = (kind: 'target' | 'instrument', when: 'before' | 'after', check: Check | undefined): ControlResult[] =>
    check
      ? [
          {
            kind,
            when,
            vantage: kind === 'target' ? 'host' : vantage,
            outcome: check.ok ? 'done' : 'failed',
            ...(check.ok ? {} : { reason: check.reason }),
          },
        ]
      : [];
  return [
    ...one('target', 'before', target.before),
    ...one('instrument', 'before', instrument.before),
    ...one('instrument', 'after', instrument.after),
    ...one('target', 'after', target.after),
  ];
}

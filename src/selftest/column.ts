import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allEnded } from '../base/all.ts';
import { randomHex } from '../base/hash.ts';
import type { Case, Check, Way } from './case.ts';
import { listHost } from './controls.ts';
import { judge } from './judge.ts';
import type { Probe, Subject } from './probes/types.ts';
import { isListed } from './reasons.ts';
import { Rounds } from './rounds.ts';
import { rowId, rowOf, UNTRIED } from './row.ts';
import { rowsOf } from './rows/index.ts';
import {
  type Column,
  type Far,
  type Instrument,
  isLate,
  isReached,
  isRefused,
  type RowPlan,
  WRITES,
} from './rows/plans.ts';
import { foundVariable } from './rows/variables.ts';
import type { Session } from './session/session.ts';
import { RemoteTargets } from './targets.ts';
import { bringTry, makeTry, nameDigests, readTry, writeTry } from './tries.ts';
import type { ControlResult, Row } from './types.ts';

/** What the host itself has to reach first. */
const FAR: ReadonlySet<Subject['kind']> = new Set(['address', 'name', 'request', 'socket']);

/** `made`: it brought back a decoy. `hidden`: it shows nothing of the repository, although it runs on this machine. */
export type Handshake = 'made' | 'hidden' | 'failed';

/**
 * Tries every probe in one vantage, judges what came of it, and tells `near.tell` its rows. Never throws for what the
 * vantage does.
 */
export async function runColumn(near: Column, probes: readonly Probe[]): Promise<Handshake> {
  const brought = await shakeHands(near);
  const control = near.controlSession;
  const far = brought || !control ? undefined : await shakeHandsFar(near, control);
  if (!far || !control) {
    const handshake = brought ? 'made' : (await hidesRepository(near)) ? 'hidden' : 'failed';
    await tryAll(near, probes, handshake);
    return handshake;
  }
  const targets = new RemoteTargets(control);
  await targets.read(near.root, probes);
  await targets.tryBefore(control, probes);
  const controlAfter = (keys: readonly string[]) => targets.tryAfter(control, keys);
  const controlsReady = Promise.resolve();
  try {
    await tryAll({ ...near, far, targets, controlAfter, controlsReady }, probes, 'made');
  } finally {
    await control.round([makeTry({ op: 'unwrite', how: 'create', path: far.path })]);
  }
  return 'made';
}

async function tryAll(column: Column, probes: readonly Probe[], handshake: Handshake): Promise<void> {
  const key = randomHex(16);
  const run = new Rounds(column);
  const group = (plans: RowPlan[]) => new Group(column, run, plans, handshake);
  const planned = (some: readonly Probe[]) =>
    some.flatMap(probe => rowsOf(column, key, probe)).filter(plan => wanted(column, plan));
  const isCommand = ({ subject, expect }: Probe) => subject.kind === 'command' && expect === 'deny';
  const isFar = ({ subject }: Probe) => FAR.has(subject.kind);
  const isGuard = ({ subject }: Probe) => WRITES.has(subject.kind);
  const near = planned(probes.filter(probe => !isCommand(probe) && !isFar(probe) && !isGuard(probe)));
  // Each kind waits for its own controls alone: an address that drops everything holds nothing else up.
  await allEnded([
    tryGroup(group(near.filter(({ phase }) => phase !== 3)), true),
    tryGuards(column, group(planned(probes.filter(isGuard)))),
    column.controlsReady.then(() => tryGroup(group(planned(probes.filter(isFar))))),
    column.commandsReady.then(() => tryGroup(group(planned(probes.filter(isCommand))))),
  ]);
  const last = group(near.filter(({ phase }) => phase === 3));
  await last.make(last.plans, []);
  await last.conclude();
}

/** Rows that are tried and controlled together. Each is told once, as soon as nothing can change its verdict any more. */
class Group {
  private readonly told = new Set<RowPlan>();

  constructor(
    private readonly column: Column,
    private readonly run: Rounds,
    readonly plans: RowPlan[],
    private readonly handshake: Handshake,
  ) {}

  /** What is still to be tried in this phase. */
  open(phase: number): RowPlan[] {
    return this.plans.filter(plan => plan.phase === phase && plan.skip === undefined);
  }

  /** Tells what is not tried at all. */
  begin(): Promise<void> {
    return this.tell(this.plans.filter(({ skip }) => skip !== undefined));
  }

  /** The first round, as `Rounds.withNames`; rows of variables that only the vantage has become part of the group. */
  async makeWithNames(first: readonly RowPlan[]): Promise<void> {
    const found = await this.run.withNames(first);
    this.plans.push(...found.flatMap(one => foundVariable(this.column, one)).filter(plan => wanted(this.column, plan)));
    await this.tellReached(first);
  }

  /** One round, as `Rounds.make`. */
  async make(first: readonly RowPlan[], again: readonly RowPlan[]): Promise<void> {
    await this.run.make(first, again);
    await this.tellReached([...first, ...again]);
  }

  /** The last controls, and then every row that they were missing for. */
  async conclude(): Promise<void> {
    const { column, plans } = this;
    const instruments = await this.run.finalInstruments(plans);
    await column.controlAfter(refusedKeys(plans));
    for (const { phase, subject } of plans.filter(isRefused))
      if (phase === 3 && subject.kind === 'command') await column.controlCommand(subject);
    await this.tell(
      plans.filter(plan => !this.told.has(plan)),
      instruments,
    );
  }

  /** An effect needs no further control, and what had one is not tried again. */
  private tellReached(plans: readonly RowPlan[]): Promise<void> {
    return this.tell(plans.filter(isReached));
  }

  /** Before the last controls, which come with `instruments`, only what needs none is told. */
  private async tell(plans: readonly RowPlan[], instruments?: ReadonlyMap<Instrument, Check>): Promise<void> {
    const rows = await Promise.all(
      plans.map(plan => judged(this.column, plan, this.plans, this.handshake, instruments ?? new Map())),
    );
    this.column.tell(
      rows.filter((row, index) => {
        const plan = plans[index] as RowPlan;
        if (this.told.has(plan) || !(instruments || STANDS.has(row.verdict))) return false;
        this.told.add(plan);
        return true;
      }),
    );
  }
}

/** Verdicts that no later control can change. */
const STANDS: ReadonlySet<Row['verdict']> = new Set(['exposed', 'works', 'skipped']);

/** What is tried in any order. In one group the names of variables are looked at beside. */
async function tryGroup(group: Group, withNames = false): Promise<void> {
  await group.begin();
  await (withNames ? group.makeWithNames(group.open(0)) : group.make(group.open(0), []));
  skipReached(group.plans);
  await group.make(group.open(1), secondTries(group.open(0), false));
  await group.make([], secondTries(group.open(1), false));
  await group.make([], secondTries([...group.open(0), ...group.open(1)], true));
  await group.conclude();
}

/** Writes, whose effects are told apart by their traces: no other vantage makes them meanwhile, and renames are alone. */
async function tryGuards(column: Column, group: Group): Promise<void> {
  await group.begin();
  await column.exclusively(async () => {
    await group.make(group.open(0), []);
    skipReached(group.plans);
    await group.make(group.open(1), secondTries(group.open(0), false));
    await group.make(group.open(2), []);
    await group.make([], secondTries(group.open(1), false));
    await group.make([], secondTries(group.open(2), false));
  });
  await group.conclude();
}

/** What was refused, or what ran out of time, is tried a second time, in another order. */
function secondTries(plans: readonly RowPlan[], late: boolean): RowPlan[] {
  return plans.filter(plan => plan.probe.expect === 'deny' && isRefused(plan) && isLate(plan) === late).reverse();
}

/** The keys of the host's controls that have to be made again. */
function refusedKeys(plans: readonly RowPlan[]): string[] {
  return plans
    .filter(isRefused)
    .flatMap(plan => plan.ways.flatMap(way => (way.key && way.before?.ok ? [way.key] : [])));
}

/** A way round is not tried where the target was reached without it. What has been tried stays so. */
function skipReached(plans: readonly RowPlan[]): void {
  const literals = new Map(plans.filter(plan => plan.escape === null).map(plan => [plan.probe, plan]));
  for (const plan of plans)
    if (
      plan.escape !== null &&
      plan.leansOn.length === 0 &&
      plan.phase !== 0 &&
      plan.ways.every(way => way.tries.length === 0) &&
      isReached(literals.get(plan.probe))
    )
      plan.skip ??= 'reached directly';
}

/** Before any refusal counts, a decoy planted in the workspace must come back. */
async function shakeHands({ session, workspace, kind }: Column): Promise<boolean> {
  if (!workspace) return kind === 'host';
  const { path, canary } = workspace.decoy();
  const one = bringTry(path);
  return (await session.round([one])).get(one.id)?.brought === canary;
}

/** What the kernel drew at random when it started: whoever knows it runs on it. */
const KERNEL = '/proc/sys/kernel/random/boot_id';

/**
 * Whether a vantage that brought back no decoy runs on this very machine all the same, can read there, and is refused
 * the repository: a box in which no work is possible. A copy of the repository, or another machine, is not that.
 */
async function hidesRepository({ session, workspace, root, kind }: Column): Promise<boolean> {
  if (kind === 'host' || !workspace?.inRoot) return false;
  const [kernel, list] = [await readFile(KERNEL).catch(() => undefined), await listHost(root)];
  if (!kernel || !list.ok) return false;
  const key = randomHex(16);
  const same = readTry(KERNEL, 'direct', key, kernel, undefined);
  const names = makeTry({ op: 'list', path: root, key, digests: nameDigests(key, list.names) });
  const results = await session.round([same, names]);
  return results.get(same.id)?.matched === true && isListed('list', results.get(names.id)?.reason ?? '');
}

/** The same with a decoy that the control's way has laid, far away; undefined where that did not come back either. */
async function shakeHandsFar({ session, workspace }: Column, control: Session): Promise<Far | undefined> {
  if (!workspace) return undefined;
  const folder = control.facts.cwd;
  const name = `.${workspace.fresh()}`;
  const canary = randomHex(24);
  const path = join(folder, name);
  await control.round([writeTry('create', path, canary)]);
  const one = bringTry(path);
  const brought = (await session.round([one])).get(one.id)?.brought;
  if (brought === canary) return { folder, name, path, canary };
  await control.round([makeTry({ op: 'unwrite', how: 'create', path })]);
  return undefined;
}

function wanted({ only, id }: Column, { probe, escape: round }: RowPlan): boolean {
  if (!only) return true;
  // A way round leans on its literal row, and that on its ways round: both are tried when one is asked for.
  const literal = rowId(id, probe, null);
  return (
    only.has(rowId(id, probe, round)) || [...only].some(wish => wish === literal || wish.startsWith(`${literal}#`))
  );
}

async function judged(
  column: Column,
  plan: RowPlan,
  plans: readonly RowPlan[],
  handshake: Handshake,
  instruments: ReadonlyMap<Instrument, Check>,
): Promise<Row> {
  const { probe, escape: round } = plan;
  const base = rowOf(column.id, probe, round);
  if (plan.skip !== undefined) return { ...base, ...UNTRIED, verdict: 'skipped', reason: plan.skip };
  // One way may not have been tried, and another reached it all the same.
  if (plan.unclear !== undefined && !isReached(plan))
    return { ...base, ...UNTRIED, verdict: 'inconclusive', reason: plan.unclear };
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
    attempt: plan.subject.kind === 'command' && round === 'history' ? 'exec' : probe.attempt,
    expect: probe.expect,
    escape: round,
    vantage: {
      kind: column.kind,
      available: column.session.failure === undefined || ways.every(way => way.tries.length > 0),
      reason: column.session.failure ?? null,
      handshake: handshake === 'made',
      hidden: handshake === 'hidden',
      remote: column.far !== undefined,
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
  };
  const judgement = judge(subject);
  return {
    ...base,
    ...judgement,
    reason:
      round === 'history' && judgement.verdict === 'exposed'
        ? 'stands in the git history, readable with git'
        : judgement.reason,
    controls: ways.flatMap(way => controlResults(column, way)),
    durationMs: ways.reduce(
      (sum, way) => sum + way.tries.reduce((most, tried) => Math.max(most, tried.observation?.took ?? 0), 0),
      0,
    ),
  };
}

function controlResults({ id: vantage, far }: Column, { target, instrument }: Way): ControlResult[] {
  const one = (kind: 'target' | 'instrument', when: 'before' | 'after', check: Check | undefined): ControlResult[] =>
    check
      ? [
          {
            kind,
            when,
            vantage: kind === 'instrument' ? vantage : far ? 'control-via' : 'host',
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

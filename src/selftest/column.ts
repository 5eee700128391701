import { join } from 'node:path';
import { randomHex } from '../base/hash.ts';
import type { Case, Check, Way } from './case.ts';
import { judge } from './judge.ts';
import type { Probe, Subject } from './probes/types.ts';
import { Rounds } from './rounds.ts';
import {
  type Column,
  type Far,
  foundVariable,
  type Instrument,
  isLate,
  isReached,
  isRefused,
  type RowPlan,
  rowId,
  rowsOf,
  WRITES,
} from './rows.ts';
import type { Session } from './session.ts';
import { RemoteTargets } from './targets.ts';
import { bringTry, makeTry, writeTry } from './tries.ts';
import type { ControlResult, Row } from './types.ts';

/** What the host itself has to reach first. */
const FAR: ReadonlySet<Subject['kind']> = new Set(['address', 'name', 'request', 'socket']);

/** Tries every probe in one vantage and judges what came of it. Never throws for what the vantage does. */
export async function runColumn(near: Column, probes: readonly Probe[]): Promise<{ rows: Row[]; handshake: boolean }> {
  const handshake = await shakeHands(near);
  const control = near.controlSession;
  const far = handshake || !control ? undefined : await shakeHandsFar(near, control);
  if (!far || !control) return tryAll(near, probes, handshake);
  const targets = new RemoteTargets(control);
  await targets.read(near.root, probes);
  await targets.tryBefore(control, probes);
  const controlAfter = (keys: readonly string[]) => targets.tryAfter(control, keys);
  const controlsReady = Promise.resolve();
  const column = await tryAll({ ...near, far, targets, controlAfter, controlsReady }, probes, true);
  await control.round([makeTry({ op: 'unwrite', how: 'create', path: far.path })]);
  return column;
}

async function tryAll(
  column: Column,
  probes: readonly Probe[],
  handshake: boolean,
): Promise<{ rows: Row[]; handshake: boolean }> {
  const key = randomHex(16);
  const run = new Rounds(column);
  const plans: RowPlan[] = [];
  const planned = (some: readonly Probe[]) =>
    some.flatMap(probe => rowsOf(column, key, probe)).filter(plan => wanted(column, plan));
  const isCommand = ({ subject, expect }: Probe) => subject.kind === 'command' && expect === 'deny';
  const isFar = ({ subject }: Probe) => FAR.has(subject.kind);
  // Each kind waits for its own controls alone: an address that drops everything holds nothing else up.
  await Promise.all([
    tryNear(column, run, plans, planned(probes.filter(probe => !isCommand(probe) && !isFar(probe)))),
    column.controlsReady.then(() => tryGroup(column, run, plans, planned(probes.filter(isFar)))),
    column.commandsReady.then(() => tryGroup(column, run, plans, planned(probes.filter(isCommand)))),
  ]);
  const last = plans.filter(plan => plan.phase === 3 && plan.skip === undefined);
  await run.make(last, []);
  const instruments = await run.finalInstruments(plans);
  await column.controlAfter(refusedKeys(last));
  for (const plan of last)
    if (isRefused(plan) && plan.subject.kind === 'command') await column.controlCommand(plan.subject);
  const rows = await Promise.all(plans.map(plan => judged(column, plan, plans, handshake, instruments)));
  return { rows, handshake };
}

/** What lies on this machine and needs no control that takes its time. Adds to `plans` what it tries. */
async function tryNear(column: Column, run: Rounds, plans: RowPlan[], own: RowPlan[]): Promise<void> {
  plans.push(...own);
  const open = (phase: number, guards: boolean) =>
    own.filter(plan => plan.phase === phase && plan.skip === undefined && WRITES.has(plan.subject.kind) === guards);
  const again = (phase: number, guards: boolean, late = false) => secondTries(open(phase, guards), late);

  for (const found of await run.withNames(open(0, false))) {
    const rows = foundVariable(column, found).filter(plan => wanted(column, plan));
    own.push(...rows);
    plans.push(...rows);
  }
  const guarding = column.exclusively(async () => {
    await run.make(open(0, true), []);
    skipReached(own);
    await run.make(open(1, true), again(0, true));
    await run.make(open(2, true), []);
    await run.make([], again(1, true));
    await run.make([], again(2, true));
  });
  skipReached(own);
  await run.make(open(1, false), again(0, false));
  await run.make([], again(1, false));
  await guarding;
  await run.make([], [...again(0, false, true), ...again(1, false, true)]);
  await column.controlAfter(refusedKeys(own));
}

/** What could only be planned once the host had tried it: sockets, the network, commands. Adds to `plans` what it tries. */
async function tryGroup(column: Column, run: Rounds, plans: RowPlan[], own: RowPlan[]): Promise<void> {
  plans.push(...own);
  const open = (phase: number) => own.filter(plan => plan.phase === phase && plan.skip === undefined);
  await run.make(open(0), []);
  skipReached(own);
  await run.make(open(1), secondTries(open(0), false));
  await run.make([], secondTries(open(1), false));
  await run.make([], secondTries([...open(0), ...open(1)], true));
  await column.controlAfter(refusedKeys(own));
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

/** A way round is not tried where the target was reached without it. */
function skipReached(plans: readonly RowPlan[]): void {
  const literals = new Map(plans.filter(plan => plan.escape === null).map(plan => [plan.probe, plan]));
  for (const plan of plans)
    if (plan.escape !== null && plan.leansOn.length === 0 && plan.phase !== 0 && isReached(literals.get(plan.probe)))
      plan.skip ??= 'reached directly';
}

/** Before any refusal counts, a decoy planted in the workspace must come back. */
async function shakeHands({ session, workspace, kind }: Column): Promise<boolean> {
  if (!workspace) return kind === 'host';
  const { path, canary } = workspace.decoy();
  const one = bringTry(path);
  return (await session.round([one])).get(one.id)?.brought === canary;
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
  handshake: boolean,
  instruments: ReadonlyMap<Instrument, Check>,
): Promise<Row> {
  const { probe, escape: round } = plan;
  const base = {
    id: rowId(column.id, probe, round),
    safeguard: probe.safeguard,
    vantage: column.id,
    attempt: probe.attempt,
    target: probe.target,
    expect: probe.expect,
    escape: round,
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
    attempt: plan.subject.kind === 'command' && round === 'history' ? 'exec' : probe.attempt,
    expect: probe.expect,
    escape: round,
    vantage: {
      kind: column.kind,
      available: column.session.failure === undefined || ways.every(way => way.tries.length > 0),
      reason: column.session.failure ?? null,
      handshake,
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

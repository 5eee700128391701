import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Driver, Mode } from '../../agents/driver.ts';
import { driverOf, longestFirst } from '../../agents/drivers.ts';
import { agents } from '../../agents/index.ts';
import { allEnded } from '../../base/all.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { findProgram } from '../../base/exec.ts';
import { plural } from '../../base/text.ts';
import { bubblewrap } from '../../isolation/bubblewrap/index.ts';
import { runtimeOf } from '../../isolation/index.ts';
import type { Posture } from '../../posture/schema.ts';
import { approved, unapprovedReason } from '../approvals.ts';
import type { Probe } from '../probes/types.ts';
import { rowId } from '../row.ts';
import type { Driving, Row, SelftestOptions, VantageReport } from '../types.ts';
import { runsByItself } from './approval.ts';
import { isBoxedOn, layPosture } from './boxed.ts';
import { type ColumnOptions, type ColumnResult, driveColumn } from './column.ts';
import { keepsRights } from './contain.ts';
import { Ground } from './ground.ts';
import { ASKED_BEFORE, hookRows, hookRowsUntried } from './hook-rows.ts';
import { type Laid, type LayFrom, lay } from './lay.ts';
import { isWalled } from './prepare.ts';
import { rejectedRow, rowsOf, type Seen } from './rows.ts';
import { Stage } from './stage.ts';
import { deniedWhole } from './subjects.ts';
import { leftForDeep, type TriesOptions, triesOf } from './tries.ts';

/** What agents are driven through. */
export interface DriveInput {
  options: Pick<
    SelftestOptions,
    | 'root'
    | 'home'
    | 'facts'
    | 'posture'
    | 'deep'
    | 'signal'
    | 'agents'
    | 'safeguards'
    | 'onEvent'
    | 'approve'
    | 'readOnly'
    | 'only'
  >;
  probes: readonly Probe[];
  /** Where no user's set-up is tried, but what an agent does by itself: docs/reach.md. */
  lab?: Pick<LayFrom, 'bare' | 'instead'> & Pick<TriesOptions, 'ways' | 'families'>;
  tell(rows: readonly Row[]): void;
  note(text: string): void;
}

/** The agent as a vantage, before it is known whether it can be driven. */
function driveVantage(id: string, title: string, version: string | undefined, mode: Mode): VantageReport {
  const driver = driverOf(id);
  const named = version === undefined ? title : `${title} ${version}`;
  return {
    id: `agent:${id}${mode === 'bypass' ? '@bypass' : ''}`,
    kind: 'agent',
    title: mode === 'bypass' ? `${named} with ${driver?.modes.bypass ?? mode}` : named,
    available: true,
    reason: null,
    agent: { id, version: version ?? 'unknown', mode: driver?.modes[mode] ?? mode },
    judged: true,
    facts: null,
  };
}

/** The agents that are asked for, each as configured, and with `deep` also with its flag that lets everything through. */
export function drivenVantages({
  agents: ids,
  facts,
  deep,
}: Pick<SelftestOptions, 'agents' | 'facts' | 'deep'>): VantageReport[] {
  return ids.flatMap(id => {
    const found = facts.agents.find(agent => agent.id === id);
    const title = found?.title ?? agents.find(agent => agent.id === id)?.title ?? id;
    // Of some the second is the first.
    const modes: Mode[] = deep && isOther(driverOf(id)) ? ['configured', 'bypass'] : ['configured'];
    return modes.map(mode => driveVantage(id, title, found?.version, mode));
  });
}

const isOther = (driver: Driver | undefined) => driver?.modes.configured !== driver?.modes.bypass;

/** Agents at a time: each keeps a core busy while it starts, and less than one afterwards. */
const AT_ONCE = Math.min(availableParallelism() + 1, 4);

/**
 * Asks for what each agent would run by itself, before anything takes the terminal: a question that is drawn over is answered
 * blindly. Gives the texts that were approved; an agent whose text was not is unavailable from here on.
 */
export async function askForAgents(
  reports: readonly VantageReport[],
  input: Pick<DriveInput, 'options' | 'probes' | 'lab'>,
): Promise<ReadonlySet<string>> {
  const given = new Set<string>();
  const { root, home } = input.options;
  const { available: contained } = await bubblewrap.detect(root);
  for (const report of reports) {
    const found = programFor(report, input.options);
    if (!found || input.options.signal?.aborted) continue;
    await orUnavailable(report, async () => {
      const stage = new Stage({ home, root, contained });
      try {
        const laid = await lay(stage, found.driver, input.probes, { ...input.options, ...input.lab });
        const text = toApprove(stage, found.driver, laid, report, input);
        if (text === undefined) return;
        if (!contained) unheld(report, text);
        else if (await approved(input.options, { kind: 'agent', text, purpose: purposeOf(report) })) given.add(text);
        else unapproved(report, text);
      } finally {
        stage.remove();
      }
    });
  }
  return given;
}

/**
 * What has to be approved for an agent: what it runs by itself, and that root's rights stay where its sandbox needs them. In the box
 * that is declared it has none of them, whoever makes it.
 */
function toApprove(
  stage: Stage,
  driver: Driver,
  { settings, hooks, gitHooks }: Laid,
  report: VantageReport,
  { options }: Pick<DriveInput, 'options'>,
): string | undefined {
  const walled = isWalled(stage, driver, modeOf(report)) && !isBoxedOn(stage, options.posture?.posture);
  const rights = stage.contained && keepsRights({ walled }) ? RIGHTS : undefined;
  const text = [runsByItself(stage, driver, settings, hooks, gitHooks), rights].filter(each => each !== undefined);
  return text.length === 0 ? undefined : text.join('\n');
}

/** As a line of what is approved. */
const RIGHTS =
  'its own sandbox, by the rights of root: run by an ordinary user, nothing there could change anything outside of the copy';

const modeOf = ({ id }: VantageReport): Mode => (id.endsWith('@bypass') ? 'bypass' : 'configured');

function unavailable(report: VantageReport, reason: string): void {
  report.available = false;
  report.reason = reason;
}

const unapproved = (report: VantageReport, text: string) =>
  unavailable(
    report,
    unapprovedReason(`you have not approved what it runs by itself (${named(text)})`, { kind: 'agent', text }),
  );

/** What it runs by itself could then reach all that its user can: that is not tried, whoever approves it. */
const unheld = (report: VantageReport, text: string) =>
  unavailable(
    report,
    `it runs ${named(text)} by itself, and without bubblewrap nothing would keep that from the real home and the network`,
  );

/** Its driver and its program; where there is none, the report says why. */
function programFor(
  report: VantageReport,
  { facts, root }: DriveInput['options'],
): { driver: Driver; program: string } | undefined {
  const id = report.agent?.id ?? '';
  const driver = driverOf(id);
  const program = facts.agents.find(agent => agent.id === id)?.binary;
  if (!driver) unavailable(report, 'this version does not drive it: it has no way to start it with a model of ours');
  else if (program === undefined) unavailable(report, 'it is not installed here, as far as can be seen');
  else if (!findProgram('git', [root])) unavailable(report, 'git is not installed');
  else return { driver, program };
  return undefined;
}

/** Drives each that can be, a few at a time. `given`: the texts that `askForAgents` got approved; nothing else is asked for. */
export async function driveAgents(
  reports: readonly VantageReport[],
  given: ReadonlySet<string>,
  input: DriveInput,
): Promise<void> {
  const { signal, onEvent } = input.options;
  const drive = async (report: VantageReport) => {
    if (report.available)
      for (const text of (await orUnavailable(report, () => driveAgent(report, given, input))) ?? []) input.note(text);
    onEvent?.({ type: 'vantage', id: report.id, available: report.available, reason: report.reason });
  };
  await aFewAtATime(
    longestFirst(reports, ({ agent }) => agent?.id ?? ''),
    drive,
    signal,
  );
}

/** Does `work` for each, a few at a time, until `signal` says to stop. */
export async function aFewAtATime<T>(
  list: readonly T[],
  work: (each: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = list.values();
  const worker = async () => {
    for (const each of waiting) {
      if (signal?.aborted) return;
      await work(each);
    }
  };
  await allEnded(Array.from({ length: AT_ONCE }, worker));
}

/** What the system refuses for one of them (a full disk, a path that is too long) is none of the others'. */
async function orUnavailable<T>(report: VantageReport, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    unavailable(report, `it could not be driven: ${whyNot(error)}`);
    return undefined;
  }
}

/** Why something could not be done here. Throws what is a fault of ours. */
function whyNot(error: unknown): string {
  const said = error instanceof UserError ? error.problems[0]?.what : refusedBySystem(error);
  if (said === undefined) throw error;
  return said;
}

/** What the system said, by a code of errno(3); undefined for a fault of ours. */
const refusedBySystem = (error: unknown) =>
  /^E(?!RR_)[A-Z0-9]+$/.test(errorCode(error) ?? '') ? (error as Error).message : undefined;

/** Drives one agent through all that is to be refused and let through, and judges it. Never rejects for what the agent does. */
async function driveAgent(report: VantageReport, given: ReadonlySet<string>, input: DriveInput): Promise<string[]> {
  const { options, probes } = input;
  const { root, home } = options;
  const found = programFor(report, options);
  if (!found) return [];
  const { driver, program } = found;
  const contained = (await bubblewrap.detect(root)).available;
  const stage = new Stage({ home, root, contained });
  try {
    const laid = await lay(stage, driver, probes, { ...options, ...input.lab });
    const text = toApprove(stage, driver, laid, report, input);
    // What was changed since it was asked for is another text.
    if (text !== undefined && !contained) {
      unheld(report, text);
      return [];
    }
    if (text !== undefined && !given.has(text)) {
      unapproved(report, text);
      return [];
    }
    return await drive(report, driver, program, stage, laid, input);
  } finally {
    stage.remove();
  }
}

/** Whether a program is there: each is looked for once, and is asked about for every way round that needs it. */
function here(root: string): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return name => {
    const found = known.get(name) ?? findProgram(name, [root]) !== undefined;
    known.set(name, found);
    return found;
  };
}

const purposeOf = ({ title }: VantageReport) =>
  `to drive ${title} in a copy of the repository with a home of its own and no network`;

const named = (text = '') => {
  const lines = text.replaceAll(/, sha256 [0-9a-f]+/g, '').split('\n');
  return lines.length > 1 ? `${lines[0]} and ${lines.length - 1} more` : lines[0];
};

async function drive(
  report: VantageReport,
  driver: Driver,
  program: string,
  stage: Stage,
  laid: Laid,
  { options, lab, tell }: DriveInput,
): Promise<string[]> {
  const { deep, signal, posture, safeguards, only } = options;
  const { root, contained } = stage;
  const { links, subjects, settings, rules, gitHooks } = laid;
  const boxed = isBoxedOn(stage, posture?.posture);
  if (boxed && posture) layBox(report, driver, stage, posture.posture, options.facts.agents);
  const ground = new Ground(stage, links);
  ground.commit(subjects, gitHooks[0] && dirname(gitHooks[0]));
  const asked = subjects.filter(({ probe }) => safeguards.length === 0 || safeguards.includes(probe.safeguard));
  const spelled = {
    ...{ driver, contained, ...stage.seen, deep, ways: lab?.ways, families: lab?.families, has: here(root) },
  };
  const tries = triesOf(asked, spelled).filter(
    ({ subject, escape: way }) => !only || only.has(rowId(report.id, subject, way?.id ?? null)),
  );
  const mode = modeOf(report);
  const drives = (doing: Driving, done: number, of: number) =>
    options.onEvent?.({ type: 'drive', id: report.id, doing, done, of });
  const how = { driver, program, stage, ground, denied: deniedWhole(rules), mode, boxed, signal, onCall: drives };
  const column = await driveColumn(tries, how);
  const { failure, records, complaint } = column;
  if (failure !== undefined && records.every(record => record.tries.length === 0)) {
    unavailable(report, failure);
    return laid.notes;
  }
  const walled = isWalled(stage, driver, mode);
  const seen = { contained, walled: walled || boxed };
  tell(rowsOf(report, tries, records, seen, failure));
  if (complaint !== undefined) {
    const files = settings.map(({ path }) => ({ path, seen: stage.inside(path) }));
    tell([rejectedRow(report, files, complaint, driver)]);
  }
  const isOfHooks = !only && (safeguards.length === 0 || safeguards.includes('GRD-2'));
  if (isOfHooks) await driveHooks(report, laid, column, how, seen, tell);
  const left = only ? 0 : leftForDeep(asked, spelled);
  const notes = [
    ...(left > 0 ? [leftNote(left)] : []),
    ...(failure === undefined ? [] : [`not all was tried: ${failure}`]),
    ...(contained && keepsRights({ boxed, walled }) ? [RIGHTS_NOTE] : []),
    ...(contained ? [] : ['network not contained, and not at the real paths (bubblewrap does not work here)']),
  ].map(note => `${report.title}: ${note}`);
  return [...laid.notes, ...notes, ...column.notes.map(note => `${report.title} ${note}`)];
}

/** The box that the posture declares, of which the report's title tells. */
function layBox(
  report: VantageReport,
  driver: Driver,
  stage: Stage,
  posture: Posture,
  found: DriveInput['options']['facts']['agents'],
): void {
  const ids = [driver.agent.id, ...(posture.agents ?? []), ...found.map(({ id }) => id)];
  layPosture(stage, posture, [...new Set(ids)]);
  report.title += ` in the ${runtimeOf(posture.isolation?.runtime ?? 'none')?.title}`;
}

/** What becomes of the hooks that can refuse something, where they fail. */
async function driveHooks(
  report: VantageReport,
  { hooks }: Laid,
  { records, failure }: ColumnResult,
  how: ColumnOptions,
  seen: Pick<Seen, 'contained'>,
  tell: DriveInput['tell'],
): Promise<void> {
  const guarding = hooks.filter(({ event }) => ASKED_BEFORE.test(event));
  if (guarding.length === 0) return;
  how.onCall?.('hooks', 0, guarding.length);
  const untried = (why: string) => hookRowsUntried(report, guarding, how, why);
  const tried = () => hookRows(report, guarding, records, how, seen).catch(error => untried(whyNot(error)));
  tell(failure === undefined ? await tried() : untried(failure));
}

const leftNote = (left: number) =>
  `${plural(left, 'more spelling')} ${left === 1 ? 'was' : 'were'} not tried; --deep tries ${left === 1 ? 'it' : 'them'}`;

const RIGHTS_NOTE =
  "run by root, it was held by namespaces alone: what makes a sandbox there keeps root's rights over them";

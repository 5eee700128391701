import { dirname } from 'node:path';
import type { Driver, Mode } from '../../agents/driver.ts';
import { driverOf } from '../../agents/drivers.ts';
import { agents } from '../../agents/index.ts';
import { allEnded } from '../../base/all.ts';
import { findProgram } from '../../base/exec.ts';
import { bubblewrap } from '../../isolation/bubblewrap/index.ts';
import { runtimeOf } from '../../isolation/index.ts';
import { approved } from '../approvals.ts';
import type { Probe } from '../probes/types.ts';
import { rowId } from '../row.ts';
import type { Row, SelftestOptions, VantageReport } from '../types.ts';
import { runsByItself } from './approval.ts';
import { isBoxedOn, layPosture } from './boxed.ts';
import { driveColumn } from './column.ts';
import { Ground } from './ground.ts';
import { ASKED_BEFORE, hookRows } from './hook-rows.ts';
import { type Laid, type LayFrom, lay } from './lay.ts';
import { rejectedRow, rowsOf } from './rows.ts';
import { Stage } from './stage.ts';
import type { DriveSubject } from './subjects.ts';
import { type TriesOptions, triesOf } from './tries.ts';

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
  return {
    id: `agent:${id}${mode === 'bypass' ? '@bypass' : ''}`,
    kind: 'agent',
    title: version === undefined ? title : `${title} ${version}`,
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

/** Agents at a time: each keeps a core busy while it starts. */
const AT_ONCE = 2;

/** Drives each, a few at a time. */
export async function driveAgents(reports: readonly VantageReport[], input: DriveInput): Promise<void> {
  const { signal, onEvent } = input.options;
  const waiting = [...reports];
  const work = async () => {
    for (let report = waiting.shift(); report && !signal?.aborted; report = waiting.shift()) {
      for (const text of await driveAgent(report, input)) input.note(text);
      onEvent?.({ type: 'vantage', id: report.id, available: report.available, reason: report.reason });
    }
  };
  await allEnded(Array.from({ length: AT_ONCE }, work));
}

/** Drives one agent through all that is to be refused and let through, and judges it. Never rejects for what the agent does. */
async function driveAgent(report: VantageReport, input: DriveInput): Promise<string[]> {
  const unavailable = (reason: string) => {
    report.available = false;
    report.reason = reason;
    return [];
  };
  const id = report.agent?.id ?? '';
  const driver = driverOf(id);
  const { options, probes } = input;
  const { root, home, facts } = options;
  if (!driver) return unavailable('this version does not drive it: it has no way to start it with a model of ours');
  const program = facts.agents.find(agent => agent.id === id)?.binary;
  if (program === undefined) return unavailable('it is not installed here, as far as can be seen');
  if (!findProgram('git', [root])) return unavailable('git is not installed');
  const contained = (await bubblewrap.detect(root)).available;
  const stage = new Stage({ home, root, contained });
  try {
    const laid = await lay(stage, driver, probes, { ...options, ...input.lab });
    const asked = runsByItself(stage, driver, laid.settings, laid.hooks, laid.gitHooks);
    const request =
      asked === undefined ? undefined : ({ kind: 'command', text: asked, purpose: purposeOf(report) } as const);
    if (request && !(await approved(options, request)))
      return unavailable(
        `you have not approved what it runs by itself (${named(asked)}); run this on a terminal, or with --trust`,
      );
    return await drive(report, driver, program, stage, laid, input);
  } finally {
    stage.remove();
  }
}

const purposeOf = ({ title }: VantageReport) =>
  `to drive ${title} in a copy of the repository with a home of its own and no network: it runs these by itself`;

const named = (text = '') => {
  const lines = text.split('\n');
  return lines.length > 1 ? `${lines[0]} and ${lines.length - 1} more` : lines[0];
};

async function drive(
  report: VantageReport,
  driver: Driver,
  program: string,
  stage: Stage,
  { subjects, settings, rules, hooks, notes, gitHooks }: Laid,
  { options, lab, tell }: DriveInput,
): Promise<string[]> {
  const { deep, signal, posture, safeguards } = options;
  const boxed = isBoxedOn(stage, posture?.posture);
  if (boxed && posture) {
    const ids = new Set([
      driver.agent.id,
      ...(posture.posture.agents ?? []),
      ...options.facts.agents.map(({ id }) => id),
    ]);
    layPosture(stage, posture.posture, [...ids]);
    report.title += ` in the ${runtimeOf(posture.posture.isolation?.runtime ?? 'none')?.title}`;
  }
  const { root, contained } = stage;
  const mode: Mode = report.id.endsWith('@bypass') ? 'bypass' : 'configured';
  const ground = new Ground(stage);
  ground.commit(subjects, gitHooks[0] && dirname(gitHooks[0]));
  const has = (name: string) => findProgram(name, [root]) !== undefined;
  const { only } = options;
  const isAsked = ({ probe }: DriveSubject) => safeguards.length === 0 || safeguards.includes(probe.safeguard);
  const tries = triesOf(subjects.filter(isAsked), {
    driver,
    contained,
    ...stage.seen,
    deep,
    ways: lab?.ways,
    families: lab?.families,
    has,
  }).filter(({ subject, escape: way }) => !only || only.has(rowId(report.id, subject, way?.id ?? null)));
  const denied = rules.flatMap(({ what }) => (what.kind === 'exec' ? [what.command.split(' ')[0] ?? ''] : []));
  const how = { driver, program, stage, ground, denied, mode, boxed, signal };
  const column = await driveColumn(tries, how);
  if (column.failure !== undefined && column.records.every(record => record.tries.length === 0)) {
    report.available = false;
    report.reason = column.failure;
    return notes;
  }
  const walled = driver.agent.traces.ownSandbox?.(settings, process.env) === true;
  const seen = { contained, walled: walled || boxed };
  tell(rowsOf(report, tries, column.records, seen));
  if (column.complaint !== undefined)
    tell([
      rejectedRow(
        report,
        settings.map(({ path }) => ({ path, seen: stage.inside(path) })),
        column.complaint,
        driver,
      ),
    ]);
  const guarding = hooks.filter(({ event }) => ASKED_BEFORE.test(event));
  const ofHooks = !only && (safeguards.length === 0 || safeguards.includes('GRD-2'));
  if (ofHooks && guarding.length > 0 && column.failure === undefined)
    tell(await hookRows(report, guarding, column.records, how, seen));
  if (column.failure !== undefined) notes.push(`${report.title}: not all was tried: ${column.failure}`);
  if (!contained)
    notes.push(`${report.title}: network not contained, and not at the real paths (bubblewrap does not work here)`);
  return [...notes, ...column.notes.map(note => `${report.title} ${note}`)];
}

import type { Driver, Mode } from '../../agents/driver.ts';
import { driverOf } from '../../agents/drivers.ts';
import { agents } from '../../agents/index.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { findProgram } from '../../base/exec.ts';
import type { Probe } from '../probes/types.ts';
import type { Row, SelftestOptions, VantageReport } from '../types.ts';
import type { LayFrom } from './lay.ts';
import type { TriesOptions } from './tries.ts';

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

export const modeOf = ({ id }: VantageReport): Mode => (id.endsWith('@bypass') ? 'bypass' : 'configured');

export function unavailable(report: VantageReport, reason: string): void {
  report.available = false;
  report.reason = reason;
}

/** Its driver and its program; where there is none, the report says why. */
export function programFor(
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

/** What the system refuses for one of them (a full disk, a path that is too long) is none of the others'. */
export async function orUnavailable<T>(report: VantageReport, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    unavailable(report, `it could not be driven: ${whyNot(error)}`);
    return undefined;
  }
}

/** Why something could not be done here. Throws what is a fault of ours. */
export function whyNot(error: unknown): string {
  const said = error instanceof UserError ? error.problems[0]?.what : refusedBySystem(error);
  if (said === undefined) throw error;
  return said;
}

/** What the system said, by a code of errno(3); undefined for a fault of ours. */
const refusedBySystem = (error: unknown) =>
  /^E(?!RR_)[A-Z0-9]+$/.test(errorCode(error) ?? '') ? (error as Error).message : undefined;

/** As a note of an agent begins that broke off half way. */
export const NOT_ALL = 'not all was tried';

import type { Check, Tried } from '../case.ts';
import type { Ground } from '../ground.ts';
import type { Probe, Subject } from '../probes/types.ts';
import type { Session } from '../session/session.ts';
import type { Row } from '../types.ts';
import type { WayRound } from '../ways-round.ts';
import type { Observation, Try, VantageFacts, WriteHow } from '../wire.ts';

/** A decoy far away, where it lies and what it holds. */
export interface Far {
  folder: string;
  name: string;
  path: string;
  canary: string;
}

/** One vantage's column of the report: who is asked, and against what. */
export interface Column
  extends Pick<Ground, 'targets' | 'workspace' | 'processDecoy' | 'terminal' | 'controlsReady' | 'commandsReady'> {
  id: string;
  kind: 'host' | 'sandbox';
  root: string;
  home: string;
  session: Session;
  hostFacts: VantageFacts | null;
  /** A session in the place from which a remote vantage's controls are made. */
  controlSession: Session | undefined;
  /** The decoy on the remote vantage's machine, laid by the control's way. */
  far?: Far | undefined;
  only: ReadonlySet<string> | undefined;
  /** Writes on guards are told apart by their traces: only one vantage makes them at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
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
  leansOn: readonly WayRound[];
  links?: { total: number; tried: number } | undefined;
  skip?: string | undefined;
  /** Why nothing can be said of it, and no try would change that. */
  unclear?: string | undefined;
}

/** Whose effect the host tells from a trace that any vantage could have left, and what has one name for all. */
export const WRITES: ReadonlySet<Subject['kind']> = new Set(['guard', 'nested-git', 'push', 'crontab', 'terminal']);

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

export const plainWay = (instrument: Instrument, before: Check | undefined) => ({
  label: '',
  instrument,
  before,
  tries: [] as Tried[],
});

export function escapeRow(probe: Probe, name: string, ways: WayPlan[]): RowPlan {
  return { probe, subject: probe.subject, escape: name, phase: 1, ways, leansOn: [] };
}

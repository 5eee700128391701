import type { Closer } from '../agents/escapes/types.ts';
import type { Facts } from '../discover/facts.ts';
import type { LoadedPosture, PostureEdit } from '../posture/model.ts';
import type { Accepted } from '../posture/schema.ts';
import type { Origin } from './probes/types.ts';
import type { VantageFacts } from './wire.ts';

export const ATTEMPTS = [
  'read',
  'list',
  'write',
  'env',
  'connect',
  'resolve',
  'request',
  'socket',
  'process',
  'push',
  'exec',
] as const;
export type Attempt = (typeof ATTEMPTS)[number];

export type Verdict = 'exposed' | 'blocked' | 'works' | 'broken' | 'inconclusive' | 'skipped';
export type Layer = 'rule' | 'hook' | 'sandbox' | 'network' | 'server' | 'identity';
/** The graver first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The headings of the report, in the order of consequence. */
export const GROUPS = ['production', 'guard', 'way-out', 'secrets', 'outside', 'too-tight'] as const;
export type Group = (typeof GROUPS)[number];

export interface ControlResult {
  /** `target`: the same thing done where it must succeed. `instrument`: the same vantage and tool on a permitted sibling. */
  kind: 'target' | 'instrument';
  when: 'before' | 'after';
  vantage: string;
  outcome: 'done' | 'failed';
  /** Why it failed, in the reader's words. */
  reason?: string | undefined;
}

export interface Evidence {
  matched?: boolean | undefined;
  size?: string | undefined;
  /** By which path, process, descriptor, address, name it was done. */
  at?: string | undefined;
  status?: number | undefined;
  /** Who saw it: `host`, what the judge saw itself; `vantage`, only the vantage's own word. */
  attested: 'host' | 'vantage';
}

/** The `escape` of a row that was seen in a laid file: that guard was loosened by hand. Nobody had to go round it. */
export const LOOSENED = 'loosened';
/** The reason of such a row where the file is gone: then it need not be restored, only made again. */
export const REMOVED = 'removed by hand: it was laid here, and is missing';

/**
 * What closes a row of an agent. `rule`: its own settings alone, a hook of them or a rule over the text of commands. `agent`: no
 * setting of it, as that is how it works.
 */
export type RowCloser = Closer | 'rule' | 'agent';

/** One judged try. The fields up to `durationMs` are the contract of `test --json`. */
export interface Row {
  /** Stable across runs: `sandbox:read:~/.aws/credentials`, `…#proc-root` for a way round. */
  id: string;
  safeguard: string;
  vantage: string;
  attempt: Attempt;
  target: string;
  expect: 'deny' | 'allow';
  verdict: Verdict;
  layer: Layer | null;
  /** The way round that was tried; null for the plain try. At most one row per vantage, attempt, target and escape. */
  escape: string | null;
  /** One line for the reader: what happened, and for inconclusive what to do about it. */
  reason: string;
  evidence: Evidence | null;
  controls: ControlResult[];
  severity: Severity;
  fix: { text: string; command: string | null } | null;
  durationMs: number;

  /** Of an agent: the exact call that was made, and the rule of its settings that was to refuse it. */
  spelling?: string | undefined;
  rule?: string | undefined;
  /** Of an agent: what kind of thing was tried, and what can close it, by which its fix is chosen. */
  from?: { origin: Origin; closer: RowCloser } | undefined;
  group: Group;
  /** What it opens, in names only: `profiles dev, prod`. */
  opens?: string | undefined;
  /** Set when it was not tried because this approval is missing: what `--trust=` takes. */
  unapproved?: string | undefined;
  /** Set when an entry of `accepted` covers it and has not ended. */
  accepted?: Accepted | undefined;
  /** Against the baseline: the verdict before, when it was another; `new` when it is newly reached. */
  change?: { from: Verdict | null; isNew: boolean } | undefined;
}

/** A place to try from. */
export interface VantageReport {
  /** SHA-256 of the whole command of a `--via`: what it is known by, where its title keeps values back. */
  command?: string | undefined;
  id: string;
  kind: 'host' | 'sandbox' | 'agent';
  /** `your shell, no box`, `bubblewrap box`, the `--via` command. */
  title: string;
  available: boolean;
  reason: string | null;
  agent: { id: string; version: string; mode: string } | null;
  /** Whether its rows are judged, or it only served as control. */
  judged: boolean;
  facts: VantageFacts | null;
}

/** A change that closes rows. Chosen so that few close much. */
export interface Fix {
  /** 1, 2, 3 … as printed. */
  n: number;
  /** `sandbox`, `egress`, `hide`, `guard` …, as in `agent-posture fix ID`. */
  id: string;
  title: string;
  /** What it does and what it leaves, in a few lines. */
  text: string;
  /** Ids of the rows that it closes. */
  closes: readonly string[];
  /** The change of the posture, after which `generate` runs; undefined: only the user can do it, as `text` says. */
  edits?: readonly PostureEdit[] | undefined;
  /** Shell-quoted. Null where only the user can do it. */
  command: string | null;
}

export interface Summary {
  exposed: number;
  broken: number;
  blocked: number;
  works: number;
  inconclusive: number;
  skipped: number;
}

/** What every reporter and screen is made from. */
export interface Report {
  startedAt: string;
  durationMs: number;
  root: string;
  project: string;
  posture: { path: string; sha256: string } | null;
  vantages: VantageReport[];
  rows: Row[];
  summary: Summary;
  fixes: Fix[];
  /** When the baseline was taken, and the vantages (ids) that it does not know; null without one. */
  baseline: { takenAt: string; unknown?: readonly string[] } | null;
  /** Notes for every report: `judge integrity not established: …`, what was not tried and why. */
  notes: string[];
  /** The agent the title speaks of, found but perhaps not driven. */
  subject: {
    agent: string | null;
    version: string | null;
    driven: boolean;
    /** The names of the other agents that were found. */
    others?: readonly string[] | undefined;
    /** The name of its program, where it is installed. */
    command?: string | undefined;
  };
  exitCode: 0 | 1 | 2 | 3;
}

/** Something the posture asks to be run or contacted, shown whole and approved by hash before it happens (law 11). */
export interface ApprovalRequest {
  kind: 'command' | 'contact' | 'box' | 'push' | 'agent';
  /** Exactly what will be done: the command whole, or the list of addresses. */
  text: string;
  /** Why it is asked. */
  purpose: string;
  /** What is not done without it; where it is left out, the rows that need it stay not proven. */
  without?: string | undefined;
  /** Which one it is of several that are asked for one after the other. */
  place?: { number: number; of: number } | undefined;
}

/** What is done with an agent: its calls, the refused ones once more in another session, the same on what nothing refuses, its hooks made to fail. */
export type Driving = 'calls' | 'again' | 'controls' | 'hooks';

export type SelftestEvent =
  /** `tries`: things to be tried, each in as many ways as there are; `things`: these, and what is known not to be tried. */
  | { type: 'planned'; tries: number; things: number; vantages: { id: string; title: string }[] }
  | { type: 'vantage'; id: string; available: boolean; reason: string | null }
  /** How far an agent has come: calls made, of how many are known by now; refusals are all made once more. */
  | { type: 'drive'; id: string; doing: Driving; done: number; of: number }
  /** Told once its verdict stands: the report has the same row. */
  | { type: 'row'; row: Row };

/** How a note starts that says what a person has still to do before what was set up holds. */
export const LEFT_TO_DO = 'to do: ';

/** A guard that this program laid and that guards less by now, with the reason. */
export interface Loosened {
  path: string;
  reason: string;
  /** The reason says all by itself. */
  whole?: true;
  /** It cannot be looked at, for that reason: nothing is known of it. */
  unseen?: true;
}

export interface SelftestOptions {
  /** Compares the laid guards with what the posture asks for. Undefined: nothing was laid. */
  loosened?: (() => Promise<readonly Loosened[]>) | undefined;
  root: string;
  home: string;
  facts: Facts;
  /** Undefined: judge what discovery found, by the default expectations. */
  posture: LoadedPosture | undefined;
  /** Restricts the declared vantages; empty: as declared. */
  vantages: readonly string[];
  /** Wrapper commands given on the command line. */
  via: readonly string[];
  /** How a remote vantage's target controls are made. */
  controlVia: string | undefined;
  /** Only these safeguards; empty: all. */
  safeguards: readonly string[];
  /** Only these row ids (what `fix` tries again); undefined: all. */
  only?: ReadonlySet<string> | undefined;
  /** Ids of the agents that are driven. */
  agents: readonly string[];
  deep: boolean;
  strict: boolean;
  /** Nothing is written, started or asked that leaves a trace: the wizard's first try. */
  readOnly: boolean;
  failOn: 'any' | 'new';
  /** File to compare with instead of the state folder's baseline. */
  baselineFile: string | undefined;
  saveBaseline: boolean;
  approve(request: ApprovalRequest): Promise<boolean>;
  onEvent?(event: SelftestEvent): void;
  signal?: AbortSignal | undefined;
}

/** What a run is that asks for nothing special. */
export const PLAIN_RUN = {
  vantages: [],
  via: [],
  controlVia: undefined,
  safeguards: [],
  agents: [],
  deep: false,
  strict: false,
  readOnly: false,
  failOn: 'any',
  baselineFile: undefined,
  saveBaseline: false,
} as const satisfies Partial<SelftestOptions>;

import { dirname, join, relative, resolve } from 'node:path';
import type { AgentCall, AgentHook, AgentRule, Driver, Mode } from '../../agents/driver.ts';
import { driverOf } from '../../agents/drivers.ts';
import type { Closer } from '../../agents/escapes/types.ts';
import { agents } from '../../agents/index.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { allEnded } from '../../base/all.ts';
import { findProgram } from '../../base/exec.ts';
import { bubblewrap } from '../../isolation/bubblewrap/index.ts';
import { runtimeOf } from '../../isolation/index.ts';
import { patternRules } from '../../posture/patterns.ts';
import { approved } from '../approvals.ts';
import { OK } from '../case.ts';
import type { Probe } from '../probes/types.ts';
import { rowId } from '../row.ts';
import type { Row, SelftestOptions, VantageReport } from '../types.ts';
import { runsByItself } from './approval.ts';
import { isBoxedOn, layPosture } from './boxed.ts';
import { type ColumnOptions, caseOf, driveColumn, type TryRecord } from './column.ts';
import { Ground, withProof } from './ground.ts';
import { driveHooks, programOf } from './hooks.ts';
import { type DriveCase, judgeDriven } from './judge.ts';
import { copyRepository, copySettings, filesIn, settingsOn } from './prepare.ts';
import { Stage } from './stage.ts';
import { type DriveSubject, subjectsOf } from './subjects.ts';
import { type DriveTry, triesOf } from './tries.ts';

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
  tell(rows: readonly Row[]): void;
  note(text: string): void;
}

/** Credential files of the home that stand for all of them. */
const HOME_FILES = 3;

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
    const modes: Mode[] = deep ? ['configured', 'bypass'] : ['configured'];
    return modes.map(mode => driveVantage(id, title, found?.version, mode));
  });
}

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
    const laid = await lay(stage, driver, probes, input);
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
  { options, tell }: DriveInput,
): Promise<string[]> {
  const { deep, signal, posture } = options;
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
  const tries = triesOf(subjects, { driver, ...stage.seen, deep, has }).filter(
    ({ subject, escape: way }) => !only || only.has(rowId(report.id, subject, way?.id ?? null)),
  );
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
  if (column.complaint !== undefined) tell([rejectedRow(report, settings, column.complaint)]);
  const guarding = hooks.filter(({ event }) => ASKED_BEFORE.test(event));
  if (guarding.length > 0 && column.failure === undefined)
    tell(await hookRows(report, guarding, column.records, how, seen));
  if (column.failure !== undefined) notes.push(`${report.title}: not all was tried: ${column.failure}`);
  if (!contained)
    notes.push(`${report.title}: network not contained, and not at the real paths (bubblewrap does not work here)`);
  return [...notes, ...column.notes.map(note => `${report.title} ${note}`)];
}

/** Hooks that can refuse a call: the others only hear of it. */
const ASKED_BEFORE = /^(?:PreToolUse|preToolUse|BeforeTool|beforeShellExecution|UserPromptSubmit|PermissionRequest)$/;

/** A call by which it shows whether hooks that fail let it through: one that they refuse, else one that nothing does. */
function witnessOf(
  hook: AgentHook,
  records: readonly TryRecord[],
  { driver }: ColumnOptions,
): { try: DriveTry; refused: boolean } {
  const seen = records.find(({ tries }) => tries.length > 1 && tries.every(({ refused }) => refused === 'hook'));
  if (seen) return { try: seen.try, refused: true };
  const matches = ({ name }: AgentCall) => hook.matcher === '' || hook.matcher === '*' || isMatched(hook.matcher, name);
  const { tools } = driver;
  const bySh = matches(tools.shell('true'));
  const subject: DriveSubject = { ...WORK, ...(bySh ? { command: 'true' } : {}) };
  return {
    try: {
      subject,
      escape: null,
      make: (on, mark) => (bySh ? tools.shell(withProof('true', mark)) : tools.write?.(on.abs, mark)),
    },
    refused: false,
  };
}

function isMatched(matcher: string, name: string): boolean {
  try {
    return new RegExp(`^(?:${matcher})$`).test(name);
  } catch {
    return matcher === name;
  }
}

const WORK: DriveSubject = {
  kind: 'work',
  target: '.',
  attempt: 'write',
  expect: 'allow',
  probe: { safeguard: 'GRD-2', severity: 'high', group: 'guard', origin: 'guard' },
  rules: [],
};

async function hookRows(
  report: VantageReport,
  hooks: readonly AgentHook[],
  records: readonly TryRecord[],
  how: ColumnOptions,
  seen: Seen,
): Promise<Row[]> {
  const witnesses = new Map(hooks.map(hook => [hook, witnessOf(hook, records, how)]));
  const driven = await driveHooks(hooks, hook => witnesses.get(hook)?.try, how);
  const rows = driven.map(({ hook, failure, tries }): Row => {
    const witness = witnesses.get(hook);
    const target = programOf(how.stage, hook)?.path ?? hook.command.slice(0, 200);
    const base = {
      id: rowId(report.id, { attempt: 'exec', target: `${target} ${hook.event}` }, failure.id),
      safeguard: 'GRD-2',
      vantage: report.id,
      attempt: 'exec',
      target: `${target} ${hook.event}`,
      expect: 'deny',
      escape: failure.id,
      severity: 'high',
      group: 'guard',
      fix: null,
      layer: null,
      evidence: null,
      controls: [],
      durationMs: 0,
    } satisfies Partial<Row>;
    if (!witness?.refused && failure.id.startsWith('without-'))
      return {
        ...base,
        verdict: 'skipped',
        reason: 'no call was seen that this hook refuses, so that it lets one through shows nothing',
      };
    const judgement = judgeDriven({
      kind: witness?.try.subject.kind ?? 'work',
      expect: 'deny',
      byShell: true,
      ...seen,
      tries,
      without: OK,
      sibling: 'none',
    });
    const { verdict } = judgement;
    const reason =
      verdict === 'exposed'
        ? `fails open: where ${failure.says}, what it is asked about goes through`
        : verdict === 'blocked'
          ? `fails closed where ${failure.says}`
          : judgement.reason;
    return { ...base, verdict, reason, layer: verdict === 'blocked' ? 'hook' : null, evidence: judgement.evidence };
  });
  // Hooks of several events may be one program: one row for each.
  return [...new Map(rows.map(row => [row.id, row])).values()];
}

type Seen = Pick<DriveCase, 'contained' | 'walled'>;

interface Laid {
  subjects: DriveSubject[];
  settings: SettingsFile[];
  rules: AgentRule[];
  hooks: AgentHook[];
  /** Of the repository, and obeyed by its git: relative to the root. */
  gitHooks: string[];
  notes: string[];
}

async function lay(stage: Stage, driver: Driver, probes: readonly Probe[], { options }: DriveInput): Promise<Laid> {
  const { root, home, facts, posture } = options;
  const notes: string[] = [];
  const secret = patternRules([
    ...(posture?.posture.isolation?.files?.hide ?? []).filter(line => !/^!?~\//.test(line)),
    '!.env*.example',
  ]);
  const listed = new Set(facts.secretFiles.map(({ path }) => path));
  const leaveOut = new Set<string>();
  const cut = await copyRepository(stage, path => listed.has(path) || secret.ignores(path), leaveOut);
  if (cut) notes.push(cut);
  copySettings(stage, driver, leaveOut);
  const settings = settingsOn(stage, driver);
  const rules = driver.rules?.(settings) ?? [];
  const subjects = subjectsOf(probes, { root, home, rules, homeFiles: HOME_FILES });
  for (const { kind, path } of subjects) if (kind === 'read' && path !== undefined) stage.write(path, '');
  const folder = facts.git.hooksPath === undefined ? undefined : relative(root, resolve(root, facts.git.hooksPath));
  const gitHooks =
    folder === undefined || folder === '' || folder.startsWith('..')
      ? []
      : filesIn(stage.at(folder)).map(name => join(folder, name));
  return { subjects, settings, rules, hooks: driver.hooks?.(settings) ?? [], gitHooks, notes };
}

/** What closes what is let through plainly. */
const CLOSERS: Partial<Record<DriveSubject['kind'], Closer>> = { fetch: 'network', push: 'server' };

function rowsOf(report: VantageReport, tries: readonly DriveTry[], records: readonly TryRecord[], seen: Seen): Row[] {
  const byTry = new Map(records.map(record => [record.try, record]));
  return tries.map(each => {
    const record = byTry.get(each);
    const { subject } = each;
    const way = each.escape?.id ?? null;
    const { safeguard, severity, group, opens } = subject.probe;
    const base = {
      id: rowId(report.id, subject, way),
      safeguard,
      vantage: report.id,
      attempt: subject.attempt,
      target: subject.target,
      expect: subject.expect,
      escape: way,
      severity,
      group,
      opens,
      fix: null,
      ...(subject.rules.length > 0 ? { rule: subject.rules[0]?.text } : {}),
      from: { origin: subject.probe.origin, closer: each.escape?.closes ?? CLOSERS[subject.kind] ?? 'sandbox' },
    } satisfies Partial<Row>;
    const untried = { layer: null, evidence: null, controls: [], durationMs: 0 };
    if (each.skip !== undefined || !record)
      return { ...base, ...untried, verdict: 'skipped', reason: each.skip ?? 'not tried' };
    if (record.tries.length === 0)
      return {
        ...base,
        ...untried,
        verdict: 'skipped',
        reason: record.skipped ?? 'this name cannot be said in this spelling',
      };
    const controls = controlsOf(report.id, record);
    return {
      ...base,
      ...judgeDriven(caseOf(record, seen)),
      controls,
      durationMs: record.durationMs,
      spelling: record.spelling,
    };
  });
}

function controlsOf(vantage: string, { without, sibling, tries }: TryRecord): Row['controls'] {
  const of = (
    kind: 'target' | 'instrument',
    when: 'before' | 'after',
    check: { ok: boolean; reason: string } | undefined,
  ) =>
    check
      ? [
          {
            kind,
            when,
            vantage,
            outcome: check.ok ? ('done' as const) : ('failed' as const),
            reason: check.reason || undefined,
          },
        ]
      : [];
  const refused = tries.some(({ effect }) => !effect);
  return [
    ...of('target', 'before', without),
    ...(refused ? of('target', 'after', { ok: tries.every(({ alive }) => alive), reason: '' }) : []),
    ...(sibling === 'none'
      ? []
      : [...of('instrument', 'before', sibling.before), ...of('instrument', 'after', sibling.after)]),
  ];
}

/** Settings that the agent does not take: nothing in them is in force. */
function rejectedRow(report: VantageReport, settings: readonly SettingsFile[], complaint: string): Row {
  const named = settings.find(({ path }) => complaint.includes(path.replace(/^~\//, ''))) ?? settings.at(-1);
  const target = named?.path ?? 'its settings';
  return {
    id: rowId(report.id, { attempt: 'exec', target }, 'rejected'),
    safeguard: 'GRD-2',
    vantage: report.id,
    attempt: 'exec',
    target,
    expect: 'deny',
    verdict: 'exposed',
    layer: null,
    escape: 'rejected',
    reason: `the agent does not take these settings: ${complaint.trim().slice(0, 200)}`,
    evidence: { at: target, attested: 'host' },
    controls: [],
    severity: 'high',
    group: 'guard',
    fix: null,
    durationMs: 0,
  };
}

import type { AgentCall, AgentHook } from '../../agents/driver.ts';
import { OK } from '../case.ts';
import { rowId } from '../row.ts';
import type { Row, VantageReport } from '../types.ts';
import type { ColumnOptions, TryRecord } from './column.ts';
import { withProof } from './ground.ts';
import { driveHooks, programOf } from './hooks.ts';
import { judgeDriven } from './judge.ts';
import type { Seen } from './rows.ts';
import type { DriveSubject } from './subjects.ts';
import type { DriveTry } from './tries.ts';

/** Hooks that can refuse a call: the others only hear of it. */
export const ASKED_BEFORE =
  /^(?:PreToolUse|preToolUse|BeforeTool|beforeShellExecution|UserPromptSubmit|PermissionRequest)$/;

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

/** What becomes of a call while the hook that is asked about it fails, in each of the ways in which it can. */
export async function hookRows(
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

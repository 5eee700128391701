import type { AgentHook } from '../../agents/driver.ts';
import { OK } from '../case.ts';
import { rowId } from '../row.ts';
import type { Row, VantageReport } from '../types.ts';
import type { ColumnOptions, TryRecord } from './column.ts';
import { driveHooks, type HookRecord } from './hooks.ts';
import { judgeDriven } from './judge.ts';
import type { Seen } from './rows.ts';

/** Hooks that can refuse a call: the others only hear of it. */
export const ASKED_BEFORE =
  /^(?:PreToolUse|preToolUse|BeforeTool|beforeShellExecution|UserPromptSubmit|PermissionRequest)$/;

/** A row for each way in which each hook can fail: whether what it is asked about then goes through. */
export async function hookRows(
  report: VantageReport,
  hooks: readonly AgentHook[],
  records: readonly TryRecord[],
  how: ColumnOptions,
  seen: Seen,
): Promise<Row[]> {
  const refused = records.filter(({ tries }) => tries.length > 0 && tries.every(each => each.refused === 'hook'));
  const plain = refused.filter(({ try: each }) => each.escape === null).map(({ try: each }) => each);
  const rows = (await driveHooks(hooks, plain, how)).map(record => rowOf(report, record, seen));
  // One program may be named for several tools: the graver of what came of it stands for both.
  const order: readonly Row['verdict'][] = ['exposed', 'inconclusive', 'blocked', 'skipped'];
  const sorted = rows.sort((a, b) => order.indexOf(b.verdict) - order.indexOf(a.verdict));
  return [...new Map(sorted.map(row => [row.id, row])).values()];
}

function rowOf(report: VantageReport, record: HookRecord, seen: Seen): Row {
  const { hook, program, id, says, tries, unclear, skipped } = record;
  const target = `${program?.path ?? hook.command.slice(0, 200)} (${[hook.event, hook.matcher].filter(Boolean).join(' ')})`;
  const base = {
    id: rowId(report.id, { attempt: 'exec', target }, id),
    safeguard: 'GRD-2',
    vantage: report.id,
    attempt: 'exec',
    target,
    expect: 'deny',
    escape: id,
    severity: 'high',
    group: 'guard',
    fix: null,
    layer: null,
    evidence: null,
    controls: [],
    durationMs: 0,
  } satisfies Partial<Row>;
  if (skipped !== undefined) return { ...base, verdict: 'skipped', reason: skipped };
  if (unclear !== undefined) return { ...base, verdict: 'inconclusive', reason: unclear };
  // Its controls are its own: with the hook whole the call goes through, and by one that refuses it is refused.
  const judgement = judgeDriven({
    kind: 'work',
    expect: 'deny',
    byShell: true,
    ...seen,
    walled: false,
    tries,
    without: OK,
    sibling: 'none',
  });
  const { verdict, evidence } = judgement;
  if (verdict === 'exposed')
    return { ...base, verdict, evidence, reason: `fails open: where ${says}, what it is asked about goes through` };
  if (verdict === 'blocked') return { ...base, verdict, evidence, layer: 'hook', reason: `fails closed where ${says}` };
  return { ...base, verdict, reason: judgement.reason };
}

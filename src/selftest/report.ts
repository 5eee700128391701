import type { Accepted } from '../posture/schema.ts';
import { fallen } from './baseline.ts';
import { GROUPS, type Report, type Row, SEVERITIES, type Summary, type VantageReport, type Verdict } from './types.ts';

const VERDICTS: readonly Verdict[] = ['exposed', 'broken', 'inconclusive', 'blocked', 'works', 'skipped'];

/** By consequence: what opens production first, in each group new things first, then the worse. */
export function inOrder(rows: readonly Row[]): Row[] {
  const rank = (row: Row): (number | string)[] => [
    VERDICTS.indexOf(row.verdict),
    GROUPS.indexOf(row.group),
    row.change?.isNew ? 0 : 1,
    SEVERITIES.indexOf(row.severity),
    row.target,
    row.escape ?? '',
    row.vantage,
  ];
  const keyed = rows.map(row => ({ row, key: rank(row) }));
  keyed.sort((a, b) => {
    for (let at = 0; at < a.key.length; at++) {
      const [x, y] = [a.key[at] as number | string, b.key[at] as number | string];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

/** How many rows came out how. Accepted ones are counted as what they are. */
export function summarize(rows: readonly Row[]): Summary {
  const summary: Summary = { exposed: 0, broken: 0, blocked: 0, works: 0, inconclusive: 0, skipped: 0 };
  for (const { verdict } of rows) summary[verdict]++;
  return summary;
}

/** Rows that their owner took on, as long as the day that was named has not passed. `today`: YYYY-MM-DD. */
export function markAccepted(rows: readonly Row[], accepted: readonly Accepted[], today: string): Row[] {
  return rows.map(row => {
    if (row.verdict !== 'exposed' && row.verdict !== 'broken') return row;
    const entry = accepted.find(
      ({ safeguard, target, until }) => safeguard === row.safeguard && target === row.target && today <= until,
    );
    return entry ? { ...row, accepted: entry } : row;
  });
}

/** Whether a row makes the run fail, were it new or not. */
function isFinding({ accepted, verdict }: Row): boolean {
  return !accepted && (verdict === 'exposed' || verdict === 'broken');
}

/** A vantage that was asked for and gave nothing: not answering, or no row that says anything. */
export function isSilent(vantage: VantageReport, rows: readonly Row[]): boolean {
  if (!vantage.judged) return false;
  const own = rows.filter(row => row.vantage === vantage.id);
  return !vantage.available || !own.some(({ verdict }) => verdict !== 'inconclusive' && verdict !== 'skipped');
}

/**
 * The exit code: 1 for a finding; else 3 where something asked for was not proven; else 0. `uncompared` are the ids of
 * vantages without a baseline: nothing there can be called old.
 */
export function exitCodeOf(
  rows: readonly Row[],
  vantages: readonly VantageReport[],
  {
    failOn,
    strict,
    judgeInReach,
    uncompared = [],
  }: { failOn: 'any' | 'new'; strict: boolean; judgeInReach: boolean; uncompared?: readonly string[] },
): Report['exitCode'] {
  const counts = (row: Row) => failOn === 'any' || row.change?.isNew === true || uncompared.includes(row.vantage);
  if (rows.some(row => isFinding(row) && counts(row))) return 1;
  if (vantages.some(vantage => isSilent(vantage, rows))) return 3;
  if (fallen(rows).length > 0) return 3;
  if (strict && (judgeInReach || rows.some(({ verdict }) => verdict === 'inconclusive'))) return 3;
  return 0;
}

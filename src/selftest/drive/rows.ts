import type { Driver } from '../../agents/driver.ts';
import { rowId } from '../row.ts';
import type { Row, RowCloser, VantageReport } from '../types.ts';
import { caseOf, type TryRecord } from './column.ts';
import { type DriveCase, judgeDriven } from './judge.ts';
import type { DriveSubject } from './subjects.ts';
import type { DriveTry } from './tries.ts';

/** What of the place counts for every row. */
export type Seen = Pick<DriveCase, 'contained' | 'walled'>;

/** What closes what is let through plainly. A command that is named runs in a box too: what it leads to is shut elsewhere. */
const CLOSERS: Partial<Record<DriveSubject['kind'], RowCloser>> = {
  ...{ fetch: 'network', push: 'server' },
  ...{ exec: 'rule', tool: 'rule', untold: 'rule' },
};

/** What git holds anyhow no box hides, so that where one is up, the history is what is left. */
function closerOf({ subject, escape: way }: DriveTry, { walled }: Seen): RowCloser {
  const closer = way?.closes ?? CLOSERS[subject.kind] ?? 'sandbox';
  return closer === 'sandbox' && subject.inHistory && walled ? 'history' : closer;
}

/** A row for each try, those that were not made too. `failure`: why what was not come to was not. */
export function rowsOf(
  report: VantageReport,
  tries: readonly DriveTry[],
  records: readonly TryRecord[],
  seen: Seen,
  failure?: string,
): Row[] {
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
      from: { origin: subject.probe.origin, closer: closerOf(each, seen) },
    } satisfies Partial<Row>;
    const untried = { layer: null, evidence: null, controls: [], durationMs: 0 };
    if (each.skip !== undefined || !record)
      return { ...base, ...untried, verdict: 'skipped', reason: each.skip ?? 'not tried' };
    if (record.tries.length === 0)
      return record.skipped === undefined
        ? { ...base, ...untried, verdict: 'inconclusive', reason: `it was not come to: ${failure ?? 'interrupted'}` }
        : { ...base, ...untried, verdict: 'skipped', reason: record.skipped };
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

function controlsOf(vantage: string, { without, sibling, tries, try: { subject } }: TryRecord): Row['controls'] {
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
    // Of what is not read, nothing is there that could be gone.
    ...(refused && subject.kind === 'read'
      ? of('target', 'after', { ok: tries.every(({ alive }) => alive), reason: '' })
      : []),
    ...(sibling === 'none'
      ? []
      : [...of('instrument', 'before', sibling.before), ...of('instrument', 'after', sibling.after)]),
  ];
}

/** Settings that the agent does not take, as a whole or in part: what it leaves out is not in force. */
export function rejectedRow(
  report: VantageReport,
  settings: readonly { path: string; seen: string }[],
  complaint: string,
  { inPart }: Pick<Driver, 'inPart'>,
): Row {
  const partly = inPart?.test(complaint) === true;
  const named =
    settings.find(({ seen }) => complaint.includes(seen)) ?? settings.find(({ path }) => complaint.includes(path));
  const target = (named ?? settings.at(-1))?.path ?? 'its settings';
  const way = partly ? 'rejected-in-part' : 'rejected';
  return {
    id: rowId(report.id, { attempt: 'exec', target }, way),
    safeguard: 'GRD-2',
    vantage: report.id,
    attempt: 'exec',
    target,
    expect: 'deny',
    verdict: 'exposed',
    layer: null,
    escape: way,
    reason: `${partly ? 'not all of it is in force' : 'nothing of it is in force'}: ${complaint.slice(0, 500)}`,
    evidence: { at: target, attested: 'host' },
    controls: [],
    severity: 'high',
    group: 'guard',
    from: { origin: 'settings', closer: 'rule' },
    fix: null,
    durationMs: 0,
  };
}

import type { Report, Row } from '../selftest/types.ts';

/** The fields of `test --json` (docs/command-line.md); the envelope is added by the command line. */
export function jsonReport(report: Report): Record<string, unknown> {
  return {
    startedAt: report.startedAt,
    durationMs: Math.round(report.durationMs),
    root: report.root,
    posture: report.posture,
    vantages: report.vantages.map(({ id, kind, available, reason, agent }) => ({ id, kind, available, reason, agent })),
    rows: report.rows.map(jsonRow),
    summary: report.summary,
    fixes: report.fixes.map(({ n, id, title, text, closes, command }) => ({ n, id, title, text, closes, command })),
    baseline: report.baseline && { takenAt: report.baseline.takenAt },
    notes: report.notes,
  };
}

function jsonRow(row: Row) {
  return {
    id: row.id,
    safeguard: row.safeguard,
    vantage: row.vantage,
    attempt: row.attempt,
    target: row.target,
    expect: row.expect,
    verdict: row.verdict,
    layer: row.layer,
    escape: row.escape,
    spelling: row.spelling ?? null,
    rule: row.rule ?? null,
    reason: row.reason,
    evidence: row.evidence,
    controls: row.controls.map(({ kind, vantage, outcome }) => ({ kind, vantage, outcome })),
    severity: row.severity,
    fix: row.fix,
    durationMs: Math.round(row.durationMs),
    group: row.group,
    opens: row.opens ?? null,
    accepted: row.accepted
      ? { reason: row.accepted.reason, owner: row.accepted.owner, until: row.accepted.until }
      : null,
    change: row.change ?? null,
  };
}

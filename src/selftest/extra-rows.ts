import { UserError } from '../base/errors.ts';
import { judge } from './judge.ts';
import type { Place } from './opening.ts';
import { agentsOutside } from './probes/machine.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { rowOf, UNTRIED } from './row.ts';
import { LOOSENED, type Row, type SelftestOptions, type VantageReport } from './types.ts';

/** Rows of a vantage that did not answer: each inconclusive, what is not there skipped. */
export function unavailable(report: VantageReport, probes: readonly Probe[]): Row[] {
  return probes.map(probe => {
    const judgement =
      probe.subject.kind === 'skip'
        ? { verdict: 'skipped' as const, layer: null, reason: probe.subject.why, evidence: null }
        : judge({
            attempt: probe.attempt,
            expect: probe.expect,
            escape: null,
            vantage: {
              kind: 'sandbox',
              available: false,
              reason: report.reason,
              handshake: false,
              remote: false,
              facts: null,
            },
            host: null,
            ways: [],
            others: [],
          });
    return { ...rowOf(report.id, probe, null), ...UNTRIED, ...judgement };
  });
}

/** Agents that work in this repository outside the declared box: a row for each. */
export async function rowsOutside(context: ProbeContext, places: readonly Place[]): Promise<Row[]> {
  if (!places.some(({ report }) => report.id === 'sandbox')) return [];
  const rows = new Map<string, Row>();
  for (const { id, title, pid } of await agentsOutside(context)) {
    const target = title;
    rows.set(id, {
      id: `host:process:${target}`,
      safeguard: 'ISO-1',
      vantage: 'host',
      attempt: 'process',
      target,
      expect: 'deny',
      verdict: 'exposed',
      layer: null,
      escape: null,
      reason: 'runs here outside the declared box',
      evidence: { at: `process ${pid}`, attested: 'host' },
      controls: [],
      severity: 'critical',
      group: 'way-out',
      opens: 'everything that you reach',
      fix: null,
      durationMs: 0,
    });
  }
  return [...rows.values()];
}

/** Guards of our own that somebody loosened by hand: seen in the files, so no try is needed. */
export async function loosenedRows(
  { loosened, safeguards, only, readOnly }: SelftestOptions,
  notes: string[],
): Promise<Row[]> {
  if (!loosened || readOnly || (safeguards.length > 0 && !safeguards.includes('GRD-1'))) return [];
  const found = await loosened().catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    notes.push(`whether guards were loosened by hand could not be seen: ${error.problems[0]?.what ?? error.message}`);
    return [];
  });
  const rows = found.map(
    ({ path, reason, whole }): Row => ({
      id: `host:write:${path}#${LOOSENED}`,
      safeguard: 'GRD-1',
      vantage: 'host',
      attempt: 'write',
      target: path,
      expect: 'deny',
      verdict: 'exposed',
      layer: null,
      escape: LOOSENED,
      reason: whole ? reason : `loosened by hand: ${reason}`,
      evidence: { at: path, attested: 'host' },
      controls: [],
      severity: 'high',
      group: 'guard',
      fix: null,
      durationMs: 0,
    }),
  );
  return rows.filter(({ id }) => !only || only.has(id));
}

import { UserError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import { judge } from './judge.ts';
import type { Vantage } from './opening.ts';
import { agentsOutside } from './probes/machine.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { rowOf, UNTRIED } from './row.ts';
import { LOOSENED, type Loosened, REMOVED, type Row, type SelftestOptions, type VantageReport } from './types.ts';

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

type Asked = Pick<SelftestOptions, 'safeguards' | 'only'>;

/** Whether rows of this safeguard are wanted at all. */
const isAsked = ({ safeguards }: Asked, safeguard: string) => safeguards.length === 0 || safeguards.includes(safeguard);

const askedOf = ({ only }: Asked, rows: Iterable<Row>) => [...rows].filter(({ id }) => !only || only.has(id));

/** Agents that work in this repository outside the declared box: a row for each. */
export async function rowsOutside(context: ProbeContext, vantages: readonly Vantage[], asked: Asked): Promise<Row[]> {
  if (!isAsked(asked, 'ISO-1') || !vantages.some(({ report }) => report.id === 'sandbox')) return [];
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
  return askedOf(asked, rows.values());
}

/** All the laid guards, where not even what was laid could be looked at. */
const ALL_LAID = 'guards that were laid';

/**
 * Guards of our own that somebody loosened by hand: seen in the files, so no try is needed. Where they cannot be seen, that
 * is a row too: without one, nothing reached would be said of guards that may be off.
 */
export async function loosenedRows(options: SelftestOptions, notes: string[]): Promise<Row[]> {
  const { loosened, readOnly, only } = options;
  if (!loosened || readOnly || !isAsked(options, 'GRD-1')) return [];
  try {
    return askedOf(options, (await loosened()).map(loosenedRow));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const what = error.problems[0]?.what ?? error.message;
    notes.push(`whether guards were loosened by hand could not be seen: ${what}`);
    // It answers for each of them that was asked about.
    const wanted = !only || [...only].some(id => id.endsWith(`#${LOOSENED}`));
    return wanted ? [loosenedRow({ path: ALL_LAID, reason: what, unseen: true })] : [];
  }
}

function loosenedRow({ path, reason, whole, unseen }: Loosened): Row {
  const seen = {
    verdict: 'exposed',
    reason: whole || reason === REMOVED ? reason : `loosened by hand: ${reason}`,
    evidence: { at: path, attested: 'host' },
  } satisfies Partial<Row>;
  const judgement = unseen
    ? ({ verdict: 'inconclusive', reason: `whether it is in force cannot be seen: ${oneLine(reason)}` } as const)
    : seen;
  return {
    id: `host:write:${path}#${LOOSENED}`,
    safeguard: 'GRD-1',
    vantage: 'host',
    attempt: 'write',
    target: path,
    expect: 'deny',
    escape: LOOSENED,
    severity: 'high',
    group: 'guard',
    fix: null,
    ...UNTRIED,
    ...judgement,
  };
}

import type { Probe } from './probes/types.ts';
import type { Row } from './types.ts';

/** The row's id: stable across runs. */
export function rowId(vantage: string, { attempt, target }: Pick<Probe, 'attempt' | 'target'>, round: string | null) {
  return `${vantage}:${attempt}:${target}${round === null ? '' : `#${round}`}`;
}

/** What a row says of its probe, whatever came of it. */
export function rowOf(vantage: string, probe: Probe, round: string | null) {
  const { safeguard, attempt, target, expect, severity, group, opens } = probe;
  return {
    id: rowId(vantage, probe, round),
    safeguard,
    vantage,
    attempt,
    target,
    expect,
    escape: round,
    severity,
    group,
    opens,
    fix: null,
  } satisfies Partial<Row>;
}

/** Of a row that no try was made for. */
export const UNTRIED = { layer: null, evidence: null, controls: [], durationMs: 0 } satisfies Partial<Row>;

import { type Check, OK } from '../case.ts';
import { DECOY_VARIABLE } from '../decoys.ts';
import type { Probe, Subject } from '../probes/types.ts';
import { challenge, makeTry } from '../tries.ts';
import type { WayRound } from '../ways-round.ts';
import { type Column, escapeRow, plainWay, type RowPlan, type WayPlan } from './plans.ts';

const ENV_SOURCES = ['init', 'processes', 'login-shell'] as const satisfies readonly WayRound[];

export function variableRows(
  { kind, session }: Column,
  key: string,
  probe: Probe,
  { name, value }: Extract<Subject, { kind: 'variable' }>,
): RowPlan[] {
  const way = (from: 'own' | (typeof ENV_SOURCES)[number]): WayPlan => ({
    ...plainWay('env', OK),
    after: async () => OK,
    make: () => ({
      one: makeTry({ op: 'env', name, from, ...(value === undefined ? {} : { challenge: challenge(key, value) }) }),
    }),
  });
  const sources =
    kind === 'host' ? [] : ENV_SOURCES.filter(from => from === 'login-shell' || session.facts.platform === 'linux');
  return [
    { probe, subject: probe.subject, escape: null, phase: 0, ways: [way('own')], leansOn: sources },
    ...sources.map(from => escapeRow(probe, from, [way(from)])),
  ];
}

/** A secret-looking variable that only the vantage has: there is nothing to compare it with, and any value counts. */
export function foundVariable({ kind }: Column, { probe, from }: { probe: Probe; from: string }): RowPlan[] {
  const source = from.startsWith('pid ') ? 'processes' : from === 'init' || from === 'login-shell' ? from : 'own';
  if (kind === 'host' && source === 'processes') return [];
  const { name } = probe.subject as Extract<Subject, { kind: 'variable' }>;
  const way: WayPlan = {
    ...plainWay('env', undefined),
    after: async () => undefined,
    make: () => ({ one: makeTry({ op: 'env', name, from: source }) }),
  };
  return [
    { probe, subject: probe.subject, escape: source === 'own' ? null : source, phase: 1, ways: [way], leansOn: [] },
  ];
}

export function processRow({ processDecoy }: Column, key: string, probe: Probe): RowPlan {
  const alive = async (): Promise<Check> =>
    processDecoy ? processDecoy.alive() : { ok: false, reason: 'no decoy process could be started' };
  const way: WayPlan = {
    ...plainWay('env', undefined),
    after: alive,
    make: async () => {
      way.before ??= await alive();
      // By comparing, since another run may have a decoy process of its own.
      const answer = challenge(key, processDecoy?.canary ?? '');
      return { one: makeTry({ op: 'env', name: DECOY_VARIABLE, from: 'processes', challenge: answer }) };
    },
  };
  return { probe, subject: probe.subject, escape: null, phase: 0, ways: [way], leansOn: [] };
}

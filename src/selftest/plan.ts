import { debugProbes } from './probes/debug.ts';
import { credentialPlaces, repositoryFiles, siblingRepositories } from './probes/files.ts';
import { keyringProbe } from './probes/keyring.ts';
import { laterProbes } from './probes/later.ts';
import { helperProbes, powerProbes, socketProbes, variableProbes } from './probes/machine.ts';
import { networkProbes } from './probes/network.ts';
import { gitConfigProbe, historyOnly, pushProbes, secretsInHistory, workProbes } from './probes/repository.ts';
import { terminalProbe } from './probes/terminal.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { type ApprovalRequest, SEVERITIES } from './types.ts';

/** A probe that may only be tried once this was approved. */
export type PlannedProbe = Probe & { needs?: ApprovalRequest | undefined };

export interface ProbePlan {
  probes: PlannedProbe[];
  approvals: ApprovalRequest[];
}

/**
 * What is to be tried, as data: from the posture, and from what is found on the machine. One probe per attempt and
 * target; the first that names a target keeps it. Reads, and starts nothing but git in its inert form. The guards are
 * looked at before, since a box lays placeholders for those that are missing.
 */
export async function makePlan(context: ProbeContext, guards: readonly Probe[]): Promise<ProbePlan> {
  const [
    files,
    places,
    network,
    sockets,
    powers,
    siblings,
    history,
    config,
    push,
    helpers,
    later,
    terminal,
    debuggers,
  ] = await Promise.all([
    repositoryFiles(context),
    credentialPlaces(context),
    networkProbes(context),
    socketProbes(context),
    powerProbes(context),
    siblingRepositories(context),
    secretsInHistory(context.root, context.note),
    gitConfigProbe(context),
    pushProbes(context),
    helperProbes(context),
    laterProbes(context),
    terminalProbe(context),
    debugProbes(),
  ]);
  const withHistory = (probe: PlannedProbe): PlannedProbe => {
    const found = probe.attempt === 'read' ? history.get(probe.target) : undefined;
    if (found && 'unclear' in found) return { ...probe, historyUnclear: found.unclear };
    return found && 'object' in found ? { ...probe, history: found.object } : probe;
  };
  const contacted = contactText(network);
  const contact: ApprovalRequest | undefined = contacted && {
    kind: 'contact',
    text: contacted.text,
    purpose: 'to open a connection, say at most hello, and close it; a request is sent as it stands, a file is read',
  };
  const approvals: ApprovalRequest[] = contact ? [contact] : [];
  const commands = workProbes(context).map((probe): PlannedProbe => {
    if (probe.subject.kind !== 'command') return probe;
    const needs: ApprovalRequest = {
      kind: 'command',
      text: probe.target,
      purpose: 'the posture says that it must work',
    };
    approvals.push(needs);
    return { ...probe, needs };
  });
  const pushing: ApprovalRequest | undefined =
    push.approval === undefined
      ? undefined
      : {
          kind: 'push',
          text: push.approval,
          purpose: 'to see whether the remote refuses pushes to protected branches',
        };
  if (pushing) approvals.push(pushing);
  const all: PlannedProbe[] = [
    ...network
      .map(probe => ({ ...probe, ...(contact && contacted?.probes.has(probe) ? { needs: contact } : {}) }))
      .map(withHistory),
    ...files.map(withHistory),
    ...places,
    ...variableProbes(context),
    ...sockets,
    ...helpers,
    ...powers,
    ...debuggers,
    terminal,
    keyringProbe(context),
    ...guards,
    ...later,
    ...config,
    ...historyOnly(history, new Set([...files, ...network].map(({ target }) => target))),
    ...siblings,
    ...push.probes.map(probe => ({ ...probe, ...(pushing ? { needs: pushing } : {}) })),
    ...commands,
  ];
  const known = new Map<string, PlannedProbe>();
  for (const probe of all) {
    const key = `${probe.attempt}:${probe.target}`;
    const before = known.get(key);
    known.set(key, before ? merged(before, probe) : probe);
  }
  return { probes: [...known.values()], approvals };
}

/**
 * Two reasons to try the same: what is there is worth more than the word that it is not, what must be kept out more than
 * what may be reached, and the graver view counts.
 */
function merged(first: PlannedProbe, second: PlannedProbe): PlannedProbe {
  const tried = (probe: PlannedProbe) => probe.subject.kind !== 'skip';
  const better = tried(first) === tried(second) ? second.expect === 'deny' && first.expect === 'allow' : tried(second);
  const [kept, other] = better ? [second, first] : [first, second];
  const graver = SEVERITIES.indexOf(other.severity) < SEVERITIES.indexOf(kept.severity) ? other : kept;
  return {
    ...kept,
    severity: graver.severity,
    group: graver.group,
    opens: kept.opens ?? other.opens,
    history: kept.history ?? other.history,
    historyUnclear: kept.historyUnclear ?? other.historyUnclear,
  };
}

/** Attempts whose target says by itself what is done. */
const AS_WRITTEN: ReadonlySet<Probe['attempt']> = new Set(['connect', 'request', 'exec']);

/** All that only the posture names: contacted once the user has seen the list whole, requests with their method and path. */
function contactText(network: readonly Probe[]) {
  // What is agreed to is the same on a machine that lacks a program for it.
  const asked = network.filter(({ asks, attempt, subject }) => asks && (subject.kind !== 'skip' || attempt === 'exec'));
  const probes = new Set(asked.filter(({ subject }) => subject.kind !== 'skip'));
  if (probes.size === 0) return undefined;
  const lines = asked.map(({ attempt, target, leadsTo }) => {
    const line = AS_WRITTEN.has(attempt) ? target : `${attempt} ${target}`;
    return leadsTo === undefined ? line : `${line} (leads to ${leadsTo})`;
  });
  return { probes, text: [...new Set(lines)].sort().join('\n') };
}

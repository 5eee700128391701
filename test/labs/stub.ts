import { readFileSync } from 'node:fs';
import { runColumn } from '../../src/selftest/column.ts';
import type { Probe, Subject } from '../../src/selftest/probes/types.ts';
import type { Column } from '../../src/selftest/rows/plans.ts';
import type { Session } from '../../src/selftest/session/session.ts';
import { Targets } from '../../src/selftest/targets.ts';
import type { Row } from '../../src/selftest/types.ts';
import type { Observation, Try, VantageFacts } from '../../src/selftest/wire.ts';
import type { Workspace } from '../../src/selftest/workspace.ts';
import { aloneWith } from './column.ts';

type Answer = Partial<Observation> | undefined;

/** A vantage that contacts nobody: it gives what the test says. */
export interface Stub extends Session {
  /** The rounds that were asked of it, in their order. */
  rounds: Try[][];
}

/** Where a try has no answer of the test's, it is an honest vantage's: decoys come back, listeners are reached, all else is refused. */
export function stubSession(answer: (one: Try) => Answer = () => undefined, facts: Partial<VantageFacts> = {}): Stub {
  const rounds: Try[][] = [];
  const sibling = { name: 'AGENT_POSTURE_SIBLING', value: 'sibling' };
  return {
    rounds,
    sibling,
    notes: [],
    failure: undefined,
    facts: { ...FACTS, ...facts },
    async round(tries) {
      rounds.push([...tries]);
      return new Map(
        tries.map(one => [
          one.id,
          { id: one.id, took: 1, outcome: 'refused', reason: 'EACCES', ...(answer(one) ?? honest(one, sibling.value)) },
        ]),
      );
    },
    async close() {},
  };
}

const FACTS: VantageFacts = {
  form: 'node',
  runtime: 'node 22',
  // Here a file has no ways round by mounts and processes.
  platform: 'darwin',
  uid: undefined,
  gid: undefined,
  uidMap: undefined,
  capabilities: undefined,
  noNewPrivileges: undefined,
  seccomp: undefined,
  namespaces: {},
  cwd: '/',
  home: undefined,
  hostname: undefined,
  proxies: [],
  hostAliases: [],
  tools: [],
  clock: 0,
};

function honest(one: Try, sibling: string): Answer {
  if (one.op === 'read' && one.bring) return { outcome: 'done', brought: readFileSync(one.path, 'utf8') };
  if (one.op === 'env' && one.bring) return { outcome: 'done', brought: sibling };
  if (one.op === 'listen' || (one.op === 'resolve' && one.name === 'localhost')) return { outcome: 'done' };
  return undefined;
}

export const probe = (subject: Subject, more: Partial<Probe> = {}): Probe => ({
  safeguard: 'NET-1',
  attempt: subject.kind === 'file' || subject.kind === 'workspace' ? 'read' : 'connect',
  target: 'path' in subject ? subject.path : 'host' in subject ? `${subject.host}:${subject.port}` : subject.kind,
  expect: 'deny',
  severity: 'high',
  group: 'production',
  subject,
  origin: 'system',
  ...more,
});

/** A column around a stub, with everything else as it really is; `host` makes the controls. */
export async function stubColumn(
  session: Session,
  probes: readonly Probe[],
  workspace: Workspace,
  host: Session = stubSession(() => ({ outcome: 'done' })),
): Promise<{ column: Column; rows: Row[] }> {
  const targets = new Targets();
  await targets.read(workspace.folder, probes);
  await targets.tryBefore(host, probes);
  const rows: Row[] = [];
  const column: Column = {
    id: 'via:1',
    kind: 'sandbox',
    root: workspace.folder,
    home: '/nowhere',
    session,
    hostFacts: { ...FACTS, namespaces: { net: 'host' } },
    workspace,
    terminal: undefined,
    ...aloneWith(targets, host, rows),
  };
  return { column, rows };
}

/** Tries the probes in it; the rows in the order of the probes. */
export async function tryStub(
  session: Session,
  probes: readonly Probe[],
  workspace: Workspace,
  host?: Session,
): Promise<Row[]> {
  const { column, rows } = await stubColumn(session, probes, workspace, host);
  await runColumn(column, probes);
  return probes.map(({ target }) => rows.find(row => row.target === target) as Row);
}

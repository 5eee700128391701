import { join } from 'node:path';
import { runColumn } from '../../src/selftest/column.ts';
import type { ProcessDecoy } from '../../src/selftest/decoys.ts';
import type { Probe, ProbeContext } from '../../src/selftest/probes/types.ts';
import type { Column } from '../../src/selftest/rows/plans.ts';
import { openSession, type Session, type SessionOptions } from '../../src/selftest/session/session.ts';
import { Targets } from '../../src/selftest/targets.ts';
import type { Terminal } from '../../src/selftest/terminal.ts';
import type { Row } from '../../src/selftest/types.ts';
import { startProgram } from '../../src/selftest/vantages/start.ts';
import { openWorkspace } from '../../src/selftest/workspace.ts';

/** One column of the report, made from probes alone: what `box` is tried from, and what the controls are made by. */
export interface ColumnLab {
  root: string;
  home: string;
  state: string;
  /** The wrapper around the vantage; none: the host itself. */
  box?: readonly string[];
  /** The wrapper around the host's own session: a namespace that the test made, where the host must not be this machine. */
  host?: readonly string[];
  form?: SessionOptions['form'];
  terminal?: Terminal;
  processDecoy?: ProcessDecoy;
  /** What happens between the host's own look at the targets and the first try. */
  meanwhile?(): void;
}

/** What probes are made from in a lab, without a posture. */
export const probeContext = (
  { root, home, facts }: Pick<ProbeContext, 'root' | 'home' | 'facts'>,
  more: Partial<ProbeContext> = {},
): ProbeContext => ({
  root,
  home,
  env: {},
  facts,
  posture: undefined,
  deep: false,
  readOnly: false,
  restricted: false,
  note: () => {},
  ...more,
});

/** A column that waits for nothing and nobody: its controls are made by `host`, and what it tells is gathered in `rows`. */
export function aloneWith(targets: Targets, host: Session, rows: Row[]) {
  return {
    targets,
    processDecoy: undefined,
    controlSession: undefined,
    only: undefined,
    exclusively: work => work(),
    controlsReady: Promise.resolve(),
    commandsReady: Promise.resolve(),
    controlCommand: subject => targets.tryCommand(subject),
    controlAfter: keys => targets.tryAfter(host, keys),
    tell: told => rows.push(...told),
  } satisfies Partial<Column>;
}

/** Tries the probes and gives the rows by `attempt:target` and way round. */
export async function tryColumn(lab: ColumnLab, probes: readonly Probe[]): Promise<Map<string, Row>> {
  const { root, home, state, form } = lab;
  const open = async (wrapper: readonly string[], options: SessionOptions) => {
    const opened = await openSession(async words => {
      const [program = '', ...args] = [...wrapper, ...words];
      return { child: await startProgram(program, args, root) };
    }, options);
    if (!opened.ok) throw new Error(opened.reason);
    return opened.session;
  };
  const hostSession = await open(lab.host ?? [], {});
  const session = lab.box ? await open(lab.box, { form }) : hostSession;
  const workspace = openWorkspace(root, join(state, 'column'));
  try {
    const targets = new Targets();
    await targets.read(root, probes);
    await targets.tryBefore(hostSession, probes);
    await targets.tryCommands(probes);
    lab.meanwhile?.();
    const rows: Row[] = [];
    await runColumn(
      {
        id: lab.box ? 'via:1' : 'host',
        kind: lab.box ? 'sandbox' : 'host',
        root,
        home,
        session,
        hostFacts: hostSession.facts,
        workspace,
        terminal: lab.terminal,
        ...aloneWith(targets, hostSession, rows),
        processDecoy: lab.processDecoy,
      },
      probes,
    );
    return new Map(rows.map(row => [`${row.attempt}:${row.target}${row.escape ? `#${row.escape}` : ''}`, row]));
  } finally {
    await workspace.close();
    await Promise.all([session.close(), hostSession.close()]);
  }
}

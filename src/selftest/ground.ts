import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import type { Cleanup } from './cleanup.ts';
import { makeTerminal, type ProcessDecoy, plantKeys, plantProcess } from './decoys.ts';
import { openControl } from './opening.ts';
import { preflight } from './preflight.ts';
import type { Probe } from './probes/types.ts';
import type { Opened, Session } from './session/session.ts';
import { Targets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import type { SelftestOptions } from './types.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** What every vantage is tried on: decoys that were laid, and the host's own tries, without which nothing counts as held. */
export interface Ground {
  targets: Targets;
  /** Undefined in a read-only try: nothing is planted. */
  workspace: Workspace | undefined;
  processDecoy: ProcessDecoy | undefined;
  /** A terminal of ours on the host; undefined where there can be none. */
  terminal: Terminal | undefined;
  /** Undefined where the host's vantage was not started. */
  hostSession: Session | undefined;
  /** A session in the place from which a remote vantage's controls are made, once it is open. */
  controlOpening: Promise<Session | undefined>;
  /** The host's own tries of sockets, names and addresses. */
  controlsReady: Promise<void>;
  /** The host's own runs of commands that must give nothing here. */
  commandsReady: Promise<void>;
  /** Whether what is kept is still there after the run. */
  lasting: boolean;
}

/** Lays the decoys and makes the host's tries, all of which `cleanup` takes away and ends. */
export async function prepare(
  options: SelftestOptions,
  probes: readonly Probe[],
  hostOpening: Promise<Opened | undefined>,
  cleanup: Cleanup,
  notes: string[],
): Promise<Ground> {
  const { root, readOnly, signal } = options;
  const state = readOnly ? undefined : await ownState(root, cleanup, notes);
  const workspace = state && openWorkspace(root, state.folder);
  if (workspace) {
    cleanup.last(workspace.close);
    if (!workspace.inRoot) notes.push('the repository cannot be written, so decoys lie outside it');
  }
  const targets = new Targets(signal);
  const processDecoy = workspace ? plantProcess(root) : undefined;
  if (processDecoy) cleanup.add(processDecoy.end);
  const making = workspace ? cleanup.begin(makeTerminal(probes, workspace, cleanup)) : undefined;
  const reading = cleanup.begin(targets.read(root, probes));
  const commandsReady = cleanup.begin(plantKeys(probes, cleanup).then(() => targets.tryCommands(probes)));
  const opened = await hostOpening;
  const hostSession = opened?.ok ? opened.session : undefined;
  let controlsReady = Promise.resolve();
  if (hostSession) {
    await preflight(hostSession, workspace);
    controlsReady = cleanup.begin(targets.tryBefore(hostSession, probes));
  } else
    notes.push(
      `no controls could be made from the host: ${opened?.ok === false ? opened.reason : 'it was not started'}`,
    );
  await reading;
  const terminal = await making;
  const controlOpening = cleanup.begin(openControl(options, cleanup, notes));
  const lasting = state?.lasting !== false;
  return {
    ...{ targets, workspace, processDecoy, terminal, hostSession, controlOpening, controlsReady, commandsReady },
    lasting,
  };
}

/** The state folder; where it cannot be written, one that goes away with the run, which is said. */
async function ownState(
  root: string,
  cleanup: Cleanup,
  notes: string[],
): Promise<{ folder: string; lasting: boolean }> {
  try {
    return { folder: await ensurePrivate(stateFolder(root)), lasting: true };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const folder = await mkdtemp(join(tmpdir(), 'agent-posture-state-'));
    cleanup.last(() => rm(folder, { recursive: true, force: true }));
    notes.push(
      `no baseline is kept: ${error.problems[0]?.what ?? 'the state folder cannot be written'} (${stateFolder(root)})`,
    );
    return { folder, lasting: false };
  }
}

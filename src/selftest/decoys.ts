import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { findProgram } from '../base/exec.ts';
import { randomHex } from '../base/hash.ts';
import { type Check, OK } from './case.ts';
import type { Cleanup } from './cleanup.ts';
import { plantKey } from './probes/keyring.ts';
import type { Probe } from './probes/types.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import type { Workspace } from './workspace.ts';

/** A process of ours whose environment holds a decoy, for other vantages to find. */
export interface ProcessDecoy {
  canary: string;
  /** Whether it runs and its environment can be read by the host: without that, nobody finding it proves nothing. */
  alive(): Promise<Check>;
  end(): void;
}

/** The variable in which it stands. */
export const DECOY_VARIABLE = 'AGENT_POSTURE_DECOY';

/** Starts it; undefined where there is no /proc. It waits for its input to end, so it lives as long as we do and no longer. */
export function plantProcess(root: string): ProcessDecoy | undefined {
  const program = findProgram('cat', [root]);
  if (!program || process.platform !== 'linux') return undefined;
  const canary = randomHex(24);
  const child = spawn(program, [], {
    env: { [DECOY_VARIABLE]: canary },
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    canary,
    async alive() {
      // Of one that has ended, or only waits to be reaped, nothing stands there.
      const environment = await readFile(`/proc/${child.pid}/environ`, 'latin1').catch(() => '');
      return environment.includes(`${DECOY_VARIABLE}=${canary}`)
        ? OK
        : { ok: false, reason: 'the decoy process has ended' };
    },
    end() {
      process.off('exit', kill);
      kill();
    },
  };
}

/** The terminal that a probe types into. */
export async function makeTerminal(
  probes: readonly Probe[],
  workspace: Workspace,
  cleanup: Cleanup,
): Promise<Terminal | undefined> {
  const subject = probes.map(probe => probe.subject).find(({ kind }) => kind === 'terminal');
  if (subject?.kind !== 'terminal') return undefined;
  const terminal = await openTerminal(subject.perl, workspace.fresh());
  if (terminal) cleanup.add(terminal.close);
  return terminal;
}

/** The key that a probe looks for in the kernel's keyrings. */
export async function plantKeys(probes: readonly Probe[], cleanup: Cleanup): Promise<void> {
  for (const { origin, subject } of probes)
    if (origin === 'keyring' && subject.kind === 'command') cleanup.add(await plantKey(subject));
}

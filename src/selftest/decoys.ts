import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { findProgram } from '../base/exec.ts';
import { randomHex } from '../base/hash.ts';
import type { Check } from './case.ts';

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
        ? { ok: true, reason: '' }
        : { ok: false, reason: 'the decoy process has ended' };
    },
    end() {
      process.off('exit', kill);
      kill();
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Starts a program with piped stdio, our whole environment, and a process group of its own, so that all of it can be
 * ended. Nothing of ours but the three pipes goes along: Node opens every other descriptor close-on-exec. Rejects with
 * the system's error when it cannot be started.
 */
export function startProgram(program: string, args: readonly string[], cwd: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: process.env,
      stdio: 'pipe',
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    child.once('error', reject);
    child.once('spawn', () => {
      child.removeListener('error', reject);
      resolve(child);
    });
  });
}

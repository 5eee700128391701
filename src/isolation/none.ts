import { spawn } from 'node:child_process';
import { UserError } from '../base/errors.ts';
import { findProgram } from '../base/exec.ts';
import type { BoxContext, Boxed, Runtime } from './types.ts';

/** Starts a program as it is, with nothing around it. */
export async function startBare(
  { root, env }: BoxContext,
  command: readonly string[],
  stdio: 'pipe' | 'inherit',
): Promise<Boxed> {
  const [name = '', ...args] = command;
  const program = name.includes('/') ? name : findProgram(name);
  if (!program)
    throw new UserError({ what: `${name}: no such program on the PATH`, next: 'install it, or name its path' });
  const child = spawn(program, args, { cwd: root, env, stdio });
  return { child, notes: [], signal: signal => void child.kill(signal), close: async () => {} };
}

export const none: Runtime = {
  id: 'none',
  title: 'no box',
  madeBy: 'nobody',
  choice: { label: 'not now', hint: 'rules only; shell commands get round them' },
  limits: 'Keeps nothing out: what you reach, the agent reaches.',
  detect: async () => ({ id: 'none', available: true, detail: 'nothing around the agent' }),
  approval: () => undefined,
  start: startBare,
};

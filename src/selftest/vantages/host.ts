import { findProgram } from '../../base/exec.ts';
import { startProgram } from './start.ts';
import type { VantageKind } from './types.ts';

/** What a program started by this user reaches, with nothing around it. Our own Node serves where there is no `sh`. */
export const host: VantageKind = {
  id: 'host',
  title: () => 'your shell, no box',
  async start({ root }, [name = 'sh', ...args]) {
    const program = name === 'node' ? process.execPath : (findProgram(name, [root]) ?? name);
    return { child: await startProgram(program, args, root) };
  },
};

import { spawn } from 'node:child_process';
import { UserError } from '../../base/errors.ts';
import { findProgram } from '../../base/exec.ts';
import { splitWords } from '../../base/words.ts';
import type { BoxContext, Runtime } from '../types.ts';
import { commandFiles, fileHashes } from './files.ts';

function wrapperOf({ isolation }: BoxContext): string {
  if (isolation.command === undefined)
    throw new UserError({
      what: 'isolation.runtime is "command", and there is no isolation.command',
      where: { path: 'agent-posture.yaml' },
      expected: 'command: the wrapper, before the program that it starts',
      next: 'add it',
    });
  return isolation.command;
}

export const command: Runtime = {
  id: 'command',
  title: 'your own wrapper',
  madeBy: 'somebody',
  choice: { label: 'one you have', hint: 'you type the command next' },
  limits: 'Keeps out what the wrapper keeps out; nothing of isolation.network or isolation.files is carried out by it.',
  detect: async () => ({ id: 'command', available: true, detail: 'a command of your own' }),
  approval(context) {
    const line = wrapperOf(context);
    return [line, ...fileHashes(context.root, commandFiles(context.root, line))].join('\n');
  },
  async start(context, words, stdio) {
    const [name = '', ...args] = splitWords(wrapperOf(context));
    const program = name.includes('/') ? name : findProgram(name, [context.root]);
    if (!program)
      throw new UserError({
        what: `${name}: no such program on the PATH`,
        where: { path: 'agent-posture.yaml' },
        expected: 'isolation.command starting with an installed program',
        next: 'install it, or name its path',
      });
    const child = spawn(program, [...args, ...words], { cwd: context.root, env: context.env, stdio });
    return { child, notes: [], signal: signal => void child.kill(signal), close: async () => {} };
  },
};

import { splitWords } from '../../base/words.ts';
import { startProgram } from './start.ts';
import type { VantageKind } from './types.ts';

/** A command as it may be kept and shown: what is given to a name may be a secret. */
export function withoutValues(command: string): string {
  return command
    .replace(/([A-Za-z_][\w-]*=)("[^"]*"|'[^']*'|[^\s"']+)+/g, '$1…')
    .replace(/(--?(?:password|passwd|token|secret|api-?key)\s+)("[^"]*"|'[^']*'|\S+)/gi, '$1…');
}

/** What is reached through a command that the user typed. */
export const via: VantageKind = {
  id: 'via',
  title: ({ command = '' }) => withoutValues(command),
  async start({ root, command = '' }, words) {
    const [program = '', ...args] = splitWords(command);
    return { child: await startProgram(program, [...args, ...words], root) };
  },
};

import { splitWords } from '../../base/words.ts';
import { startProgram } from './start.ts';
import type { VantageKind } from './types.ts';

/** What is reached through a command that the user typed. */
export const via: VantageKind = {
  id: 'via',
  title: ({ command = '' }) => command,
  async start({ root, command = '' }, words) {
    const [program = '', ...args] = splitWords(command);
    return { child: await startProgram(program, [...args, ...words], root) };
  },
};

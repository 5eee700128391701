import type { Command } from '../command.ts';

/** One file a command, loaded when it is used. The names are those of the program's definition; '' is none. */
const LOADERS: Record<string, () => Promise<{ command: Command }>> = {
  '': () => import('./start.ts'),
  init: () => import('./init.ts'),
  generate: () => import('./generate.ts'),
  test: () => import('./test.ts'),
  reach: () => import('./reach.ts'),
  fix: () => import('./fix.ts'),
  run: () => import('./run.ts'),
  undo: () => import('./undo.ts'),
  status: () => import('./status.ts'),
  explain: () => import('./explain.ts'),
  doctor: () => import('./doctor.ts'),
  completion: () => import('./completion.ts'),
};

export async function loadCommand(name: string): Promise<{ command: Command }> {
  const loader = LOADERS[name];
  if (!loader) throw new Error(`no file for the command "${name}"`);
  return loader();
}

import { EXIT } from '../../base/errors.ts';
import { stateFolder } from '../../base/state.ts';
import { oneLine } from '../../base/text.ts';
import { discover } from '../../discover/index.ts';
import { recall, remembers } from '../../generate/memo.ts';
import { clearPlaceholders } from '../../isolation/placeholders.ts';
import type { Command, Context, Outcome } from '../command.ts';
import { NOTHING_TO_DO } from '../words.ts';

/**
 * `generate`: the files that the posture asks for. Where nothing has changed since it last had nothing to do, it says so at
 * once; all else is loaded for more than that.
 */
export const command: Command = async context =>
  (await unchanged(context)) ?? (await import('../generating.ts')).generate(context);

async function unchanged({ root, home, flags, terminal }: Context): Promise<Outcome | undefined> {
  const special = ['check', 'diff', 'dry-run', 'restore', 'only', 'verbose'] as const;
  const state = stateFolder(root);
  if (special.some(flag => flags.is(flag)) || !(await remembers(state))) return undefined;
  clearPlaceholders(root);
  const facts = await discover(root, { home, env: terminal.streams.env, boxes: false, systems: false });
  const memo = await recall({ facts, stateFolder: state });
  if (!memo) return undefined;
  return {
    exitCode: EXIT.ok,
    json: memo.json,
    text: () => [NOTHING_TO_DO, ...memo.notes.map(oneLine)].join('\n'),
  };
}

import { EXIT } from '../../base/errors.ts';
import { stateFolder } from '../../base/state.ts';
import { oneLine } from '../../base/text.ts';
import { discover } from '../../discover/index.ts';
import { type Memo, recall, summaryOf } from '../../generate/memo.ts';
import { clearPlaceholders } from '../../isolation/placeholders.ts';
import type { Command, Outcome } from '../command.ts';
import { NOTHING_TO_DO } from '../words.ts';

/** Asked for more than what there is to do, or for less than all of it: there is no short way to that. */
const SPECIAL = ['check', 'diff', 'dry-run', 'restore', 'only'] as const;

/**
 * `generate`: the files that the posture asks for. Where nothing has changed since it last had nothing to do, it says so at
 * once; all else is loaded for more than that.
 */
export const command: Command = async context => {
  const { root, home, flags, terminal } = context;
  if (SPECIAL.some(flag => flags.is(flag))) return (await import('../generating.ts')).generate(context);
  clearPlaceholders(root);
  const facts = await discover(root, { home, env: terminal.streams.env, boxes: false, systems: false });
  const place = { facts, stateFolder: stateFolder(root) };
  const summary = await summaryOf(place).catch(() => undefined);
  // With --verbose each file is named.
  const short = summary !== undefined && !flags.is('verbose');
  const memo = short ? await recall(place.stateFolder, summary) : undefined;
  return memo ? nothingToDo(memo) : (await import('../generating.ts')).generate(context, { facts, summary });
};

function nothingToDo({ notes, json }: Memo): Outcome {
  return { exitCode: EXIT.ok, json, text: () => [NOTHING_TO_DO, ...notes.map(oneLine)].join('\n') };
}

import { EXIT, formatPosition, UserError } from '../../base/errors.ts';
import { stateFolder } from '../../base/state.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list, oneLine, plural } from '../../base/text.ts';
import { applyPlan } from '../../generate/apply.ts';
import { drift } from '../../generate/drift.ts';
import { outputs } from '../../generate/outputs/index.ts';
import type { Command, Outcome } from '../command.ts';
import { loadWithPosture } from '../load.ts';
import { diffText, planJson, planLines } from '../plan-text.ts';
import { exitCodeOf, planOutputs } from '../planning.ts';

/** `generate`: the files that the posture asks for. --check, --diff and --dry-run write nothing. */
export const command: Command = async context => {
  const { flags } = context;
  const only = flags.values('only');
  const ids = outputs.map(({ id }) => id);
  for (const id of only)
    if (!ids.includes(id))
      throw new UserError({ what: `there is no output "${id}"${didYouMean(id, ids)}; there are ${list(ids)}` });
  const modes = (['check', 'diff', 'dry-run'] as const).filter(mode => flags.is(mode));
  if (modes.length > 1) throw new UserError({ what: `--${modes.join(' and --')} do not go together` });

  const { facts, posture } = await loadWithPosture(context, { boxes: false });
  const plan = await planOutputs(facts, posture, { restore: flags.is('restore'), only });
  if (flags.is('check')) return check(plan);
  if (flags.is('diff') || flags.is('dry-run'))
    return {
      exitCode: EXIT.ok,
      json: planJson(plan, flags.is('diff')),
      text: style => (flags.is('diff') ? diffText(plan, style) : planLines(plan, style).join('\n')),
    };
  const applied = await applyPlan(plan, { stateFolder: stateFolder(facts.root), command: 'generate' });
  return {
    exitCode: exitCodeOf(plan),
    json: { ...planJson(plan, false), written: applied.written, conflicts: applied.conflicts },
    text: style =>
      [
        ...planLines(plan, style),
        ...(applied.journal
          ? ['', ` ${plural(applied.written.length, 'file')} written. agent-posture undo takes it back.`]
          : []),
      ].join('\n'),
  };
};

function check(plan: Parameters<typeof drift>[0]): Outcome {
  const found = drift(plan);
  return {
    exitCode: found.length > 0 ? EXIT.findings : EXIT.ok,
    json: { drift: found.map(({ line, ...rest }) => ({ ...rest, line: line ?? null })) },
    text: () =>
      found.length === 0
        ? 'The files are as the posture asks.'
        : found
            .map(({ path, line, reason }) => `${line ? `${formatPosition({ path, line })}: ` : ''}${oneLine(reason)}`)
            .join('\n'),
  };
}

import { EXIT, formatPosition, UserError } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import { didYouMean } from '../base/suggest.ts';
import { list, oneLine, plural } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { applyPlan } from '../generate/apply.ts';
import { drift } from '../generate/drift.ts';
import { type Memo, type MemoPlace, remember, summaryOf } from '../generate/memo.ts';
import { outputs } from '../generate/outputs/index.ts';
import type { Plan } from '../generate/types.ts';
import type { Context, Outcome } from './command.ts';
import { loadWithPosture } from './load.ts';
import { changesAnything, diffText, planJson, planLines } from './plan-text.ts';
import { exitCodeOf, planOutputs } from './planning.ts';

/** What was looked at to see whether anything is to be done at all. */
interface Seen {
  facts: Facts;
  /** Of all that goes into the plan, from before it is made; undefined where it cannot be summed up. */
  summary: string | undefined;
}

/** Plans what the posture asks for, and does or shows it. --check, --diff and --dry-run write nothing. */
export async function generate(context: Context, seen?: Seen): Promise<Outcome> {
  const { flags } = context;
  const only = flags.values('only');
  const ids = outputs.map(({ id }) => id);
  for (const id of only)
    if (!ids.includes(id))
      throw new UserError({ what: `there is no output "${id}"${didYouMean(id, ids)}; there are ${list(ids)}` });
  const modes = (['check', 'diff', 'dry-run'] as const).filter(mode => flags.is(mode));
  if (modes.length > 1) throw new UserError({ what: `--${modes.join(' and --')} do not go together` });

  const { facts, posture } = await loadWithPosture(context, { boxes: false, systems: false, facts: seen?.facts });
  const place = { facts, stateFolder: stateFolder(facts.root) };
  const plan = await planOutputs(facts, posture, { restore: flags.is('restore'), only });
  if (flags.is('check')) return check(plan);
  if (flags.is('diff') || flags.is('dry-run'))
    return {
      exitCode: EXIT.ok,
      json: planJson(plan, flags.is('diff')),
      text: style => (flags.is('diff') ? diffText(plan, style) : planLines(plan, style).join('\n')),
    };
  const applied = await applyPlan(plan, { stateFolder: place.stateFolder, command: 'generate' });
  const json = { ...planJson(plan, false), written: applied.written, conflicts: applied.conflicts };
  if (seen?.summary !== undefined && isIdle(plan)) await keep(seen.summary, place, { notes: plan.notes, json });
  return {
    exitCode: exitCodeOf(plan),
    json,
    text: style =>
      [
        ...planLines(plan, style),
        ...(applied.journal
          ? ['', ` ${plural(applied.written.length, 'file')} written. agent-posture undo takes it back.`]
          : []),
      ].join('\n'),
  };
}

/** Nothing to do, and nothing to say about it that is of this run alone. */
function isIdle(plan: Plan): boolean {
  return plan.changes.every(({ state }) => state === 'unchanged') && !changesAnything(plan);
}

/** Only where all is still as it was before the plan was made. Where it cannot be kept, the next run is as long as this. */
async function keep(summary: string, place: MemoPlace, memo: Memo): Promise<void> {
  try {
    if ((await summaryOf(place)) === summary) await remember(place.stateFolder, summary, memo);
  } catch {}
}

function check(plan: Plan): Outcome {
  const found = drift(plan);
  return {
    exitCode: found.length > 0 ? EXIT.findings : EXIT.ok,
    json: { drift: found.map(({ line, ...rest }) => ({ ...rest, line: line ?? null })), notes: plan.notes },
    // A hook that git does not call is no matter of the files, and all the same none to be silent about.
    text: () =>
      [
        ...(found.length === 0
          ? ['The files are as the posture asks.']
          : found.map(
              ({ path, line, reason }) => `${line ? `${formatPosition({ path, line })}: ` : ''}${oneLine(reason)}`,
            )),
        ...plan.notes.map(oneLine),
      ].join('\n'),
  };
}

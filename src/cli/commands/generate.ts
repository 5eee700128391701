import { agents } from '../../agents/index.ts';
import { EXIT, formatPosition, UserError } from '../../base/errors.ts';
import { asStarted, own } from '../../base/started.ts';
import { stateFolder } from '../../base/state.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list, oneLine } from '../../base/text.ts';
import { FOR_FILES } from '../../discover/index.ts';
import { applyPlan } from '../../generate/apply.ts';
import { changesAnything, exitCodeOf, KEPT_EDITS } from '../../generate/changes.ts';
import { drift } from '../../generate/drift.ts';
import { stoppedRun } from '../../generate/journal.ts';
import { acquireLock } from '../../generate/lock.ts';
import { type MemoPlace, remember, summaryOf } from '../../generate/memo.ts';
import { outputs } from '../../generate/outputs/index.ts';
import { counted, MANIFEST_PATH } from '../../generate/paths.ts';
import type { Plan } from '../../generate/types.ts';
import { TROUBLE } from '../../report/plan-words.ts';
import type { Style } from '../../report/style.ts';
import type { Command, Outcome } from '../command.ts';
import { loadWithPosture } from '../load.ts';
import { diffText, planJson, planLines } from '../plan-text.ts';
import { planOutputs } from '../planning.ts';

/** Asked for more than what there is to do, or for less than all of it: that is not what is remembered. */
const SPECIAL = ['check', 'diff', 'dry-run', 'restore', 'only'] as const;

/**
 * `generate`: plans what the posture asks for, and does or shows it. --check writes nothing; --diff and --dry-run
 * nothing but what an interrupted run had left, which is put back first. Where nothing has changed since it last had
 * nothing to do, unchanged.ts has answered before this is loaded.
 */
export const command: Command = async context => {
  const { flags } = context;
  const only = flags.values('only').flatMap(outputsOf);
  const modes = (['check', 'diff', 'dry-run'] as const).filter(mode => flags.is(mode));
  if (modes.length > 1) throw new UserError({ what: `--${modes.join(' and --')} do not go together` });

  if (flags.is('check')) {
    const stopped = await halfWritten(context.root);
    if (stopped) return stopped;
  }
  const { facts, posture } = await loadWithPosture(context, FOR_FILES);
  const place = { root: facts.root, facts, stateFolder: stateFolder(facts.root) };
  const special = SPECIAL.some(flag => flags.is(flag));
  const summary = special ? undefined : await summaryOf(place).catch(() => undefined);
  const plan = await planOutputs(facts, posture, { restore: flags.is('restore'), only });
  if (flags.is('check')) return check(plan);
  // What stays as it is has no difference to print, and is said all the same, beside the diff.
  if (flags.is('diff')) for (const line of troubleLines(plan, context.terminal.style)) context.terminal.note(line);
  if (flags.is('diff') || flags.is('dry-run'))
    return {
      exitCode: EXIT.ok,
      json: planJson(plan, flags.is('diff')),
      text: style => (flags.is('diff') ? diffText(plan, style) : planLines(plan, style).join('\n')),
    };
  const applied = await applyPlan(plan, { stateFolder: place.stateFolder, command: 'generate' });
  const said = applied.written.length > 0 ? applied.written : [MANIFEST_PATH];
  const json = {
    ...planJson({ ...plan, notes: [...plan.notes, ...applied.notes] }, false),
    written: applied.written,
    conflicts: applied.conflicts,
  };
  // Nothing to do, and nothing to say about it that is of this run alone.
  const idle = !changesAnything(plan) && plan.changes.every(({ state }) => state === 'unchanged');
  if (summary !== undefined && idle) await keep(summary, place, plan.notes);
  return {
    exitCode: exitCodeOf(plan),
    json,
    text: style =>
      [
        ...planLines(plan, style),
        ...applied.notes.map(note => asStarted(oneLine(note))),
        ...(applied.journal ? ['', ` ${counted(said)} written. ${own('undo')} takes it back.`] : []),
      ].join('\n'),
  };
};

/** What a person has to see to, as the plan says it; empty where there is nothing. */
function troubleLines(plan: Plan, style: Style): string[] {
  const changes = plan.changes.filter(({ state }) => TROUBLE.has(state));
  return changes.length > 0
    ? planLines({ ...plan, changes, notes: [], manifest: { before: null, after: null } }, style)
    : [];
}

const IDS = outputs.map(({ id }) => id);

/** The outputs that a word after --only means: the one of that id, or those of that agent. */
function outputsOf(word: string): string[] {
  const meant = IDS.includes(word)
    ? [word]
    : agents.some(({ id }) => id === word)
      ? outputs.filter(({ agents }) => agents?.includes(word)).map(({ id }) => id)
      : [];
  if (meant.length > 0) return meant;
  throw new UserError({ what: `there is no output "${word}"${didYouMean(word, IDS)}; there are ${list(IDS)}` });
}

/** Only where all is still as it was before the plan was made. Where it cannot be kept, the next run is as long as this. */
async function keep(summary: string, place: MemoPlace, notes: readonly string[]): Promise<void> {
  try {
    if ((await summaryOf(place)) === summary) await remember(place.stateFolder, summary, notes);
  } catch {}
}

/**
 * What a run that was stopped half way has left: neither as the posture asks nor as it was before. That is the whole answer,
 * and nothing is put back for it. A run that is still on is told by the lock.
 */
async function halfWritten(root: string): Promise<Outcome | undefined> {
  const folder = stateFolder(root);
  if (!(await stoppedRun(folder))) return undefined;
  await (await acquireLock(folder))();
  const stopped = await stoppedRun(folder);
  if (!stopped) return undefined;
  const what = `${stopped.command} of ${stopped.at} was stopped half way, and what it had changed is still to be put back`;
  return {
    exitCode: EXIT.findings,
    json: { drift: [], notes: [what] },
    text: () => `${oneLine(what)}.\n  next: ${own('undo')}, or run it again: either puts that back first`,
  };
}

function check(plan: Plan): Outcome {
  const found = drift(plan);
  const edited = editedFiles(plan);
  return {
    exitCode: found.length > 0 ? EXIT.findings : EXIT.ok,
    json: { drift: found.map(({ line, ...rest }) => ({ ...rest, line: line ?? null })), edited, notes: plan.notes },
    // A hook that git does not call is no matter of the files, and all the same none to be silent about.
    text: () =>
      [
        ...(found.length === 0
          ? ['The files are as the posture asks.']
          : found.map(
              ({ path, line, reason }) =>
                `${line ? `${formatPosition({ path, line })}: ` : ''}${asStarted(oneLine(reason))}`,
            )),
        ...(edited.length > 0 ? [`Edited by hand, and kept so: ${list(edited)}.`] : []),
        ...plan.notes.map(note => asStarted(oneLine(note))),
      ].join('\n'),
  };
}

/** Files of ours that say more or less than they were made to say, and guard nothing by it. */
function editedFiles({ changes }: Plan): string[] {
  return changes.flatMap(({ state, reason, path }) => (state === 'unchanged' && reason === KEPT_EDITS ? [path] : []));
}

import { resolve } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { asStarted, own } from '../base/started.ts';
import { oneLine, shellLine } from '../base/text.ts';
import { exitCodeOf } from '../generate/changes.ts';
import type { Plan } from '../generate/types.ts';
import { afterWords, compare, compareNotes } from '../report/compare.ts';
import { jsonReport } from '../report/json.ts';
import type { Style } from '../report/style.ts';
import { textReport } from '../report/text.ts';
import { hang } from '../report/width.ts';
import { LEFT_TO_DO, type Report } from '../selftest/types.ts';
import { loadAnswers, parseAnswerFlags, pathOf, settleAnswers } from '../wizard/answers.ts';
import { madeFor } from '../wizard/steps/agents.ts';
import type { Answers, Given, InitEngine } from '../wizard/types.ts';
import { approver } from './approve.ts';
import type { Context, Flags, Outcome } from './command.ts';
import { createEngine } from './init-engine.ts';
import { load } from './load.ts';
import { diffText, planJson, planLines } from './plan-text.ts';
import { progress } from './trying.ts';

/** The engine, from the facts of now. */
export async function startEngine(context: Context): Promise<InitEngine> {
  const loaded = await load(context, { boxes: 'always', defaultBranch: true, inventory: true });
  return createEngine(context, loaded, approver(context, loaded.facts.insideAgent));
}

/** Without a question: each default is announced, the plan applied as a whole, and tried before and after. */
export async function unattended(context: Context): Promise<Outcome> {
  const engine = await startEngine(context);
  const { flags, terminal, signal } = context;
  const { given, announced } = await settle(context, engine);
  const { answers } = given;
  for (const line of announced) terminal.note(oneLine(line));
  const onEvent = (event: Parameters<typeof progress>[0]) => progress(event, context);
  const tries = !flags.is('no-test') && !flags.is('dry-run');
  const before = tries ? await engine.firstTry(onEvent, signal) : undefined;
  const plan = await engine.plan(given);
  if (flags.is('dry-run')) {
    // Nothing is kept of a run that only looks, so that it is told as it was asked for.
    const repeat = asAsked(flags);
    return {
      exitCode: EXIT.ok,
      json: { answers, ...planJson(plan, true), repeat },
      text: style => [...planLines(plan, style), '', diffText(plan, style), '', ` ${asStarted(repeat)}`].join('\n'),
    };
  }
  const repeat = engine.reproduce(given);
  const ahead = terminal.quiet ? [] : (plan.ahead ?? []);
  for (const note of ahead) terminal.note(oneLine(note));
  const told = { ...plan, notes: plan.notes.filter(note => !ahead.includes(note)) };
  const { written, conflicts, journal, notes } = await engine.apply(plan, given);
  for (const note of notes) terminal.note(oneLine(note));
  const after = tries ? await engine.secondTry(onEvent, signal) : undefined;
  return {
    // What is still reached is for `test` to fail on: the set-up itself went through.
    exitCode: exitCodeOf(plan),
    json: {
      answers,
      ...planJson(plan, false),
      written,
      conflicts,
      before: before?.summary ?? null,
      report: after ? jsonReport(after) : null,
      repeat,
    },
    text: style => ending({ plan: told, before, after, repeat, undoable: journal !== undefined }, style),
  };
}

/** To look alone asks for the defaults; beside answers, it judges these as the run would that applies them. */
function takesDefaults(flags: Flags): boolean {
  return flags.is('yes') || !(flags.is('answers') || flags.is('answer'));
}

/** The command that does what was only looked at. */
function asAsked(flags: Flags): string {
  const file = flags.value('answers');
  return shellLine([
    'agent-posture',
    'init',
    ...(takesDefaults(flags) ? ['--yes'] : []),
    ...(flags.is('quick') ? ['--quick'] : []),
    ...(file === undefined ? [] : ['--answers', file]),
    ...flags.values('answer').flatMap(answer => ['--answer', answer]),
  ]);
}

async function settle(
  { flags }: Context,
  { context, stepsOf }: InitEngine,
): Promise<{ given: Given; announced: string[] }> {
  const file = flags.value('answers');
  const read = file === undefined ? undefined : await loadAnswers(resolve(file));
  const own: Answers = { ...read?.answers, ...parseAnswerFlags(flags.values('answer')) };
  const path = pathOf(own, flags.is('quick'));
  const settled = settleAnswers(stepsOf(path), context, own, { defaults: takesDefaults(flags), read });
  return {
    given: { path, answers: settled.answers },
    announced: [...(settled.answers.agents === undefined ? [`Agents: ${madeFor(context)}`] : []), ...settled.announced],
  };
}

interface Ending {
  plan: Plan;
  before: Report | undefined;
  after: Report | undefined;
  repeat: string;
  undoable: boolean;
}

function ending({ plan, before, after, repeat, undoable }: Ending, style: Style): string {
  const compared = before && after && compare(before, after);
  // Said last, where it is read: not among the notes of the report.
  const todo = after?.notes.filter(note => note.startsWith(LEFT_TO_DO)) ?? [];
  const arrow = style.unicode ? '→' : '->';
  return [
    ...planLines(plan, style),
    ...(compared
      ? [
          '',
          ` BEFORE ${compared.before} reached ${arrow} AFTER ${afterWords(compared)}`,
          ...compareNotes(compared).flatMap(note => hang(' ', oneLine(note), style.width)),
        ]
      : []),
    ...(after
      ? ['', textReport({ ...after, notes: after.notes.filter(note => !todo.includes(note)) }, style).trimEnd()]
      : []),
    '',
    ...todo.flatMap(note => hang(' to do:           ', oneLine(note.slice(LEFT_TO_DO.length)), style.width)),
    // A command that is to be copied is not broken over lines.
    ` the same again:  ${asStarted(oneLine(repeat))}`,
    ...(undoable ? [` take it back:    ${own('undo')}`] : []),
    ...hang(' next:            ', nextOf(after), style.width),
  ].join('\n');
}

/** The one command that goes on from here: to close what is left, or to look whether it still holds. */
export function nextOf(after: Report | undefined): string {
  if (after === undefined) return `${own('test')} tries what is reached now`;
  return after.fixes.some(({ command }) => command !== null)
    ? `${own('fix')} shows what closes what is left`
    : `${own('test')}, after every update of an agent; with --agent all it tries their own rules too`;
}

import { formatPosition } from '../base/errors.ts';
import { list } from '../base/text.ts';
import { checkMeaning } from '../posture/check.ts';
import type { PostureEdit } from '../posture/model.ts';
import { type Overlay, postureSchema } from '../posture/schema.ts';
import { withEdits } from '../posture/splice.ts';
import { aboutOf, asList, editsOf, partsOf, unfit } from './step.ts';
import { agentsUnasked, ID } from './steps/found.ts';
import type { Answer, Answers, Step, StepContext } from './types.ts';

/** What is declared as it was found, as far as no answer is about it. */
function foundEdits(context: StepContext, answers: Answers): PostureEdit[] {
  const { facts, posture } = context;
  const fresh = facts.environments.filter(
    ({ id }) => ID.test(id) && !unfit(id) && posture.environments?.[id] === undefined,
  );
  return [
    ...(answers.agents === undefined ? [{ path: ['agents'], value: [...agentsUnasked(context)] }] : []),
    ...(answers.environments === undefined
      ? fresh.map(({ id, suggested }) => ({ path: ['environments', id], value: { agentAccess: suggested } }))
      : []),
  ];
}

/** How these answers change the posture: what was found, then each asked step in its order. Pure. */
export function postureEdits(steps: readonly Step[], answers: Answers, context: StepContext): PostureEdit[] {
  const edits = foundEdits(context, answers);
  for (const step of steps) {
    const answer = answers[step.id];
    if (answer !== undefined && step.applies(context, answers)) edits.push(...editsOf(step, answer, context, answers));
  }
  return edits;
}

/** The private part as these answers leave it; undefined where none of them is about it. Pure. */
export function overlayAfter(steps: readonly Step[], answers: Answers, context: StepContext): Overlay | undefined {
  for (const step of steps) {
    if (!('overlay' in step) || !step.overlay) continue;
    const given = step.applies(context, answers) ? answers[step.id] : undefined;
    // The systems can have changed under it, with nothing left to ask.
    if (given === undefined && answers.systems === undefined) continue;
    return step.overlay(asList(given ?? step.fallback(context, answers)), context, answers);
  }
  return undefined;
}

/** Why these answers would make a posture that is not valid; undefined where they make one that is. */
export function postureProblem(steps: readonly Step[], answers: Answers, context: StepContext): string | undefined {
  let data: unknown;
  try {
    data = withEdits(context.posture, postureEdits(steps, answers, context));
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  const result = postureSchema.safeParse(data);
  if (!result.success) {
    const [issue] = result.error.issues;
    const at = issue?.path.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      data,
    );
    return typeof at === 'string' ? `"${at}": ${issue?.message}` : `${issue?.path.join('.')}: ${issue?.message}`;
  }
  const [problem] = checkMeaning({ data, locate: path => ({ path: path.join('.') }) });
  return problem && [problem.what, problem.expected && `expected ${problem.expected}`].filter(Boolean).join('; ');
}

/** One line that says which default was taken, and where it comes from. */
export function announce(step: Step, answer: Answer, context: StepContext, answers: Answers): string {
  if (step.kind === 'form' || step.kind === 'list') {
    const given =
      step.kind === 'list' ? aboutEntries(step, answer, context, answers) : partsOf(step, answer, context, answers);
    return `${step.title}: ${listSome(given) || 'none'}`;
  }
  const choices = step.choices(context, answers);
  const parts = asList(answer).map(value => {
    const choice = choices.find(one => one.value === value);
    const about = choice ? aboutOf(choice) : '';
    return `${choice?.label ?? value}${about ? ` (${about})` : ''}`;
  });
  // What is typed is looked for nowhere.
  if (step.kind === 'texts' && parts.length === 0) return `${step.title}: none`;
  return `${step.title}: ${listSome(parts) || noneOf(choices.flatMap(({ label, seen }) => (seen ? [label] : [])))}`;
}

/** As many as one reads. */
function listSome(all: string[]): string {
  return list(all.length > MOST + 1 ? [...all.slice(0, MOST), `${all.length - MOST} more`] : all);
}

const MOST = 20;

/** The entries, each with where it was found. */
function aboutEntries(
  step: Extract<Step, { kind: 'list' }>,
  answer: Answer,
  context: StepContext,
  answers: Answers,
): string[] {
  const found = step.suggestions?.(context, { ...answers, [step.id]: [] }) ?? [];
  const seen = new Map(found.map(one => [one.entry[step.key], one.seen]));
  const entries = Array.isArray(answer) ? answer.filter(entry => typeof entry !== 'string') : [];
  return entries.map(entry => {
    const { label } = step.describe(entry, context, answers);
    const at = seen.get(entry[step.key]);
    return at ? `${label} (found in ${formatPosition(at)})` : label;
  });
}

const noneOf = (found: readonly string[]) =>
  found.length > 0 ? `found ${list([...found])}; none taken` : 'nothing found, none taken';

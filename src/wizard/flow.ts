import { isDeepStrictEqual } from 'node:util';
import { postureProblem } from './edits.ts';
import { checkAnswer } from './step.ts';
import type { Answer, Answers, Step, StepContext } from './types.ts';

/** The steps that are asked with these answers, in their order. */
export function asked(steps: readonly Step[], context: StepContext, answers: Answers): Step[] {
  return steps.filter(step => step.applies(context, answers));
}

/** The answers that a step is asked with: those given, the defaults of the others, and its own only where it was given. */
export function answersFor({ id }: Step, whole: Answers, answers: Answers): Answers {
  const { [id]: _, ...others } = whole;
  const own = answers[id];
  return own === undefined ? others : { ...others, [id]: own };
}

/** The answers with one more. Where it differs from the one before, answers that depend on it are void. */
export function withAnswer(steps: readonly Step[], answers: Answers, id: string, answer: Answer): Answers {
  if (isDeepStrictEqual(answers[id], answer)) return answers;
  const gone = new Set([id]);
  // Steps depend only on earlier ones, so one pass finds the dependents of dependents too.
  for (const step of steps) if (step.dependsOn.some(other => gone.has(other))) gone.add(step.id);
  const kept = Object.entries(answers).filter(([key]) => !gone.has(key));
  return { ...Object.fromEntries(kept), [id]: answer };
}

/** Every asked step with its answer, or its fallback where none was given; answers to steps that are not asked are left out. */
export function completed(steps: readonly Step[], context: StepContext, answers: Answers): Answers {
  let all: Answers = {};
  for (const step of steps) {
    if (!step.applies(context, all)) continue;
    all = { ...all, [step.id]: answers[step.id] ?? step.fallback(context, all) };
  }
  return all;
}

/**
 * The answers that still hold with the facts of now, for going on with an earlier run. One that does not is asked again, with
 * those that depend on it; what was not answered yet, as somebody may have gone past it by the outline, stands as its default.
 */
export function stillValid(steps: readonly Step[], context: StepContext, answers: Answers): Answers {
  let valid: Answers = {};
  let whole: Answers = {};
  const gone = new Set<string>();
  for (const step of steps) {
    if (!step.applies(context, whole)) continue;
    const answer = step.dependsOn.some(other => gone.has(other)) ? undefined : answers[step.id];
    const holds = answer !== undefined && problemOf(steps, step, answer, context, whole) === undefined;
    if (holds) valid = { ...valid, [step.id]: answer };
    else if (answers[step.id] !== undefined) gone.add(step.id);
    whole = { ...whole, [step.id]: holds ? answer : step.fallback(context, whole) };
  }
  return valid;
}

/** Why an answer will not do, by itself or because no valid posture would come of it; undefined where it does. */
export function problemOf(
  steps: readonly Step[],
  step: Step,
  answer: Answer,
  context: StepContext,
  answers: Answers,
): string | undefined {
  return checkAnswer(step, answer, context, answers) ?? wouldBreak(steps, step, answer, context, answers);
}

/** What later answers come to is judged when they are given: until then the posture has what is there of them. */
function wouldBreak(
  steps: readonly Step[],
  step: Step,
  answer: Answer,
  context: StepContext,
  answers: Answers,
): string | undefined {
  const upTo = steps.slice(0, steps.indexOf(step) + 1);
  const earlier = Object.fromEntries(upTo.flatMap(({ id }) => (answers[id] === undefined ? [] : [[id, answers[id]]])));
  return postureProblem(upTo, { ...earlier, [step.id]: answer }, context);
}

export interface WizardState {
  answers: Answers;
  /** The step that is asked; undefined when all are answered. */
  at: string | undefined;
  /** Why the last answer was refused. */
  problem?: string | undefined;
}

export type WizardAction =
  | { type: 'answer'; answer: Answer }
  | { type: 'back' }
  | { type: 'go'; id: string }
  /** To the plan: by way of the first answer that does no longer fit the others. */
  | { type: 'finish' };

/**
 * The way through the questions. `back` keeps every answer; an answer that is refused changes nothing but `problem`; one
 * that differs from before voids those that depend on it, and only those.
 */
export function wizardReducer(
  steps: readonly Step[],
  context: StepContext,
  state: WizardState,
  action: WizardAction,
): WizardState {
  const { answers, at } = state;
  // What was not answered yet stands as its default: somebody may have gone past it by the outline.
  const path = asked(steps, context, completed(steps, context, answers));
  const index = at === undefined ? path.length : path.findIndex(step => step.id === at);
  switch (action.type) {
    case 'back':
      return { answers, at: path[Math.max(0, index - 1)]?.id };
    case 'go':
      return path.some(step => step.id === action.id) ? { answers, at: action.id } : state;
    case 'finish':
      return finish(steps, context, answers);
    case 'answer': {
      const step = path[index];
      if (!step) return state;
      const problem = problemOf(steps, step, action.answer, context, completed(steps, context, answers));
      if (problem !== undefined) return { ...state, problem };
      const next = withAnswer(steps, answers, step.id, action.answer);
      const following = asked(steps, context, completed(steps, context, next));
      const after = following[following.findIndex(({ id }) => id === step.id) + 1];
      return after ? { answers: next, at: after.id } : finish(steps, context, next);
    }
  }
}

/** All answers hold together, or the first one is asked again that does not. */
function finish(steps: readonly Step[], context: StepContext, answers: Answers): WizardState {
  const whole = completed(steps, context, answers);
  for (const step of asked(steps, context, whole)) {
    // A default can be wanting too: of a box of one's own, only its owner knows the command.
    const problem = problemOf(steps, step, whole[step.id] as Answer, context, whole);
    if (problem !== undefined) return { answers, at: step.id, problem };
  }
  return { answers, at: undefined };
}

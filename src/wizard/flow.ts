import { isDeepStrictEqual } from 'node:util';
import type { Answer, Answers, Step, StepContext } from './types.ts';

/** The steps that are asked with these answers, in their order. */
export function asked(steps: readonly Step[], context: StepContext, answers: Answers): Step[] {
  return steps.filter(step => step.applies(context, answers));
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

/** The answers that still hold with the facts of now, for going on with an earlier run: from the first void one on, all are asked again. */
export function stillValid(steps: readonly Step[], context: StepContext, answers: Answers): Answers {
  let valid: Answers = {};
  for (const step of steps) {
    if (!step.applies(context, valid)) continue;
    const answer = answers[step.id];
    if (answer === undefined || step.validate(answer, context, valid) !== undefined) break;
    valid = { ...valid, [step.id]: answer };
  }
  return valid;
}

export interface WizardState {
  answers: Answers;
  /** The step that is asked; undefined when all are answered. */
  at: string | undefined;
  /** Why the last answer was refused. */
  problem?: string | undefined;
}

export type WizardAction = { type: 'answer'; answer: Answer } | { type: 'back' } | { type: 'go'; id: string };

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
  const path = asked(steps, context, answers);
  const index = at === undefined ? path.length : path.findIndex(step => step.id === at);
  switch (action.type) {
    case 'back':
      return { answers, at: path[Math.max(0, index - 1)]?.id };
    case 'go':
      return path.some(step => step.id === action.id) ? { answers, at: action.id } : state;
    case 'answer': {
      const step = path[index];
      if (!step) return state;
      const problem = step.validate(action.answer, context, answers);
      if (problem !== undefined) return { ...state, problem };
      const next = withAnswer(steps, answers, step.id, action.answer);
      const following = asked(steps, context, next);
      return { answers: next, at: following[following.findIndex(({ id }) => id === step.id) + 1]?.id };
    }
  }
}

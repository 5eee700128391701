import type { Answer, Answers, Step, StepContext } from '../wizard/types.ts';

/** The steps that are asked with these answers, in their order. */
export function asked(steps: readonly Step[], context: StepContext, answers: Answers): Step[] {
  return steps.filter(step => step.applies(context, answers));
}

function same(a: Answer | undefined, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The answers with one more. Where it differs from the one before, answers that depend on it are void. */
export function withAnswer(steps: readonly Step[], answers: Answers, id: string, answer: Answer): Answers {
  if (same(answers[id], answer)) return answers;
  const gone = new Set([id]);
  // Steps depend only on earlier ones, so one pass finds the dependents of dependents too.
  for (const step of steps) if (step.dependsOn.some(other => gone.has(other))) gone.add(step.id);
  const kept = Object.entries(answers).filter(([key]) => !gone.has(key));
  return { ...Object.fromEntries(kept), [id]: answer };
}

/** Every asked step with its answer, or its fallback where none was given. */
export function completed(steps: readonly Step[], context: StepContext, answers: Answers): Answers {
  let all: Answers = {};
  for (const step of steps) {
    if (!step.applies(context, all)) continue;
    all = { ...all, [step.id]: answers[step.id] ?? step.fallback(context, all) };
  }
  return all;
}

import { entryOf, systemsAfter } from './steps/declared.ts';
import { steps } from './steps/index.ts';
import { privateIds, systems } from './steps/systems.ts';
import type { Answers, StepContext } from './types.ts';

/** The answers of the quick path in the words of the whole: what was named there stands in its list of systems. */
export function widened(context: StepContext, answers: Answers): Answers {
  const whole = steps.filter(({ paths }) => paths.includes('whole'));
  const shared = Object.fromEntries(
    whole.flatMap(({ id }) => (answers[id] === undefined ? [] : [[id, answers[id]]])),
  ) as Answers;
  if (answers['never-touch'] === undefined) return shared;
  const named = systemsAfter(context, answers).map(system => entryOf(system));
  const others = systems
    .fallback(context, {})
    .filter(entry => !named.some(({ id }) => id === entry.id))
    // What was left out of the first question was left out on purpose.
    .filter(entry => context.posture.systems?.some(({ id }) => id === entry.id));
  // What is private has other names there than those by which it was asked about.
  const hidden = shared.private === undefined ? {} : { private: [...privateIds(context, answers)] };
  return { ...shared, ...hidden, systems: [...others, ...named] };
}

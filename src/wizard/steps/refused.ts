import type { Seen } from '../../discover/facts.ts';
import { hidePatterns } from '../../isolation/proposal.ts';
import { hides, hidesSome } from '../../posture/patterns.ts';
import { asList, unfit } from '../step.ts';
import type { Answers, PlainStep, StepContext } from '../types.ts';
import { chosenGround } from './found.ts';

/** As much as a posture takes. */
const LONGEST = 500;

/** What is hidden by the posture and by the answer about the box. */
function hiddenAlready(context: StepContext, answers: Answers): readonly string[] {
  return context.posture.isolation?.files?.hide ?? hidePatterns(chosenGround(context, answers));
}

/** Why a path is none that a posture hides. */
function unusable(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `a path of at most ${LONGEST} characters`;
  if (pattern.split(/[\\/]/).includes('..')) return 'a pattern inside the repository, or one that starts with ~/';
  if (!hidesSome(pattern)) return 'a pattern that hides something, and not all there is';
  return unfit(pattern);
}

/** What agents' own settings refuse them to read and nothing hides from the others, each once, with who is refused it. */
function refusedToSome(context: StepContext, answers: Answers): { pattern: string; to: string; seen: Seen }[] {
  const hidden = hiddenAlready(context, answers);
  const found = new Map<string, { pattern: string; to: string; seen: Seen }>();
  for (const { title, refused = [] } of context.facts.agents)
    for (const { pattern, seen } of refused)
      if (!unusable(pattern) && !found.has(pattern) && !hides(hidden, pattern))
        found.set(pattern, { pattern, to: title, seen });
  return [...found.values()];
}

/** What one agent is refused already, for all of them and for what they start. */
export const refused: PlainStep = {
  id: 'refused',
  title: 'Refused already',
  kind: 'multi',
  paths: ['whole'],
  question: () =>
    'An agent is refused these paths by its own settings. Which of them shall be hidden from every agent?',
  why: "A rule in one agent's settings binds that agent alone: another one, and every program that it starts, reads the file all the same. What is taken over here is refused to each agent of the posture, is not in the box, and is tried to be read by the test. What agents may read, and one was only to keep its hands off, need not be taken.",
  quote:
    'Write down what systems are critical, what data is sensitive, and what access patterns are normal for your codebase.',
  choices: (context, answers) =>
    refusedToSome(context, answers).map(({ pattern, to, seen }) => ({
      value: pattern,
      label: pattern,
      hint: `refused to ${to}`,
      seen,
    })),
  fallback: () => [],
  // What was taken once is no choice any more, and the answers of that run still say it.
  validate: answer =>
    asList(answer)
      .map(unusable)
      .find(reason => reason !== undefined),
  applies: (context, answers) => refusedToSome(context, answers).length > 0,
  dependsOn: ['agents', 'box'],
  edits(answer, context, answers) {
    const hidden = hiddenAlready(context, answers);
    const taken = asList(answer).filter(pattern => !hidden.includes(pattern));
    if (taken.length === 0) return [];
    const hide = [...hidden, ...taken];
    // Where there is to be no box, the rules of the agents' settings are all that hides it.
    const unboxed = context.posture.isolation === undefined && answers.box === 'none' && context.existing;
    return [
      ...(unboxed ? [{ path: ['isolation', 'runtime'], value: 'none' }] : []),
      { path: ['isolation', 'files', 'hide'], value: hide },
    ];
  },
};

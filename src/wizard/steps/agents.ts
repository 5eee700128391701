import { agents as known } from '../../agents/index.ts';
import { formatPosition } from '../../base/errors.ts';
import { list } from '../../base/text.ts';
import { agentsToDeclare } from '../../isolation/proposal.ts';
import { asList, notAmong } from '../step.ts';
import type { PlainStep, StepContext } from '../types.ts';
import { agentsUnasked } from './found.ts';

const GUESS = 'a guess: no agent was seen here';

/** Whether the agents that are proposed were neither seen here nor declared. */
export function isGuess({ facts, posture }: StepContext): boolean {
  return facts.agents.length === 0 && !posture.agents?.length;
}

/** For which agents files are made where nobody says it: those that were seen, each with its place, or a guess that says so. */
export function madeFor(context: StepContext): string {
  const seen = new Map(context.facts.agents.map(({ id, seen }) => [id, ` (seen in ${formatPosition(seen)})`]));
  const all = list(
    agentsUnasked(context).map(id => `${known.find(one => one.id === id)?.title ?? id}${seen.get(id) ?? ''}`),
  );
  return isGuess(context) ? `${all}, ${GUESS}` : all;
}

/** Which coding agents work here. */
export const agents: PlainStep = {
  id: 'agents',
  title: 'Agents',
  kind: 'multi',
  paths: ['whole'],
  values: known.map(({ id }) => id),
  question: () => 'Which coding agents work in this repository?',
  why: 'Each agent has settings of its own, with rules that it keeps to and, in some, a sandbox. Settings are made for the agents that you mark, and the files by which an agent is steered are kept from all of them: one agent must not write what another obeys. Mark those of your colleagues too, as the settings are committed.',
  quote:
    'The agent should only have access to the specific repositories, branches, and systems it absolutely needs to complete its assigned task.',
  choices(context) {
    const { facts, posture } = context;
    const guessed = isGuess(context) ? agentsToDeclare(context) : [];
    const found = new Map(facts.agents.map(agent => [agent.id, agent]));
    const rank = (id: string) =>
      found.has(id) ? 0 : posture.agents?.some(one => one === id) || guessed.includes(id) ? 1 : 2;
    return [...known]
      .sort((a, b) => rank(a.id) - rank(b.id))
      .map(({ id, title }) => {
        const fact = found.get(id);
        const here =
          fact &&
          (fact.binary === undefined
            ? 'used in this repository'
            : `installed${fact.version ? `, ${fact.version}` : ''}`);
        return { value: id, label: title, hint: here ?? (guessed.includes(id) ? GUESS : undefined), seen: fact?.seen };
      });
  },
  fallback: agentsUnasked,
  validate: (answer, context, answers) =>
    notAmong(asList(answer), agents.choices(context, answers)) ??
    (asList(answer).length === 0 ? 'mark at least one: settings are made for those that are marked' : undefined),
  applies: () => true,
  dependsOn: [],
  edits: answer => [{ path: ['agents'], value: [...asList(answer)] }],
};

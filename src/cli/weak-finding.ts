import type { AgentFact } from '../discover/facts.ts';
import { fixedBy, weaknesses, weaknessesOf } from '../selftest/advisories.ts';

/** How many are told. */
const SHOWN = 5;

/** What is published of the installed version of an agent, each in a few words, and what to do; undefined where nothing is. */
export function weakFinding(agent: AgentFact): { detail: string; next: string } | undefined {
  const known = weaknessesOf(agent);
  const [last] = known;
  if (!last) return undefined;
  const told = known.slice(0, SHOWN).map(({ id, title }) => `${title} (${id})`);
  const more = known.length > SHOWN ? [`and ${known.length - SHOWN} older ones`] : [];
  return {
    detail: `${weaknesses(known)}, ${fixedBy(known)}: ${[...told, ...more].join('; ')}`,
    next: `update ${agent.title} to ${last.fixedIn} or newer`,
  };
}

import { advisoriesFor } from '../agents/advisories/index.ts';
import type { Advisory } from '../agents/advisories/types.ts';
import { list, plural } from '../base/text.ts';
import type { AgentFact, Facts } from '../discover/facts.ts';

/** How many are named by their ids. */
const NAMED = 3;

/** What is published of an agent that is installed, in the version that is. */
export const weaknessesOf = ({ id, binary, version }: AgentFact): Advisory[] =>
  binary === undefined ? [] : advisoriesFor(id, version);

/**
 * A note for each agent whose version has published weaknesses. No row: a verdict is proven, and here nothing was tried. The
 * version is enough of a reason to update.
 */
export function advisoryNotes({ agents }: Pick<Facts, 'agents'>): string[] {
  return agents.flatMap(agent => {
    const known = weaknessesOf(agent);
    const fixed = fixedBy(known);
    if (fixed === undefined) return [];
    const ids = known.slice(0, NAMED).map(({ id }) => id);
    const more = known.length > NAMED ? [`${known.length - NAMED} more`] : [];
    return [
      `${agent.title} ${agent.version} has ${weaknesses(known)} (${list([...ids, ...more])}), ${fixed}: update it`,
    ];
  });
}

/** `14 published weaknesses`. */
export const weaknesses = (known: readonly Advisory[]): string =>
  plural(known.length, 'published weakness', 'published weaknesses');

/** By which version all of them are fixed; undefined where there are none. */
export function fixedBy([last, ...others]: readonly Advisory[]): string | undefined {
  return last && `${others.length > 0 ? 'the last ' : ''}fixed in ${last.fixedIn}`;
}

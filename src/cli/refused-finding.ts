import { list, oneLine, plural } from '../base/text.ts';
import type { AgentFact } from '../discover/facts.ts';
import { hides, hidesSome } from '../posture/patterns.ts';

/** How many are named. */
const SHOWN = 3;

/**
 * What one agent's settings refuse it to read and the posture, which hides `hide`, hides from none: the other agents, and
 * every program that one starts, still read it.
 */
export function refusedToOne(agents: readonly AgentFact[], hide: readonly string[]): Finding[] {
  return agents.flatMap(({ title, refused = [] }) => {
    const open = refused.filter(({ pattern }) => hidesSome(pattern) && !hides(hide, pattern));
    if (open.length === 0) return [];
    const named = open.slice(0, SHOWN).map(({ pattern }) => oneLine(pattern));
    const more = open.length > SHOWN ? [`${open.length - SHOWN} more`] : [];
    const places = [...new Set(open.map(({ seen }) => seen.path))];
    return [
      {
        name: 'refused to one',
        state: 'attention' as const,
        detail: `${list(places)} refuse${places.length > 1 ? '' : 's'} ${title} ${plural(open.length, 'path')} that the posture hides from nobody: ${list([...named, ...more])}`,
        next: 'what is a secret goes into isolation.files.hide of agent-posture.yaml: then no agent reads it, nor a program that one starts',
      },
    ];
  });
}

interface Finding {
  name: string;
  state: 'attention';
  detail: string;
  next: string;
}

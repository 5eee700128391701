import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { isBoxed } from '../posture/boxed.ts';
import type { Posture } from '../posture/schema.ts';
import { agents } from './index.ts';

/**
 * What to know where packages lie below the root and an agent takes no settings of the root when it is started in one of
 * them; undefined where there is nothing to know.
 */
export function belowNote({ packages = [] }: Pick<Facts, 'packages'>, posture: Posture): string | undefined {
  const [first] = packages;
  const deaf = agents.filter(({ id, goesUp }) => goesUp === false && posture.agents?.includes(id));
  if (first === undefined || deaf.length === 0) return undefined;
  const { isolation, managedSettings } = posture;
  // What somebody's own command does with the folder that it is started in is for nobody here to say.
  const elsewhere =
    isBoxed(isolation) && isolation.runtime !== 'command'
      ? 'or with agent-posture run, whose box holds in every folder'
      : managedSettings
        ? 'or have an administrator lay what is in .agent-posture/managed'
        : 'or have an administrator lay managed settings (managedSettings: true)';
  return `Started in a folder below, such as ${first}, ${list(deaf.map(({ title }) => title))} ${deaf.length > 1 ? 'take' : 'takes'} none of this repository's settings: start ${deaf.length > 1 ? 'them' : 'it'} in the root, ${elsewhere}.`;
}

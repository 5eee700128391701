import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
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
  const { runtime = 'none' } = posture.isolation ?? {};
  const boxed = runtime !== 'none' && runtime !== 'native';
  return `Started in a folder below, such as ${first}, ${list(deaf.map(({ title }) => title))} ${deaf.length > 1 ? 'take' : 'takes'} none of this repository's settings: start ${deaf.length > 1 ? 'them' : 'it'} in the root${boxed ? ', or with agent-posture run, whose box holds in every folder' : ', or have an administrator lay managed settings (managedSettings: true)'}.`;
}

import { cleanEnvironment } from '../base/exec.ts';
import type { Facts } from '../discover/facts.ts';
import { identityVariables } from '../isolation/environment.ts';
import type { BoxContext } from '../isolation/types.ts';
import type { Posture } from '../posture/schema.ts';
import { guardPaths } from './probes/guard.ts';

/**
 * The declared box as it is approved, tried and run: whoever starts it or shows what it starts makes it here. Undefined
 * where the posture declares none.
 */
export function boxOf(
  facts: Facts,
  { isolation, agents, repository }: Pick<Posture, 'isolation' | 'agents' | 'repository'>,
): BoxContext | undefined {
  if (!isolation) return undefined;
  const { root, home } = facts;
  const guards = guardPaths(root, facts, { agents, isolation });
  const env = cleanEnvironment(identityVariables(repository?.agentIdentity, process.env));
  return { root, home, isolation, guards, env, ...(agents ? { agents } : {}) };
}

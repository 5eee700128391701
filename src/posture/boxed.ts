import type { Isolation } from './schema.ts';

/** Whether a box is declared that something is started in from here: an agent's own sandbox is started by the agent alone. */
export function isBoxed(isolation: Isolation | undefined): isolation is Isolation {
  return isolation !== undefined && isolation.runtime !== 'none' && isolation.runtime !== 'native';
}

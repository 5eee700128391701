import { basename } from 'node:path';
import type { AgentFact } from '../discover/facts.ts';

/** The program of the agent that works here: of a declared one, where any is; undefined where none was found. */
export function agentCommand(agents: readonly AgentFact[], declared: readonly string[] = []): string | undefined {
  const installed = agents.filter(({ binary }) => binary !== undefined);
  const agent = installed.find(({ id }) => declared.includes(id)) ?? installed[0];
  return agent?.binary && basename(agent.binary);
}

import { agentGuards } from '../../agents/guards.ts';
import type { Source } from '../../agents/source.ts';
import type { AgentDefinition } from '../../agents/types.ts';
import type { Output, RenderContext, Rendered } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { type Hidden, hiddenOf } from './hidden.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';

/** What the rules of agents are made from, whatever form each of them gives it. */
export function rulesOf(context: Pick<RenderContext, 'posture' | 'facts'>): Source {
  const { posture } = context;
  const { plain, home } = hiddenOf(context);
  return {
    hidden: plain,
    hiddenInHome: home,
    guards: agentGuards(posture.agents ?? []),
    protectedBranches: protectedPatterns(posture),
    allow: posture.isolation?.network?.allow,
    ownSandbox: posture.isolation?.runtime === 'native',
  };
}

interface AgentOutput extends Omit<Output, 'agents' | 'guard' | 'notes'> {
  agent: AgentDefinition;
  /** What of the hidden files its rules cannot say. */
  notes?(hidden: Hidden): string[];
}

/**
 * The output that lays one agent's settings, all of it a guard. Where the posture does not declare the agent, there is
 * nothing of it. What the agent has for an ignore file of its own is laid before the rest, and looked at with the rest.
 */
export function agentOutput({ agent, render, overrules, notes, ...output }: AgentOutput): Output {
  const { id, ignoreFile: ignored } = agent;
  const whereDeclared =
    <T>(make: (context: RenderContext) => T[]) =>
    (context: RenderContext): T[] =>
      context.posture.agents?.includes(id) ? make(context) : [];
  return {
    ...output,
    agents: [id],
    guard: true,
    render: whereDeclared(context => [
      ...(ignored ? ignoreFile(context, ignored) : []),
      ...render(context).map(file => readBy(agent, file)),
    ]),
    overrules: whereDeclared(context => [
      ...(ignored ? [takenOut(context, ignored)] : []),
      ...(overrules?.(context) ?? []),
    ]),
    notes: whereDeclared(context => notes?.(hiddenOf(context)) ?? []),
  };
}

/** With who reads the file, where not all that goes through as JSON elsewhere is read. */
function readBy({ title, stumbles }: AgentDefinition, file: Rendered): Rendered {
  return file.mode === 'keys' && file.format === 'json' && stumbles ? { ...file, reader: { title, stumbles } } : file;
}

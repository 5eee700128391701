import { inArgument } from '../../agents/expressions.ts';
import { HOOK_FILE, hookRules } from '../../agents/hook.ts';
import { agents, agentsOf } from '../../agents/index.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output } from '../types.ts';
import { rulesOf } from './agent-output.ts';
import { hiddenOf, unsaidNote } from './hidden.ts';
import { template } from './template.ts';

const isAsked = ({ agents }: Pick<Posture, 'agents'>): boolean => agentsOf(agents).some(({ asksHook }) => asksHook);

export const agentHook: Output = {
  id: 'agent-hook',
  title: 'the program that the hooks of agents ask about hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1', 'GRD-2'],
  agents: agents.filter(({ asksHook }) => asksHook).map(({ id }) => id),
  templateVersion: 3,
  guard: true,
  notes(context) {
    if (!isAsked(context.posture)) return [];
    const { plain, home } = hiddenOf(context);
    return unsaidNote(HOOK_FILE, [...plain, ...home], line => inArgument('path', line, true) !== undefined);
  },
  render(context) {
    if (!isAsked(context.posture)) return [];
    const content = template('agent-hook.cjs', { RULES: JSON.stringify(hookRules(rulesOf(context)), null, 2) });
    return [{ mode: 'owned', path: HOOK_FILE, content }];
  },
};

import { inArgument } from '../../agents/expressions.ts';
import { agentGuards } from '../../agents/guards.ts';
import { HOOK_FILE, hookRules } from '../../agents/hook.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenOf, unsaidNote } from './hidden.ts';
import { template } from './template.ts';

/** The agents whose settings can ask a program, and cannot say all of it themselves. */
const ASKING: readonly string[] = ['copilot', 'cline', 'cursor', 'windsurf'];

const asks = ({ agents }: Pick<Posture, 'agents'>): boolean => agents?.some(id => ASKING.includes(id)) === true;

export const agentHook: Output = {
  id: 'agent-hook',
  title: 'the program that the hooks of agents ask about hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1', 'GRD-2'],
  templateVersion: 2,
  guard: true,
  notes(context) {
    if (!asks(context.posture)) return [];
    const { plain, home } = hiddenOf(context);
    return unsaidNote(HOOK_FILE, [...plain, ...home], line => inArgument('path', line, true) !== undefined);
  },
  render(context) {
    const { posture } = context;
    if (!asks(posture)) return [];
    const hidden = hiddenOf(context);
    const rules = hookRules({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents ?? []),
      protectedBranches: protectedPatterns(posture),
    });
    const content = template('agent-hook.mjs', { RULES: JSON.stringify(rules, null, 2) });
    return [{ mode: 'owned', path: HOOK_FILE, content }];
  },
};

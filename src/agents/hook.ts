import { exampleOf } from '../posture/patterns.ts';
import { inArgument, inCommand, WRITES, writesInCommand } from './expressions.ts';
import { pushExpressions } from './pushes.ts';
import { REASONS } from './reasons.ts';
import type { RuleSource } from './source.ts';

/** The program that agents without rules of their own are made to ask. */
export const HOOK_FILE = '.agent-posture/agent-hook.cjs';

/** How it ends where it says yes. Another program, or an empty one, ends otherwise. */
export const YES = 42;

/** The command by which an agent asks it, from the root of the repository. Whatever ends with something else than its yes is a no. */
export function hookCommand(agent: string): string {
  return `node ${HOOK_FILE} ${agent}; [ $? = ${YES} ] || exit 2`;
}

/** The expressions that templates/agent-hook.cjs goes by. */
export function hookRules({ hidden, hiddenInHome, guards, protectedBranches }: RuleSource) {
  const secrets = [...hidden, ...hiddenInHome];
  const all = (list: readonly string[], make: (path: string) => string | undefined) =>
    [...new Set(list.map(make))].filter(expression => expression !== undefined);
  return {
    hiddenNames: all(hidden, exampleOf),
    hiddenInHome: [...new Set(hiddenInHome.map(path => path.replace(/\/*[^/]*[*?[\\].*$|\/+$/, '')))],
    hiddenPaths: all(secrets, path => inArgument('path', path, true)),
    guardPaths: all(guards, path => inArgument('path', `**/${path}`)),
    hiddenCommands: all(secrets, inCommand),
    // Each of those below begins with it, and takes longer.
    writes: [WRITES],
    guardCommands: all(guards, writesInCommand),
    pushes: pushExpressions(protectedBranches),
    reasons: REASONS,
  };
}

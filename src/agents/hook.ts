import { DEEP, holds, readPattern, type Speller, spelled } from '../posture/patterns.ts';
import { inArgument, inCommand, writesInCommand } from './expressions.ts';
import { pushExpressions } from './pushes.ts';
import { REASONS } from './reasons.ts';
import type { RuleSource } from './source.ts';

/** The program that agents without rules of their own are made to ask. */
export const HOOK_FILE = '.agent-posture/agent-hook.mjs';

/** The command by which an agent asks it, from the root of the repository. Where it cannot be run, that is a no. */
export function hookCommand(agent: string): string {
  return `node ${HOOK_FILE} ${agent} || exit 2`;
}

/** The expressions that templates/agent-hook.mjs goes by. */
export function hookRules({ hidden, hiddenInHome, guards, protectedBranches }: RuleSource) {
  const secrets = [...hidden, ...hiddenInHome];
  const all = (list: readonly string[], make: (path: string) => string | undefined) =>
    [...new Set(list.map(make))].filter(expression => expression !== undefined);
  return {
    hiddenNames: all(hidden, nameOf),
    hiddenInHome: [...new Set(hiddenInHome.map(path => path.replace(/\/*[^/]*[*?[\\].*$|\/+$/, '')))],
    hiddenPaths: all(secrets, path => inArgument('path', path, true)),
    guardPaths: all(guards, path => inArgument('path', `**/${path}`)),
    hiddenCommands: all(secrets, inCommand),
    guardCommands: all(guards, writesInCommand),
    pushes: pushExpressions(protectedBranches),
    reasons: REASONS,
  };
}

const ONE_OF_THEM: Speller = {
  text: text => text,
  any: 'x',
  one: 'x',
  set: set => [...'xa0_-.', ...set.ranges.map(([from]) => from)].find(character => holds(set, character)),
};

/** A path that the pattern hides, by which the hook tells whether a search by names can come to it. */
function nameOf(line: string): string | undefined {
  const pattern = readPattern(line);
  const within = pattern?.folder || pattern?.parts.at(-1) === DEEP;
  const names = pattern && spelled(pattern.parts, ONE_OF_THEM)?.filter(name => name !== DEEP);
  return names && [...names, ...(within ? ['x'] : [])].join('/');
}

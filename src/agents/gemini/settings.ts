import { inArgument, inCommand, writesInCommand } from '../expressions.ts';
import { pushExpressions } from '../pushes.ts';
import { REASONS } from '../reasons.ts';
import type { RuleSource } from '../source.ts';
import { SOME, type Void } from '../voids.ts';

interface Rule {
  toolName: string[];
  argsPattern: string;
  decision: 'deny';
  priority: number;
  denyMessage: string;
}

/**
 * The rules of a policy file, above every other of the user's tier, what the settings allow included. Their expressions see
 * a tool's arguments as JSON. Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/policy-engine.md;
 * the escaping, the bounds on expressions and the `\0` around arguments: `packages/core/src/policy/` there.
 */
export function policyRules({ hidden, hiddenInHome, guards, protectedBranches }: RuleSource): Rule[] {
  const secrets = [...hidden, ...hiddenInHome];
  const writing = ['write_file', 'replace'];
  return [
    ...secrets.flatMap(path => rule(['read_file', ...writing], inArgument('file_path', path), REASONS.hidden)),
    ...secrets.flatMap(path => shellRule(inCommand(path), REASONS.hidden)),
    ...guards.flatMap(path => rule(writing, inArgument('file_path', `**/${path}`), REASONS.guard)),
    ...guards.flatMap(path => shellRule(writesInCommand(path), REASONS.guard)),
    ...pushExpressions(protectedBranches).flatMap(push => shellRule(push, REASONS.push)),
  ];
}

function rule(toolName: string[], argsPattern: string | undefined, denyMessage: string): Rule[] {
  return argsPattern === undefined ? [] : [{ toolName, argsPattern, decision: 'deny', priority: 999, denyMessage }];
}

function shellRule(expression: string | undefined, denyMessage: string): Rule[] {
  return rule(['run_shell_command'], expression && String.raw`"command":[^\0]*${expression}`, denyMessage);
}

/** Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/configuration.md. */
export const VOIDS: readonly Void[] = [
  {
    path: ['context', 'fileFiltering', 'customIgnoreFilePaths'],
    value: SOME,
    says: 'files named there go over .geminiignore',
  },
];

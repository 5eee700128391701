import { type ClaudeSource, denyRules as claudeRules } from '../claude-code/settings.ts';
import type { Void } from '../voids.ts';

/**
 * `permissions.deny` of Qwen Code, whose rules are written as Claude Code's are, with two differences: a path is a pattern of
 * picomatch, which stands for the names that it matches and not for what lies below, and knows braces; and `$NAME` in any
 * setting is replaced from the environment. Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/,
 * and `packages/core/src/permissions/` in https://github.com/QwenLM/qwen-code.
 */
export function denyRules({
  hidden,
  hiddenInHome,
  guards,
  protectedBranches,
}: Pick<ClaudeSource, 'hidden' | 'hiddenInHome' | 'guards' | 'protectedBranches'>): string[] {
  return claudeRules({
    hidden: hidden.map(plain).flatMap(path => (path.endsWith('/') ? [path] : [path, `${path}/`])),
    hiddenInHome: hiddenInHome.map(plain),
    guards: guards.flatMap(path => (path.endsWith('/') ? [path.slice(0, -1), path] : [path])),
    protectedBranches,
    allow: undefined,
    ownSandbox: false,
  });
}

/** A pattern in which braces are themselves, and `$` is any one character. */
function plain(pattern: string): string {
  return pattern.replace(/[{}]/g, '[$&]').replaceAll('$', '?');
}

/** Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/. */
export const VOIDS: readonly Void[] = [
  { path: ['tools', 'approvalMode'], value: 'yolo', says: 'it does everything else without asking' },
];

import { bracketed, type Pattern, type Speller } from '../../posture/patterns.ts';
import { rulePaths as claudePaths, denyRules as claudeRules } from '../claude-code/settings.ts';
import type { RuleSource } from '../source.ts';
import type { Void } from '../voids.ts';

/** In picomatch a set of one says each character that means something elsewhere; two backslashes in it are one. */
const RULE: Speller = {
  text: text =>
    /[\p{C}\p{Zl}\p{Zp}]/u.test(text)
      ? undefined
      : text.replace(/[()[\]{}*?+@!|"'$\\]/g, each => (each === '\\' ? String.raw`[\\]` : `[${each}]`)),
  any: '*',
  one: '?',
  set: set => bracketed(set, '^'),
};

/** A path is a pattern of picomatch, which stands for the names that it matches and not for what lies below. */
export function rulePaths(pattern: Pattern): string[] | undefined {
  const paths = claudePaths(pattern, RULE);
  const [path] = paths ?? [];
  return path === undefined || pattern.home || pattern.folder || path.endsWith('/**') ? paths : [path, `${path}/**`];
}

/**
 * `permissions.deny` of Qwen Code, whose rules are written as Claude Code's are, but for their paths, and for `$NAME` in any
 * setting, which is replaced from the environment. Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/,
 * and `packages/core/src/permissions/` in https://github.com/QwenLM/qwen-code.
 */
export function denyRules(source: RuleSource): string[] {
  const guards = source.guards.flatMap(path => (path.endsWith('/') ? [path.slice(0, -1), path] : [path]));
  return claudeRules({ ...source, guards }, rulePaths);
}

/** Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/. */
export const VOIDS: readonly Void[] = [
  {
    path: ['security', 'folderTrust', 'enabled'],
    value: true,
    says: 'it takes no settings of this folder before a person trusts it',
  },
  { path: ['tools', 'approvalMode'], value: 'yolo', says: 'it does everything else without asking' },
];

import { type Pattern, readPattern, type Speller, spelled, withoutSets } from '../../posture/patterns.ts';
import { hookCommand } from '../hook.ts';
import type { RuleSource } from '../source.ts';
import type { Void } from '../voids.ts';

/**
 * `permissions.deny` of Cursor's command line program: paths from the workspace, `**` for any folders, `*` and `?`.
 * Known from the documentation alone: https://cursor.com/docs/cli/reference/permissions.
 */
export function denyRules({ hidden, hiddenInHome, guards }: Omit<RuleSource, 'protectedBranches'>): string[] {
  const secrets = [...hidden, ...hiddenInHome]
    .map(readPattern)
    .flatMap(pattern => (pattern && rulePaths(pattern)) ?? []);
  return [
    ...secrets.flatMap(path => [`Read(${path})`, `Write(${path})`]),
    ...guards.map(guard => `Write(${guard.endsWith('/') ? `${guard}**` : guard})`),
  ];
}

/** Nothing is said of escapes and of sets: what would be one of them is any character, and a set is each of its own. */
const RULE: Speller = {
  text: text => (/[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? undefined : text.replace(/[(){}[\]*?\\]/g, '?')),
  any: '*',
  one: '?',
  set: () => undefined,
};

/** The paths of the rules for a pattern; undefined where no rule can say it. */
export function rulePaths(pattern: Pattern): string[] | undefined {
  const paths = withoutSets(pattern)?.map(one => spelled(one.parts, RULE)?.join('/'));
  if (paths === undefined || paths.includes(undefined)) return undefined;
  return paths.flatMap(body => {
    const path = pattern.home ? `~/${body}` : `${body}`;
    if (path.endsWith('/**') || path === '**') return [path];
    return pattern.folder && !pattern.home ? [`${path}/**`] : [path, `${path}/**`];
  });
}

/** What Cursor asks before it runs a command, reads or uses another tool: https://cursor.com/docs/agent/hooks. */
export const ASKED = ['beforeShellExecution', 'beforeReadFile', 'preToolUse'] as const;

export const hookEntry = { command: hookCommand('cursor'), failClosed: true };

/** Source: https://cursor.com/docs/reference/sandbox. */
export const SANDBOX_VOIDS: readonly Void[] = [
  { path: ['type'], value: 'insecure_none', says: 'its sandbox is off', ofSandbox: true },
];

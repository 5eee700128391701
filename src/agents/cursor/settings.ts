import { hookCommand } from '../hook.ts';
import type { Void } from '../voids.ts';

/** Text with a bracket or a backslash has no place in a rule, nor have line ends. */
const SAYABLE = /^[^()\\\p{C}\p{Zl}\p{Zp}]+$/u;

/**
 * `permissions.deny` of Cursor's command line program: paths from the workspace, `**` for any folders. Known from the
 * documentation alone: https://cursor.com/docs/cli/reference/permissions.
 */
export function denyRules({
  hidden,
  hiddenInHome,
  guards,
}: {
  hidden: readonly string[];
  hiddenInHome: readonly string[];
  guards: readonly string[];
}): string[] {
  const secrets = [...hidden.flatMap(globs), ...hiddenInHome.flatMap(path => below(path.replace(/\/+$/, '')))];
  return [
    ...secrets.filter(path => SAYABLE.test(path)).flatMap(path => [`Read(${path})`, `Write(${path})`]),
    ...guards.map(guard => `Write(${guard.endsWith('/') ? `${guard}**` : guard})`),
  ];
}

const below = (path: string) => [path, `${path}/**`];

function globs(pattern: string): string[] {
  const body = pattern.replace(/^(?:\*\*)?\/+/, '').replace(/\/+$/, '');
  const anchored = !pattern.startsWith('**/') && (pattern.startsWith('/') || body.includes('/'));
  const path = anchored ? body : `**/${body}`;
  return pattern.endsWith('/') ? [`${path}/**`] : below(path);
}

/** What Cursor asks before it runs a command, reads or uses another tool: https://cursor.com/docs/agent/hooks. */
export const ASKED = ['beforeShellExecution', 'beforeReadFile', 'preToolUse'] as const;

export const hookEntry = { command: hookCommand('cursor'), failClosed: true };

/** Source: https://cursor.com/docs/reference/sandbox. */
export const SANDBOX_VOIDS: readonly Void[] = [
  { path: ['type'], value: 'insecure_none', says: 'its sandbox is off', ofSandbox: true },
];

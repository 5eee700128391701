import type { Void } from '../voids.ts';

// Source: https://code.claude.com/docs/en/settings and https://code.claude.com/docs/en/sandboxing.
export const VOIDS: readonly Void[] = [
  { path: ['disableAllHooks'], value: true, says: 'none of its hooks runs' },
  { path: ['permissions', 'defaultMode'], value: 'bypassPermissions', says: 'it does everything without asking' },
  { path: ['sandbox', 'enabled'], value: false, says: 'its sandbox is off', ofSandbox: true },
  {
    path: ['sandbox', 'allowUnsandboxedCommands'],
    value: true,
    says: 'commands may leave its sandbox',
    ofSandbox: true,
  },
];

/** Claude Code's settings of one repository; what a person keeps for himself goes over what all share. */
export const SETTINGS = ['.claude/settings.json', '.claude/settings.local.json'] as const;

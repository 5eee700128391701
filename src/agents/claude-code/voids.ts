/** Settings by which Claude Code passes over what other settings lay down: where, what, and what comes of it. */
interface Void {
  path: readonly string[];
  value: unknown;
  says: string;
  /** Only where its own sandbox is the declared isolation. */
  ofSandbox?: true;
}

// Source: https://code.claude.com/docs/en/settings and https://code.claude.com/docs/en/sandboxing.
const VOIDS: readonly Void[] = [
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

/** What in these settings makes the generated guards void, each in a few words. */
export function voids(settings: unknown, ownSandbox: boolean): string[] {
  return VOIDS.filter(({ ofSandbox }) => ownSandbox || !ofSandbox).flatMap(({ path, value, says }) =>
    valueAt(settings, path) === value ? [`${path.join('.')} is ${String(value)}, so ${says}`] : [],
  );
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    settings,
  );
}

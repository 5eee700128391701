import type { Void } from '../voids.ts';

/** Aider neither reads nor edits what its ignore file names: https://aider.chat/docs/config/options.html. */
export const IGNORE = '.aiderignore';
export const SETTINGS = '.aider.conf.yml';

/** Its own commits pass by the hooks of git unless it is told otherwise. */
export const ENFORCED = { 'git-commit-verify': true, aiderignore: IGNORE } as const;

export const VOIDS: readonly Void[] = [
  { path: ['yes-always'], value: true, says: 'it runs every command that it proposes, without asking' },
  { path: ['git'], value: false, says: 'its ignore file is not read' },
];

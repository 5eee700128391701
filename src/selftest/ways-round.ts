/**
 * Ways round a wall and other sources, on which the refusal of the plain try leans: by their ids, which rows and reports
 * carry. `said`: as it is told that one could not be tried. `name`: it is another name of the same thing, so that "not
 * found" at the plain one says nothing without it. Ways round a list of names stand in `passing.ts`.
 */
export const WAYS_ROUND = {
  mounts: { said: 'other mounts of the same file', name: true },
  'real-path': { said: 'its real path', name: true },
  'inside-home': { said: 'the home inside', name: true },
  'hard-link': { said: 'its hard links', name: false },
  'proc-root': { said: 'the roots of other processes', name: false },
  umount: { said: 'what lies under the mount', name: false },
  nsenter: { said: "other processes' mounts", name: false },
  'open-fd': { said: 'open descriptors of other processes', name: false },
  init: { said: "process 1's environment", name: false },
  processes: { said: "other processes' environments", name: false },
  'login-shell': { said: "the login shell's environment", name: false },
} as const satisfies Record<string, { said: string; name: boolean }>;

export type WayRound = keyof typeof WAYS_ROUND;

export const isOtherName = (way: WayRound): boolean => WAYS_ROUND[way].name;

/** What an agent is told where a rule of ours holds it back. */
export const REASONS = {
  hidden: 'The posture of this repository hides this file',
  search: 'This search would read what the posture of this repository hides: name a folder or a pattern without it',
  guard: 'This file steers agents, and is for people to change',
  push: 'The posture of this repository protects this branch, and the checks before a commit',
} as const;

/** What an agent is told where a rule of ours holds it back. */
export const REASONS = {
  hidden: 'The posture of this repository hides this file',
  guard: 'This file steers agents, and is for people to change',
  push: 'The posture of this repository protects this branch, and the checks before a commit',
} as const;

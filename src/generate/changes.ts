import { EXIT, type ExitCode } from '../base/errors.ts';
import type { ChangeState, Plan } from './types.ts';

/** States in which the file stays as it is: there is nothing to do, or it is only told. */
export const QUIET: ReadonlySet<ChangeState> = new Set(['unchanged', 'loosened', 'refused']);

/** Why a file stays as it is: a hand wrote into it. */
export const KEPT_EDITS = 'your edits kept';

export function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** Whether applying a plan would change anything, the manifest included. */
export function changesAnything({ changes, manifest, privatePart }: Plan): boolean {
  return (
    privatePart !== undefined ||
    changes.some(({ state }) => !QUIET.has(state)) ||
    !sameBytes(manifest.before, manifest.after)
  );
}

/** How a command that applied a plan ends: 4 when something is in the way, 1 when a guard was loosened by hand, else 0. */
export function exitCodeOf({ changes }: Pick<Plan, 'changes'>): ExitCode {
  if (changes.some(({ state }) => state === 'conflict' || state === 'refused')) return EXIT.conflict;
  return changes.some(({ state }) => state === 'loosened') ? EXIT.findings : EXIT.ok;
}

import type { ChangeState, Plan } from './types.ts';

/** States in which the file stays as it is: there is nothing to do, or it is only told. */
export const QUIET: ReadonlySet<ChangeState> = new Set(['unchanged', 'loosened', 'refused']);

export function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** Whether applying a plan would change anything, the manifest included. */
export function changesAnything({ changes, manifest }: Plan): boolean {
  return changes.some(({ state }) => !QUIET.has(state)) || !sameBytes(manifest.before, manifest.after);
}

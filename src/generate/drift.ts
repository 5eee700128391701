import { BESIDE, MANIFEST_PATH } from './paths.ts';
import type { Change, ChangeState, Plan } from './types.ts';

export interface Drift {
  path: string;
  state: ChangeState;
  /** A whole sentence that says what is wrong and what to run. */
  reason: string;
  line?: number | undefined;
}

/** Where ours is: it lies there only once a run has laid it. */
function besideIt(beside: Change['beside']): string {
  if (!beside) return '';
  return beside.before === null
    ? `; agent-posture generate lays ours beside it, as ${beside.path}`
    : `; compare it with ${beside.path}, then remove that`;
}

/**
 * Where the repository differs from what the posture asks for: what `generate --check` reports. Empty when it is in
 * order. A setting of `.git/config` that this clone never had is none: a fresh checkout in CI has none of them.
 */
export function drift(plan: Plan): Drift[] {
  const found: Drift[] = [];
  for (const { state, path, reason, line, gitConfig, before, beside, byHand } of plan.changes) {
    if (state === 'unchanged' || (gitConfig && (state === 'create' || state === 'refused'))) continue;
    const say: Record<Exclude<ChangeState, 'unchanged'>, string> = {
      create: `${path} is missing; run agent-posture generate and commit it.`,
      update: `${path} is out of date (${reason}); run agent-posture generate and commit it.`,
      merge: `${path} is out of date, and your edits can be kept; run agent-posture generate and commit it.`,
      conflict: `${path} needs a person: ${reason}${besideIt(beside)}.`,
      loosened: byHand
        ? `${path} guards less than it should: ${reason}.`
        : `${path} guards less than it should: ${reason}. Run agent-posture generate --restore to put it back, or accept it in the posture (safeguard GRD-1, target ${path}).`,
      delete: path.endsWith(BESIDE)
        ? `${path} is no longer needed; remove it.`
        : `${path} is no longer asked for by the posture; run agent-posture generate to remove it.`,
      refused: `${path} cannot be used: ${reason}. It was left alone; mend it and run agent-posture generate.`,
    };
    found.push({ path, state, reason: say[state], line: before ? line : undefined });
  }
  const { before, after } = plan.manifest;
  if (found.length === 0 && !(before === null ? after === null : after?.equals(before)))
    found.push({
      path: MANIFEST_PATH,
      state: before ? 'update' : 'create',
      reason: `${MANIFEST_PATH} does not list what is generated; run agent-posture generate and commit it.`,
    });
  return found;
}

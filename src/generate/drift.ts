import { list } from '../base/text.ts';
import { same } from './formats/values.ts';
import { type ClaimEntry, type Entry, readManifest } from './manifest.ts';
import { BESIDE, MANIFEST_PATH } from './paths.ts';
import { settledIn } from './settled.ts';
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
 * Whether a manifest differs from another only by keys and elements that it leaves out of files in which others have a hand.
 * What hangs on files that git ignores is not asked for where those are not, as in CI; what stands there is more, and stays.
 */
function asksForLess(before: Buffer, after: Buffer | null): boolean {
  let files: Entry[];
  try {
    files = readManifest(before).files;
  } catch {
    return false;
  }
  const now = readManifest(after).files;
  return (
    files.length === now.length &&
    files.every((entry, at) => {
      const other = now[at];
      if (other === undefined || entry.mode !== 'keys' || other.mode !== 'keys') return same(entry, other);
      const { claims, ...rest } = other;
      const { claims: known, ...was } = entry;
      return same(rest, was) && claims.every(claim => known.some(each => covers(each, claim)));
    })
  );
}

/** Whether a claim is the other one, or has all elements of its list. */
function covers({ elements: known, ...was }: ClaimEntry, { elements, ...claim }: ClaimEntry): boolean {
  if (!same(was, claim)) return false;
  return elements?.every(element => known?.some(each => same(each, element))) ?? known === undefined;
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
  if (found.length === 0 && !(before === null ? after === null : after?.equals(before) || asksForLess(before, after))) {
    const settled = settledIn(plan);
    found.push({
      path: MANIFEST_PATH,
      state: before ? 'update' : 'create',
      reason:
        settled.length > 0
          ? `${list(settled)} ${settled.length > 1 ? 'are' : 'is'} settled as you left ${settled.length > 1 ? 'them' : 'it'}, which ${MANIFEST_PATH} does not say yet; run agent-posture generate and commit it.`
          : `${MANIFEST_PATH} does not list what is generated; run agent-posture generate and commit it.`,
    });
  }
  return found;
}

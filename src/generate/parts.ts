import { QUIET } from './changes.ts';
import type { Change, Plan } from './types.ts';

/** What the posture itself stands as: everything else is made from it. */
const POSTURE = 'posture';

/** Outputs of which one alone does harm: what calls a hook that is not there fails each commit, or runs no hook at all. */
const TOGETHER: readonly (readonly string[])[] = [['git-hooks', 'git-hook-calls']];

/** Changes that are written together or not at all. */
export interface PlanPart {
  /** The outputs that they are of. */
  outputs: readonly string[];
  changes: readonly Change[];
}

/** The outputs of a change, and those that go with them. */
function outputsOf({ output }: Change): string[] {
  const own = output.split(', ');
  return [...new Set([...own, ...TOGETHER.filter(all => all.some(one => own.includes(one))).flat()])];
}

/**
 * What of a plan can be left out, in its order. Files of one output mean nothing without each other, and a file that
 * several outputs share cannot be half written: each such set is one part.
 */
export function partsOf({ changes }: { changes: readonly Change[] }): PlanPart[] {
  let parts: PlanPart[] = [];
  for (const change of changes) {
    if (QUIET.has(change.state) || change.output === POSTURE) continue;
    const outputs = outputsOf(change);
    const touched = parts.filter(part => part.outputs.some(output => outputs.includes(output)));
    const joined: PlanPart = {
      outputs: [...new Set([...touched.flatMap(part => part.outputs), ...outputs])],
      changes: [...touched.flatMap(part => part.changes), change],
    };
    const [first] = touched;
    parts = first
      ? parts.flatMap(part => (part === first ? [joined] : touched.includes(part) ? [] : [part]))
      : [...parts, joined];
  }
  return parts;
}

/** The changes of a plan without those of the parts that `skipped` outputs are in, and these. */
export function setAside<P extends Plan>(plan: P, skipped: ReadonlySet<string>): P {
  const parts = partsOf(plan).filter(({ outputs }) => outputs.some(output => skipped.has(output)));
  if (parts.length === 0) return plan;
  const gone = new Set(parts.flatMap(({ changes }) => changes));
  return { ...plan, changes: plan.changes.filter(change => !gone.has(change)), skipped: [...gone] };
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Files of ours that others run or read by their very name: without one, what names it fails. */
const isCalled = (path: string) => /^\.(agent-posture|githooks)\//.test(path) || path === 'AGENTS.md';

/** Outputs that hand each place they name to a program that stops where one is missing. */
const STOPPED: ReadonlySet<string> = new Set(['container', 'codex-config']);

/** Whether a text has this path in it, and not as the beginning of a longer name. */
function names(text: Buffer | null, path: string): boolean {
  for (let at = text?.indexOf(path) ?? -1; at >= 0; at = text?.indexOf(path, at + 1) ?? -1)
    if (!/[\w.-]/.test(String.fromCharCode(text?.[at + path.length] ?? 0))) return true;
  return false;
}

/** A new file, and the folders that come with it. */
function comesWith(root: string, { path, state }: Change): string[] {
  if (state !== 'create') return [];
  const places = [path];
  for (let folder = dirname(path); folder !== '.' && !existsSync(join(root, folder)); folder = dirname(folder))
    places.push(folder);
  return places;
}

/** Whether one change does harm without another: it names what would not be there. */
function needs(root: string, one: Change, other: Change): boolean {
  if (one === other || one.output === other.output) return false;
  if (one.state === 'delete') return isCalled(one.path) && names(other.before, one.path);
  if (other.state === 'delete') return false;
  return (
    (isCalled(other.path) && names(one.after, other.path)) ||
    (STOPPED.has(one.output) && comesWith(root, other).some(place => names(one.after, place)))
  );
}

/** The parts, and with them all that `linked` leads to, from part to part. */
function along(
  parts: readonly PlanPart[],
  first: readonly PlanPart[],
  linked: (from: Change, to: Change) => boolean,
): PlanPart[] {
  const found = new Set(first);
  for (const part of found)
    for (const next of parts)
      if (!found.has(next) && part.changes.some(from => next.changes.some(to => linked(from, to)))) found.add(next);
  return [...found];
}

const holding = (parts: readonly PlanPart[], outputs: Iterable<string>) => {
  const wanted = new Set(outputs);
  return parts.filter(part => part.outputs.some(output => wanted.has(output)));
};

/** The outputs that are left out where these are as well: with them goes what would name a file that is not there. */
export function leaving(plan: Plan, skipped: ReadonlySet<string>, outputs: Iterable<string>): ReadonlySet<string> {
  const parts = partsOf(plan);
  const gone = along(parts, holding(parts, outputs), (from, to) => needs(plan.root, to, from));
  return new Set([...skipped, ...outputs, ...gone.flatMap(part => part.outputs)]);
}

/** The outputs that are still left out once these are taken: with them comes what they name. */
export function taking(plan: Plan, skipped: ReadonlySet<string>, outputs: Iterable<string>): ReadonlySet<string> {
  const parts = partsOf(plan);
  const taken = along(parts, holding(parts, outputs), (from, to) => needs(plan.root, from, to));
  const back = new Set([...outputs, ...taken.flatMap(part => part.outputs)]);
  return new Set([...skipped].filter(output => !back.has(output)));
}

/** The changes of a plan without those of the parts that `skipped` outputs are in, or that need these; and all of them. */
export function setAside<P extends Plan>(plan: P, skipped: ReadonlySet<string>): P {
  if (skipped.size === 0) return plan;
  const parts = holding(partsOf(plan), leaving(plan, skipped, skipped));
  if (parts.length === 0) return plan;
  const gone = new Set(parts.flatMap(({ changes }) => changes));
  return { ...plan, changes: plan.changes.filter(change => !gone.has(change)), skipped: [...gone] };
}

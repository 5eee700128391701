import type { Decision, Situation } from './decision.ts';
import { look } from './disk.ts';
import type { Entry, EntryOf } from './manifest.ts';
import { decideOwned } from './owned.ts';
import type { Change, Output, Rendered } from './types.ts';

/** A file of ours that is laid elsewhere now. */
export interface Move {
  output: Output;
  rendering: Extract<Rendered, { mode: 'owned' }>;
  /** Its entry at the place where it was. */
  entry: EntryOf<'owned'>;
}

/** The entry of a file at a place where an earlier version laid it, as long as nothing of it is at the new one. */
export function movedFrom(files: readonly Entry[], output: Output, rendering: Rendered): EntryOf<'owned'> | undefined {
  if (rendering.mode !== 'owned' || !rendering.was) return undefined;
  const { was, path } = rendering;
  const ours = files.filter(entry => entry.output === output.id && entry.mode === 'owned');
  if (ours.some(entry => entry.path === path)) return undefined;
  return ours.find(entry => was.includes(entry.path)) as EntryOf<'owned'> | undefined;
}

/**
 * What it takes to move a file, merged with its new version. Undefined where it is no move: nothing lies at the old place,
 * or something does at the new one. What was edited and cannot be carried over stays at the old place, and is its owner's.
 */
export async function planMove(
  root: string,
  { output, rendering, entry }: Move,
  rest: Pick<Situation, 'restore' | 'accepted' | 'knows'>,
): Promise<{ changes: Change[]; entries: Entry[]; notes: string[] } | undefined> {
  const [from, to] = await Promise.all([look(root, entry.path), look(root, rendering.path)]);
  if ('refused' in from || 'refused' in to || !from.file || to.file) return undefined;
  const { path } = rendering;
  const decision = decideOwned(
    { output, rendering, entry: { ...entry, path } },
    { path, disk: from.file, beside: null, ...rest },
  );
  const carried = decision.state !== 'conflict' && decision.state !== 'loosened';
  const laid: Decision = carried
    ? decision
    : decideOwned({ output, rendering, entry: undefined }, { path, disk: null, beside: null, ...rest });
  const base = { output: output.id, before: null, after: null };
  const goes = carried && rest.knows(entry);
  return {
    changes: [
      {
        ...base,
        state: 'create',
        path,
        after: laid.after,
        executable: rendering.executable,
        reason: `moved here from ${entry.path}`,
      },
      ...(goes
        ? [{ ...base, state: 'delete' as const, path: entry.path, before: from.file.data, reason: `moved to ${path}` }]
        : []),
    ],
    entries: laid.entries,
    notes: goes
      ? []
      : [
          `${entry.path} has moved to ${path}; ${carried ? 'it was laid by another machine' : 'what was changed in it could not be carried over'}, so the old one stays: remove it once you have what you need of it.`,
        ],
  };
}

import { readManifest } from './manifest.ts';
import type { Plan } from './types.ts';

/** Files of which a new version lay beside, and no longer does: their owner has settled that, and what stands there counts. */
export function settledIn({ base, manifest, changes }: Pick<Plan, 'base' | 'manifest' | 'changes'>): string[] {
  const before = (base?.files ?? []).filter(entry => 'offered' in entry && entry.offered !== undefined);
  if (before.length === 0) return [];
  const after = readManifest(manifest.after).files;
  return before.flatMap(({ output, path }) => {
    const now = after.find(entry => entry.output === output && entry.path === path);
    const open = now === undefined || ('offered' in now && now.offered !== undefined);
    return open || changes.some(change => change.path === path && change.state === 'conflict') ? [] : [path];
  });
}

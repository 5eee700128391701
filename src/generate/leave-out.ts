import { UserError } from '../base/errors.ts';
import { type Manifest, readManifest, writeManifest } from './manifest.ts';
import { partsOf, setAside } from './parts.ts';
import type { Plan } from './types.ts';

/**
 * The plan without what `skipped` outputs would write. Of them the manifest says what it said before, so that nothing counts
 * as laid that is not: the posture still asks for it, `generate --check` says that it is missing, and the next `generate`
 * writes it.
 */
export function leaveOut(plan: Plan, skipped: ReadonlySet<string>): Plan {
  const rest = setAside(plan, skipped);
  if (!rest.skipped) return plan;
  const outputs = new Set(partsOf({ changes: rest.skipped }).flatMap(part => part.outputs));
  const paths = new Set(rest.skipped.map(({ path }) => path));
  const base = plan.base ?? readManifest(plan.manifest.before);
  const left = ({ output, path }: Manifest['files'][number]) => outputs.has(output) || paths.has(path);
  const files = [...readManifest(plan.manifest.after).files.filter(entry => !left(entry)), ...base.files.filter(left)];
  const { before } = plan.manifest;
  const data = isReadable(before) ? before : null;
  const after = files.length === 0 ? null : writeManifest({ version: 1, files }, { data, manifest: base });
  return { ...rest, manifest: { before, after } };
}

function isReadable(data: Buffer | null): boolean {
  try {
    readManifest(data);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

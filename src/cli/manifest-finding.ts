import { UserError } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import type { Facts } from '../discover/facts.ts';
import { MANIFEST_PATH } from '../generate/paths.ts';
import { manifestFinding } from '../generate/pin.ts';
import type { Loosened } from '../selftest/types.ts';

/**
 * The guards that were loosened, behind the manifest where that is not the pinned one: without it nothing tells a guard
 * of ours from a file that never was. Where it is the manifest that keeps us from looking, its own row says so.
 */
export async function withManifest(
  { root }: Pick<Facts, 'root'>,
  loosened: () => Promise<readonly Loosened[]>,
): Promise<readonly Loosened[]> {
  const reason = await manifestFinding(root, stateFolder(root));
  if (reason === undefined) return loosened();
  const rest = await loosened().catch(error => {
    if (error instanceof UserError) return [];
    throw error;
  });
  return [{ path: MANIFEST_PATH, reason, whole: true }, ...rest];
}

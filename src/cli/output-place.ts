import { basename, dirname, join, resolve, sep } from 'node:path';
import { UserError } from '../base/errors.ts';
import { isWithin, readBounded, realPathOf, statsOf } from '../base/files.ts';
import { readManifest } from '../generate/manifest.ts';
import { MANIFEST_PATH } from '../generate/paths.ts';
import { POSTURE_FILE } from '../posture/model.ts';

/** Where the name leads to: a file under another name, a folder through a link. */
function placeOf(path: string): string {
  const real = realPathOf(path);
  return real === path ? join(realPathOf(dirname(path)), basename(path)) : real;
}

/** The paths of what is generated here, as far as the manifest can be read. */
async function generated(root: string): Promise<string[]> {
  const file = await readBounded(join(root, MANIFEST_PATH), 20_000_000);
  if (!file.ok) return [];
  try {
    return readManifest(file.data).files.map(({ path }) => path);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/**
 * Refuses a file for the result that is one of ours or of git: a report in the place of the posture, of a guard or of a
 * hook takes it away, and the reader asked for nothing of the kind.
 */
export async function checkOutputPlace(root: string, file: string): Promise<void> {
  const place = placeOf(resolve(file));
  const stats = statsOf(place);
  const is = (path: string) => {
    const other = join(root, path);
    if (placeOf(other) === place) return true;
    // Under a name in other letters, or a second name of the same file.
    const seen = stats && statsOf(placeOf(other));
    return seen !== undefined && seen.dev === stats?.dev && seen.ino === stats.ino;
  };
  const refused = (what: string) =>
    new UserError({ what, where: { path: file }, next: 'choose another file for --output' });
  if (place.split(sep).some(part => part.toLowerCase() === '.git'))
    throw refused('this is a place of git, and no result is written there');
  if (is(POSTURE_FILE)) throw refused('this is the posture, and no result is written over it');
  if (isWithin(placeOf(join(root, dirname(MANIFEST_PATH))), place) || (await generated(root)).some(is))
    throw refused('this file is generated from the posture, and no result is written over it');
}

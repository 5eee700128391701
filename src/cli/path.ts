import { delimiter, isAbsolute } from 'node:path';
import { isWithin, realPathOf } from '../base/files.ts';

/**
 * PATH in two parts: folders from which helpers may be taken, and those that are relative, empty, or lead into the
 * repository, where an agent could have laid a `git` of its own.
 */
export function splitPath(path: string, root: string): { trusted: string[]; refused: string[] } {
  const trusted: string[] = [];
  const refused: string[] = [];
  for (const folder of path.split(delimiter)) {
    const leadsIn = isWithin(root, folder) || isWithin(root, realPathOf(folder));
    (isAbsolute(folder) && !leadsIn ? trusted : refused).push(folder);
  }
  return { trusted, refused };
}

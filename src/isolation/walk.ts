import { accessSync, constants, type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../base/errors.ts';

/** The most entries that are looked at in a repository: some ten seconds of looking. */
export const ENTRY_LIMIT = 2_000_000;

export interface Budget {
  entries: number;
}

/** `place`: bytes where a name on the way is no UTF-8, so that the path, which stands for it, leads nowhere. */
export type Visit = (path: string, entry: Dirent, place: string | Buffer) => boolean;

/** Stands in a text for what is no UTF-8. */
const ODD = '\uFFFD';

/**
 * Looks at everything below `start`; goes into a folder where `visit` says so. Links are named, never followed. A folder
 * that is there and cannot be looked into is told to `unseen`: whoever owns it can open it. False where that was more
 * than the budget, and not everything was looked at.
 */
export function walkBelow(
  start: string,
  budget: Budget,
  visit: Visit,
  unseen: (folder: string, named: boolean) => void = () => {},
): boolean {
  const folders: { path: string; place: string | Buffer }[] = [{ path: start, place: start }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let entries: Named[];
    try {
      entries = entriesOf(folder.place);
      if (entries.length > 0) accessSync(folder.place, constants.X_OK);
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? ''))
        unseen(folder.path, typeof folder.place === 'string');
      continue;
    }
    budget.entries -= entries.length;
    if (budget.entries < 0) return false;
    for (const { entry, bytes } of entries) {
      const path = join(folder.path, entry.name);
      const odd = bytes !== undefined || typeof folder.place !== 'string';
      const name = bytes ?? Buffer.from(entry.name);
      const place = odd ? Buffer.concat([Buffer.from(folder.place), Buffer.from('/'), name]) : path;
      if (visit(path, entry, place) && entry.isDirectory()) folders.push({ path, place });
    }
  }
  return true;
}

/** An entry, and its name where that is no UTF-8. */
interface Named {
  entry: Dirent;
  bytes: Buffer | undefined;
}

function entriesOf(place: string | Buffer): Named[] {
  const entries = readdirSync(place, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes(ODD))) return entries.map(entry => ({ entry, bytes: undefined }));
  return readdirSync(place, { withFileTypes: true, encoding: 'buffer' }).map(raw => {
    const bytes = raw.name as unknown as Buffer;
    const name = bytes.toString();
    const entry = Object.defineProperty(raw, 'name', { value: name }) as unknown as Dirent;
    return { entry, bytes: Buffer.from(name).equals(bytes) ? undefined : bytes };
  });
}

import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, UserError } from '../base/errors.ts';
import {
  findWithin,
  placeWithin,
  plainStep,
  READ_LIMIT,
  readBounded,
  type Step,
  syncFolder,
  writeAtomic,
} from '../base/files.ts';
import type { FileOnDisk } from './types.ts';

/** A file as it is, null where there is none, or why it is left alone; `closed` where this user may not look at it. */
export type Look = { file: FileOnDisk | null } | { refused: string; closed?: true };

/** Looks at a file of the repository. Follows no link, waits for no FIFO, reads at most 4 MB. */
export async function look(root: string, path: string): Promise<Look> {
  let place: string;
  try {
    const found = await findWithin(root, path);
    if (!found.there) return { file: null };
    place = found.place;
  } catch (error) {
    if (error instanceof UserError) return { refused: error.problems[0]?.what ?? error.message };
    if (errorCode(error) === 'ENOTDIR') return { refused: 'a part of its path is a file, not a folder' };
    return shut('it cannot be looked at', errorCode(error) ?? 'unknown');
  }
  const read = await readBounded(place);
  if (!read.ok) {
    if (read.reason === 'ENOENT') return { file: null };
    if (read.reason === 'ENOTDIR') return { refused: 'a part of its path is a file, not a folder' };
    if (read.reason === 'EISDIR') return { refused: 'a folder stands in its place' };
    if (read.reason === 'not-a-file' || read.reason === 'ENXIO') return { refused: 'it is not a regular file' };
    return shut('it cannot be read', read.reason);
  }
  if (read.truncated) return { refused: `it is larger than ${READ_LIMIT / 1_000_000} MB` };
  return { file: { data: read.data, mode: read.stats.mode & 0o7777 } };
}

function shut(what: string, code: string): Look {
  return { refused: `${what} (${code})`, ...(code === 'EACCES' || code === 'EPERM' ? { closed: true } : {}) };
}

/** A folder of the repository, held open where the system can, so that nobody can put a link in its place meanwhile. */
interface Folder {
  /** A path that means this very folder. */
  at: string;
  close(): Promise<void>;
}

/**
 * Goes down from the root to a folder without following a link, making what is missing where `make` says so. On Linux
 * every step starts from the descriptor of the one before, so a folder swapped for a link in between is refused, not
 * followed; elsewhere the way is checked, and checked again before each rename.
 */
async function openFolder(base: string, parts: readonly string[], make: boolean, step: Step): Promise<Folder> {
  let held = await enter(base);
  let { at } = held;
  try {
    for (const part of parts) {
      const next = join(at, part);
      let inner = await enter(next).catch(absent);
      if (!inner && make) {
        await step('mkdir', next, () => mkdir(next, 0o755));
        await syncFolder(at);
        inner = await enter(next);
      }
      if (!inner) throw Object.assign(new Error(`${part} is missing`), { code: 'ENOENT' });
      await held.close();
      held = inner;
      at = inner.at;
    }
    return { at, close: held.close };
  } catch (error) {
    await held.close();
    if (errorCode(error) === 'ELOOP' || errorCode(error) === 'ENOTDIR') throw notAFolder(parts.join('/'));
    throw error;
  }
}

function notAFolder(path: string): UserError {
  return new UserError({
    what: 'a link or a file stands where a folder was',
    where: { path },
    expected: 'a plain folder inside the repository',
    next: 'somebody is changing the repository at the same time: look at it, then run again',
  });
}

/** A folder by itself: never through a link. */
async function enter(path: string): Promise<Folder> {
  if (process.platform === 'linux') {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const at = `/proc/self/fd/${handle.fd}`;
    if (await lstat(`${at}/.`).catch(absent)) return { at, close: () => handle.close() };
    await handle.close();
  }
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
  return { at: path, close: async () => {} };
}

function absent(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT') return undefined;
  throw error;
}

function split(path: string): { folder: string[]; name: string } {
  const parts = path.split('/');
  return { folder: parts.slice(0, -1), name: parts.at(-1) ?? '' };
}

/** A file's new content, or null to remove it. */
export interface Write {
  path: string;
  content: FileOnDisk | null;
  /** Name of the file that is written first, in the same folder. */
  temporary: string;
}

/**
 * Puts one file in its new state, whole or not at all. Just before it happens the file is looked at once more:
 * `expect` says whether it is still what it must be.
 */
export async function putFile(
  base: string,
  { path, content, temporary }: Write,
  expect: (now: FileOnDisk | null) => void,
  step: Step = plainStep,
): Promise<void> {
  const { folder, name } = split(path);
  const parent = await openFolder(base, folder, content !== null, step);
  try {
    const target = join(parent.at, name);
    const check = async () => {
      const seen = await look(parent.at, name);
      if ('refused' in seen)
        throw new UserError({ what: seen.refused, where: { path }, next: 'look at it, then run again' });
      expect(seen.file);
      if (process.platform !== 'linux') await placeWithin(base, path);
    };
    if (content) await writeAtomic(target, content.data, content.mode, { temporary, check, step });
    else {
      await check();
      await step('unlink', target, () => unlink(target));
      await step('flush', parent.at, () => syncFolder(parent.at));
    }
  } finally {
    await parent.close();
  }
}

/** Removes a file that a stopped run may have left, if it is there. */
export async function removeLeftover(base: string, path: string): Promise<void> {
  const { folder, name } = split(path);
  try {
    const parent = await openFolder(base, folder, false, plainStep);
    try {
      // Looked for first: a read-only file system refuses to remove what is not there, too.
      await lstat(join(parent.at, name));
      await unlink(join(parent.at, name));
    } finally {
      await parent.close();
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && !(error instanceof UserError)) throw error;
  }
}

/** Removes a folder if it is empty. */
export async function removeEmptyFolder(base: string, path: string, step: Step = plainStep): Promise<void> {
  const { folder, name } = split(path);
  try {
    const parent = await openFolder(base, folder, false, plainStep);
    try {
      await lstat(join(parent.at, name));
      await step('rmdir', path, () => rmdir(join(parent.at, name)));
    } finally {
      await parent.close();
    }
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '') && !(error instanceof UserError))
      throw error;
  }
}

/** The folders on the way to `path` that are not there yet, outermost first. */
export async function missingFolders(base: string, path: string): Promise<string[]> {
  const { folder } = split(path);
  const missing: string[] = [];
  for (let length = 1; length <= folder.length; length++) {
    const part = folder.slice(0, length).join('/');
    const stats: Stats | undefined = await lstat(join(base, part)).catch(absent);
    if (!stats) missing.push(part);
  }
  return missing;
}

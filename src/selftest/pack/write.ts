import { constants, existsSync, statSync } from 'node:fs';
import { access, copyFile, link, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileSystemPlace, TryOf } from '../wire.ts';
import { failed, type Result, readFile, strongest, within } from './base.ts';
import { guesses, images, isReadOnly, mounts, placeOf, refusedBy } from './proc.ts';

type Write = Pick<TryOf<'write'>, 'how' | 'path' | 'aside'>;

/** The folder that `rename-parent` moves: the one that stands beside `aside`. */
function folderOf({ path, aside }: Write): string {
  return aside !== undefined && dirname(aside) === dirname(path) ? path : dirname(path);
}

const copyOf = (aside: string) => `${aside}.new`;

/** Makes a `write`, by every other mount where a place is given. What it leaves is taken back by `unwrite`. */
export async function write({ place, ...one }: TryOf<'write'>): Promise<Result> {
  if (!place) return writeAt(one);
  const results: Result[] = [];
  for (const path of images(place, one.path)) {
    const result = await writeAt({ ...one, path });
    results.push({ ...result, at: path });
    if (result.outcome === 'done') break;
  }
  const known = strongest(results, { outcome: 'none', reason: 'no second mount' });
  if (known.outcome === 'done') return known;
  return one.how === 'in-place' ? writeGuessed(place, one, known) : ledTo(place, one, known);
}

/**
 * The first byte is written back wherever the file may stand by a mount that hides its source: that changes nothing,
 * and the host sees by the file's times whether it was the file.
 */
async function writeGuessed(
  place: FileSystemPlace,
  one: Omit<TryOf<'write'>, 'place'>,
  known: Result,
): Promise<Result> {
  const { paths, limit } = await guesses(place, one.path, 'file');
  const results: Result[] = [];
  for (const at of paths)
    if (await mayBeFile(place, one.path, at)) results.push({ ...(await writeAt({ ...one, path: at })), at });
  const done = results.filter(({ outcome }) => outcome === 'done');
  // Any of them may have been the file.
  if (done[0]) return { ...done[0], at: done.map(({ at }) => at).join(' or ') };
  return within(limit, strongest([known, ...results], known));
}

/** In a folder that may be another one nothing is made: where one may lead to the file's folder, nothing can be said. */
async function ledTo(place: FileSystemPlace, { path }: Write, known: Result): Promise<Result> {
  const folder = dirname(path);
  const above = { device: place.device, path: dirname(place.path) };
  const { paths, limit } = await guesses(above, folder, 'folder');
  const refusals: Result[] = [];
  for (const at of paths) {
    const refusal = await refusedIn(at);
    if (refusal) refusals.push({ ...refusal, at });
    else if (await mayBeFolder(above, folder, at))
      return { outcome: 'error', reason: `a mount may lead to it: ${at}`, at };
  }
  // Only where somebody's mode keeps it, that may be lifted.
  const telling = refusals.filter(({ outcome, mode }) => outcome !== 'refused' || mode !== undefined);
  return within(limit, strongest([known, ...telling], known));
}

/** Why nothing can be made in a folder; undefined where it can. */
async function refusedIn(folder: string): Promise<Result | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return { outcome: 'refused', reason: 'ENOTDIR' };
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const result = failed(error);
    return ['EACCES', 'EPERM'].includes(result.reason) ? { ...result, ...refusedBy(folder) } : result;
  }
}

/** Whether the two may be one file: not where both can be read, and the one we know is at its place and is another. */
async function mayBeFile(place: FileSystemPlace, path: string, guess: string): Promise<boolean> {
  if (await isAt(place, guess)) return false;
  if (!(await isAt(place, path))) return true;
  try {
    const before = await readFile(path);
    const other = await readFile(guess);
    return before.equals(other) || !before.equals(await readFile(path));
  } catch {
    return true;
  }
}

/**
 * Whether the two may be one folder: not where the one we know is at its place and has something that the other has
 * not. What other tries of ours lay there for a moment is left out.
 */
async function mayBeFolder(place: FileSystemPlace, path: string, guess: string): Promise<boolean> {
  if (await isAt(place, guess)) return false;
  if (!(await isAt(place, path))) return true;
  try {
    const before = await readdir(path);
    const other = new Set(await readdir(guess));
    const after = new Set(await readdir(path));
    return !before.some(name => !name.includes('agent-posture') && after.has(name) && !other.has(name));
  } catch {
    return true;
  }
}

/** Whether a path leads to this place itself, by its own device: such ones are tried by the mount table. */
async function isAt(place: FileSystemPlace, path: string): Promise<boolean> {
  const at = await placeOf(path).catch(() => undefined);
  return at?.device === place.device && at.path === place.path;
}

async function writeAt(one: Omit<TryOf<'write'>, 'place'>): Promise<Result> {
  try {
    switch (one.how) {
      case 'create':
        await create(one);
        return { outcome: 'done', reason: 'created' };
      case 'in-place':
        return await inPlace(one.path);
      case 'replace':
        return await replace(one.path, one.aside ?? `${one.path}.aside`);
      case 'rename-parent': {
        const folder = folderOf(one);
        const aside = one.aside ?? `${folder}.aside`;
        if (existsSync(aside)) return { outcome: 'error', reason: 'EEXIST' };
        await rename(folder, aside);
        await rename(aside, folder);
        return { outcome: 'done', reason: 'renamed' };
      }
    }
  } catch (error) {
    const result = failed(error);
    if (one.how === 'create' && result.reason === 'EEXIST') return standing(one.path);
    return ['EACCES', 'EPERM'].includes(result.reason) ? { ...result, ...refusedBy(one.path, asked(one)) } : result;
  }
}

/**
 * What stands in the place of a file that was not there keeps nobody from making one where it can be taken away: another
 * box that runs beside this one lays such things.
 */
function standing(path: string): Result {
  if (mounts().some(({ point }) => point === path)) return { outcome: 'refused', reason: 'EEXIST' };
  if (isReadOnly(dirname(path))) return { outcome: 'refused', reason: 'EROFS' };
  return { outcome: 'error', reason: 'something stands there by now, perhaps of a box that runs beside' };
}

/** What has to let it happen: the file for a change of what is in it, its folder for another one in its place. */
function asked(one: Write): string {
  switch (one.how) {
    case 'in-place':
      return one.path;
    case 'create':
      return dirname(one.path);
    case 'replace':
      // The copy is made of it, so it has to be read too.
      return isOwnUnreadable(one.path) ? one.path : dirname(one.path);
    case 'rename-parent':
      return dirname(folderOf(one));
  }
}

function isOwnUnreadable(path: string): boolean {
  try {
    const { uid, mode } = statSync(path);
    return uid === process.getuid?.() && (mode & 0o400) === 0;
  } catch {
    return false;
  }
}

/**
 * The file is whole before it has its name, so that nothing reads half of it: git does not work with an empty
 * `commondir`. Where that way fails, the plain one is tried, and what comes of it counts: a box may refuse links, or
 * other names, and let the file be made all the same.
 */
async function create({ path, content, aside }: Omit<TryOf<'write'>, 'place'>): Promise<void> {
  if (aside !== undefined) {
    const beside = besideOf(path, aside);
    try {
      await createPlainly(beside, content);
      await link(beside, path);
      return;
    } catch (error) {
      if (failed(error).reason === 'EEXIST') throw error;
    } finally {
      await rm(beside, { force: true }).catch(() => {});
    }
  }
  await createPlainly(path, content);
}

/** By another mount the folder is another one. */
const besideOf = (path: string, aside: string) => join(dirname(path), basename(copyOf(aside)));

async function createPlainly(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

/** Writes the first byte back as it is. Its times show from outside that it was written. */
async function inPlace(path: string): Promise<Result> {
  const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { outcome: 'refused', reason: 'ENOTREG' };
    const byte = Buffer.alloc(1);
    const { bytesRead } = await handle.read(byte, 0, 1, 0);
    if (bytesRead === 1) await handle.write(byte, 0, 1, 0);
  } finally {
    await handle.close();
  }
  return { outcome: 'done', reason: 'written' };
}

/** The path has full content all the time: the original gets a second name first, then a copy is renamed over the first. */
async function replace(path: string, aside: string): Promise<Result> {
  const copy = copyOf(aside);
  const stats = await stat(path);
  if (!stats.isFile()) return { outcome: 'refused', reason: 'ENOTREG' };
  await copyFile(path, copy, constants.COPYFILE_EXCL);
  let linked = false;
  try {
    await utimes(copy, stats.atime, stats.mtime).catch(() => {});
    try {
      await link(path, aside);
      linked = true;
    } catch (error) {
      const { reason } = failed(error);
      // A file that is a mount of its own cannot be linked, nor renamed over.
      if (reason === 'EXDEV' && mounts().some(({ point }) => point === path))
        return { outcome: 'refused', reason: 'EBUSY' };
      // The folder can be written, or the copy would not be there: what failed is our way of keeping the original safe.
      return { outcome: 'error', reason: `no second name for it: ${reason}` };
    }
    await rename(copy, path);
    return { outcome: 'done', reason: 'replaced' };
  } catch (error) {
    if (linked) await rm(aside, { force: true });
    throw error;
  } finally {
    await rm(copy, { force: true }).catch(() => {});
  }
}

/** Takes back what a `write` left. `none` where there is nothing to take back. */
export async function unwrite(one: TryOf<'unwrite'>): Promise<Result> {
  const nothing: Result = { outcome: 'none', reason: 'nothing left' };
  try {
    switch (one.how) {
      case 'create':
        if (one.aside !== undefined) await rm(besideOf(one.path, one.aside), { force: true }).catch(() => {});
        if (!existsSync(one.path)) return nothing;
        await rm(one.path);
        return { outcome: 'done', reason: 'removed' };
      case 'in-place':
        return nothing;
      case 'replace': {
        const aside = one.aside ?? `${one.path}.aside`;
        await rm(copyOf(aside), { force: true }).catch(() => {});
        if (!existsSync(aside)) return nothing;
        await rename(aside, one.path);
        return { outcome: 'done', reason: 'put back' };
      }
      case 'rename-parent': {
        const folder = folderOf(one);
        const aside = one.aside ?? `${folder}.aside`;
        if (!existsSync(aside) || existsSync(folder)) return nothing;
        await rename(aside, folder);
        return { outcome: 'done', reason: 'put back' };
      }
    }
  } catch (error) {
    return failed(error);
  }
}

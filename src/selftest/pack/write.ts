import { constants, existsSync, statSync } from 'node:fs';
import { copyFile, link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TryOf } from '../wire.ts';
import { failed, type Result, strongest } from './base.ts';
import { images, mounts, refusedBy } from './proc.ts';

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
  return strongest(results, { outcome: 'none', reason: 'no second mount' });
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
    return ['EACCES', 'EPERM'].includes(result.reason) ? { ...result, ...refusedBy(one.path, asked(one)) } : result;
  }
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

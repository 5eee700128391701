import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorCode, UserError } from './errors.ts';
import { randomHex } from './hash.ts';

/** The most that is ever read of a file that is not ours: 4 MB. */
export const READ_LIMIT = 4_000_000;

export type ReadFailure = { ok: false; reason: string };
export type ReadResult = { ok: true; data: Buffer; stats: Stats; truncated: boolean } | ReadFailure;

/**
 * Reads at most `limit` bytes of a regular file. Never blocks: it opens without waiting and looks at what it got first,
 * so a FIFO or a device in place of a file is `not-a-file`. The other reasons are the system's codes (`ENOENT` …). All at
 * once: handing each of its four calls to another thread takes longer than the calls do, and hundreds of files are read
 * before a first word can be said.
 */
export async function readBounded(path: string, limit = READ_LIMIT): Promise<ReadResult> {
  return readNow(path, limit);
}

/** The same for those who cannot wait. */
export function readNow(path: string, limit = READ_LIMIT): ReadResult {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile()) return { ok: false, reason: stats.isDirectory() ? 'EISDIR' : 'not-a-file' };
    // Files that the kernel makes as they are read have no size.
    let data = Buffer.alloc(Math.min(stats.size || 65_536, limit));
    let length = 0;
    for (;;) {
      if (length === data.length) {
        if (stats.size > 0 || length >= limit) break;
        data = Buffer.concat([data], Math.min(length * 4, limit));
      }
      const read = readSync(file, data, length, data.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return { ok: true, data: data.subarray(0, length), stats, truncated: stats.size > length };
  } catch (error) {
    return { ok: false, reason: errorCode(error) ?? String(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A path with every link resolved; one that leads nowhere is itself. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What stands at `path` itself, not what it leads to; undefined where that cannot be said. */
export function statsOf(path: string | Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What lies in a folder; nothing where that cannot be said. */
export function namesIn(folder: string): string[] {
  try {
    // Most are not there, and an exception takes longer than a look.
    return isThere(folder) ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

export const isThere = (path: string): boolean => statsOf(path) !== undefined;

/**
 * A path through a process's own links (`/proc/self/cwd/…`, `/proc/thread-self/root/…`), as a process that works in
 * `root` sees it: what stands behind it depends on who looks.
 */
export function throughProc(root: string, path: string): string {
  const match = /^\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(cwd|root)(\/.*)?$/.exec(path);
  if (!match) return path;
  const [, link, rest = ''] = match;
  // Again, since one may lead through the next.
  return throughProc(root, resolve(link === 'cwd' ? `${root}${rest}` : rest || '/'));
}

/** Whether `path` is `root` or below it, by name alone. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/**
 * The absolute place of `path` (relative to `root`), refused when any existing part of the way, the last one included,
 * is a symbolic link, or when it would leave the root.
 */
export async function placeWithin(root: string, path: string): Promise<string> {
  return (await findWithin(root, path)).place;
}

/** The same, with whether anything is there: who reads what is missing pays for an error, and most of what is looked at is. */
export async function findWithin(root: string, path: string): Promise<{ place: string; there: boolean }> {
  const absolute = resolve(root, path);
  const refuse = (what: string) =>
    new UserError({
      what,
      where: { path },
      expected: 'a plain path inside the repository',
      next: 'remove the link, or move the file into the repository',
    });
  if (path.includes('\0') || isAbsolute(path) || !isWithin(root, absolute))
    throw refuse('this path leaves the repository');
  let at = root;
  for (const part of relative(root, absolute).split(sep).filter(Boolean)) {
    at = `${at}${sep}${part}`;
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (!stats) return { place: absolute, there: false };
    if (stats.isSymbolicLink()) {
      const target = await realpath(at).catch(() => undefined);
      throw refuse(
        `${relative(root, at)} is a symbolic link${target && !isWithin(root, target) ? ' out of the repository' : ''}, and links are not followed`,
      );
    }
  }
  return { place: absolute, there: true };
}

/**
 * Goes round every single operation that changes the disk, so that a test can stop or fail at each of them. `what` is
 * the operation (`open`, `write`, `flush`, `rename` …).
 */
export type Step = <T>(what: string, path: string, operation: () => Promise<T>) => Promise<T>;

export const plainStep: Step = (_what, _path, operation) => operation();

export interface WriteOptions {
  /** Name of the file that is written before the rename; default a random one. */
  temporary?: string | undefined;
  /** Called last before the rename: throws where the place is no longer what it was. */
  check?: (() => Promise<void>) | undefined;
  step?: Step | undefined;
}

/**
 * Creates a folder, and those above it that are missing, one by one: Node's own `recursive` never comes back where a file
 * system takes no new names, as in /proc (seen with Node 20).
 */
export async function ensureFolder(folder: string, mode = 0o777): Promise<void> {
  // Loaded only where something is written: most of what is done here only looks.
  const { default: fs } = await import('fs-extra');
  if (await fs.pathExists(folder)) return;
  await ensureFolder(dirname(folder), mode);
  await fs.mkdir(folder, mode).catch(error => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
}

/**
 * Writes a file whole or not at all: a new file beside it, flushed, then renamed over it. An existing file keeps its
 * mode unless one is given, and its owner; a new one gets 0600.
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  mode?: number,
  { temporary = `.${basename(path)}.${randomHex(6)}.tmp`, check, step = plainStep }: WriteOptions = {},
): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing && !existing.isFile()) {
    throw new UserError({
      what: 'not a regular file, so it is left alone',
      where: { path },
      expected: 'a file, or nothing',
      next: 'move it away and run again',
    });
  }
  await ensureFolder(dirname(path));
  const beside = join(dirname(path), temporary);
  const handle = await step('open', beside, () => open(beside, 'wx', 0o600));
  try {
    try {
      await step('write', beside, () => handle.writeFile(data));
      const made = await handle.stat();
      if (existing && (existing.uid !== made.uid || existing.gid !== made.gid))
        await handle.chown(existing.uid, existing.gid).catch(() => {});
      await step('chmod', beside, () => handle.chmod(mode ?? (existing ? existing.mode & 0o7777 : 0o600)));
      await step('flush', beside, () => handle.sync());
    } finally {
      await handle.close();
    }
    await check?.();
    await step('rename', path, () => rename(beside, path));
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
  await step('flush', dirname(path), () => syncFolder(dirname(path)));
}

/** Makes a rename in `folder` survive a power cut, where the system lets a folder be opened. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** `~/…` for a path in `home`, relative inside `root`, else absolute: as the user would write it. */
export function displayPath(path: string, { root, home }: { root: string; home: string }): string {
  if (isWithin(root, path) && path !== root) return relative(root, path);
  if (isWithin(home, path)) return path === home ? '~' : `~/${relative(home, path)}`;
  return path;
}

/** `~/x` → `<home>/x`; anything else unchanged. */
export function expandHome(path: string, home: string): string {
  return path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

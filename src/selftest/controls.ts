import { constants } from 'node:fs';
import { access, lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isWithin, READ_LIMIT, readBounded, statsOf } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { type Mount, parseMounts } from '../base/mounts.ts';
import { type Check, OK } from './case.ts';
import type { FileSystemPlace, Observation } from './wire.ts';

/** A file as the host has it. The content stays in this process, for challenges; it is never kept or shown. */
export interface HostFile {
  content: Buffer;
  /** Other names of the same file by hard links that were found in the workspace; `links` is how many there are. */
  links: number;
  inode: string;
  /** The path with every link resolved, where that is another one. */
  realPath: string | undefined;
  place: FileSystemPlace | undefined;
}

export type HostRead = { ok: true; file: HostFile } | { ok: false; reason: string };

/** This process's own mount table; empty where there is none. */
export async function mountTable(): Promise<Mount[]> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
}

/** Where a real path lies on its file system: the last mount that holds it, and the rest of the way from that device's root. */
export function placeOn(mounts: readonly Mount[], path: string): FileSystemPlace | undefined {
  const over = mounts.filter(({ point }) => point === '/' || isWithin(point, path));
  const longest = Math.max(0, ...over.map(({ point }) => point.length));
  const mount = over.filter(({ point }) => point.length === longest).at(-1);
  if (!mount) return undefined;
  const rest = mount.point === '/' ? path : path.slice(mount.point.length);
  return { device: mount.device, path: (mount.root === '/' ? rest : mount.root + rest) || '/' };
}

/** Reads a file as the host has it, with what is needed to know it elsewhere. */
export async function readHost(path: string, mounts: readonly Mount[]): Promise<HostRead> {
  const read = await readBounded(path, READ_LIMIT);
  if (!read.ok) return read;
  const real = await realpath(path).catch(() => path);
  return {
    ok: true,
    file: {
      content: read.data,
      links: read.stats.nlink,
      inode: `${read.stats.dev}:${read.stats.ino}`,
      realPath: real === path ? undefined : real,
      place: placeOn(mounts, real),
    },
  };
}

/** Whether the file still holds what was read of it before. */
export async function stillHolds(path: string, { content }: HostFile): Promise<Check> {
  const read = await readBounded(path, READ_LIMIT);
  if (!read.ok) return { ok: false, reason: read.reason };
  return sha256(read.data) === sha256(content) ? OK : { ok: false, reason: 'changed meanwhile' };
}

/** Names in a folder, as the host sees them, sorted. */
export async function listHost(path: string): Promise<{ ok: true; names: string[] } | { ok: false; reason: string }> {
  try {
    return { ok: true, names: (await readdir(path)).sort().slice(0, 50) };
  } catch (error) {
    return { ok: false, reason: (error as NodeJS.ErrnoException).code ?? 'error' };
  }
}

/** Whether the host could change it: the file, or for a new one its folder, may be written. Nothing is changed for that. */
export async function mayWrite(path: string): Promise<Check> {
  const there = statsOf(path);
  try {
    // A link is changed by making another one in its folder.
    await access(there && !there.isSymbolicLink() ? path : dirname(path), constants.W_OK);
    return OK;
  } catch (error) {
    return { ok: false, reason: (error as NodeJS.ErrnoException).code ?? 'error' };
  }
}

/** A try's outcome as a control. */
export function checkOf(observation: Observation | undefined): Check {
  if (observation?.outcome === 'done') return OK;
  const word =
    observation?.outcome === 'silent' ? 'said nothing' : observation?.outcome === 'closed' ? 'closed at once' : '';
  return { ok: false, reason: word || observation?.reason || 'no result' };
}

/** What tells from outside that a file or folder, or with `link` a link itself, was touched: its inode and the time of its last change. */
export async function traceOf(path: string, of?: 'link'): Promise<string> {
  const stats = await (of ? lstat : stat)(path, { bigint: true }).catch(() => undefined);
  return stats ? `${stats.dev}:${stats.ino}:${stats.ctimeNs}` : 'none';
}

/** Other names of files with several hard links, looked for in the workspace: at most 20,000 entries. */
export async function findLinks(root: string, inodes: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (inodes.size === 0) return found;
  const queue = [root];
  for (let looked = 0; queue.length > 0 && looked < 20_000; ) {
    const folder = queue.shift() as string;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    looked += entries.length;
    for (const entry of entries) if (entry.isDirectory()) queue.push(join(folder, entry.name));
    const files = entries.filter(entry => entry.isFile()).map(entry => join(folder, entry.name));
    const stats = await Promise.all(files.map(file => lstat(file).catch(() => undefined)));
    files.forEach((file, index) => {
      const inode = `${stats[index]?.dev}:${stats[index]?.ino}`;
      if (inodes.has(inode)) found.set(inode, [...(found.get(inode) ?? []), file]);
    });
  }
  return found;
}

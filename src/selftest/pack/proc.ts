import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Mount, parseMounts } from '../../base/mounts.ts';
import type { FileSystemPlace, Observation } from '../wire.ts';
import { codeOf, oncePerRound, readText, readUpTo, running } from './base.ts';

/** More processes than this are not looked at. */
const MOST = 5_000;
/** Enough steps up to reach the top of any tree that can be named. */
const UP = '/..'.repeat(40);

/**
 * Ids of the processes that can be seen. Left out are ourselves, the shell above us, and what a try has running: that
 * stands in namespaces of its own, and would be found by the next try.
 */
export function otherProcesses(): string[] {
  try {
    const own = new Set([process.pid, process.ppid, ...running()].map(String));
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name) && !own.has(name))
      .slice(0, MOST);
  } catch {
    return [];
  }
}

/** Why what was not found in these processes may be in others. */
export function processesCut(pids: readonly string[]): string | undefined {
  return pids.length < MOST ? undefined : `only ${MOST} processes were looked at`;
}

/** Bytes of the mount table that are read. */
const TABLE = 32_000_000;

const table = oncePerRound<{ all: readonly Mount[]; cut: string | undefined }>(() => {
  const { text, isCut } = readUpTo('/proc/self/mountinfo', TABLE);
  return {
    all: parseMounts(text),
    cut: isCut ? `only ${TABLE / 1_000_000} MB of the mount table were read` : undefined,
  };
});

/** The vantage's own mount table, in the order of mounting. */
export const mounts = (): readonly Mount[] => table().all;
/** Why what is not in it may be mounted all the same. */
export const tableCut = (): string | undefined => table().cut;

/** Where a file of another mount namespace shows here: every mount of its device that has it or a folder above it. */
export function images(place: FileSystemPlace, path: string): string[] {
  const found = mounts()
    .filter(
      ({ device, root }) =>
        device === place.device && (root === '/' || place.path === root || place.path.startsWith(`${root}/`)),
    )
    .map(({ root, point }) => {
      const rest = root === '/' ? place.path : place.path.slice(root.length);
      return (point === '/' ? rest : point + rest) || '/';
    });
  return [...new Set(found)].filter(image => image !== path);
}

/**
 * What refused `path` by its mode: it, or the nearest folder above it that can be looked at. `of`: what of it was asked
 * for, as the folder where something was to be made.
 */
export function refusedBy(path: string, of = path): Pick<Observation, 'mode' | 'owner' | 'part' | 'at'> {
  for (let at = of; ; at = dirname(at)) {
    const stats = statsOf(at);
    if (stats)
      return {
        owner: stats.uid,
        part: at === path ? 'itself' : 'folder',
        at: at === path ? undefined : at,
        ...(isReadOnly(at) ? {} : { mode: (stats.mode & 0o7777).toString(8) }),
      };
    if (dirname(at) === at) return {};
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether the mount that `path` lies on, through its links, lets nothing be changed. */
export function isReadOnly(path: string): boolean {
  let real = path;
  try {
    real = realpathSync(path);
  } catch {}
  return mountAt(real)?.readOnly ?? false;
}

/** The mount that a real path lies on: the deepest, and of several at one place the last one. */
function mountAt(real: string): Mount | undefined {
  return mounts().reduce<Mount | undefined>(
    (deepest, mount) =>
      (mount.point === '/' || real === mount.point || real.startsWith(`${mount.point}/`)) &&
      mount.point.length >= (deepest?.point.length ?? 0)
        ? mount
        : deepest,
    undefined,
  );
}

/** Where a path lies on its file system, through its links. */
export async function placeOf(path: string): Promise<FileSystemPlace | undefined> {
  const real = await realpath(path);
  const mount = mountAt(real);
  if (!mount) return undefined;
  const rest = mount.point === '/' ? real : real.slice(mount.point.length);
  return { device: mount.device, path: (mount.root === '/' ? rest : mount.root + rest) || '/' };
}

/** File systems that hold no files of anybody's. */
const NO_FILES =
  /^(proc|sysfs|cgroup2?|devpts|mqueue|devtmpfs|securityfs|debugfs|tracefs|bpf|pstore|configfs|fusectl|hugetlbfs|binfmt_misc|nsfs|autofs|efivarfs|rpc_pipefs)$/;
/** File systems whose files are their own: they can hold a copy of a file, and never the very file of another device. */
const OWN_FILES =
  /^(tmpfs|ramfs|ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|vfat|exfat|ntfs3|iso9660|udf|squashfs|erofs)$/;
/** Mount points of other devices that are looked through. */
const GUESSED = 10_000;

/** What may stand elsewhere: the content of a file, the very file, the very folder. */
type Wanted = 'content' | 'file' | 'folder';

/**
 * Where the file or folder may show that another device's mount hides: an overlay, FUSE or network mount of a folder
 * above it has it under its own rest of the path, and one of the very thing at its mount point. Only what is read there
 * tells whether it is the file. `limit`: why there may be more.
 */
export async function guesses(
  { device }: Pick<FileSystemPlace, 'device'>,
  path: string,
  wanted: Wanted = 'content',
): Promise<{ paths: string[]; limit: string | undefined }> {
  const parts = path.split('/').filter(Boolean);
  const rests = parts.map((part, at) => ({ top: part, rest: `/${parts.slice(at).join('/')}` }));
  const points = otherPoints(device, wanted);
  const paths: string[] = [];
  let looked = 0;
  for (const point of points.slice(-GUESSED)) {
    if (++looked % 200 === 0) await new Promise(setImmediate);
    const stands = await kindOf(point, '');
    if (stands === (wanted === 'folder' ? 'folder' : 'file') && point !== '/' && point !== path) paths.push(point);
    if (stands === 'file' || stands === 'none') continue;
    for (const { top, rest } of rests) {
      const guess = point === '/' ? rest : point + rest;
      if (guess === path) continue;
      // Hundreds of files are guessed at below the same few folders, most of which are not there: that is known at once.
      const kind = kindOf(point, top);
      if ((typeof kind === 'string' ? kind : await kind) !== 'none') paths.push(guess);
    }
  }
  return {
    paths,
    limit: tableCut() ?? (points.length > GUESSED ? `only ${GUESSED} mounts were looked through` : undefined),
  };
}

/** Every mount point: what lies under one may show at another, and the table does not tell which of them is covered. */
function otherPoints(device: string, wanted: Wanted): string[] {
  const others = mounts().filter(
    mount =>
      mount.device !== device && !NO_FILES.test(mount.type) && (wanted === 'content' || !OWN_FILES.test(mount.type)),
  );
  return [...new Set(others.map(({ point }) => point))];
}

/** `other`: a link, or something that could not be looked at. */
type Kind = 'none' | 'file' | 'folder' | 'other';

const kinds = oncePerRound(() => new Map<string, Map<string, Kind | Promise<Kind>>>());

/** What stands at a mount point, or under a name in it, without following a link. */
function kindOf(point: string, name: string): Kind | Promise<Kind> {
  const all = kinds();
  const known = all.get(point) ?? new Map<string, Kind | Promise<Kind>>();
  all.set(point, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const path = name === '' ? point : point === '/' ? `/${name}` : `${point}/${name}`;
  const slow = slowOn(path);
  const kind = slow === undefined ? look(path) : ask(slow, path);
  known.set(name, kind);
  return kind;
}

/** File systems of this machine answer at once; others may never. */
const PROMPT = /^(proc|sysfs|cgroup2?|devpts|mqueue|devtmpfs)$/;

/** Mount points where another one lies, whatever lies over it, by their device. The root itself has answered. */
const slowPoints = oncePerRound(
  () =>
    new Map(
      mounts()
        .filter(({ point, type }) => point !== '/' && !OWN_FILES.test(type) && !PROMPT.test(type))
        .map(({ point, device }) => [point, device]),
    ),
);

/** The device on the way to `path` that may never answer. */
function slowOn(path: string): string | undefined {
  const slow = slowPoints();
  for (let at = path; at.length > 1; at = dirname(at)) if (slow.has(at)) return slow.get(at);
  return undefined;
}

function look(path: string): Kind {
  try {
    return kindBy(lstatSync(path, { throwIfNoEntry: false }));
  } catch (error) {
    return kindByError(error);
  }
}

/** Kept for the whole session: a file system that hangs gets one question at a time, and takes one thread of ours. */
const asked = new Map<string, Promise<Kind>>();

function ask(device: string, path: string): Promise<Kind> {
  const kind = (asked.get(device) ?? Promise.resolve()).then(() => lstat(path).then(kindBy, kindByError));
  asked.set(device, kind);
  return kind;
}

function kindBy(stats: Stats | undefined): Kind {
  if (!stats) return 'none';
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
}

/** What may not be looked at may be there. */
const kindByError = (error: unknown): Kind => (['ENOENT', 'ENOTDIR'].includes(codeOf(error)) ? 'none' : 'other');

/** What is mounted over `path` or a folder above it, the latest first; the root itself cannot be taken off. */
export function covering(path: string): string[] {
  const over = mounts().filter(({ point }) => point !== '/' && (path === point || path.startsWith(`${point}/`)));
  return over.map(({ point }) => point).reverse();
}

export interface View {
  pid: string;
  /** The way into another tree: `/proc/PID/root`, `/proc/PID/cwd/../..`. */
  base: string;
}

export interface Views {
  views: View[];
  /** One process for each other mount namespace. */
  mounts: { pid: string }[];
  /** The system's code where a process could be seen but not looked into. */
  denied: string | undefined;
  seen: number;
  /** Why there may be more. */
  cut: string | undefined;
}

function identity(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return '?';
  }
}

/** The trees that other processes stand in and we do not, each once. */
export function otherViews(): Views {
  const others = otherProcesses();
  const result: Views = { views: [], mounts: [], denied: undefined, seen: 0, cut: processesCut(others) };
  const own = namespaceOf('self');
  const known = new Set<string>();
  const namespaces = new Set<string>([own]);
  try {
    known.add(`${own} ${identity('/')}`);
  } catch {}
  for (const pid of others) {
    result.seen++;
    const namespace = namespaceOf(pid);
    if (namespace !== '?' && !namespaces.has(namespace)) {
      namespaces.add(namespace);
      result.mounts.push({ pid });
    }
    for (const base of [`/proc/${pid}/root`, `/proc/${pid}/cwd${UP}`])
      try {
        const view = `${namespace} ${identity(base)}`;
        if (known.has(view)) continue;
        known.add(view);
        result.views.push({ pid, base });
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EACCES' || code === 'EPERM') result.denied = code;
      }
  }
  return result;
}

export interface OpenFiles {
  /** Where a descriptor points, as the kernel names it → its path in /proc. */
  byName: Map<string, string[]>;
  /** Files that are open and have no name any more. */
  deleted: string[];
  /** Ways up from open folders into trees that are not ours. */
  tops: string[];
  denied: string | undefined;
  /** Why there may be more. */
  cut: string | undefined;
}

/** More descriptors than this are not looked at. */
const MOST_OPEN = 50_000;

/** Descriptors that came with us: what is open now is not yet of our own making. */
const inherited: readonly string[] = process.platform === 'linux' ? ownDescriptors() : [];

function descriptors(pid: string): string[] {
  return readdirSync(`/proc/${pid}/fd`).map(name => `/proc/${pid}/fd/${name}`);
}

/** Without the one that the listing itself was made through: its number will be another file's. */
function ownDescriptors(): string[] {
  try {
    return descriptors('self').filter(isOpen);
  } catch {
    return [];
  }
}

function isOpen(at: string): boolean {
  try {
    return readlinkSync(at) !== '';
  } catch {
    return false;
  }
}

/** The mount that a descriptor stands on. */
const mountOf = (at: string) => /^mnt_id:\s*(\d+)/m.exec(readText(at.replace('/fd/', '/fdinfo/')))?.[1];

/** Every descriptor that can be seen, those that came with us first. */
export async function openFiles(): Promise<OpenFiles> {
  const others = otherProcesses();
  const cut = processesCut(others);
  const result: OpenFiles = { byName: new Map(), deleted: [], tops: [], denied: undefined, cut };
  const own = new Set(mounts().map(({ id }) => String(id)));
  const folders = new Set<string>();
  let looked = 0;
  for (const [index, pid] of ['self', ...others].entries()) {
    if (index % 100 === 99) await new Promise(setImmediate);
    let all: readonly string[] = inherited;
    try {
      if (pid !== 'self') all = descriptors(pid);
    } catch (error) {
      if (['EACCES', 'EPERM'].includes(codeOf(error))) result.denied = codeOf(error);
      continue;
    }
    const namespace = namespaceOf(pid);
    for (const at of all) {
      if (++looked > MOST_OPEN) return { ...result, cut: `only ${MOST_OPEN} open files were looked at` };
      try {
        const target = readlinkSync(at);
        if (!target.startsWith('/')) continue;
        if (target.endsWith(' (deleted)') && !target.startsWith('/memfd:')) result.deleted.push(at);
        result.byName.set(target, [...(result.byName.get(target) ?? []), at]);
        if (folders.has(`${namespace} ${target}`)) continue;
        folders.add(`${namespace} ${target}`);
        // A folder on a mount that is not in our table stands in another tree: from there it goes up.
        const mount = mountOf(at);
        if (mount === undefined || own.has(mount) || !statSync(at).isDirectory()) continue;
        own.add(mount);
        result.tops.push(at + UP);
      } catch {}
    }
  }
  return result;
}

import { readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Mount, parseMounts } from '../../base/mounts.ts';
import type { FileSystemPlace, Observation } from '../wire.ts';
import { codeOf, readText, remembered, running } from './base.ts';

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

/** The vantage's own mount table, in the order of mounting. */
export const mounts = remembered<readonly Mount[]>(() => parseMounts(readText('/proc/self/mountinfo')));

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
function isReadOnly(path: string): boolean {
  let real = path;
  try {
    real = realpathSync(path);
  } catch {}
  const over = mounts().filter(({ point }) => point === '/' || real === point || real.startsWith(`${point}/`));
  // Of several at one place the last one counts.
  return over.reduce((deepest, mount) => (mount.point.length >= deepest.point.length ? mount : deepest), {
    point: '',
    readOnly: false,
  }).readOnly;
}

/** File systems that hold no files of anybody's. */
const NO_FILES =
  /^(proc|sysfs|cgroup2?|devpts|mqueue|devtmpfs|securityfs|debugfs|tracefs|bpf|pstore|configfs|fusectl|hugetlbfs|binfmt_misc|nsfs|autofs|efivarfs|rpc_pipefs)$/;
/** Mounts of other devices that are looked through, and folders above a file by which it may stand there. */
const GUESSED = 64;
const DEEP = 12;

/**
 * Where the file may show that another device's mount hides: an overlay, FUSE or network mount of a folder above it has
 * it under its own rest of the path. Only what is read there tells whether it is the file.
 */
export async function guesses({ device }: Pick<FileSystemPlace, 'device'>, path: string): Promise<string[]> {
  const parts = path.split('/').slice(1);
  const rests = parts.map((_, at) => `/${parts.slice(at).join('/')}`).slice(-DEEP);
  const known = new Set<string>();
  const others = mounts().filter(mount => {
    const key = `${mount.device} ${mount.root}`;
    if (mount.device === device || NO_FILES.test(mount.type) || known.has(key)) return false;
    known.add(key);
    return true;
  });
  const found: string[] = [];
  for (const { point, type } of others.slice(-GUESSED))
    for (const rest of rests) {
      const guess = point === '/' ? rest : point + rest;
      if (guess === path) continue;
      const may = mayStand(guess.slice(0, guess.length - rest.length) + topOf(rest), type);
      if (may === true || (may !== false && (await may))) found.push(guess);
    }
  return found;
}

const topOf = (rest: string) => /^\/[^/]*/.exec(rest)?.[0] ?? rest;

/** File systems of this machine, which answer at once; others may never, so another thread waits for them. */
const PROMPT = /^(tmpfs|ramfs|ext[234]|xfs|btrfs|zfs|f2fs|squashfs|erofs)$/;

const standing = remembered(() => new Map<string, boolean | Promise<boolean>>());

/** Whether there may be something: hundreds of files are guessed at below the same few folders, most of which are not there. */
function mayStand(path: string, type: string): boolean | Promise<boolean> {
  const known = standing();
  const before = known.get(path);
  if (before !== undefined) return before;
  const may = PROMPT.test(type)
    ? isFound(() => statSync(path, { throwIfNoEntry: false }))
    : stat(path).then(
        () => true,
        error => codeOf(error) !== 'ENOENT',
      );
  known.set(path, may);
  return may;
}

/** What may not be looked at may be there. */
function isFound(look: () => unknown): boolean {
  try {
    return look() !== undefined;
  } catch {
    return true;
  }
}

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
  const result: Views = { views: [], mounts: [], denied: undefined, seen: 0 };
  const own = namespaceOf('self');
  const known = new Set<string>();
  const namespaces = new Set<string>([own]);
  try {
    known.add(`${own} ${identity('/')}`);
  } catch {}
  for (const pid of otherProcesses()) {
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
}

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
  const result: OpenFiles = { byName: new Map(), deleted: [], tops: [], denied: undefined };
  const own = new Set(mounts().map(({ id }) => String(id)));
  const folders = new Set<string>();
  let looked = 0;
  for (const [index, pid] of ['self', ...otherProcesses()].entries()) {
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
      if (++looked > 50_000) return result;
      try {
        const target = readlinkSync(at);
        if (!target.startsWith('/')) continue;
        if (target.endsWith(' (deleted)')) result.deleted.push(at);
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

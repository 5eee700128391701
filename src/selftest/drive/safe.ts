import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** A descriptor that names a folder and gives nothing of it. See open(2). */
const O_PATH = process.platform === 'linux' ? 0o10000000 : 0;
const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
/** Bytes of a file that are read. */
const LIMIT = 16_000_000;
/** Links that are followed; the system gives up at as many. */
const HOPS = 40;

/**
 * Files below a folder in which programs run that may have been told by anybody: a link that they laid is never followed out of
 * it. Each step of a path starts from the descriptor of the folder before, so what is swapped meanwhile is refused, not followed.
 */
export class SafeFolder {
  readonly #base: string;
  constructor(base: string) {
    this.#base = base;
  }

  /** The content of a plain file; undefined where there is none, or a link is on the way. */
  read(path: string): Buffer | undefined {
    return this.file(path)?.bytes;
  }

  /** A plain file of at most so many bytes, and its rights. */
  file(path: string, limit = LIMIT): { bytes: Buffer; mode: number } | undefined {
    return this.#within(path, false, place => {
      const descriptor = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const stats = fstatSync(descriptor);
        return stats.isFile() && stats.size <= limit
          ? { bytes: readFileSync(descriptor), mode: stats.mode & 0o777 }
          : undefined;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** Writes a file as a whole, in place where one is there; whatever else stands at its path or on the way is taken away. */
  write(path: string, content: string | Buffer, mode = 0o600): void {
    this.#within(path, true, place => {
      if (lstatSync(place, { throwIfNoEntry: false })?.isFile() === false)
        rmSync(place, { recursive: true, force: true });
      const descriptor = openSync(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, mode);
      try {
        writeFileSync(descriptor, content);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** Makes the folders on the way to a path, in the place of whatever else stands there. */
  makeWay(path: string): void {
    this.#within(path, true, () => {});
  }

  /** Where the link at a path leads to, as it says; undefined where it is none, or a link is on the way. */
  linkAt(path: string): string | undefined {
    return this.#within(path, false, place => readlinkSync(place));
  }

  /** Makes a link, where nothing is. */
  link(path: string, target: string): void {
    this.#within(path, true, place => {
      if (!lstatSync(place, { throwIfNoEntry: false })) symlinkSync(target, place);
    });
  }

  /** Takes away whatever is at a path. */
  remove(path: string): void {
    this.#within(path, false, place => rmSync(place, { recursive: true, force: true }));
  }

  /** What is at a path: `undefined` for nothing, or where a link is on the way. */
  kind(path: string): 'file' | 'folder' | 'other' | undefined {
    return this.#within(path, false, place => {
      const stats = lstatSync(place, { throwIfNoEntry: false });
      return stats && (stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other');
    });
  }

  /** Where the first link on the way to a path, itself included, leads to, with the rest of the way behind it. */
  linkOn(path: string): string | undefined {
    let at = '';
    const parts = path.split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      const to = this.#within(at ? `${at}/${part}` : part, false, place => {
        try {
          return readlinkSync(place);
        } catch {
          return undefined;
        }
      });
      const rest = parts.slice(index + 1).join('/');
      if (to !== undefined) return join(isAbsolute(to) ? to : join(at, to), rest);
      at = at ? `${at}/${part}` : part;
    }
    return undefined;
  }

  /** Does `work` on a path that is reached by plain folders alone; undefined where it is not, or where that fails. */
  #within<T>(path: string, make: boolean, work: (place: string) => T): T | undefined {
    const parts = path.split('/').filter(part => part !== '' && part !== '.');
    const name = parts.pop();
    if (name === undefined || parts.includes('..') || name === '..') return undefined;
    const open: number[] = [];
    try {
      let folder = this.#open(this.#base, open);
      for (const part of parts) {
        const next = `${folder}/${part}`;
        if (make && !isFolder(next)) {
          rmSync(next, { recursive: true, force: true });
          mkdirSync(next, { mode: 0o700 });
        }
        folder = this.#open(next, open);
      }
      return work(`${folder}/${name}`);
    } catch (error) {
      if (make && ['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return undefined;
    } finally {
      for (const descriptor of open) closeSync(descriptor);
    }
  }

  /** A name for the folder that stays the same one, whatever becomes of its path. */
  #open(path: string, open: number[]): string {
    if (O_PATH === 0) {
      if (!isFolder(path)) throw Object.assign(new Error(path), { code: 'ENOTDIR' });
      return path;
    }
    const descriptor = openSync(path, O_PATH | O_DIRECTORY | (path === this.#base ? 0 : O_NOFOLLOW));
    open.push(descriptor);
    return `/proc/self/fd/${descriptor}`;
  }
}

const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Follows what `find` says of links, as long as each leads to another path; undefined for one that leads out, or nowhere. */
export function followed(path: string, find: (path: string) => string | undefined | null): string | undefined {
  let at = path;
  for (let hops = 0; hops < HOPS; hops++) {
    const next = find(at);
    if (next === null) return undefined;
    if (next === undefined) return at;
    at = next;
  }
  return undefined;
}

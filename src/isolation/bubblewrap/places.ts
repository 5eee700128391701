import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Mount, parseMounts } from '../../base/mounts.ts';

/** A descriptor that names a place and gives nothing of it: no right to read is needed. See open(2). */
const O_PATH = 0o10000000;

/** What lies at a path: the file or folder itself, whatever it is called, and the mount that shows it. */
export interface Place {
  id: string;
  folder: boolean;
  mount: number;
}

/**
 * Opens places without following a link anywhere on the way: each step starts from the descriptor of the folder before,
 * so what is swapped meanwhile is refused (ELOOP, ENOTDIR), not followed. What is opened stays open until `close`, so
 * that no other file can take its number.
 */
export class Places {
  readonly #open = new Map<string, number>();
  readonly #top: string;
  /** `top`: where `/` is, `/proc/PID/root/` for another process's. */
  constructor(top = '/') {
    this.#top = top;
  }

  at(path: string): Place {
    const descriptor = this.#descriptor(path);
    const { dev, ino, mode } = fstatSync(descriptor, { bigint: true });
    const type = Number(mode) & constants.S_IFMT;
    if (type === constants.S_IFLNK) throw Object.assign(new Error(`${path} is a link`), { code: 'ELOOP' });
    const mount = Number(/^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1]);
    return { id: `${dev}:${ino}`, folder: type === constants.S_IFDIR, mount };
  }

  #descriptor(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const way = path === '/' ? this.#top : `/proc/self/fd/${this.#descriptor(dirname(path))}/${basename(path)}`;
    const descriptor = openSync(way, O_PATH | (path === '/' ? 0 : constants.O_NOFOLLOW));
    this.#open.set(path, descriptor);
    return descriptor;
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }
}

/** The mounts that a process sees. */
export function mountTable(pid: number | 'self'): Mount[] {
  const mounts = parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  return mounts.map(mount => ({ ...mount, point: join(mount.point) }));
}

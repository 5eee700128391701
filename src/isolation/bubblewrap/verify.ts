import { readFileSync, realpathSync } from 'node:fs';
import { errorCode } from '../../base/errors.ts';
import { isWithin } from '../../base/files.ts';
import type { Mount } from './mounts.ts';
import { mountTable, type Place, Places } from './places.ts';

/** A mount, what it shows (nothing for a link, and for a folder of the box's own), and what it covers to hide it. */
export interface Planned {
  mount: Mount;
  place: Place | undefined;
  covered: Place | undefined;
}

/** What is mounted is not what was looked at: it was moved or swapped meanwhile. */
export class Shifted extends Error {}

/**
 * Bubblewrap takes paths, and looks up each of them again when it mounts. Whoever can write there meanwhile, such as a box
 * that runs in the same repository, can put a link in the way, of what is mounted and of where to. So what is meant is
 * opened and held first (here), and what was mounted is compared with it before anything starts in the box
 * (`verifyMounts`). `open`: the places that a box can write, where no link is on the way.
 */
export function planMounts(
  mounts: readonly Mount[],
  { emptyFile, open, held }: { emptyFile: string; open: readonly string[]; held: Places },
): Planned[] {
  const isOpen = (path: string) => open.some(place => isWithin(place, path));
  return mounts.map(mount => {
    if (mount.kind === 'link') return { mount, place: undefined, covered: undefined };
    try {
      const covered =
        mount.kind !== 'read' && mount.kind !== 'write' && isOpen(mount.path) ? held.at(mount.path) : undefined;
      if (mount.kind === 'empty') return { mount, place: undefined, covered };
      const shown = mount.kind === 'mask' ? emptyFile : mount.path;
      return { mount, place: held.at(isOpen(shown) ? shown : realpathSync(shown)), covered };
    } catch (error) {
      if (isMoved(error)) throw new Shifted(mount.path);
      throw error;
    }
  });
}

const isMoved = (error: unknown) => ['ELOOP', 'ENOTDIR', 'ENOENT'].includes(errorCode(error) ?? '');

/** What bubblewrap itself puts there, and what it leaves of this machine's devices and processes. */
const OWN = ['/proc', '/dev', '/run/agent-posture'];

/**
 * Throws `Shifted` unless each mount lies where it was planned, uncovered, shows the very file or folder that was held,
 * and is read-only where it has to be, and nothing else is mounted but what this machine has mounted there too. `pid`: a
 * process in the box, which can mount nothing any more.
 */
export function verifyMounts(pid: number, planned: readonly Planned[]): void {
  const last = new Map(planned.filter(({ mount }) => mount.kind !== 'link').map(each => [each.mount.path, each]));
  const [inside, outside] = [new Places(`/proc/${pid}/root/`), new Places()];
  try {
    const lines = new Map(mountTable(pid).map(line => [line.id, line]));
    const machine = new Set(mountTable('self').map(({ point }) => point));
    for (const { point: at } of lines.values())
      if (at !== '/' && !last.has(at) && !machine.has(at) && !OWN.some(own => isWithin(own, at))) throw new Shifted(at);
    for (const [path, { mount, place, covered }] of last) {
      const found = inside.at(path);
      const line = lines.get(found.mount);
      const meant = place ? found.id === place.id : line?.type === 'tmpfs' && found.folder;
      const shut = mount.kind === 'write' || (mount.kind === 'empty' && mount.writable) || line?.readOnly === true;
      if (line?.point !== path || !meant || !shut) throw new Shifted(path);
      if (covered && outside.at(path).id !== covered.id) throw new Shifted(path);
    }
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    // A process that ended meanwhile has no table and no root any more.
    if (isMoved(error)) throw new Shifted(path && !path.startsWith('/proc/') ? path : 'a folder');
    throw error;
  } finally {
    inside.close();
    outside.close();
  }
}

/** Whether the process has given up all its rights over mounts: bubblewrap does, once everything is mounted. */
export function hasMounted(pid: number): boolean {
  return /^CapEff:\s*0+$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

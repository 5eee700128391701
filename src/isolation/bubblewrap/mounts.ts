import { isWithin } from '../../base/files.ts';
import { holdersOf } from '../guards.ts';

/** One step in building the box's view of the file system; later ones lie over earlier ones. */
export type Mount =
  | { kind: 'read'; path: string }
  | { kind: 'write'; path: string }
  | { kind: 'link'; path: string; to: string }
  /** An empty folder of the box's own. */
  | { kind: 'empty'; path: string; writable: boolean }
  /** An empty read-only file in place of the path. */
  | { kind: 'mask'; path: string };

/** What the box is made from, looked up beforehand. All paths absolute and real. */
export interface BoxParts {
  root: string;
  home: string;
  /** The system's folders and links, and what of them is not for everybody. */
  system: readonly Mount[];
  /** Programs and toolchains outside the system's folders. */
  tools: readonly string[];
  /** Files of the declared agents' logins. */
  logins: readonly string[];
  /** Folders and files outside the root that git needs: the common folder of a worktree. */
  gitFolders: readonly string[];
  /** What may be written in the root; `[root]` is all of it. */
  writable: readonly string[];
  guards: readonly string[];
  hidden: readonly { path: string; folder: boolean }[];
}

/** The mounts, in order: hide over guard over write over the root. Pure. */
export function mountsOf(parts: BoxParts): Mount[] {
  const { root, home, guards, hidden } = parts;
  const mounts: Mount[] = [
    ...parts.system,
    { kind: 'empty', path: '/tmp', writable: true },
    { kind: 'empty', path: '/var/tmp', writable: true },
    { kind: 'empty', path: '/run', writable: true },
    { kind: 'empty', path: home, writable: true },
    ...parts.tools.map((path): Mount => ({ kind: 'read', path })),
    ...parts.logins.map((path): Mount => ({ kind: 'write', path })),
    { kind: parts.writable.includes(root) ? 'write' : 'read', path: root },
    ...parts.gitFolders.map((path): Mount => ({ kind: 'write', path })),
  ];
  const kept = [...guards, ...hidden.map(({ path }) => path)];
  const holders = holdersOf([...parts.writable, ...parts.gitFolders, ...parts.logins], kept, guards);
  // Upper ones first: a folder that is mounted later covers what was mounted in it.
  const written = new Set([...parts.writable.filter(path => path !== root), ...holders]);
  mounts.push(...[...written].sort().map((path): Mount => ({ kind: 'write', path })));
  mounts.push(...guards.map((path): Mount => ({ kind: 'read', path })));
  const shown = mounts.filter(mount => mount.kind === 'read' || mount.kind === 'write').map(mount => mount.path);
  for (const { path, folder } of hidden) {
    if (!shown.some(place => isWithin(place, path))) continue;
    mounts.push(folder ? { kind: 'empty', path, writable: false } : { kind: 'mask', path });
  }
  return mounts;
}

/** The mounts as bubblewrap's arguments. `emptyFile` is an empty file outside the box. */
export function mountArguments(mounts: readonly Mount[], emptyFile: string): string[] {
  return mounts.flatMap(mount => argumentsOf(mount, emptyFile));
}

function argumentsOf(mount: Mount, emptyFile: string): string[] {
  if (mount.kind === 'link') return ['--symlink', mount.to, mount.path];
  if (mount.kind === 'mask') return ['--ro-bind', emptyFile, mount.path];
  if (mount.kind === 'read') return ['--ro-bind', mount.path, mount.path];
  if (mount.kind === 'write') return ['--bind', mount.path, mount.path];
  if (mount.writable) return ['--tmpfs', mount.path];
  return ['--perms', '0555', '--tmpfs', mount.path, '--remount-ro', mount.path];
}

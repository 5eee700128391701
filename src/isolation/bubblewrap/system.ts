import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { isWithin, statsOf } from '../../base/files.ts';
import { realPlace } from '../guards.ts';
import type { Mount } from './mounts.ts';

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/nix/store', '/gnu/store'];

/** What of /proc steers the machine, and belongs to no namespace. See proc(5). */
export const MACHINE_SWITCHES = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr'].map(
  name => `/proc/${name}`,
);

/**
 * Where version managers keep toolchains in the home. Programs only: none of these folders holds a credential. Those whose
 * shims start the manager itself are let in whole: it asks its own folder which version is meant.
 */
const TOOLCHAINS = [
  '.nvm/versions',
  '.local/share/fnm',
  '.fnm',
  '.volta/bin',
  '.volta/tools',
  '.local/share/mise/installs',
  '.asdf',
  '.pyenv',
  '.rbenv',
  '.sdkman/candidates',
  '.rustup/toolchains',
  '.bun/bin',
  '.deno/bin',
  '.local/share/claude',
  '.local/lib',
];

/** The system's own folders, read-only; links among them (`/bin` → `usr/bin`) as links. */
export function systemMounts(): Mount[] {
  return SYSTEM.flatMap((path): Mount[] => {
    const stats = statsOf(path);
    if (stats?.isSymbolicLink()) return [{ kind: 'link', path, to: readlinkSync(path) }];
    return stats?.isDirectory() ? [{ kind: 'read', path }] : [];
  });
}

/** The most entries of /etc that are looked at; what is left of it is hidden. */
const ETC_LIMIT = 50_000;
/** Where a folder has more that is not for everybody, all of it is hidden: each takes a mount. */
const APART = 100;

/**
 * What of /etc is not for everybody (shadow, private keys of the machine) and so not for the box, which may run with the
 * same user as its owner. At any depth; folders that are not looked into are hidden whole.
 */
export function privateSystemFiles(top = '/etc', limit = ETC_LIMIT): string[] {
  const found: string[] = [];
  let left = limit;
  // Upper ones first, so that what is hidden unseen lies deep.
  for (const folders = [top]; folders.length > 0; ) {
    const folder = folders.shift() ?? top;
    const names = left > 0 ? namesIn(folder) : undefined;
    if (names === undefined) {
      if (folder !== top) found.push(folder);
      continue;
    }
    left -= names.length;
    const inner: string[] = [];
    const closed: string[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats || stats.isSymbolicLink()) continue;
      const open = stats.isDirectory() ? (stats.mode & 0o005) === 0o005 : (stats.mode & 0o004) !== 0;
      if (!open) closed.push(path);
      else if (stats.isDirectory()) inner.push(path);
    }
    if (closed.length > APART && folder !== top) found.push(folder);
    else {
      found.push(...closed);
      folders.push(...inner);
    }
  }
  return found;
}

/** Undefined where it cannot be looked into. */
function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

/** /etc/resolv.conf is often a link into /run, which the box does not have. */
export function resolverFile(): Mount[] {
  try {
    const real = realpathSync('/etc/resolv.conf');
    return isWithin('/etc', real) ? [] : [{ kind: 'read', path: real }];
  } catch {
    return [];
  }
}

/** What is the machine's, or open to everybody: a home in there is somebody's own all the same. */
const OTHERS = /^\/(proc|dev|sys|run|tmp)(\/|$)/;

/**
 * Folders with programs outside the system's: those on PATH, the Node that runs us, version managers' toolchains, and the
 * folder of the program that is started. Never the home itself, nor a folder above it or above the root.
 */
export function toolFolders({ root, home, path, program }: ToolPlaces): string[] {
  const places = path.split(delimiter).filter(isAbsolute);
  const own = dirname(process.execPath);
  places.push(own);
  if (basename(own) === 'bin') places.push(join(dirname(own), 'lib'));
  places.push(...TOOLCHAINS.map(place => join(home, place)));
  if (program) places.push(...programFolders(program));
  const real = new Set<string>();
  for (const place of places)
    try {
      const folder = realpathSync(place);
      if (!statSync(folder).isDirectory() || isWithin(root, folder)) continue;
      // Whoever can write the repository could have laid a link there, to anything.
      if (isWithin(root, place) || isWithin(root, realPlace(place))) continue;
      if (isWithin(folder, home) || isWithin(folder, root)) continue;
      if (SYSTEM.some(system => isWithin(system, folder)) || (OTHERS.test(folder) && !isWithin(home, folder))) continue;
      real.add(folder);
      if (place !== folder && !SYSTEM.some(system => isWithin(system, place))) real.add(place);
    } catch {}
  const folders = [...real].sort();
  return folders.filter(folder => !folders.some(other => other !== folder && isWithin(other, folder)));
}

interface ToolPlaces {
  root: string;
  home: string;
  /** The PATH of the box. */
  path: string;
  /** Absolute path of the program that is started. */
  program: string | undefined;
}

/** The links that a path goes through by its last part, and what they lead to. */
function chainOf(path: string): string[] {
  const chain = [path];
  for (let at = path; chain.length < 10; chain.push(at))
    try {
      at = resolve(dirname(at), readlinkSync(at));
    } catch {
      break;
    }
  return chain;
}

/**
 * The folders that a program needs: those of the links that lead to it, that of its package for one of npm's, the whole
 * environment and its interpreter for one of Python's, else its own.
 */
function programFolders(program: string): string[] {
  let real = program;
  try {
    real = realpathSync(program);
  } catch {}
  const links = chainOf(program)
    .slice(0, -1)
    .map(path => dirname(path));
  const at = real.lastIndexOf('/node_modules/');
  if (at > 0) return [...links, real.slice(0, at + '/node_modules'.length)];
  const above = dirname(dirname(real));
  try {
    const home = /^home\s*=\s*(.+)$/m.exec(readFileSync(join(above, 'pyvenv.cfg'), 'utf8'))?.[1]?.trim();
    return [...links, above, ...(home && basename(home) === 'bin' ? [dirname(realpathSync(home))] : [])];
  } catch {
    return [...links, dirname(real)];
  }
}

/** What a file of the kernel says; undefined where it is not there. */
export function readSwitch(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

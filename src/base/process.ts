import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode } from './errors.ts';
import { cleanEnvironment, findProgram } from './exec.ts';
import { randomHex } from './hash.ts';

/**
 * Which process that is: a number alone is used again, and means another process in each PID namespace (in a container the
 * first is always 1). `0` stands for what the system does not say; off Linux that is all but the number.
 */
export interface Identity {
  pid: number;
  /** When it was started, in ticks since the machine was: field 22 of /proc/PID/stat. */
  start: string;
  /** Its PID namespace. */
  space: string;
  /** The start of its kernel: the first digits of the boot id. */
  boot: string;
}

/** `unknown`: in a PID namespace that cannot be looked into. */
export type Life = 'alive' | 'gone' | 'unknown';

const UNSAID = '0';
/** The first PID namespace of every Linux (PROC_PID_INIT_INO): all others are below it, so everything is seen from there. */
const INITIAL = '4026531836';

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** When it was started; `ended` where it is gone but for its number, which stays as long as its parent does not ask for it. */
function startOf(process: string): string | undefined {
  const text = read(`/proc/${process}/stat`);
  // The name before it may hold blanks and brackets.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return /^[ZX]/.test(fields?.[0] ?? '') ? 'ended' : fields?.[19];
}

function spaceOf(process: string): string | undefined {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${process}/ns/pid`))?.[0];
  } catch {
    return undefined;
  }
}

/** Its numbers from the namespace of this /proc down to its own. Throws where that cannot be read. */
const numbersOf = (process: string) =>
  /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? [];

let own: Identity | undefined;

export function ownIdentity(): Identity {
  own ??= {
    pid: process.pid,
    start: startOf('self') ?? UNSAID,
    space: spaceOf('self') ?? UNSAID,
    boot: /^[0-9a-f]{8}/.exec(read('/proc/sys/kernel/random/boot_id') ?? '')?.[0] ?? UNSAID,
  };
  return own;
}

/** Whether /proc counts as we do; where a new namespace was made and /proc was not mounted anew, it does not. */
function procIsOurs(): boolean {
  try {
    return numbersOf('self').length === 1;
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Looks for it among those below our namespace. That it is not there says something only where all are seen. */
function lookBelow({ pid, start, space }: Identity): Life {
  // With hidepid, who may look at the first process may look at all.
  let all = ownIdentity().space === INITIAL && procIsOurs() && read('/proc/1/status') !== undefined;
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  } catch {
    all = false;
  }
  for (const name of names)
    try {
      const numbers = numbersOf(name);
      if (numbers.length === 0) all = false;
      if (numbers.length < 2 || numbers.at(-1) !== String(pid)) continue;
      if ((startOf(name) ?? start) === start && (spaceOf(name) ?? space) === space) return 'alive';
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) all = false;
    }
  return all ? 'gone' : 'unknown';
}

/** What is known of a process; of one of which only a number was written down, whether we have one with it. */
export function lifeOf(who: Identity | number): Life {
  if (typeof who === 'number') return exists(who) ? 'alive' : 'gone';
  const { space, boot } = ownIdentity();
  if (who.boot !== boot) return who.boot === UNSAID || boot === UNSAID ? 'unknown' : 'gone';
  if (who.space !== space) return [who.space, space, boot].includes(UNSAID) ? 'unknown' : lookBelow(who);
  if (!exists(who.pid)) return 'gone';
  const start = procIsOurs() ? startOf(String(who.pid)) : undefined;
  return start === undefined || start === who.start || (who.start === UNSAID && start !== 'ended') ? 'alive' : 'gone';
}

/** Whether it may still run: what nobody can tell counts as alive, as only then nothing is taken from under it. */
export function isAlive(who: Identity | number): boolean {
  return lifeOf(who) !== 'gone';
}

/** A process in a name: `PID-START-SPACE-BOOT`. */
export const MARK_OF_PROCESS = '\\d+-\\d+-\\d+-[0-9a-f]+';
const OWNED = new RegExp(`^(${MARK_OF_PROCESS})-[0-9a-f]{8}(-held)?(\\.|$)`);

export function ownMark(): string {
  const { pid, start, space, boot } = ownIdentity();
  return `${pid}-${start}-${space}-${boot}`;
}

export function identityOf(mark: string): Identity {
  const [pid, start = UNSAID, space = UNSAID, boot = UNSAID] = mark.split('-');
  return { pid: Number(pid), start, space, boot };
}

/**
 * Locks an open file, for as long as it is open or without keeping others from it. Node has no flock(2), but the lock is of
 * the description that a helper shares with us, so it stays when the helper has ended. Undefined: there is no helper.
 */
function lock(descriptor: number, how: '--exclusive' | '--shared'): boolean | undefined {
  const flock = findProgram('flock');
  if (!flock) return undefined;
  // Busybox knows the short ones alone.
  const { status } = spawnSync(flock, [how === '--shared' ? '-s' : '-x', '-n', '3'], {
    cwd: '/',
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    timeout: 5_000,
  });
  return status === 0 || status === 1 ? status === 0 : undefined;
}

/**
 * Makes a file that says by its name which process it is of. Outside of the first PID namespace it is held as well, so that
 * other containers can tell whether we still run. `release` removes it.
 */
export function ownFile(folder: string, content = '', ending = ''): { path: string; release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `${ownMark()}-${randomHex(4)}`;
  let path = join(folder, `${name}${ending}`);
  let descriptor: number | undefined = openSync(path, 'wx', 0o600);
  const close = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const release = () => {
    rmSync(path, { force: true });
    close();
  };
  try {
    writeFileSync(descriptor, content);
    const { space, boot } = ownIdentity();
    const seen = space === INITIAL || space === UNSAID || boot === UNSAID;
    if (!seen && lock(descriptor, '--exclusive') === true) {
      // Said only once it is true.
      const held = join(folder, `${name}-held${ending}`);
      renameSync(path, held);
      path = held;
    } else close();
  } catch (error) {
    release();
    throw error;
  }
  return { path, release };
}

/** Whose file that is, by its name; undefined where none of ours has such a name. */
export function ownerOf(path: string): { mark: string; life: Life; pid: number } | undefined {
  const [, mark, held] = OWNED.exec(basename(path)) ?? [];
  if (mark === undefined) return undefined;
  const who = identityOf(mark);
  const life = lifeOf(who);
  const testable = life === 'unknown' && held !== undefined && who.boot === ownIdentity().boot;
  return { mark, pid: who.pid, life: testable ? heldBy(path) : life };
}

/** The kernel lets go of a lock when its process is gone, whatever namespaces there are. */
function heldBy(path: string): Life {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : 'unknown';
  }
  try {
    const free = lock(descriptor, '--shared');
    return free === undefined ? 'unknown' : free ? 'gone' : 'alive';
  } finally {
    closeSync(descriptor);
  }
}

import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode, UserError } from '../base/errors.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { ownMark } from '../base/process.ts';
import { type Laid, MARK, Record } from './leftovers.ts';

/** Decoys in one fresh folder, and a record of all that is laid elsewhere; both are gone at the end. */
export interface Workspace {
  /** Absolute path of the folder. */
  folder: string;
  /** False: the repository could not be written, and the decoys lie in the state folder. */
  inRoot: boolean;
  /** A part of a fresh file name: which process this is, and random digits. */
  fresh(): string;
  /** A new decoy file with a random value of its own. */
  decoy(): { path: string; canary: string };
  /** A folder with one decoy file, and its name. */
  decoyFolder(): { path: string; name: string };
  /** Writes down what will be laid, before it is; gives what strikes it off once it is known to be gone. */
  will(laid: Laid): () => void;
  /** Writes down that an original will be aside, before it is. */
  willMove(original: string, aside: string): void;
  /** Takes everything back. To be called once nothing that could lay more runs. */
  close(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Whatever is written here is ours, so a full disk or one that takes nothing is for the user to mend. */
function written<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (isFull(error)) throw diskFull(what, path);
    throw new UserError({
      what: `${what} could not be written (${code})`,
      where: { path },
      next: 'let this folder be written, and run again',
    });
  }
}

export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}

export function diskFull(what: string, path?: string): UserError {
  return new UserError({
    what: `the disk is full: ${what} could not be written`,
    where: path === undefined ? undefined : { path },
    next: 'make room, and run again: nothing was left there',
  });
}

/** Makes the folder in the root, or in the state folder where that cannot be written. UserError where neither can. */
export function openWorkspace(root: string, state: string): Workspace {
  const fresh = () => `${MARK}${ownMark()}-${randomHex(6)}`;
  const record = new Record(state);
  const will = (laid: Laid) => written('what a killed run would leave', state, () => record.add(laid));
  const makeIn = (above: string, mode: number) => {
    const path = join(above, `.${fresh()}`);
    will({ folder: path });
    mkdirSync(path, { recursive: above !== root, mode });
    return path;
  };
  let inRoot = true;
  let folder: string;
  try {
    folder = makeIn(root, 0o755);
  } catch (error) {
    if (error instanceof UserError) throw error;
    inRoot = false;
    folder = written('a folder for decoys', state, () => makeIn(state, 0o700));
  }
  const release = () => {
    process.off('exit', closeNow);
    for (const signal of SIGNALS) process.off(signal, ended);
  };
  const closeNow = () => {
    release();
    record.settleNow();
  };
  const ended = (signal: NodeJS.Signals) => {
    // Somebody else takes care of it, and closes this once nothing runs any more.
    if (process.listeners(signal).some(listener => !OURS.has(listener))) return;
    closeNow();
    process.kill(process.pid, signal);
  };
  OURS.add(ended);
  process.on('exit', closeNow);
  for (const signal of SIGNALS) process.on(signal, ended);
  const place = inRoot ? root : state;
  // Another user inside a container must be able to read and replace decoys; they hold nothing.
  const decoy = (at = folder) => {
    const path = join(at, `decoy-${randomHex(6)}`);
    const canary = randomHex(24);
    written('a decoy', place, () => writeFileSync(path, canary, { mode: 0o644 }));
    return { path, canary };
  };
  return {
    folder,
    inRoot,
    fresh,
    decoy,
    decoyFolder() {
      const path = join(folder, `decoys-${randomHex(6)}`);
      written('a decoy', place, () => mkdirSync(path, { mode: 0o755 }));
      return { path, name: basename(decoy(path).path) };
    },
    will,
    willMove(original, aside) {
      const stats = lstatSync(original);
      const link = stats.isSymbolicLink() ? { link: readlinkSync(original) } : {};
      will({ aside, original, sha256: stats.isFile() ? sha256(readFileSync(original)) : null, ...link });
    },
    async close() {
      release();
      rmSync(folder, { recursive: true, force: true });
      await record.settle();
    },
  };
}

/** The handlers of workspaces: they alone do not keep a signal from having its usual effect. */
const OURS = new WeakSet<object>();

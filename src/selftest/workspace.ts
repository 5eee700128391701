import { type Dirent, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../base/errors.ts';
import { randomHex } from '../base/hash.ts';

/** What every name of ours carries, followed by the process id and random digits: `.agent-posture-try-412-9f…`. */
const MARK = 'agent-posture-try-';
const NAME = new RegExp(`\\.?${MARK}(\\d+)-[0-9a-f]+`);

/** Decoys in one fresh folder, taken away at the end and on a signal. */
export interface Workspace {
  /** Absolute path of the folder. */
  folder: string;
  /** False: the repository could not be written, and the decoys lie in the state folder. */
  inRoot: boolean;
  /** A part of a fresh file name: this process's id and random digits. */
  fresh(): string;
  /** A new decoy file with a random value of its own. */
  decoy(): { path: string; canary: string };
  /** A folder with one decoy file, and its name. */
  decoyFolder(): { path: string; name: string };
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes the folder in the root, or in `fallback` where that cannot be written. */
export function openWorkspace(root: string, fallback: string): Workspace {
  const fresh = () => `${MARK}${process.pid}-${randomHex(6)}`;
  let folder = join(root, `.${fresh()}`);
  let inRoot = true;
  try {
    mkdirSync(folder, { mode: 0o755 });
  } catch {
    inRoot = false;
    folder = join(fallback, `.${fresh()}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  // Another user inside a container must be able to read and replace decoys; they hold nothing.
  const close = () => {
    process.off('exit', close);
    for (const signal of SIGNALS) process.off(signal, ended);
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = (signal: NodeJS.Signals) => {
    close();
    // Nobody else takes care of the signal: it has its usual effect.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on('exit', close);
  for (const signal of SIGNALS) process.on(signal, ended);
  const decoy = (at = folder) => {
    const path = join(at, `decoy-${randomHex(6)}`);
    const canary = randomHex(24);
    writeFileSync(path, canary, { mode: 0o644 });
    return { path, canary };
  };
  return {
    folder,
    inRoot,
    fresh,
    decoy,
    decoyFolder() {
      const path = join(folder, `decoys-${randomHex(6)}`);
      mkdirSync(path, { mode: 0o755 });
      return { path, name: basename(decoy(path).path) };
    },
    close,
  };
}

/** Whether the process that made a leftover still runs. */
function isAlive(name: string): boolean {
  const pid = Number(NAME.exec(name)?.[1]);
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Takes back what a killed run has left in `folders`: decoy folders and fresh files are removed, an original that waits
 * aside is put back in its place. Returns a note for each that was put back or could not be.
 */
export async function recover(folders: readonly string[]): Promise<string[]> {
  const notes: string[] = [];
  for (const folder of new Set(folders)) {
    let entries: Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch {
      continue;
    }
    for (const entry of entries) {
      const match = NAME.exec(entry.name);
      if (!match || isAlive(entry.name)) continue;
      const path = join(folder, entry.name);
      try {
        if (match.index === 0 || entry.name.endsWith('.new')) await rm(path, { recursive: true, force: true });
        else notes.push(await putBack(path, join(folder, entry.name.slice(0, match.index))));
      } catch (error) {
        notes.push(`${path} is left over from a run that was killed, and could not be removed: ${errorCode(error)}`);
      }
    }
  }
  return notes;
}

/** `<original>.agent-posture-try-…` is the original itself, moved aside or kept by a second name. */
async function putBack(aside: string, original: string): Promise<string> {
  const [kept, there] = await Promise.all([lstat(aside), lstat(original).catch(() => undefined)]);
  if (there?.ino === kept.ino && there.dev === kept.dev) {
    // rename(2) does nothing with two names of one file.
    await rm(aside);
    return `a second name of ${original} was removed, left over from a run that was killed`;
  }
  if (there?.isFile() && kept.isFile()) {
    const same = (await readFile(aside)).equals(await readFile(original));
    if (!same)
      return `${aside} is left over from a run that was killed; ${basename(original)} was changed since, so both are kept`;
  } else if (there) return `${aside} is left over from a run that was killed; both are kept`;
  await rename(aside, original);
  return `${original} was put back after a run that was killed`;
}

/** Where a write try leaves the original meanwhile. */
export function asideOf(path: string, fresh: string): string {
  return join(dirname(path), `${basename(path)}.${fresh}`);
}

import { appendFileSync, type Dirent, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, UserError } from '../base/errors.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { takeBack } from './crontab.ts';

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
  /** Writes down that an original will be aside, before it is. */
  willMove(original: string, aside: string): void;
  /** Writes down that a comment with this mark will stand in the user's crontab, before it does. */
  willPlant(program: string, mark: string): void;
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes the folder in the root, or in the state folder where that cannot be written. UserError where neither can. */
export function openWorkspace(root: string, state: string): Workspace {
  const fresh = () => `${MARK}${process.pid}-${randomHex(6)}`;
  let folder = join(root, `.${fresh()}`);
  let inRoot = true;
  try {
    mkdirSync(folder, { mode: 0o755 });
  } catch {
    inRoot = false;
    folder = join(state, `.${fresh()}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const record = join(state, RECORDS, String(process.pid));
  let moving = false;
  // Another user inside a container must be able to read and replace decoys; they hold nothing.
  const close = () => {
    process.off('exit', close);
    for (const signal of SIGNALS) process.off(signal, ended);
    rmSync(folder, { recursive: true, force: true });
    if (moving) rmSync(record, { force: true });
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
    try {
      writeFileSync(path, canary, { mode: 0o644 });
    } catch (error) {
      throw new UserError({
        what: `a decoy could not be written (${errorCode(error)})`,
        where: { path: at },
        next: 'make room, or let this folder be written, and run again',
      });
    }
    return { path, canary };
  };
  const writeDown = (entry: Aside | Planted) => {
    mkdirSync(join(state, RECORDS), { recursive: true, mode: 0o700 });
    appendFileSync(record, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    moving = true;
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
    willMove(original, aside) {
      const stats = lstatSync(original);
      writeDown({ aside, original, sha256: stats.isFile() ? sha256(readFileSync(original)) : null });
    },
    willPlant(program, mark) {
      writeDown({ crontab: program, mark });
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

/** An original that is aside for a moment: written down outside the workspace, so that no name in it is taken at its word. */
interface Aside {
  aside: string;
  original: string;
  /** Of the file's content; null for a folder. */
  sha256: string | null;
}

/** A comment that stands in the user's crontab for a moment. */
interface Planted {
  crontab: string;
  mark: string;
}

const RECORDS = 'tries';

/**
 * Takes back what a killed run has left: decoy folders and fresh files in `folders` are removed by their name, an original
 * that waits aside is put back in its place only where our own record in `state` says so and its content is what it was.
 * Returns a note for each that was put back or could not be.
 */
export async function recover(folders: readonly string[], state: string): Promise<string[]> {
  const notes: string[] = [];
  for (const name of await readdir(join(state, RECORDS)).catch(() => [])) {
    if (isAlive(`${MARK}${name}-0`)) continue;
    const path = join(state, RECORDS, name);
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    for (const line of lines) notes.push(...(await putBack(line)));
    await rm(path, { force: true });
  }
  for (const folder of new Set(folders)) {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const { name } of entries) {
      const match = NAME.exec(name);
      if (!match || isAlive(name) || !(match.index === 0 || name.endsWith('.new'))) continue;
      const path = join(folder, name);
      await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        notes.push(`${path} is left over from a run that was killed, and could not be removed: ${errorCode(error)}`);
      });
    }
  }
  return notes;
}

async function putBack(line: string): Promise<string[]> {
  try {
    const entry = JSON.parse(line) as Aside | Planted;
    if ('crontab' in entry)
      return (await takeBack(entry.crontab, entry.mark))
        ? ['a comment was taken out of your crontab, left over from a run that was killed']
        : [];
    const { aside, original, sha256: wanted } = entry;
    const [kept, there] = await Promise.all([
      lstat(aside).catch(() => undefined),
      lstat(original).catch(() => undefined),
    ]);
    if (!kept) return [];
    if (there?.ino === kept.ino && there.dev === kept.dev) {
      // rename(2) does nothing with two names of one file.
      await rm(aside);
      return [`a second name of ${original} was removed, left over from a run that was killed`];
    }
    const same = wanted === null ? kept.isDirectory() : kept.isFile() && sha256(await readFile(aside)) === wanted;
    const copied = !there || (wanted !== null && there.isFile() && sha256(await readFile(original)) === wanted);
    if (!same || !copied)
      return [
        `${aside} is left over from a run that was killed; something was changed since, so it is left where it is`,
      ];
    await rename(aside, original);
    return [`${original} was put back after a run that was killed`];
  } catch (error) {
    return [`something is left over from a run that was killed, and could not be put back: ${errorCode(error)}`];
  }
}

/** Where a write try leaves the original meanwhile. */
export function asideOf(path: string, fresh: string): string {
  return join(dirname(path), `${basename(path)}.${fresh}`);
}

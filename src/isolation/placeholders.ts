import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../base/errors.ts';
import { isWithin } from '../base/files.ts';
import { randomHex } from '../base/hash.ts';
import { stateFolder } from '../base/state.ts';

/**
 * A guard that is not there yet could be made from inside, and something outside would obey it later. A mount needs a
 * place to lie on, so an empty folder stands at its path while a box runs: git does not see empty folders, and no program
 * obeys one. Each box notes its folders in the state folder; the last one to end takes them away, and the next one to
 * start takes away what a box that was killed has left.
 */
export interface Placeholders {
  /** The empty folders that stand for missing guards, absolute. */
  paths: readonly string[];
  close(): void;
}

interface Note {
  pid: number;
  /** All folders that were made or met as another box's, upper ones first. */
  folders: string[];
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function readNotes(folder: string): { file: string; note: Note }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap(name => {
    const file = join(folder, name);
    try {
      return [{ file, note: JSON.parse(readFileSync(file, 'utf8')) as Note }];
    } catch {
      return [];
    }
  });
}

/** Takes away those of the folders that no living box needs, and that are still empty. */
function takeAway(root: string, folders: readonly string[], needed: ReadonlySet<string>): void {
  for (const folder of [...folders].reverse())
    if (!needed.has(folder) && isWithin(root, folder) && folder !== root)
      try {
        rmdirSync(folder);
      } catch {}
}

function folderExists(path: string): boolean | undefined {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return undefined;
  }
}

/** Makes placeholders for those of the guards (absolute paths in `root`) that are missing. Nothing stays behind after `close`. */
export function makePlaceholders(root: string, guards: readonly string[]): Placeholders {
  const notesFolder = join(stateFolder(root), 'boxes');
  const notes = readNotes(notesFolder);
  const needed = new Set(notes.filter(({ note }) => alive(note.pid)).flatMap(({ note }) => note.folders));
  for (const { file, note } of notes)
    if (!alive(note.pid)) {
      takeAway(root, note.folders, needed);
      rmSync(file, { force: true });
    }

  const paths: string[] = [];
  const folders: string[] = [];
  for (const path of guards) {
    if (folderExists(path) !== undefined && !needed.has(path)) continue;
    const way: string[] = [];
    for (let at = path; at !== root && isWithin(root, at); at = dirname(at)) way.unshift(at);
    if (way.some(folder => folderExists(folder) === false)) continue;
    folders.push(...way.filter(folder => !folders.includes(folder) && (needed.has(folder) || !folderExists(folder))));
    paths.push(path);
  }
  if (paths.length === 0) return { paths, close() {} };

  mkdirSync(notesFolder, { recursive: true, mode: 0o700 });
  const file = join(notesFolder, `${process.pid}-${randomHex(4)}.json`);
  writeFileSync(file, JSON.stringify({ pid: process.pid, folders } satisfies Note), { mode: 0o600 });
  const close = () => {
    rmSync(file, { force: true });
    const others = readNotes(notesFolder).filter(({ note }) => alive(note.pid));
    takeAway(root, folders, new Set(others.flatMap(({ note }) => note.folders)));
  };
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true });
  } catch (error) {
    close();
    throw error;
  }
  return { paths, close };
}

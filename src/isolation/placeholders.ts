import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isWithin } from '../base/files.ts';
import { type Life, lifeOf, ownerOf, ownFile } from '../base/process.ts';
import { stateFolder } from '../base/state.ts';
import { commonFolder, headText, isHead } from './git.ts';

/**
 * A guard that is not there yet could be made from inside, and something outside would obey it later. A mount needs a
 * place to lie on, so an empty folder stands at its path while a box runs: git does not see empty folders, and no program
 * obeys one. Where a program would stumble over a folder (git in its own, and over settings that it includes; an agent over a
 * file of settings), it is a file that says nothing.
 * Each box notes its placeholders in the state folder; the last one to end takes them away, and the next command in the
 * repository takes away what a box that was killed has left.
 */
export interface Placeholders {
  /** What stands for missing guards, absolute. */
  paths: readonly string[];
  close(): void;
}

/** Who made it stands in the file's name. */
interface Note {
  /** All that older versions knew of the process. */
  pid: number;
  /** All folders that were made or met as another box's, upper ones first. */
  folders: string[];
  /** The same of files. */
  files?: string[];
  /** What HEAD said, in git's own folder, one character per byte. */
  head?: string;
}

/**
 * What each file says: that the common folder is this one, as without it (gitrepository-layout(5)), since git refuses to work
 * where that file is empty; and that git is to ignore it, so that it sees nothing of a folder in which it stands alone.
 */
const CONTENTS: Readonly<Record<string, string>> = { commondir: '.\n', '.gitignore': '.gitignore\n' };
const contentOf = (path: string) => CONTENTS[basename(path)] ?? '';

interface Found {
  file: string;
  note: Note;
  life: Life;
}

function readNotes(folder: string): Found[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap(name => {
    const file = join(folder, name);
    try {
      const note = JSON.parse(readFileSync(file, 'utf8')) as Note;
      return [{ file, note, life: ownerOf(file)?.life ?? lifeOf(note.pid) }];
    } catch {
      return [];
    }
  });
}

/**
 * Without a HEAD, or where these folders cannot be entered, git outside would not take `.git` for a repository, and would
 * take the root for a bare one if it looks like it: with settings that were made inside.
 */
function mendGit(folder: string, head: string): void {
  for (const part of ['.', 'objects', 'refs'])
    try {
      const { mode } = lstatSync(join(folder, part));
      if ((mode & 0o700) !== 0o700) chmodSync(join(folder, part), (mode & 0o777) | 0o700);
    } catch {}
  const path = join(folder, 'HEAD');
  if (isHead(path)) return;
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, head, { flag: 'wx', encoding: 'latin1' });
}

/** Takes away what no box needs that may still run, folders while they are empty and files while they say what we wrote. */
function takeAway(root: string, { folders, files = [], head }: Omit<Note, 'pid'>, needed: ReadonlySet<string>): void {
  if (head !== undefined) mendGit(root, head);
  const free = (path: string) => !needed.has(path) && isWithin(root, path) && path !== root;
  for (const file of files.filter(free))
    try {
      if (
        lstatSync(file).isFile() &&
        lstatSync(file).size === contentOf(file).length &&
        readFileSync(file, 'utf8') === contentOf(file)
      )
        rmSync(file);
    } catch {}
  for (const folder of [...folders].reverse().filter(free))
    try {
      rmdirSync(folder);
    } catch {}
}

const neededBy = (notes: readonly Found[]) =>
  new Set(notes.filter(({ life }) => life !== 'gone').flatMap(({ note }) => [...note.folders, ...(note.files ?? [])]));

/** Takes away what boxes that were killed have left in `root`; gives what those that may run still need. */
function clear(root: string, notesFolder: string): { needed: ReadonlySet<string>; unknown: string[] } {
  const notes = readNotes(notesFolder);
  const needed = neededBy(notes);
  for (const { file, note, life } of notes)
    if (life === 'gone') {
      takeAway(root, note, needed);
      rmSync(file, { force: true });
    }
  return { needed, unknown: notes.filter(({ life }) => life === 'unknown').map(({ file }) => file) };
}

const notesOf = (root: string) => join(stateFolder(root), 'boxes');

/**
 * Takes away the placeholders that killed boxes have left in the repository, and in the git folder that its worktrees
 * share. Changes nothing where no box was killed. Returns the notes of boxes of which nobody can tell: theirs stay.
 */
export function clearPlaceholders(root: string): string[] {
  return [commonFolder(root), root].flatMap(folder =>
    folder === undefined ? [] : clear(folder, notesOf(folder)).unknown,
  );
}

function folderExists(path: string): boolean | undefined {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return undefined;
  }
}

/**
 * Makes placeholders for those of the guards (absolute paths in `root`) that are missing: folders, or files that say
 * nothing, as where `root` is git's own folder. Nothing stays behind after `close`, and git's folder is one that git obeys.
 */
export function makePlaceholders(
  root: string,
  guards: readonly string[],
  kind: 'folders' | 'files' | 'git' = 'folders',
): Placeholders {
  const notesFolder = notesOf(root);
  const { needed } = clear(root, notesFolder);

  const paths: string[] = [];
  const folders: string[] = [];
  const files: string[] = [];
  for (const path of guards) {
    if (folderExists(path) !== undefined && !needed.has(path)) continue;
    const last = kind === 'folders' ? path : dirname(path);
    const way: string[] = [];
    for (let at = last; at !== root && isWithin(root, at); at = dirname(at)) way.unshift(at);
    if (way.some(folder => folderExists(folder) === false)) continue;
    folders.push(...way.filter(folder => !folders.includes(folder) && (needed.has(folder) || !folderExists(folder))));
    if (kind !== 'folders') files.push(path);
    paths.push(path);
  }
  if (paths.length === 0 && kind !== 'git') return { paths, close() {} };
  const headFile = join(root, 'HEAD');
  const said = kind === 'git' ? headText(headFile) : undefined;
  const head = said === undefined ? {} : { head: said };

  const note = { pid: process.pid, folders, files, ...head } satisfies Note;
  const { release } = ownFile(notesFolder, JSON.stringify(note), '.json');
  const close = () => {
    release();
    takeAway(root, { folders, files, ...head }, neededBy(readNotes(notesFolder)));
  };
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    for (const file of files)
      if (folderExists(file) === undefined) writeFileSync(file, contentOf(file), { flag: 'wx' });
  } catch (error) {
    close();
    throw error;
  }
  return { paths, close };
}

import { readdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, UserError } from '../base/errors.ts';
import { plainStep, readBounded, type Step, syncFolder, writeAtomic } from '../base/files.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { ensurePrivate } from '../base/state.ts';
import { putEditBack, removeEditLeftover } from './config-bytes.ts';
import { look, putFile, removeEmptyFolder, removeLeftover } from './disk.ts';
import { bytes, entrySchema, type FileEntry, isAs, isCopy, isLaid, type JournalEntry } from './entry.ts';
import { LEDGER_FILE } from './ledger.ts';
import { acquireLock } from './lock.ts';
import { MANIFEST_PATH } from './paths.ts';
import { pinFound } from './pin.ts';
import { resolveEntry } from './resolve.ts';
import { checkUnlocked, readSetting, writeSetting } from './settings.ts';
import type { FileOnDisk, Undone } from './types.ts';

/** How many finished commands can be taken back. */
const KEPT = 20;
/** The most that a journal entry is read up to: every file of a plan is at most 4 MB. */
const ENTRY_LIMIT = 200_000_000;

/**
 * The name of an entry's file says how far it is: `writing` until the last change is done, then `done`. What is found as
 * `writing` at a start was interrupted, and is put back. While an entry is taken back there is an `undoing` beside it,
 * in which stands what becomes of each file: what is found of that at a start is completed, however often it is stopped.
 */
type Phase = 'writing' | 'done' | 'undoing';

function folderOf(stateFolder: string): string {
  return join(stateFolder, 'journal');
}

function fileOf(stateFolder: string, id: string, phase: Phase): string {
  return join(folderOf(stateFolder), `${id}.${phase}.json`);
}

async function list(stateFolder: string): Promise<{ id: string; phase: Phase }[]> {
  const names = await readdir(folderOf(stateFolder)).catch(error => {
    // A file where the state folder is to be holds no journal either; whoever writes one says so.
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  });
  return names
    .flatMap(name => {
      const [, id, phase] = /^(\d{6}-[0-9a-f]{8})\.(writing|done|undoing)\.json$/.exec(name) ?? [];
      return id && phase ? [{ id, phase: phase as Phase }] : [];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function read(stateFolder: string, id: string, phase: Phase): Promise<JournalEntry> {
  const file = fileOf(stateFolder, id, phase);
  const data = await readBounded(file, ENTRY_LIMIT);
  const parsed = data.ok ? entrySchema.safeParse(parseJson(data.data)) : undefined;
  if (!parsed?.success)
    throw new UserError({
      what: 'this journal entry cannot be read',
      where: { path: file },
      expected: 'the file as agent-posture wrote it',
      next: 'look at the repository with git status, then remove this file',
    });
  return parsed.data;
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A new entry's id: the next number, so that the order does not hang on the clock. */
export async function nextId(stateFolder: string): Promise<string> {
  const last = (await list(stateFolder)).at(-1);
  const number = last ? Number(last.id.slice(0, 6)) + 1 : 1;
  return `${String(number).padStart(6, '0')}-${randomHex(4)}`;
}

/** Writes an entry before its changes are made. */
export async function openEntry(stateFolder: string, entry: JournalEntry, step: Step): Promise<void> {
  await ensurePrivate(folderOf(stateFolder));
  await writeAtomic(fileOf(stateFolder, entry.id, 'writing'), JSON.stringify(entry), 0o600, { step });
}

/** Says that an entry's changes are all made: from here on it is undone only when asked. */
export async function closeEntry(stateFolder: string, id: string, step: Step): Promise<void> {
  await move(stateFolder, id, 'writing', 'done', step);
  const done = (await list(stateFolder)).filter(({ phase }) => phase === 'done');
  for (const old of done.slice(0, Math.max(0, done.length - KEPT)))
    await rm(fileOf(stateFolder, old.id, 'done'), { force: true }).catch(() => {});
}

async function move(stateFolder: string, id: string, from: Phase, to: Phase, step: Step): Promise<void> {
  const target = fileOf(stateFolder, id, to);
  await step('rename', target, () => rename(fileOf(stateFolder, id, from), target));
  await syncFolder(dirname(target));
}

async function drop(stateFolder: string, id: string, phase: Phase, step: Step): Promise<void> {
  const file = fileOf(stateFolder, id, phase);
  await step('unlink', file, () => rm(file, { force: true }));
  await syncFolder(dirname(file));
}

interface Back {
  restored: string[];
  removed: string[];
  edited: string[];
  kept: Undone['kept'];
}

/**
 * Puts back what an entry changed, last change first: as its `back` says, else as it was before. A file that is already
 * so is left; one that is neither so nor as it was found was changed by somebody since, and is kept. Can be stopped and
 * started again.
 */
async function putBack(entry: JournalEntry, stateFolder: string, step: Step): Promise<Back> {
  const back: Back = { restored: [], removed: [], edited: [], kept: [] };
  for (const { key, before: was, after, edit } of [...entry.settings].reverse()) {
    const name = `git config ${key}`;
    if (edit) await removeEditLeftover(entry.root, edit);
    const now = await readSetting(entry.root, key);
    if ('refused' in now) {
      if (was !== after) back.kept.push({ path: name, reason: now.refused });
    } else if (now.value === after && was !== after) {
      const whole = edit !== undefined && (await putEditBack(entry.root, edit, step));
      if (!whole) await step('setting', name, () => writeSetting(entry.root, key, was));
      back.restored.push(name);
      if (was === undefined || was === null) back.removed.push(name);
    } else if (now.value !== was) back.kept.push({ path: name, reason: 'it was set to something else since' });
  }
  for (const file of [...entry.files].reverse()) {
    const base = file.base === 'root' ? entry.root : stateFolder;
    // Of what is ours alone nobody has to hear; the private part of the posture is its owner's.
    const told = file.base === 'root' || file.path !== LEDGER_FILE;
    const named = file.base === 'root' ? file.path : join(stateFolder, file.path);
    const folder = file.path.split('/').slice(0, -1).join('/');
    await removeLeftover(base, folder ? `${folder}/${file.temporary}` : file.temporary);
    const put = bytes(file.back ? file.back.put : file.before);
    const found = file.back ? file.back.found : (file.after?.sha256 ?? null);
    const seen = await look(base, file.path);
    if ('refused' in seen) {
      if (told) back.kept.push({ path: named, reason: seen.refused });
      continue;
    }
    const now = seen.file;
    if (isAs(now, put && { sha256: sha256(put.data) }) && (now?.mode === put?.mode || now?.mode !== file.after?.mode))
      continue;
    const asFound = (again: FileOnDisk | null) => isAs(again, found === null ? null : { sha256: found });
    if (!asFound(now)) {
      // Of our own state, what a later run has made of it counts.
      if (told) back.kept.push({ path: named, reason: now ? 'it was edited since' : 'it was removed since' });
      continue;
    }
    const changed = (again: FileOnDisk | null) => {
      if (!asFound(again)) throw new UserError({ what: 'it is being changed right now', where: { path: file.path } });
    };
    await putFile(base, { path: file.path, content: put, temporary: file.temporary }, changed, step);
    if (told) {
      back.restored.push(named);
      if (put === null) back.removed.push(named);
      if (found !== (file.after?.sha256 ?? null)) back.edited.push(named);
    }
  }
  for (const folder of [...entry.folders].reverse()) await removeEmptyFolder(entry.root, folder, step);
  return back;
}

/** Takes an entry back as its files say, and leaves in the journal what could not be. Can be stopped and started again. */
async function takeEntryBack(stateFolder: string, entry: JournalEntry, step: Step): Promise<Back> {
  const back = await putBack({ ...entry, files: entry.files.filter(file => file.back) }, stateFolder, step);
  const left = new Set(back.kept.map(({ path }) => path));
  const stays = (file: FileEntry) => !file.back || left.has(file.path) || isLaid(file);
  const rest: JournalEntry = {
    ...entry,
    files: entry.files.filter(file => file.base === 'root' && stays(file)).map(({ back: _, ...file }) => file),
    settings: entry.settings.filter(({ key }) => left.has(`git config ${key}`)),
  };
  if (rest.files.length + rest.settings.length === 0) await drop(stateFolder, entry.id, 'done', step);
  else await writeAtomic(fileOf(stateFolder, entry.id, 'done'), JSON.stringify(rest), 0o600, { step });
  await drop(stateFolder, entry.id, 'undoing', step);
  // A copy that was laid beside is neither put back nor anybody's edit.
  const isOther = (path: string) => !entry.files.some(file => file.path === path && isLaid(file));
  back.restored = back.restored.filter(isOther);
  back.edited = back.edited.filter(isOther);
  return back;
}

/**
 * Puts back what an interrupted run left half done. Call with the lock held. Returns a sentence for each run found.
 */
export async function recover(stateFolder: string, step: Step = plainStep): Promise<string[]> {
  return (await recoverEntries(stateFolder, step)).notes;
}

interface Taken {
  entry: JournalEntry;
  back: Back;
}

/** Also which undo was completed, and which runs that were stopped half way were put back. */
async function recoverEntries(
  stateFolder: string,
  step: Step,
): Promise<{ notes: string[]; finished: Taken[]; stopped: Taken[] }> {
  const notes: string[] = [];
  const finished: Taken[] = [];
  const stopped: Taken[] = [];
  for (const { id, phase } of (await list(stateFolder)).reverse()) {
    if (phase === 'done') continue;
    const entry = await read(stateFolder, id, phase);
    let back: Back;
    if (phase === 'undoing') {
      back = await takeEntryBack(stateFolder, entry, step).catch(error => {
        throw unfinished(entry, error);
      });
      const waiting = entry.files.filter(file => !file.back && !isCopy(file));
      back.kept.push(...waiting.map(({ path }) => ({ path, reason: 'it was edited since' })));
      finished.push({ entry, back });
    } else {
      back = await putBack(entry, stateFolder, step).catch(error => {
        throw unfinished(entry, error);
      });
      await drop(stateFolder, id, phase, step);
      stopped.push({ entry, back });
    }
    const left = back.kept.length > 0 ? `; left as they are now: ${back.kept.map(({ path }) => path).join(', ')}` : '';
    notes.push(
      phase === 'writing'
        ? `${entry.command} of ${entry.at} was interrupted; what it had changed was put back${left}`
        : `an undo of ${entry.command} was interrupted; it was completed${left}`,
    );
  }
  for (const file of await temporaries(stateFolder)) await rm(file, { force: true });
  return { notes, finished, stopped };
}

/** Where the system does not let it be put back, nothing else may be written: the reader has to hear of it. */
function unfinished({ command, at }: JournalEntry, error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  return new UserError({
    what: `${command} of ${at} was interrupted, and what it had changed cannot be put back yet (${code})`,
    next: 'make room or allow writing, then run again',
  });
}

/** Files of a write into the state folder that was cut off before its rename. */
async function temporaries(stateFolder: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of [stateFolder, folderOf(stateFolder)])
    for (const name of await readdir(folder).catch(() => []))
      if (/^\..+\.json\.[0-9a-f]{12}\.tmp$/.test(name)) found.push(join(folder, name));
  return found;
}

/** Whether an interrupted run has left something to put back or to clear away. Changes nothing. */
export async function isInterrupted(stateFolder: string): Promise<boolean> {
  return (await list(stateFolder)).some(({ phase }) => phase !== 'done') || (await temporaries(stateFolder)).length > 0;
}

/** The run that was stopped half way, and is still to be put back, or whose undo is to be completed. Changes nothing. */
export async function stoppedRun(stateFolder: string): Promise<{ command: string; at: string } | undefined> {
  const entry = (await list(stateFolder)).findLast(({ phase }) => phase !== 'done');
  if (!entry) return undefined;
  const { command, at } = await read(stateFolder, entry.id, entry.phase);
  return { command: entry.phase === 'undoing' ? `undo of ${command}` : command, at };
}

/** Puts back what one entry changed, after a failure in the middle of it, and forgets the entry. */
export async function rollBack(stateFolder: string, id: string, step: Step): Promise<Back> {
  const back = await putBack(await read(stateFolder, id, 'writing'), stateFolder, step);
  await drop(stateFolder, id, 'writing', step);
  return back;
}

/** The settings of an entry that are as we set them. */
async function standing({ root, settings }: JournalEntry): Promise<JournalEntry['settings']> {
  const now = await Promise.all(settings.map(({ key }) => readSetting(root, key)));
  return settings.filter(({ after }, index) => {
    const seen = now[index];
    return seen !== undefined && 'value' in seen && seen.value === after;
  });
}

/** The command that `undo` would take back, and the files it changed; undefined when there is none. */
export async function lastCommand(
  stateFolder: string,
): Promise<{ command: string; at: string; paths: string[] } | undefined> {
  const group = await lastGroup(stateFolder, { half: true });
  const [first] = group;
  if (!first) return undefined;
  const paths = group.flatMap(({ files, settings }) => [
    // The list of what is ours goes with them, and is counted nowhere.
    ...files.filter(({ base, path }) => base === 'root' && path !== MANIFEST_PATH).map(({ path }) => path),
    ...settings.map(({ key }) => `git config ${key}`),
  ]);
  return { command: first.command, at: first.at, paths: [...new Set(paths)] };
}

/** Whether undo would change nothing now: all is as it was before the last command, or was edited since. Reads only. */
export async function nothingToTakeBack(stateFolder: string): Promise<boolean> {
  if ((await list(stateFolder)).some(({ phase }) => phase === 'writing')) return false;
  const held = new Set<string>();
  for (const last of (await lastGroup(stateFolder)).reverse()) {
    const { entry, kept } = await resolveEntry(last, held);
    for (const { path } of kept) held.add(path);
    if (entry.files.some(isToChange) || (await standing(entry)).length > 0) return false;
  }
  return true;
}

function isToChange({ base, before, after, back }: FileEntry): boolean {
  if (base !== 'root' || !back) return false;
  const put = bytes(back.put);
  return back.found !== (put && sha256(put.data)) || (after !== null && before !== null && before.mode !== after.mode);
}

/** The entries of the last command, oldest first; where `half` is asked for, one that was stopped half way as well. */
async function lastGroup(stateFolder: string, { half = false } = {}): Promise<JournalEntry[]> {
  const found = (await list(stateFolder)).filter(({ phase }) => phase === 'done' || (half && phase === 'writing'));
  const group: JournalEntry[] = [];
  for (const { id, phase } of found.reverse()) {
    const entry = await read(stateFolder, id, phase);
    if (group[0] && group[0].group !== entry.group) break;
    group.unshift(entry);
  }
  return group;
}

/**
 * Takes back the last command whole, with every byte, mode and absence; edits that were made since stay. Where they are
 * about the same thing as our change, the file is kept as it is and named, what it was before us is laid beside it, and
 * the journal keeps it for the next undo; the caller exits with 4 when there is any. A command that was stopped half way
 * counts as the last one. Throws UserError when there is
 * nothing to take back, or another run is on. With `keep`, what cannot be taken back stays for good, and waits no more.
 */
export async function undo(
  root: string,
  { stateFolder, keep = false, step = plainStep }: { stateFolder: string; keep?: boolean; step?: Step },
): Promise<Undone> {
  await ensurePrivate(stateFolder);
  const release = await acquireLock(stateFolder);
  try {
    const { finished, stopped } = await recoverEntries(stateFolder, step);
    const group = await lastGroup(stateFolder);
    // A run that was stopped half way is the last command: what it had changed is back by now.
    const begun = [...finished, ...stopped];
    const first = begun[0]?.entry ?? group[0];
    if (!first)
      throw new UserError({
        what: 'there is nothing to undo in this repository',
        next: 'agent-posture status shows what is there',
      });
    if (first.root !== (await realpath(root)))
      throw new UserError({
        what: 'the last command was run in another folder',
        where: { path: first.root },
        next: `run undo with --root ${first.root}`,
      });
    const undone: Undone = { restored: [], removed: [], edited: [], kept: [], command: first.command, at: first.at };
    if (stopped.some(({ entry }) => entry === first)) undone.halfWay = true;
    const held = new Set<string>();
    const tell = (back: Back) => {
      for (const key of ['restored', 'removed', 'edited'] as const)
        undone[key].push(...back[key].filter(path => !undone[key].includes(path)));
      undone.kept.push(...back.kept.filter(({ path }) => !held.has(path)));
      for (const { path } of back.kept) held.add(path);
    };
    for (const { back } of begun) tell(back);
    // What is still there of the entries that an interrupted undo was done with waits for the next one.
    const done = new Set(finished.map(({ entry }) => entry.id));
    const rest = first.group === group[0]?.group ? group.filter(({ id }) => !done.has(id)) : [];
    if (rest.some(({ settings }) => settings.length > 0)) await checkUnlocked(first.root);
    for (const last of rest.reverse()) {
      const { entry: found, kept } = await resolveEntry(last, held, { keep });
      const entry = keep ? { ...found, settings: await standing(found) } : found;
      await writeAtomic(fileOf(stateFolder, entry.id, 'undoing'), JSON.stringify(entry), 0o600, { step });
      const back = await takeEntryBack(stateFolder, entry, step);
      tell({ ...back, kept: [...kept, ...back.kept] });
    }
    const touched = [...finished.map(({ entry }) => entry), ...rest].some(({ files }) =>
      files.some(({ base, path }) => base === 'root' && path === MANIFEST_PATH),
    );
    if (touched && !held.has(MANIFEST_PATH)) await pinFound(first.root, stateFolder).catch(() => {});
    return undone;
  } finally {
    await release();
  }
}

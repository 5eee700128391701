import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT, errorCode, UserError } from '../base/errors.ts';
import { plainStep, readBounded, type Step } from '../base/files.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { ensurePrivate } from '../base/state.ts';
import { list } from '../base/text.ts';
import { changesAnything, QUIET, sameBytes } from './changes.ts';
import { withEdits } from './config-bytes.ts';
import { look, missingFolders, putFile } from './disk.ts';
import { isAs, type JournalEntry } from './entry.ts';
import { closeEntry, nextId, openEntry, recover, rollBack } from './journal.ts';
import { extendLedger, LEDGER_FILE, readLedger } from './ledger.ts';
import { acquireLock } from './lock.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { MANIFEST_PATH } from './paths.ts';
import { pin } from './pin.ts';
import { checkUnlocked, readSetting, writeSetting } from './settings.ts';
import type { Applied, Change, FileOnDisk, Plan, PrivateChange } from './types.ts';

export interface ApplyOptions {
  stateFolder: string;
  /** As the user would name it, for `undo`: `init`, `generate`, `fix 1`. */
  command?: string;
  /** The journal id of an earlier apply of the same command: `undo` then takes both back together. */
  joins?: string | undefined;
  /** For tests: goes round every operation that changes the disk. */
  step?: Step;
}

/** One file to be put in its new state. */
interface Target {
  base: 'root' | 'state';
  path: string;
  before: FileOnDisk | null;
  after: FileOnDisk | null;
  temporary: string;
}

/**
 * Executes a plan: all of it, or, after any failure, nothing. Everything is journaled and flushed before the first
 * change, each file is looked at once more just before it is replaced, and a run that is killed is put back by the next.
 * Throws UserError: exit 4 where a file is no longer as the plan found it or another run is on, 2 where the system
 * refuses (full disk, no permission).
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<Applied> {
  const applied = await execute(plan, options);
  // What is done is done, pinned or not.
  await pin(plan.root, options.stateFolder, plan.manifest.after).catch(() => {});
  return applied;
}

async function execute(
  plan: Plan,
  { stateFolder, command = 'generate', joins, step = plainStep }: ApplyOptions,
): Promise<Applied> {
  const root = await realpath(plan.root);
  const conflicts = plan.changes.filter(({ state }) => state === 'conflict').map(({ path }) => path);
  // Then not even the lock is taken.
  if (!changesAnything(plan)) return { written: [], conflicts, journal: undefined, notes: [] };
  const release = await prepare(stateFolder);
  let notes: string[] = [];
  try {
    notes = await recover(stateFolder, step);
    const files = await targets(plan, root, stateFolder);
    const settings = plan.changes.flatMap(({ gitConfig, state }) =>
      gitConfig && gitConfig.before !== gitConfig.after && state !== 'conflict' ? [gitConfig] : [],
    );
    for (const { key, before } of settings) await checkSetting(root, key, before);
    if (settings.length > 0) await checkUnlocked(root);
    if (!files.some(({ base }) => base === 'root') && settings.length === 0 && !plan.privatePart)
      return { written: [], conflicts, journal: undefined, notes };

    const folders = new Set<string>();
    for (const { base, path, after } of files)
      if (base === 'root' && after) for (const folder of await missingFolders(root, path)) folders.add(folder);
    const id = await nextId(stateFolder);
    const shared = sharedPaths(plan);
    const entry: JournalEntry = {
      version: 1,
      id,
      group: joins ?? id,
      command,
      at: new Date().toISOString(),
      root,
      folders: [...folders],
      files: files.map(({ base, path, before, after, temporary }) => ({
        base,
        path,
        temporary,
        before: before && { data: before.data.toString('base64'), mode: before.mode },
        after: after && { sha256: sha256(after.data), mode: after.mode, data: after.data.toString('base64') },
        ...(shared.has(path) ? { shared: true as const } : {}),
      })),
      settings: await withEdits(root, settings, stateFolder).catch(error => {
        throw explain(error, 'nothing was changed');
      }),
    };
    await openEntry(stateFolder, entry, step).catch(error => {
      throw explain(error, 'nothing was changed');
    });
    try {
      await change(files, settings, root, stateFolder, step);
      await closeEntry(stateFolder, id, step);
    } catch (error) {
      throw await failed(error, stateFolder, id, step);
    }
    const written = files.filter(({ base, path }) => base === 'root' && path !== MANIFEST_PATH).map(({ path }) => path);
    return {
      written: [...written, ...settings.map(({ key }) => `git config ${key}`)],
      conflicts,
      journal: entry.group,
      notes,
    };
  } catch (error) {
    // What was put back may be the very reason why a file is not as the plan found it.
    if (notes.length === 0 || !(error instanceof UserError)) throw error;
    throw new UserError([...notes.map(what => ({ what })), ...error.problems], error.exitCode);
  } finally {
    await release();
  }
}

/** Makes the state folder and takes the lock. */
async function prepare(stateFolder: string): Promise<() => Promise<void>> {
  try {
    await ensurePrivate(stateFolder);
    return await acquireLock(stateFolder);
  } catch (error) {
    throw explain(error, 'without its state folder nothing can be undone, so nothing was changed');
  }
}

async function change(
  files: readonly Target[],
  settings: readonly { key: string; before: string | null; after: string | null }[],
  root: string,
  stateFolder: string,
  step: Step,
): Promise<void> {
  for (const { base, path, before, after, temporary } of files) {
    const expect = (now: FileOnDisk | null) => {
      if (!isAs(now, before && { sha256: sha256(before.data) })) throw changedMeanwhile(path);
    };
    await putFile(base === 'root' ? root : stateFolder, { path, content: after, temporary }, expect, step).catch(
      error => {
        throw errorCode(error)
          ? Object.assign(error, { path: base === 'root' ? path : join(stateFolder, path) })
          : error;
      },
    );
  }
  for (const { key, before, after } of settings) {
    await checkSetting(root, key, before);
    await step('setting', key, () => writeSetting(root, key, after));
  }
}

/** What the plan comes to in files: those whose bytes or mode change, the manifest, and our ledger. */
async function targets(plan: Plan, root: string, stateFolder: string): Promise<Target[]> {
  const wanted: { path: string; before: Buffer | null; after: Buffer | null; executable: boolean | undefined }[] =
    plan.changes.flatMap(change => {
      if (change.gitConfig) return [];
      const { path, before, after, executable } = placeOf(change);
      return [{ path, before, after, executable }];
    });
  wanted.push({ path: MANIFEST_PATH, ...plan.manifest, executable: undefined });
  const files: Target[] = [];
  for (const { path, before, after, executable } of wanted) {
    const seen = await look(root, path);
    if ('refused' in seen) {
      if (sameBytes(before, after)) continue;
      throw new UserError({ what: seen.refused, where: { path }, next: 'look at it, then run again' }, EXIT.conflict);
    }
    const now = seen.file;
    const mode = modeAfter(now, executable);
    const changes = !sameBytes(before, after) || (now !== null && after !== null && mode !== now.mode);
    if (!changes) continue;
    if (!sameBytes(now?.data ?? null, before)) throw changedMeanwhile(path);
    files.push({
      base: 'root',
      path,
      before: now,
      after: after && { data: after, mode },
      temporary: temporaryOf(path),
    });
  }
  if (plan.privatePart) files.push(await privateTarget(plan.privatePart, stateFolder));
  if (files.length === 0 && plan.changes.every(({ gitConfig }) => !gitConfig)) return files;
  const settings = plan.changes.flatMap(({ gitConfig, state }) =>
    gitConfig && state !== 'conflict' && state !== 'refused' && state !== 'loosened' ? [gitConfig] : [],
  );
  const ledger = await readLedger(stateFolder, root);
  const next = Buffer.from(`${JSON.stringify(extendLedger(ledger, readManifest(plan.manifest.after), settings))}\n`);
  const old = await readBounded(join(stateFolder, LEDGER_FILE));
  const before = old.ok ? { data: old.data, mode: old.stats.mode & 0o7777 } : null;
  if (!sameBytes(before?.data ?? null, next))
    files.push({
      base: 'state',
      path: LEDGER_FILE,
      before,
      after: { data: next, mode: 0o600 },
      temporary: temporaryOf(LEDGER_FILE),
    });
  return files;
}

async function privateTarget({ path, before, after }: PrivateChange, stateFolder: string): Promise<Target> {
  const now = await readBounded(join(stateFolder, path));
  if (!sameBytes(now.ok ? now.data : null, before)) throw changedMeanwhile(join(stateFolder, path));
  return {
    base: 'state',
    path,
    before: now.ok ? { data: now.data, mode: now.stats.mode & 0o7777 } : null,
    after: { data: after, mode: 0o600 },
    temporary: temporaryOf(path),
  };
}

/** The files of which a part is ours. */
function sharedPaths({ manifest }: Plan): ReadonlySet<string> {
  const entries = [manifest.before, manifest.after].flatMap(data => filesOf(data));
  return new Set(entries.filter(({ mode }) => mode !== 'owned').map(({ path }) => path));
}

/** What a manifest lists; nothing for a damaged one that is being replaced. */
function filesOf(data: Buffer | null): Manifest['files'] {
  try {
    return readManifest(data).files;
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** Where a change really goes: beside the file for a conflict, nowhere for what is only reported. */
function placeOf({ state, path, before, after, executable, beside }: Change): {
  path: string;
  before: Buffer | null;
  after: Buffer | null;
  executable: boolean | undefined;
} {
  if (beside) return { path: beside.path, before: beside.before, after, executable };
  const idle = QUIET.has(state);
  return { path, before, after: idle ? before : after, executable: idle ? undefined : executable };
}

function modeAfter(now: FileOnDisk | null, executable: boolean | undefined): number {
  const mode = now?.mode ?? 0o644;
  return executable ? mode | ((mode & 0o444) >> 2) : mode;
}

function temporaryOf(path: string): string {
  return `.${basename(path).slice(0, 100)}.${randomHex(6)}.tmp`;
}

async function checkSetting(root: string, key: string, before: string | null): Promise<void> {
  const now = await readSetting(root, key);
  if ('refused' in now) throw new UserError({ what: now.refused, where: { path: `git config ${key}` } }, EXIT.conflict);
  if (now.value !== before) throw changedMeanwhile(`git config ${key}`);
}

function changedMeanwhile(path: string): UserError {
  return new UserError(
    {
      what: 'it was changed after the plan was made, so nothing was written',
      where: { path },
      expected: 'the file as the plan found it',
      next: 'run the command again: it will see the change',
    },
    EXIT.conflict,
  );
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission to write here',
  EPERM: 'no permission to write here',
  EROFS: 'this is on a read-only file system',
  ENAMETOOLONG: 'the name is too long for this file system',
};

/** After a failure half way: everything back, and a sentence that says what happened. */
async function failed(error: unknown, stateFolder: string, id: string, step: Step): Promise<unknown> {
  let outcome = 'everything was put back as it was';
  try {
    const { kept, restored } = await rollBack(stateFolder, id, step);
    if (restored.length === 0) outcome = 'nothing was written';
    if (kept.length > 0) outcome = `put back, but for ${list(kept.map(({ path }) => path))}, changed meanwhile`;
  } catch (again) {
    outcome = `it could not be put back yet (${errorCode(again) ?? String(again)}); the next run does it`;
  }
  return explain(error, outcome);
}

/** A system's error as a sentence; any other error as it is. */
function explain(error: unknown, outcome: string): unknown {
  const cause = CAUSES[errorCode(error) ?? ''];
  if (!cause) return error;
  const { path } = error as NodeJS.ErrnoException;
  return new UserError({
    what: `${cause}; ${outcome}`,
    where: path && !path.startsWith('/proc/') ? { path } : undefined,
    next: 'make room or allow writing, then run again',
  });
}

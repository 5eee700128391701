import { randomHex, sha256 } from '../base/hash.ts';
import { decode } from './decode.ts';
import { look } from './disk.ts';
import { BEFORE, bytes, type FileEntry, isAs, isCopy, type JournalEntry } from './entry.ts';
import { takeBack } from './takeback.ts';
import type { Undone } from './types.ts';

interface Resolved {
  /** With what becomes of each file now; those without it stay as they are, and in the journal. */
  entry: JournalEntry;
  kept: Undone['kept'];
}

/**
 * How an entry is to be taken back now: our change of each file without the edits made since. A file whose edits are
 * about the same thing is kept, and so is one that is in `held`, as a later change of it still stands. With `keep` its
 * owner has said that it is to stay: nothing of it waits any more.
 */
export async function resolveEntry(
  entry: JournalEntry,
  held: ReadonlySet<string>,
  { keep = false }: { keep?: boolean } = {},
): Promise<Resolved> {
  const kept: Undone['kept'] = [];
  const files: FileEntry[] = [];
  const copies = new Set(entry.files.filter(isCopy).map(({ path }) => path));
  for (const file of entry.files.filter(one => !isCopy(one))) {
    const { base, path, before: was, after } = file;
    if (base === 'state') {
      files.push({ ...file, back: { found: after?.sha256 ?? null, put: was } });
      continue;
    }
    const beside = path + BEFORE;
    const later = !keep && held.has(path);
    const outcome = later
      ? { reason: 'a later change of it is still there' }
      : await resolveFile(entry.root, file, copies.has(beside));
    if ('back' in outcome) {
      files.push({ ...file, back: outcome.back });
      continue;
    }
    if (keep) {
      kept.push({ path, reason: outcome.reason });
      const now = await look(entry.root, path);
      const stored =
        'refused' in now ? undefined : now.file && { data: now.file.data.toString('base64'), mode: now.file.mode };
      if (stored !== undefined)
        files.push({ ...file, back: { found: stored && sha256(Buffer.from(stored.data, 'base64')), put: stored } });
      continue;
    }
    files.push(file);
    const lay = was !== null && !later && !copies.has(beside) && (await isFree(entry.root, beside));
    if (lay) files.push(copyOf(was, beside));
    kept.push({ path, reason: outcome.reason, ...(lay || copies.has(beside) ? { beside } : {}) });
  }
  // What is to stay as it is asks for no copy any more.
  const waiting = new Set(keep ? [] : kept.map(({ path }) => path + BEFORE));
  for (const file of entry.files.filter(isCopy)) {
    if (waiting.has(file.path)) files.push(file);
    // One that was edited is its owner's.
    else if (await isAsLeft(entry.root, file))
      files.push({ ...file, back: { found: file.after?.sha256 ?? null, put: null } });
  }
  return { entry: { ...entry, files }, kept };
}

/** A copy that is yet to be laid: once it is, it is one more file that the entry has made. */
function copyOf(was: { data: string; mode: number }, path: string): FileEntry {
  return {
    base: 'root',
    path,
    temporary: `.${randomHex(12)}.tmp`,
    before: null,
    after: { ...was, sha256: sha256(Buffer.from(was.data, 'base64')) },
    back: { found: null, put: was },
  };
}

async function isAsLeft(root: string, { path, after }: FileEntry): Promise<boolean> {
  const seen = await look(root, path);
  return !('refused' in seen) && isAs(seen.file, after);
}

async function isFree(root: string, path: string): Promise<boolean> {
  const seen = await look(root, path);
  return !('refused' in seen) && seen.file === null;
}

async function resolveFile(
  root: string,
  { path, before, after, shared }: FileEntry,
  offered: boolean,
): Promise<{ back: NonNullable<FileEntry['back']> } | { reason: string }> {
  const seen = await look(root, path);
  if ('refused' in seen) return { reason: seen.refused };
  const now = seen.file;
  const was = bytes(before);
  const wrote = bytes(after);
  const found = now && sha256(now.data);
  // A mode that somebody has set since stays; ours goes.
  const mode = now && now.mode !== wrote?.mode ? now.mode : (was?.mode ?? now?.mode ?? 0o644);
  const stored = (data: Buffer, bits: number) => ({ data: data.toString('base64'), mode: bits });
  if (found === (was && sha256(was.data))) return { back: { found, put: was && stored(was.data, mode) } };
  if (found === (after?.sha256 ?? null))
    return { back: { found, put: was && stored(was.data, now ? mode : was.mode) } };
  // Its owner has dealt with it: the copy that was laid beside is gone, and the file stays as it is now.
  if (offered && (await isFree(root, path + BEFORE)))
    return { back: { found, put: now && stored(now.data, now.mode) } };
  const [a, b, c] = [was, wrote, now].map(file => (file ? decode(file.data) : null));
  if (a === undefined || b === undefined || c === undefined) return { reason: 'it was edited since' };
  const script = ((wrote?.mode ?? 0) & 0o111) !== 0;
  const outcome = takeBack(path, { was: a, wrote: b, now: c, shared: shared === true && !script });
  if ('conflict' in outcome) return { reason: outcome.conflict };
  return { back: { found, put: outcome.text === null ? null : stored(Buffer.from(outcome.text), mode) } };
}

import { UserError } from '../base/errors.ts';
import { plainStep } from '../base/files.ts';
import { look } from './disk.ts';
import { isInterrupted, recover } from './journal.ts';
import { type Ledger, readLedger } from './ledger.ts';
import { acquireLock } from './lock.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { MANIFEST_PATH } from './paths.ts';
import { differs, pinned } from './pin.ts';

/** What a plan starts from. */
export interface PlanBase {
  /** The manifest as it is on the disk. */
  before: Buffer | null;
  manifest: Manifest;
  /** The bytes that may stay. */
  read: Buffer | null;
  ledger: Ledger;
  notes: string[];
}

/**
 * The manifest on the disk and the ledger; for a manifest that cannot be read, the pinned one, which is then written in its
 * place. Throws UserError where there is none of both.
 */
export async function baseOf(root: string, stateFolder: string | undefined, fromPin: boolean): Promise<PlanBase> {
  const [seen, ledger, known] = await Promise.all([
    manifestOnDisk(root).catch(orRefusal),
    readLedger(stateFolder, root),
    pinned(root, stateFolder),
  ]);
  if (seen instanceof UserError && !(fromPin && known)) throw seen;
  const before = seen instanceof UserError ? null : seen;
  return { before, ledger, ...whichManifest(before, known, fromPin) };
}

function orRefusal(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

function whichManifest(
  before: Buffer | null,
  known: Manifest | undefined,
  fromPin: boolean,
): Pick<PlanBase, 'manifest' | 'read' | 'notes'> {
  if (before === null && fromPin && known) return { manifest: known, read: null, notes: [] };
  try {
    const manifest = readManifest(before);
    const how = before !== null && known && differs(known, manifest);
    const notes = how
      ? [`${MANIFEST_PATH} was changed since this program last wrote or took it: ${how}. It counts as it is.`]
      : [];
    return { manifest, read: before, notes };
  } catch (error) {
    if (!(error instanceof UserError) || !known) throw error;
    const note = `${MANIFEST_PATH} cannot be read: what this program last wrote or took here goes in its place`;
    return { manifest: known, read: null, notes: [note] };
  }
}

async function manifestOnDisk(root: string): Promise<Buffer | null> {
  const seen = await look(root, MANIFEST_PATH);
  if (!('refused' in seen)) return seen.file?.data ?? null;
  throw new UserError({
    what: `the manifest of generated files cannot be used: ${seen.refused}`,
    where: { path: MANIFEST_PATH },
    expected: 'a regular file, or none',
    next: 'remove what stands in its place and run again',
  });
}

/** Puts back what an interrupted run left, and says so. */
export async function recoverIfInterrupted(stateFolder: string): Promise<string[]> {
  if (!(await isInterrupted(stateFolder))) return [];
  const release = await acquireLock(stateFolder);
  try {
    return await recover(stateFolder, plainStep);
  } finally {
    await release();
  }
}

import { join } from 'node:path';
import * as z from 'zod/mini';
import { readBounded } from '../base/files.ts';
import { type FileIdentity, isSameFile, settingsIdentity } from './identity.ts';
import { identitySchema } from './identity-schema.ts';
import { type Entry, entryHash, type Manifest } from './manifest.ts';

/**
 * What this program has itself written into this repository from this machine, kept in the state folder, out of an
 * agent's reach. The manifest lies in the repository and may say anything: something is deleted or taken out of a file
 * only when the ledger knows the manifest's entry too.
 */
export interface Ledger {
  version: 1;
  /** Hashes of manifest entries, newest last. */
  entries: readonly string[];
  /** Settings of `.git/config` that we set, with the value. */
  git: Readonly<Record<string, string>>;
  /** The git folder that they were set in. */
  folder?: FileIdentity | undefined;
}

export const LEDGER_FILE = 'written.json';
const KEPT = 10_000;

const schema = z.strictObject({
  version: z.literal(1),
  entries: z.array(z.string()),
  git: z.record(z.string(), z.string()),
  folder: z.optional(identitySchema),
});

const EMPTY: Ledger = { version: 1, entries: [], git: {} };

/**
 * The ledger of the repository at `root`; an empty one where there is none or it cannot be read, for then nothing is known
 * to be ours. Of another git folder than the one that is there now, made anew or cloned again, no setting is.
 */
export async function readLedger(stateFolder: string | undefined, root: string): Promise<Ledger> {
  const ledger = await readKept(stateFolder);
  const folder = await settingsIdentity(root);
  if (folder === undefined) return ledger;
  const isOther = ledger.folder !== undefined && !isSameFile(ledger.folder, folder);
  return { ...ledger, folder, ...(isOther ? { git: {} } : {}) };
}

async function readKept(stateFolder: string | undefined): Promise<Ledger> {
  if (stateFolder === undefined) return EMPTY;
  const read = await readBounded(join(stateFolder, LEDGER_FILE));
  if (!read.ok) return EMPTY;
  try {
    return schema.parse(JSON.parse(read.data.toString('utf8')));
  } catch {
    return EMPTY;
  }
}

export function knows(ledger: Ledger, entry: Entry): boolean {
  return ledger.entries.includes(entryHash(entry));
}

/** The ledger after a manifest and settings were written. */
export function extendLedger(
  ledger: Ledger,
  manifest: Manifest,
  settings: readonly { key: string; after: string | null }[],
): Ledger {
  const fresh = manifest.files.map(entryHash);
  const git = new Map(Object.entries(ledger.git));
  for (const { key, after } of settings) {
    if (after === null) git.delete(key);
    else git.set(key, after);
  }
  return {
    version: 1,
    entries: [...ledger.entries.filter(hash => !fresh.includes(hash)), ...fresh].slice(-KEPT),
    git: Object.fromEntries(git),
    ...(ledger.folder ? { folder: ledger.folder } : {}),
  };
}

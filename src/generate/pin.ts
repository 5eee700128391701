import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { UserError } from '../base/errors.ts';
import { readBounded, writeAtomic } from '../base/files.ts';
import { ensurePrivate } from '../base/state.ts';
import { list, plural } from '../base/text.ts';
import { look } from './disk.ts';
import { checkoutIdentity, isSameFile } from './identity.ts';
import { identitySchema } from './identity-schema.ts';
import { entryHash, type Manifest, readManifest } from './manifest.ts';
import { MANIFEST_PATH, PIN_FILE } from './paths.ts';

/** A whole manifest of ours, quoted. */
const LIMIT = 40_000_000;
/** Paths that are named in one line. */
const NAMED = 3;

const schema = z.strictObject({ version: z.literal(1), of: identitySchema, manifest: z.string() });

/** The pinned manifest; undefined where none was pinned for this repository, as in a fresh clone. */
export async function pinned(root: string, stateFolder: string | undefined): Promise<Manifest | undefined> {
  if (stateFolder === undefined) return undefined;
  const file = await readBounded(join(stateFolder, PIN_FILE), LIMIT);
  if (!file.ok || file.truncated) return undefined;
  try {
    const { of, manifest } = schema.parse(JSON.parse(file.data.toString('utf8')));
    const here = checkoutIdentity(root);
    return here && isSameFile(of, here) ? readManifest(Buffer.from(manifest)) : undefined;
  } catch {
    // What cannot be read says nothing; the next generate pins anew.
    return undefined;
  }
}

/** Pins a manifest as it was written or found in order; null: there is none any more. */
export async function pin(root: string, stateFolder: string, manifest: Buffer | null): Promise<void> {
  const path = join(stateFolder, PIN_FILE);
  if (manifest === null) return rm(path, { force: true });
  const text = JSON.stringify({ version: 1, of: checkoutIdentity(root), manifest: manifest.toString('utf8') });
  const before = await readBounded(path, LIMIT);
  if (before.ok && before.data.toString('utf8') === text) return;
  await ensurePrivate(stateFolder);
  await writeAtomic(path, text, 0o600);
}

/** The same with what stands on the disk, after it was put there. */
export async function pinFound(root: string, stateFolder: string): Promise<void> {
  const seen = await look(root, MANIFEST_PATH);
  if (!('refused' in seen)) await pin(root, stateFolder, seen.file?.data ?? null);
}

/** How a manifest differs from the pinned one, in one line; undefined where it means the same. */
export function differs(before: Manifest, now: Manifest): string | undefined {
  const [old, fresh] = [before, now].map(({ files }) => new Set(files.map(entryHash)));
  const gone = before.files.filter(entry => !fresh?.has(entryHash(entry)));
  const added = now.files.filter(entry => !old?.has(entryHash(entry)));
  if (gone.length === 0 && added.length === 0) return undefined;
  const lost = gone.filter(({ path }) => !now.files.some(entry => entry.path === path));
  if (lost.length > 0) return `${named(lost)} no longer stand${lost.length === 1 ? 's' : ''} in it`;
  return `it says otherwise of ${named([...gone, ...added])}`;
}

function named(entries: readonly { path: string }[]): string {
  const paths = [...new Set(entries.map(({ path }) => path))];
  const rest = paths.length - NAMED;
  return list([...paths.slice(0, NAMED), ...(rest > 0 ? [`${plural(rest, 'more file')}`] : [])]);
}

/** What is wrong with the manifest on the disk, compared with the pinned one; undefined where nothing is, or none is pinned. */
export async function manifestFinding(root: string, stateFolder: string): Promise<string | undefined> {
  const known = await pinned(root, stateFolder);
  if (!known) return undefined;
  const unwatched = `so nothing in the repository tells any more what was laid as ${named(known.files)}`;
  const seen = await look(root, MANIFEST_PATH);
  if ('refused' in seen) return `${seen.refused}, ${unwatched}`;
  if (seen.file === null) return `it is gone, ${unwatched}`;
  try {
    const how = differs(known, readManifest(seen.file.data));
    return how && `it is not the one that this program last wrote or took here: ${how}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `it cannot be read, ${unwatched}`;
  }
}

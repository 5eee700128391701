import { join } from 'node:path';
import { SETTINGS } from '../agents/claude-code/voids.ts';
import { namesIn, readBounded, writeAtomic } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { ensurePrivate } from '../base/state.ts';
import { build } from '../base/version.ts';
import type { Facts } from '../discover/facts.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { look } from './disk.ts';
import { checkoutIdentity, settingsIdentity } from './identity.ts';
import { BESIDE, MANIFEST_PATH, PIN_FILE } from './paths.ts';
import { readSetting } from './settings.ts';

/** Where a plan is made. */
export interface MemoPlace {
  root: string;
  /** They need not be found yet: all else is read meanwhile. */
  facts: Facts | Promise<Facts>;
  stateFolder: string;
}

const MEMO_FILE = 'unchanged.json';
/** Files of the state folder that go into a plan: the overlay, and what was written by us. */
const STATE_FILES = ['overlay.yaml', 'written.json', PIN_FILE];

/**
 * The notes of a plan with nothing to do that were remembered under this very summary; undefined where that was another, or
 * nothing that can be read.
 */
export async function recall(stateFolder: string, summary: string): Promise<readonly string[] | undefined> {
  const file = await readBounded(join(stateFolder, MEMO_FILE));
  if (!file.ok) return undefined;
  try {
    const { key, notes } = JSON.parse(file.data.toString('utf8')) as { key: string; notes: readonly string[] };
    return key === summary ? notes : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Remembers, under the summary of what went into it, that a plan had nothing to do. In the state folder: what an agent
 * could write would be an answer of its choosing.
 */
export async function remember(stateFolder: string, key: string, notes: readonly string[]): Promise<void> {
  await writeAtomic(join(await ensurePrivate(stateFolder), MEMO_FILE), JSON.stringify({ key, notes }));
}

/**
 * One hash of all that a plan is a function of: this program, the day (accepted rows end with one), the facts, the posture
 * with its overlay, the manifest and what it names, the settings that are ours, and whether a run was interrupted.
 */
export async function summaryOf({ root, facts, stateFolder }: MemoPlace): Promise<string> {
  const [manifest, written] = await Promise.all([
    readBounded(join(root, MANIFEST_PATH)),
    readBounded(join(stateFolder, 'written.json')),
  ]);
  const files = manifest.ok ? (JSON.parse(manifest.data.toString('utf8')) as { files: { path: string }[] }).files : [];
  const settings = written.ok ? Object.keys((JSON.parse(written.data.toString('utf8')) as { git: object }).git) : [];
  const paths = [POSTURE_FILE, MANIFEST_PATH, ...SETTINGS, ...files.flatMap(({ path }) => [path, path + BESIDE])];
  const parts = await Promise.all([
    facts,
    Promise.all(STATE_FILES.map(name => digest(join(stateFolder, name)))),
    Promise.all(paths.map(path => digestWithin(root, path))),
    settingsOf(root, settings),
    checkoutIdentity(root),
    // Settings that were ours are none of another git folder.
    settings.length > 0 && settingsIdentity(root),
    // An interrupted run shows by a name there.
    [
      namesIn(stateFolder)
        .filter(name => name.startsWith('.'))
        .sort(),
      namesIn(join(stateFolder, 'journal')).sort(),
    ],
  ]);
  return sha256(JSON.stringify([new Date().toISOString().slice(0, 10), build, paths, settings, parts]));
}

async function digest(path: string): Promise<string> {
  const file = await readBounded(path);
  return file.ok ? sha256(file.data) : file.reason;
}

async function digestWithin(root: string, path: string): Promise<unknown> {
  const seen = await look(root, path);
  return 'refused' in seen ? seen.refused : seen.file && [sha256(seen.file.data), seen.file.mode];
}

/** What git's settings of ours are: by the file that has them, which asks no git; in a worktree by git. */
async function settingsOf(root: string, keys: readonly string[]): Promise<unknown> {
  if (keys.length === 0) return [];
  const own = await look(root, '.git/config');
  return 'refused' in own || !own.file ? Promise.all(keys.map(key => readSetting(root, key))) : sha256(own.file.data);
}

import { join } from 'node:path';
import { agents } from '../agents/index.ts';
import { namesIn, readBounded, statsOf, writeAtomic } from '../base/files.ts';
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

/** What can overrule our files without being one of them is looked at too. */
const OVERRULING = agents.flatMap(({ overruling = [] }) => overruling);

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

/** What is looked at of the files that a manifest names; one that names more may well be somebody's who wants us to be busy. */
const PATHS = 500;
const BYTES = 40_000_000;

/**
 * One hash of all that a plan is a function of: this program, the day (accepted rows end with one), the facts, the posture
 * with its overlay, the manifest and what it names, the settings that are ours, and whether a run was interrupted. Undefined
 * where the manifest or our ledger is not as we write it, or names too much: then only the whole program has an answer.
 */
export async function summaryOf({ root, facts, stateFolder }: MemoPlace): Promise<string | undefined> {
  // Where there is no summary, nobody waits for them.
  Promise.resolve(facts).catch(() => {});
  const [manifest, written] = await Promise.all([
    readBounded(join(root, MANIFEST_PATH)),
    readBounded(join(stateFolder, 'written.json')),
  ]);
  const named = manifest.ok ? pathsIn(manifest.data) : [];
  const settings = written.ok ? settingsIn(written.data) : [];
  if (!named || !settings) return undefined;
  const beside = named.flatMap(path => [path, path + BESIDE]);
  const paths = [...new Set([POSTURE_FILE, MANIFEST_PATH, ...OVERRULING, ...beside])];
  if (paths.length > PATHS) return undefined;
  const files = await digestsOf(root, paths);
  if (!files) return undefined;
  const parts = await Promise.all([
    facts,
    Promise.all(STATE_FILES.map(name => digest(join(stateFolder, name)))),
    files,
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

/** The paths that a manifest names. Without its schema, which is longer than all the rest of this. */
function pathsIn(manifest: Buffer): string[] | undefined {
  const files = propertyOf(parsed(manifest), 'files');
  if (!Array.isArray(files)) return undefined;
  const paths = files.map(file => propertyOf(file, 'path'));
  return paths.every(path => typeof path === 'string') ? paths : undefined;
}

/** The settings of git's that a ledger has as ours. */
function settingsIn(ledger: Buffer): string[] | undefined {
  const git = propertyOf(parsed(ledger), 'git');
  return typeof git === 'object' && git !== null && !Array.isArray(git) ? Object.keys(git) : undefined;
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

async function digest(path: string): Promise<string> {
  const file = await readBounded(path);
  return file.ok ? sha256(file.data) : file.reason;
}

/** One after the other, so that no more than one file is held at a time. Undefined where it is too much. */
async function digestsOf(root: string, paths: readonly string[]): Promise<unknown[] | undefined> {
  const digests: unknown[] = [];
  let read = 0;
  for (const path of paths) {
    const seen = await look(root, path);
    if ('refused' in seen) digests.push(seen.refused);
    else digests.push(seen.file && [sha256(seen.file.data), seen.file.mode]);
    read += ('file' in seen && seen.file?.data.length) || 0;
    if (read > BYTES) return undefined;
  }
  return digests;
}

/**
 * What git's settings of ours are: by the file that has them, which asks no git; in a worktree by git. And by git where what
 * it looks at is not all our own: whether it reads the file at all is then for its safe.directory to say.
 */
async function settingsOf(root: string, keys: readonly string[]): Promise<unknown> {
  const uid = process.getuid?.();
  const owners = ['', '.git', '.git/config'].map(path => statsOf(join(root, path))?.uid);
  const who = [uid, process.env.SUDO_UID, owners];
  if (keys.length === 0) return who;
  const own = await look(root, '.git/config');
  const config = 'refused' in own ? undefined : own.file?.data;
  const ours = owners.every(owner => uid === undefined || owner === uid);
  return [who, config && ours ? sha256(config) : await Promise.all(keys.map(key => readSetting(root, key)))];
}

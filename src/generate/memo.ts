import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded, writeAtomic } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { packageRoot } from '../base/package.ts';
import { ensurePrivate } from '../base/state.ts';
import type { Facts } from '../discover/facts.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { look } from './disk.ts';
import { BESIDE, MANIFEST_PATH } from './paths.ts';
import { readSetting } from './settings.ts';

/** What a plan with nothing to do had to say all the same. */
export interface Memo {
  notes: readonly string[];
  /** The plan for --json. */
  json: Record<string, unknown>;
}

/** Where a plan is made. */
export interface MemoPlace {
  facts: Facts;
  stateFolder: string;
}

const MEMO_FILE = 'unchanged.json';
/** Files of the state folder that go into a plan: the overlay, and what was written by us. */
const STATE_FILES = ['overlay.yaml', 'written.json'];

/** What was remembered under this very summary; undefined where that was another, or nothing that can be read. */
export async function recall(stateFolder: string, summary: string): Promise<Memo | undefined> {
  const file = await readBounded(join(stateFolder, MEMO_FILE));
  if (!file.ok) return undefined;
  try {
    const { key, memo } = JSON.parse(file.data.toString('utf8')) as { key: string; memo: Memo };
    return key === summary ? memo : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Remembers, under the summary of what went into it, that a plan had nothing to do. In the state folder: what an agent
 * could write would be an answer of its choosing.
 */
export async function remember(stateFolder: string, key: string, memo: Memo): Promise<void> {
  await writeAtomic(join(await ensurePrivate(stateFolder), MEMO_FILE), JSON.stringify({ key, memo }));
}

/**
 * One hash of all that a plan is a function of: this program, the day (accepted rows end with one), the facts, the posture
 * with its overlay, the manifest and what it names, the settings that are ours, and whether a run was interrupted.
 */
export async function summaryOf({ facts, stateFolder }: MemoPlace): Promise<string> {
  const { root } = facts;
  const [manifest, written] = await Promise.all([
    readBounded(join(root, MANIFEST_PATH)),
    readBounded(join(stateFolder, 'written.json')),
  ]);
  const files = manifest.ok ? (JSON.parse(manifest.data.toString('utf8')) as { files: { path: string }[] }).files : [];
  const settings = written.ok ? Object.keys((JSON.parse(written.data.toString('utf8')) as { git: object }).git) : [];
  const paths = [POSTURE_FILE, MANIFEST_PATH, ...files.flatMap(({ path }) => [path, path + BESIDE])];
  const parts = await Promise.all([
    programFiles().then(all => Promise.all(all.map(path => digest(join(packageRoot, path))))),
    Promise.all(STATE_FILES.map(name => digest(join(stateFolder, name)))),
    Promise.all(paths.map(path => digestWithin(root, path))),
    Promise.all(settings.map(key => readSetting(root, key))),
    // An interrupted run shows by a name there.
    Promise.all([
      namesIn(stateFolder).then(names => names.filter(name => name.startsWith('.'))),
      namesIn(join(stateFolder, 'journal')),
    ]),
  ]);
  return sha256(JSON.stringify([new Date().toISOString().slice(0, 10), facts, paths, settings, parts]));
}

async function digest(path: string): Promise<string> {
  const file = await readBounded(path);
  return file.ok ? sha256(file.data) : file.reason;
}

async function digestWithin(root: string, path: string): Promise<unknown> {
  const seen = await look(root, path);
  return 'refused' in seen ? seen.refused : seen.file && [sha256(seen.file.data), seen.file.mode];
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** This very program: the names of its parts carry their hashes and its first file names them; and its templates. */
async function programFiles(): Promise<string[]> {
  const templates = await readdir(join(packageRoot, 'templates'), { recursive: true });
  return ['dist/cli.js', ...templates.sort().map(path => `templates/${path}`)];
}

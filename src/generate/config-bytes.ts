import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { isThere, type Step } from '../base/files.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { ensurePrivate } from '../base/state.ts';
import { look, putFile, removeLeftover } from './disk.ts';
import type { SettingEntry } from './entry.ts';
import { settingsFolder, writeSettingIn } from './settings.ts';

// Git takes a setting out again, but not every byte that it added for it: a last line that had no end keeps the one it got,
// and a section that was made stays beside one of the same name.

type Edit = NonNullable<SettingEntry['edit']>;

/**
 * The settings, each with the bytes that git changes in its configuration for it, found by doing it in a copy. Only those
 * are kept, never the whole file: addresses in it may hold a password. Without them where the file cannot be looked at.
 * Call with the lock held.
 */
export async function withEdits(
  root: string,
  settings: readonly Omit<SettingEntry, 'edit'>[],
  stateFolder: string,
): Promise<SettingEntry[]> {
  const folder = settings.length > 0 ? await settingsFolder(root) : undefined;
  const seen = folder === undefined ? undefined : await look(folder, 'config');
  if (!seen || 'refused' in seen || !seen.file) return [...settings];
  const scratch = join(stateFolder, 'rehearsal');
  await rm(scratch, { recursive: true, force: true });
  try {
    await ensurePrivate(scratch);
    return await rehearse(root, settings, join(scratch, 'config'), seen.file.data);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function rehearse(
  root: string,
  settings: readonly Omit<SettingEntry, 'edit'>[],
  copy: string,
  start: Buffer,
): Promise<SettingEntry[]> {
  await writeFile(copy, start, { mode: 0o600 });
  const found: SettingEntry[] = [];
  let before = start;
  for (const setting of settings) {
    // What git does not do in the copy it will refuse in the file too, and say why.
    if (!(await writeSettingIn(copy, root, setting.key, setting.after))) return [...settings];
    const after = await readFile(copy);
    found.push({ ...setting, edit: editBetween(before, after) });
    before = after;
  }
  return found;
}

function editBetween(before: Buffer, after: Buffer): Edit {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before[at] === after[at]) at++;
  let tail = 0;
  while (tail < shorter - at && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return {
    at,
    was: before.subarray(at, before.length - tail).toString('base64'),
    length: after.length - tail - at,
    before: sha256(before),
    after: sha256(after),
    temporary: `.config.${randomHex(6)}.tmp`,
  };
}

/** Removes what a stopped run may have left of `putEditBack`. */
export async function removeEditLeftover(root: string, { temporary }: Edit): Promise<void> {
  const folder = await settingsFolder(root);
  if (folder !== undefined) await removeLeftover(folder, temporary);
}

/**
 * Puts git's configuration back to the bytes that it had, where it still is what we left. Where it is not, or git is
 * writing it right now, nothing is done, and that is said: then git takes the setting out.
 */
export async function putEditBack(root: string, edit: Edit, step: Step): Promise<boolean> {
  const folder = await settingsFolder(root);
  if (folder === undefined || isThere(join(folder, 'config.lock'))) return false;
  const seen = await look(folder, 'config');
  if ('refused' in seen || !seen.file || sha256(seen.file.data) !== edit.after) return false;
  const { data, mode } = seen.file;
  const back = Buffer.concat([
    data.subarray(0, edit.at),
    Buffer.from(edit.was, 'base64'),
    data.subarray(edit.at + edit.length),
  ]);
  if (sha256(back) !== edit.before) return false;
  await putFile(
    folder,
    { path: 'config', content: { data: back, mode }, temporary: edit.temporary },
    now => {
      if (!now || sha256(now.data) !== edit.after)
        throw new UserError({ what: 'it is being changed right now', where: { path: '.git/config' } });
    },
    step,
  );
  return true;
}

import type { Ledger } from './ledger.ts';
import { readSetting, type Setting } from './settings.ts';
import type { Change, Output } from './types.ts';

export interface WantedSetting {
  output: Output;
  key: string;
  value: string;
}

/** Settings of `.git/config` are this clone's alone, so it is the ledger, not the manifest, that knows ours. */
export async function planSettings(
  root: string,
  wanted: readonly WantedSetting[],
  ledger: Ledger,
  whole: boolean,
  restore: boolean,
): Promise<Change[]> {
  const changes: Change[] = [];
  const base = (key: string) => ({ path: `git config ${key}`, before: null, after: null });
  for (const { output, key, value } of wanted) {
    const now = await readSetting(root, key);
    const rest = { output: output.id, ...base(key) };
    if ('refused' in now) {
      changes.push({ ...rest, state: 'refused', reason: now.refused });
      continue;
    }
    const ours = Object.hasOwn(ledger.git, key) ? ledger.git[key] : undefined;
    const set = (state: Change['state'], reason: string, after: string | null = value) =>
      changes.push({ ...rest, state, reason, gitConfig: { key, before: now.value, after } });
    if (now.instead && now.instead.value !== value) changes.push(overruled(output.id, key, value, now));
    else if (now.value === value) set('unchanged', 'up to date');
    else if (ours === undefined && now.value === null) set('create', 'new');
    else if (now.value === ours) set('update', 'follows the posture');
    else if (restore && ours !== undefined) set('update', 'put back');
    else if (ours !== undefined && output.guard)
      set('loosened', now.value === null ? 'it was unset' : 'it was set to something else', now.value);
    else if (now.value === null) set('create', 'was missing, set again');
    else set('conflict', `it is already set to ${now.value}; ours would be ${value}`, now.value);
  }
  for (const [key, value] of whole ? Object.entries(ledger.git) : []) {
    if (wanted.some(setting => setting.key === key)) continue;
    const now = await readSetting(root, key);
    if ('refused' in now || now.value !== value) continue;
    if (now.instead) {
      changes.push(overruled('git', key, value, now));
      continue;
    }
    const gitConfig = { key, before: value, after: null };
    changes.push({ output: 'git', state: 'delete', reason: 'no longer asked for', ...base(key), gitConfig });
  }
  return changes;
}

/** A value that git does not obey, as a file that its configuration leads to has the last word. */
function overruled(
  output: string,
  key: string,
  value: string,
  now: Extract<Setting, { value: string | null }>,
): Change {
  const { value: other, from } = now.instead ?? { value: '', from: '' };
  return {
    output,
    state: 'loosened',
    path: `git config ${key}`,
    before: null,
    after: null,
    gitConfig: { key, before: now.value, after: now.value },
    byHand: true,
    reason: `${from} sets it to ${other}, and git obeys that instead of ${value}: take it out there`,
  };
}

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateFolder } from '../../src/base/state.ts';
import { loadAnswers } from '../../src/wizard/answers.ts';
import { clearProgress, loadProgress, saveProgress } from '../../src/wizard/progress.ts';

let base: string;
const before = process.env.AGENT_POSTURE_STATE;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'wizard-'));
  process.env.AGENT_POSTURE_STATE = join(base, 'state');
});
afterEach(async () => {
  if (before === undefined) delete process.env.AGENT_POSTURE_STATE;
  else process.env.AGENT_POSTURE_STATE = before;
  await rm(base, { recursive: true, force: true });
});

const given = { path: 'quick' as const, answers: { 'never-touch': ['orders-db'], box: 'none' } };

it('keeps the answers for this user alone, and forgets them', async () => {
  expect(await loadProgress(base)).toBeUndefined();
  const now = new Date('2026-11-23T12:00:00Z');
  await saveProgress(base, given, now);
  expect(await loadProgress(base)).toEqual({ ...given, at: undefined, unfinished: {}, savedAt: now });
  const folder = stateFolder(base);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  await clearProgress(base);
  expect(await loadProgress(base)).toBeUndefined();
});

it('keeps where one was and what is not finished, and drops what is no question or no answer', async () => {
  const unfinished = { systems: [{ id: 'orders-db' }] };
  await saveProgress(base, { ...given, at: 'branches', unfinished });
  expect(await loadProgress(base)).toMatchObject({ ...given, at: 'branches', unfinished });
  await saveProgress(base, { ...given, at: 'of-a-newer-version', unfinished: { systems: 'x', later: 'y' } });
  expect(await loadProgress(base)).toMatchObject({ ...given, at: undefined, unfinished: {} });
});

it('keeps no answer that looks like a secret', async () => {
  const answers = { 'box-command': 'x --password=hunter22' };
  for (const begun of [{ answers }, { answers: {}, unfinished: { systems: [{ id: 'x --password=hunter22' }] } }])
    await expect(saveProgress(base, { path: 'quick', ...begun })).rejects.toThrow('looks like a secret');
  const kept = await readdir(stateFolder(base)).catch(() => []);
  for (const name of kept) expect(await readFile(join(stateFolder(base), name), 'utf8')).not.toContain('hunter22');
});

it.each([
  '{',
  '[]',
  '{"wizard": 1}',
  '{"wizard": {"answers": {"a": 1}, "savedAt": "2026-01-01"}}',
  '{"wizard": {"answers": {}, "savedAt": "x"}}',
])('is undefined for a file that holds %s', async text => {
  await saveProgress(base, given);
  const [name = ''] = await readdir(stateFolder(base));
  await writeFile(join(stateFolder(base), name), text);
  expect(await loadProgress(base)).toBeUndefined();
  await saveProgress(base, given);
  expect((await loadProgress(base))?.answers).toEqual(given.answers);
});

it('reads an answers file, bounded, and says what is wrong', async () => {
  const path = join(base, 'answers.yaml');
  await expect(loadAnswers(path)).rejects.toThrow(/cannot be read \(ENOENT\)/);
  await writeFile(path, 'version: 1\nbox: none\nnever-touch: [orders-db]\n');
  expect((await loadAnswers(path)).answers).toEqual(given.answers);
  await writeFile(path, Buffer.alloc(5_000_000, 0x20));
  await expect(loadAnswers(path)).rejects.toThrow(/5\.0 MB\n {2}expected: answers of at most 4 MB/);
  await expect(loadAnswers(base)).rejects.toThrow('EISDIR');
});

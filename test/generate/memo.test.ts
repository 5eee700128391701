import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { summaryOf } from '../../src/generate/memo.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'memo-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const manifest = (files: unknown) => put('root/.agent-posture/manifest.json', JSON.stringify({ version: 1, files }));
const ledger = (git: unknown) => put('state/written.json', JSON.stringify({ version: 1, entries: [], git }));
const summary = () => summaryOf({ root: join(folder, 'root'), stateFolder: join(folder, 'state'), facts: {} as never });

test('a file that is named many times is read once', async () => {
  put('root/big', 'x'.repeat(3_900_000));
  manifest(Array(2_000).fill({ path: 'big' }));
  const start = performance.now();
  expect(await summary()).toMatch(/^[0-9a-f]{64}$/);
  expect(performance.now() - start).toBeLessThan(1_500);
});

test('of too many files, or of too much in them, there is no summary', async () => {
  manifest(Array.from({ length: 2_000 }, (_, at) => ({ path: `f${at}` })));
  expect(await summary()).toBeUndefined();
  for (let at = 0; at < 12; at++) put(`root/f${at}`, 'x'.repeat(3_900_000));
  manifest(Array.from({ length: 12 }, (_, at) => ({ path: `f${at}` })));
  expect(await summary()).toBeUndefined();
});

test.each([[{}], ['x'], [[null]], [['x']], [[{ path: 1 }]], [undefined]])(
  'a manifest with %j for its files has none either',
  async files => {
    manifest(files);
    expect(await summary()).toBeUndefined();
  },
);

test.each([[[]], ['x'], [null], [undefined]])('nor has a ledger with %j for settings', async git => {
  ledger(git);
  expect(await summary()).toBeUndefined();
});

test.runIf(process.getuid?.() === 0)('another owner of the git folder is another summary', async () => {
  put('root/.git/config', '[core]\n\trepositoryformatversion = 0\n');
  ledger({ 'core.hooksPath': '.githooks' });
  const own = await summary();
  expect(await summary()).toBe(own);
  execFileSync('chown', ['1234:1234', join(folder, 'root/.git')]);
  expect(await summary()).not.toBe(own);
});

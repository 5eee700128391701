import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { escapes, fill, fillingOfBranch } from '../../src/agents/escapes/index.ts';
import { findProgram } from '../../src/base/exec.ts';

const ways = escapes.filter(({ of, needs = [] }) => of === 'push' && needs.every(name => findProgram(name)));

const folder = mkdtempSync(join(tmpdir(), 'server-'));
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com' },
  ...{ GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' },
};
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: 'pipe' }).trim();

beforeAll(() => {
  const [remote, shop] = [join(folder, 'ground/remote.git'), join(folder, 'ground/shop')];
  git(folder, 'init', '-q', '-b', 'main', shop);
  git(shop, 'commit', '-q', '--allow-empty', '-m', 'one');
  git(folder, 'clone', '-q', '--bare', shop, remote);
  git(shop, 'remote', 'add', 'origin', '../remote.git');
  git(shop, 'commit', '-q', '--allow-empty', '-m', 'two');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether a way moves the branch of the remote, with and without a rule there. */
function moves(text: string, rule: boolean): boolean {
  const place = join(folder, 'try');
  cpSync(join(folder, 'ground'), place, { recursive: true });
  const [remote, shop] = [join(place, 'remote.git'), join(place, 'shop')];
  try {
    if (rule) writeFileSync(join(remote, 'hooks/update'), '#!/bin/sh\n[ "$1" != refs/heads/main ]\n', { mode: 0o755 });
    const before = git(remote, 'rev-parse', 'main');
    spawnSync('sh', ['-c', text], { cwd: shop, env, timeout: 20_000, stdio: 'ignore' });
    return spawnSync('git', ['rev-parse', 'main'], { cwd: remote, env, encoding: 'utf8' }).stdout.trim() !== before;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

test('a rule on the server holds against every way of pushing to a branch that works without it', () => {
  const spelled = ways.map(way => [way.id, fill(way, fillingOfBranch('main')) ?? ''] as const);
  const working = spelled.filter(([, text]) => moves(text, false));
  expect(working.length).toBeGreaterThan(50);
  expect(working.filter(([, text]) => moves(text, true)).map(([id]) => id)).toEqual([]);
}, 240_000);

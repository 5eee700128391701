import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkoutIdentity, isSameFile, settingsIdentity } from '../../src/generate/identity.ts';
import { scene } from './support/scene.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });

test('a worktree is a checkout of its own with the settings of its repository, also when it is made again', async () => {
  const { root } = scene();
  git(root, 'init', '-q');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'x');
  const worktree = join(root, 'other');
  git(root, 'worktree', 'add', '-q', worktree);
  const settings = await settingsIdentity(root);
  const checkout = checkoutIdentity(root);
  expect(settings).toBeDefined();
  expect(await settingsIdentity(worktree)).toEqual(settings);
  expect(checkoutIdentity(worktree)).not.toEqual(checkout);
  git(root, 'worktree', 'remove', '--force', worktree);
  expect(await settingsIdentity(root)).toEqual(settings);
  rmSync(join(root, '.git'), { recursive: true });
  expect(await settingsIdentity(root)).toBeUndefined();
  expect(checkoutIdentity(root)).not.toEqual(checkout);
});

test('without git the folder itself is the checkout, and nothing is where nothing is', () => {
  const { root } = scene();
  const folder = join(root, 'plain');
  expect(checkoutIdentity(folder)).toBeUndefined();
  mkdirSync(folder);
  expect(checkoutIdentity(folder)).toBeDefined();
  expect(checkoutIdentity(folder)).toEqual(checkoutIdentity(folder));
});

test('the birth of a folder counts where it is known, its device where it is not', () => {
  const one = { device: '1', inode: '2', birth: '3' };
  expect(isSameFile(one, { ...one, device: '9' })).toBe(true);
  expect(isSameFile(one, { ...one, birth: '4' })).toBe(false);
  expect(isSameFile(one, { ...one, inode: '4' })).toBe(false);
  expect(isSameFile(one, { ...one, birth: null })).toBe(true);
  expect(isSameFile(one, { ...one, birth: null, device: '9' })).toBe(false);
});

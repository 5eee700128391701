import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { splitPath } from '../../src/cli/path.ts';
import { findRoot } from '../../src/cli/root.ts';

function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'agent-posture-path-')));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('folders of the repository, links into it, relative and empty ones are refused', () => {
  const base = folder();
  const root = join(base, 'repo');
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'node_modules/.bin'), join(base, 'link'));
  const path = [
    '/usr/bin',
    `${root}/node_modules/.bin`,
    '.',
    '',
    'bin',
    join(base, 'link'),
    root,
    `${root}-other`,
  ].join(':');
  expect(splitPath(path, root)).toEqual({
    trusted: ['/usr/bin', `${root}-other`],
    refused: [`${root}/node_modules/.bin`, '.', '', 'bin', join(base, 'link'), root],
  });
});

test('the root is the nearest folder with a posture or a .git, or else where one stands', async () => {
  const base = folder();
  mkdirSync(join(base, 'repo/.git'), { recursive: true });
  mkdirSync(join(base, 'repo/a/b'), { recursive: true });
  mkdirSync(join(base, 'plain'));
  expect(await findRoot(undefined, join(base, 'repo/a/b'))).toBe(join(base, 'repo'));
  expect(await findRoot(undefined, join(base, 'plain'))).toBe(join(base, 'plain'));
  expect(await findRoot('../repo', join(base, 'plain'))).toBe(join(base, 'repo'));
  chmodSync(join(base, 'repo'), 0o777);
  expect(await findRoot(undefined, join(base, 'repo/a/b'))).toBe(join(base, 'repo/a/b'));
  expect(await findRoot(undefined, join(base, 'repo'))).toBe(join(base, 'repo'));
  await expect(findRoot('nowhere', base)).rejects.toThrow('there is no such folder');
});

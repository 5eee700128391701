import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git, trackedFiles } from '../../src/base/git.ts';

describe('git in a form that runs nothing of the repository', () => {
  let root: string;
  let mark: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'git-'));
    mark = join(root, 'ran');
    execFileSync('git', ['init', '-q', root]);
    writeFileSync(join(root, 'a.txt'), 'a\n');
    execFileSync('git', ['-C', root, 'add', 'a.txt']);
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'a']);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const set = (key: string, value: string) => execFileSync('git', ['-C', root, 'config', key, value]);

  it('starts no file-system monitor', async () => {
    set('core.fsmonitor', `touch ${mark}; false`);
    execFileSync('git', ['-C', root, 'status', '--porcelain']);
    expect(existsSync(mark), 'git itself runs it').toBe(true);
    rmSync(mark);
    expect((await git(['status', '--porcelain'], { cwd: root })).code).toBe(0);
    expect(existsSync(mark)).toBe(false);
  });

  it('fetches no missing object from a remote that is a program, where git is too old for GIT_NO_LAZY_FETCH', async () => {
    set('extensions.partialClone', 'origin');
    set('core.repositoryFormatVersion', '1');
    set('remote.origin.promisor', 'true');
    set('remote.origin.url', `ext::touch ${mark}`);
    set('protocol.ext.allow', 'always');
    const missing = ['cat-file', '-e', '1234567890123456789012345678901234567890'];
    await git(missing, { cwd: root, env: { GIT_NO_LAZY_FETCH: '0', GIT_ALLOW_PROTOCOL: 'ext' } });
    expect(existsSync(mark), 'with transports open it runs').toBe(true);
    rmSync(mark);
    await git(missing, { cwd: root, env: { GIT_NO_LAZY_FETCH: '0' } });
    expect(existsSync(mark)).toBe(false);
  });
});

describe('what is staged', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'git-'));
    execFileSync('git', ['init', '-q', root]);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is read again where git failed, though the index is the same', async () => {
    writeFileSync(join(root, 'a'), 'a');
    execFileSync('git', ['-C', root, 'add', 'a']);
    const path = process.env.PATH;
    const bin = mkdtempSync(join(tmpdir(), 'git-bin-'));
    writeFileSync(join(bin, 'git'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    try {
      process.env.PATH = bin;
      expect((await trackedFiles(root)).size).toBe(0);
    } finally {
      process.env.PATH = path;
      rmSync(bin, { recursive: true });
    }
    expect((await trackedFiles(root)).has('a')).toBe(true);
  });

  it('is read again once the index is another one', async () => {
    expect([...(await trackedFiles(root)).keys()]).toEqual([]);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(root, name), name);
      execFileSync('git', ['-C', root, 'add', name]);
      expect((await trackedFiles(root)).has(name), name).toBe(true);
      expect((await trackedFiles(root)).has(name), `${name} again`).toBe(true);
      execFileSync('git', ['-C', root, 'rm', '-q', '--cached', name]);
      expect((await trackedFiles(root)).has(name), `${name} taken out`).toBe(false);
    }
  });
});

import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Posture } from '../../../src/posture/schema.ts';
import { Repository } from './lab.ts';

const POSTURE: Posture = {
  version: 1,
  project: 'x',
  repository: { forge: 'github' },
  scanning: { engines: ['builtin'], at: ['commit', 'push', 'ci', 'history'] },
};
const TOKEN = `ghp_${'a1B2c3D4e'.repeat(4)}`;
const PLAIN = `const t = '${TOKEN}';\n`;

let repository: Repository;
beforeEach(async () => {
  repository = new Repository();
  await repository.generate(POSTURE);
  repository.write('src/old.js', 'fine\n');
  repository.git('add', '-A');
  repository.git('commit', '-q', '--no-verify', '-m', 'zero');
  repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:zero');
  repository.git('fetch', '-q', 'origin');
});
afterEach(() => repository.remove());

const commit = (...words: string[]) => {
  repository.git('add', '-A');
  return repository.run(['commit', '-q', '-m', 'x', ...words]);
};
const push = () => repository.run(['push', '-q', 'origin', 'HEAD:fix']);
const scan = (...words: string[]) => {
  const { status, stderr } = spawnSync('sh', ['.agent-posture/scan.sh', ...words], {
    cwd: repository.root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: repository.folder, GIT_CONFIG_NOSYSTEM: '1' },
  });
  return { code: status, stderr };
};

/** What every look says of a secret that is in `path`. */
function expectFound(path: string) {
  const first = commit();
  expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining(path) });
  expect(commit('--no-verify').code).toBe(0);
  const looks = [first, push(), scan('tree'), scan('commits', '--all'), scan('commits', 'HEAD', '--not', 'HEAD~1')];
  for (const { code, stderr } of looks) {
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/a private key or an access token/);
    expect(stderr).toContain(path);
    expect(stderr).not.toContain(TOKEN);
  }
}

const utf16 = (text: string, big = false) => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return big ? bytes.swap16() : bytes;
};

describe('a secret is found whatever is said of the file', () => {
  test.each([
    ['-diff', '* -diff\n'],
    ['binary', '* binary\n'],
    ['-text', '* -text\n'],
    ['a driver that nobody knows', '* diff=none\n'],
    ['another driver', '* diff=mine\n'],
    ['a filter', '* filter=mine\n'],
    ['export-ignore', '* export-ignore\n'],
    ['-merge', '* -merge -diff eol=crlf\n'],
  ])('by an attribute: %s', (_name, text) => {
    for (const [key, value] of [
      ['diff.mine.binary', 'true'],
      ['diff.mine.textconv', 'true'],
      ['diff.mine.command', 'true'],
      ['diff.external', 'true'],
      ['filter.mine.smudge', 'true'],
    ] as const)
      repository.git('config', key, value);
    repository.write('.gitattributes', text);
    repository.write('src/k.js', PLAIN);
    expectFound('src/k.js');
  });

  test.each([
    ['.git/info/attributes', undefined],
    ['elsewhere', 'core.attributesFile'],
  ])('by attributes that are not committed: %s', (path, key) => {
    repository.write('elsewhere', '');
    repository.write(path, '* -diff\n');
    if (key) repository.git('config', key, join(repository.root, path));
    repository.write('src/k.js', PLAIN);
    expectFound('src/k.js');
  });

  test.each<[string, string | Buffer]>([
    ['has a NUL byte', `\0\n${PLAIN}`],
    ['has them in the very secret', `\0${TOKEN.split('').join('\0')}\n`],
    ['is in UTF-16', utf16(PLAIN)],
    ['is in UTF-16, the other way round', utf16(PLAIN, true)],
    ['has bytes of no encoding', Buffer.concat([Buffer.from([0xff, 0xfe, 0x80, 0x0a]), Buffer.from(PLAIN)])],
    ['is a long line', `${'x'.repeat(3_000_000)} ${PLAIN}`],
    ['is a large one', `${'some words on a line\n'.repeat(400_000)}${PLAIN}`],
    ['has no end of its line', PLAIN.trimEnd()],
    ['holds what the look itself writes', `whole\n${'0'.repeat(40)}\n\n${PLAIN}whole\n`],
  ])('in a file that %s', (_name, content) => {
    writeFileSync(join(repository.root, 'src/k.js'), content);
    expectFound('src/k.js');
  });

  test('in a file that git makes of another encoding', () => {
    repository.write('.gitattributes', 'k.js working-tree-encoding=UTF-16\n');
    writeFileSync(join(repository.root, 'src/k.js'), utf16(PLAIN));
    expectFound('src/k.js');
  });

  test('as where a link leads', () => {
    symlinkSync(TOKEN, join(repository.root, 'link'));
    expectFound('link');
  });

  test('in files that git counts as large ones, and where the first commit is not shown', () => {
    repository.git('config', 'core.bigFileThreshold', '1');
    repository.git('config', 'log.showRoot', 'false');
    repository.git('config', 'diff.relative', 'true');
    repository.write('src/k.js', PLAIN);
    expectFound('src/k.js');
    repository.git('checkout', '-q', '--orphan', 'new');
    expect(commit('--no-verify').code).toBe(0);
    expect(push().code).not.toBe(0);
  });

  test('in what a merge alone brings, though its file is no text', () => {
    repository.write('.gitattributes', '* -diff\n');
    commit();
    repository.git('checkout', '-q', '-b', 'side');
    repository.write('a.txt', 'one\n');
    commit();
    repository.git('checkout', '-q', 'main');
    repository.write('a.txt', 'two\n');
    commit();
    repository.run(['merge', '-q', '--no-commit', 'side']);
    repository.write('a.txt', PLAIN);
    expect(commit().stderr).toContain('a.txt');
    commit('--no-verify');
    expect(push().stderr).toContain('a.txt');
    expect(scan('commits', 'HEAD', '--not', 'HEAD^1', 'HEAD^2').stderr).toContain('a.txt');
  });

  test('behind something that git shows in its place', () => {
    repository.write('src/k.js', PLAIN);
    commit('--no-verify');
    repository.git('replace', 'HEAD:src/k.js', 'HEAD:src/old.js');
    repository.git('replace', 'HEAD', 'HEAD~1');
    expect(push()).toMatchObject({ code: 1, stderr: expect.stringContaining('src/k.js') });
    expect(scan('tree').code).toBe(1);
    expect(scan('commits', '--all').code).toBe(1);
  });

  test('and what is no commit is not pushed', () => {
    repository.write('k', PLAIN);
    const object = repository.git('hash-object', '-w', 'k').trim();
    for (const ref of ['refs/tags/k', 'refs/heads/k']) {
      const { code, stderr } = repository.run(['push', '-q', 'origin', `${object}:${ref}`]);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is no commit') });
    }
    repository.git('tag', '-a', '-m', 'x', 'v1');
    expect(repository.run(['push', '-q', 'origin', 'v1'])).toMatchObject({ code: 0 });
  });
});

describe('what is not new', () => {
  test('a line that was there before, and one that is taken out, are let through', () => {
    repository.write('src/k.js', `${PLAIN}other\n`);
    commit('--no-verify');
    repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:fix');
    repository.git('fetch', '-q', 'origin');
    repository.write('src/k.js', `${PLAIN}else\n`);
    expect(commit()).toMatchObject({ code: 0, stderr: '' });
    repository.write('src/k.js', 'else\n');
    expect(commit()).toMatchObject({ code: 0, stderr: '' });
    expect(push()).toMatchObject({ code: 0 });
  });
});

describe('where it cannot be looked', () => {
  test('nothing is committed or pushed, and CI fails', () => {
    repository.write('src/k.js', PLAIN);
    commit('--no-verify');
    const object = repository.git('rev-parse', 'HEAD:src/k.js').trim();
    repository.git('update-index', '--add', '--cacheinfo', `100644,${'1'.repeat(40)},gone.js`);
    for (const { code, stderr } of [repository.run(['commit', '-q', '-m', 'x']), scan('tree')]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/could not look/);
    }
    spawnSync('rm', ['-f', join(repository.root, '.git/objects', object.slice(0, 2), object.slice(2))]);
    expect(push().stderr).toMatch(/could not look/);
    expect(scan('commits', '--all').stderr).toMatch(/could not look/);
  });
});

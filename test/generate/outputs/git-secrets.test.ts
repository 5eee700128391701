import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Posture } from '../../../src/posture/schema.ts';
import { describeWith, part, testWith } from '../../support/parts.ts';
import { Repository, render } from './lab.ts';

const POSTURE: Posture = {
  version: 1,
  project: 'x',
  repository: { forge: 'github' },
  scanning: { engines: ['git-secrets'], at: ['commit', 'ci', 'history'] },
};
const PATTERNS = '.agent-posture/git-secrets-patterns';

/** One of each kind, longer than the least, as the real ones are. */
const TOKENS = {
  aws: `AKIA${'A1B2C3D4'.repeat(2)}`,
  github: `ghp_${'a1B2c3D4e'.repeat(4)}`,
  fine: `github_pat_${'a1B2c3D4e5'.repeat(8)}`,
  gitlab: `glpat-${'a1B2c3D4e5'.repeat(2)}`,
  slack: `xoxb-${'1234567890'.repeat(4)}`,
  stripe: `sk_live_${'a1B2c3D4e5'.repeat(3)}`,
  anthropic: `sk-ant-api03-${'a1B2c3D4e5'.repeat(9)}`,
  npm: `npm_${'a1B2c3D4e'.repeat(4)}`,
  google: `AIza${'a1B2c'.repeat(7)}`,
  key: `-----BEGIN RSA ${'PRIVATE'} KEY-----`,
};

let repository: Repository;
beforeEach(async () => {
  repository = new Repository();
  await repository.generate(POSTURE);
});
afterEach(() => repository.remove());

describeWith(['git-secrets'], 'the real git-secrets, with the patterns that are made for it', () => {
  const scan = (...words: string[]) =>
    repository.run(['-c', `secrets.providers=grep -v ^# ${PATTERNS}`, 'secrets', ...words]);

  test.each(Object.entries(TOKENS))('finds: %s, however it stands there', (_, token) => {
    for (const line of [`x = "${token}"`, `KEY=${token}`, token, `url: https://u:${token}@h`]) {
      repository.write('a.txt', `fine\n${line}\n`);
      repository.git('add', 'a.txt');
      expect({ line, code: scan('--scan', '--cached').code }).toEqual({ line, code: 1 });
    }
  });

  test('leaves clean text, our own files, and what only looks alike', () => {
    repository.write('a.txt', 'AKIA, ghp_, a key that BEGINs, skilled_live_x, npm_install\nAKIAAAAA\n');
    repository.git('add', '-A');
    expect(scan('--scan', '--cached')).toMatchObject({ code: 0, stderr: '' });
    // Without patterns it finds nothing at all, and says so to nobody.
    repository.write('a.txt', TOKENS.aws);
    repository.git('add', '-A');
    expect(repository.run(['secrets', '--scan', '--cached']).code).toBe(0);
  });

  test('is run by the hook, which names the place and not the secret', () => {
    // A kind that only these settings know: the hook’s own look would be first otherwise.
    repository.git('config', 'secrets.patterns', 'corp-[0-9]{8}');
    repository.write('odd näme.txt', 'fine\ncorp-12345678\n');
    repository.git('add', '-A');
    const { code, stderr } = repository.run(['commit', '-q', '-m', 'x']);
    expect(code).toBe(1);
    expect(stderr).toContain('git-secrets found something');
    expect(stderr).toContain('  odd näme.txt:2\n');
    expect(stderr).not.toContain('12345678');
    repository.write('odd näme.txt', 'fine\n');
    repository.git('add', '-A');
    expect(repository.run(['commit', '-q', '-m', 'x'])).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(repository.root, PATTERNS));
    expect(repository.run(['commit', '-q', '--allow-empty', '-m', 'x']).stderr).toContain('would look for nothing');
  });

  test('is run by the script of CI, over the files and over the whole history', async () => {
    repository.git('config', 'secrets.patterns', 'corp-[0-9]{8}');
    const look = (...words: string[]) =>
      spawnSync('sh', ['.agent-posture/scan.sh', ...words], { cwd: repository.root, encoding: 'utf8' });
    repository.write('a.txt', 'corp-12345678\n');
    repository.git('add', '-A');
    repository.git('commit', '-q', '--no-verify', '-m', 'x');
    expect(look('tree').stderr).toMatch(/git-secrets found[^\n]*\n {2}a\.txt:1\n/);
    await repository.generate({
      ...POSTURE,
      accepted: [{ safeguard: 'SEC-4', target: 'a.txt', reason: 'r', owner: 'o', until: '2999-01-01' }],
    });
    expect(look('tree').status).toBe(0);
    repository.write('a.txt', 'fine\n');
    repository.git('add', '-A');
    repository.git('commit', '-q', '--no-verify', '-m', 'x');
    const { status, stderr } = look('commits', '--all');
    expect(status).toBe(1);
    expect(stderr).toMatch(/ {2}[0-9a-f]{40}:a\.txt:1\n/);
    expect(stderr).not.toContain('12345678');
    expect(look('commits', 'HEAD~1..HEAD').status).toBe(0);
  });
});

describe('without git-secrets', () => {
  test('nothing of it is made', () => {
    const files = render({ ...POSTURE, scanning: { engines: ['builtin'], at: ['commit', 'ci'] } });
    expect(files.has(PATTERNS)).toBe(false);
    for (const file of files.values()) expect(JSON.stringify(file)).not.toContain('git_secrets');
  });

  test('on a machine that has none, the hook says so and CI does not pass', () => {
    repository.write('a.txt', 'fine\n');
    repository.git('add', '-A');
    const env = { PATH: '/nowhere:/bin' };
    const bin = join(repository.folder, 'bin');
    const names = ['git', 'sh', 'grep', 'sed', 'date', 'awk', 'tr', 'cat'];
    spawnSync('sh', [
      '-c',
      `mkdir -p ${bin}; for n in ${names.join(' ')}; do ln -s "$(command -v $n)" ${bin}/$n; done`,
    ]);
    env.PATH = bin;
    expect(repository.run(['commit', '-q', '-m', 'x'], env)).toMatchObject({
      code: 0,
      stderr: 'agent-posture: git-secrets is not installed, so it did not look\n',
    });
    const { status, stderr } = spawnSync('/bin/sh', ['.agent-posture/scan.sh', 'tree'], {
      cwd: repository.root,
      encoding: 'utf8',
      env,
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('git-secrets is asked for') });
  });

  testWith(['shellcheck'], 'its parts of the scripts are clean to shellcheck', () => {
    for (const path of ['.githooks/pre-commit', '.agent-posture/scan.sh']) {
      const { stdout } = spawnSync(part('shellcheck'), ['-s', 'sh', join(repository.root, path)], { encoding: 'utf8' });
      expect(stdout).toBe('');
    }
  });
});

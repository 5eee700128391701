import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, type World, world } from '../support/program.ts';

const put = (base: string, path: string, text: string) => {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), text);
};
const edit = (base: string, path: string, change: (text: string) => string) =>
  put(base, path, change(readFileSync(join(base, path), 'utf8')));
const git = ({ root, env }: World, ...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'ignore' });

/** Where it is remembered that there was nothing to do. */
const memoOf = ({ state }: World) =>
  join(state, readdirSync(state).find(name => name.startsWith('shop-api')) ?? '', 'unchanged.json');

/** What goes into a plan, each changed so that there is something to do or to say. The order matters: one follows the other. */
const CHANGES: readonly [what: string, change: (given: World) => void][] = [
  [
    'the posture',
    ({ root }) => edit(root, 'agent-posture.yaml', text => `${text}data: [{ id: dumps, files: [dumps/**] }]\n`),
  ],
  ['an edit of a generated file', ({ root }) => edit(root, 'docs/security-posture.md', text => `${text}mine\n`)],
  ['a generated file that is gone', ({ root }) => rmSync(join(root, 'docs/security-posture.md'))],
  [
    'a guard that was loosened',
    ({ root }) => edit(root, '.claude/settings.json', text => text.replace(/"Read\([^"]*\.env[^"]*\)",?/, '')),
  ],
  ['a hook that cannot be run', ({ root }) => chmodSync(join(root, '.githooks/pre-commit'), 0o644)],
  ['a line of our block', ({ root }) => edit(root, '.gitignore', text => text.replace(/^\.env.*\n/m, ''))],
  ['a new file of variables', ({ root }) => put(root, 'api/.env.staging', 'QUEUE_URL=x\n')],
  ['another variable in one', ({ root }) => edit(root, '.env.production', text => `${text}SEARCH_KEY=y\n`)],
  ['a setting of git', given => git(given, 'config', '--unset', 'core.hooksPath')],
  ['the manifest', ({ root }) => rmSync(join(root, '.agent-posture/manifest.json'))],
  ['a hook manager', ({ root }) => put(root, '.husky/pre-commit', '#!/bin/sh\ntrue\n')],
];

describe('generate, where nothing has changed since it had nothing to do', () => {
  test('answers as the whole of it would, after every change of what goes into a plan', {
    timeout: 120_000,
  }, async () => {
    const given = world({ '.env.production': 'API_TOKEN=x\n', 'package.json': '{ "name": "shop" }\n' });
    const json = async (...args: string[]) =>
      JSON.parse((await program(given, ['generate', '--json', ...args])).stdout);
    await program(given, ['init', '--yes', '--no-test']);
    const memo = () => memoOf(given);

    for (const [what, change] of CHANGES) {
      // Once to settle what the last change brought, once to remember that nothing is left to do.
      await json('--restore');
      await json();
      const before = await json();
      const { key } = JSON.parse(readFileSync(memo(), 'utf8'));
      writeFileSync(memo(), JSON.stringify({ key, notes: ['remembered'] }));
      expect((await program(given, ['generate'])).stdout, `before ${what}: taken from memory`).toContain('remembered');

      change(given);
      const whole = await json('--dry-run');
      expect(whole.changes, `${what}: the plan sees it`).not.toEqual(before.changes);
      expect((await program(given, ['generate'])).stdout, what).not.toContain('remembered');
    }
  });

  test.runIf(process.getuid?.() === 0)("a git folder that has become another user's is looked at again", async () => {
    const given = world({ '.env': 'API_TOKEN=x\n' });
    await program(given, ['init', '--yes', '--no-test']);
    expect((await program(given, ['generate'])).code).toBe(0);
    execFileSync('chown', ['-R', '1234:1234', join(given.root, '.git')]);
    expect(await program(given, ['generate'])).toMatchObject({ code: 4, stdout: expect.stringContaining('REFUSED') });
  });

  test('branches and commits change nothing of it', async () => {
    const given = world({ '.env': 'API_TOKEN=x\n' });
    await program(given, ['init', '--yes', '--no-test']);
    await program(given, ['generate']);
    const memo = memoOf(given);
    const { key } = JSON.parse(readFileSync(memo, 'utf8'));
    writeFileSync(memo, JSON.stringify({ key, notes: ['remembered'] }));
    git(given, 'checkout', '-q', '-b', 'topic');
    git(given, '-c', 'core.hooksPath=/dev/null', 'commit', '-q', '--allow-empty', '-m', 'More');
    expect((await program(given, ['generate'])).stdout).toContain('remembered');
  });

  test('a memory of something else is none, nor is one that cannot be read', async () => {
    const given = world({ '.env': 'API_TOKEN=x\n' });
    await program(given, ['init', '--yes', '--no-test']);
    await program(given, ['generate']);
    const memo = memoOf(given);
    for (const text of ['', '{', '[]', JSON.stringify({ key: 'x', notes: ['remembered'] })]) {
      writeFileSync(memo, text);
      const { code, stdout } = await program(given, ['generate']);
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.not.stringContaining('remembered') });
    }
  });
});

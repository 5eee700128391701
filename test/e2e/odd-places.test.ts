import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, world } from '../support/program.ts';

const MARK = 'zqzq-this-stands-in-a-file';

describe('files that are made to break a reader', () => {
  test.each([
    ['JSON that is nested 50,000 deep', '.claude/settings.json', '['.repeat(50_000), 'nested deeper than'],
    ['TOML', '.codex/config.toml', `a = ${'['.repeat(50_000)}`, 'nested'],
    ['YAML', 'lefthook.yml', `a: ${'['.repeat(50_000)}`, 'nested'],
    ['a line of 3.9 MB', '.gitignore', MARK.repeat(150_000), ''],
    ['a line of 5 MB', '.gitignore', MARK.repeat(200_000), 'larger than 4 MB'],
  ])('%s is left alone and said, and is no crash', async (_what, path, text, said) => {
    const given = world({ [path]: text });
    const made = await program(given, ['init', '--yes', '--no-test']);
    const checked = await program(given, ['generate', '--check']);
    for (const { stdout, stderr } of [made, checked, await program(given, []), await program(given, ['status'])]) {
      expect(stderr).not.toContain('a fault of this program');
      expect(stdout + stderr).not.toContain(MARK.repeat(2));
    }
    expect(checked.stdout.replace(/\s+/g, ' ')).toContain(said);
    expect(made.code).toBe(said === '' ? 0 : 4);
    expect(readFileSync(join(given.root, path), 'utf8').startsWith(text)).toBe(true);
    expect(existsSync(join(given.state, 'crashes'))).toBe(false);
  });
});

describe('odd places for what this program keeps', () => {
  const cases: [string, string, (given: { root: string; home: string }) => string, RegExp][] = [
    ['HOME', 'a file', ({ home }) => file(home), /HOME is not a folder/],
    ['HOME', 'a relative path', () => 'rel/home', /HOME is not an absolute path: rel\/home/],
    ['HOME', 'empty', () => '', /HOME is empty/],
    ['TMPDIR', 'a file', ({ home }) => file(home), /TMPDIR is not a folder/],
    ['TMPDIR', 'a relative path', () => 'rel', /TMPDIR is not an absolute path: rel/],
    ['TMPDIR', 'nothing', ({ home }) => join(home, 'none'), /TMPDIR is not there/],
    ['AGENT_POSTURE_STATE', 'a file', ({ home }) => file(home), /AGENT_POSTURE_STATE is not a folder/],
    ['AGENT_POSTURE_STATE', 'below a file', ({ home }) => join(file(home), 'x'), /AGENT_POSTURE_STATE is not a folder/],
    ['AGENT_POSTURE_STATE', 'a relative path', () => 'rel', /AGENT_POSTURE_STATE is not an absolute path: rel/],
    ['AGENT_POSTURE_STATE', 'where none can be made', () => '/proc/none', /no folder can be made there|no permission/],
  ];
  const file = (home: string) => {
    writeFileSync(join(home, 'file'), '');
    return join(home, 'file');
  };

  test.each(cases)('%s as %s: a clear error, and nothing is written', async (name, _what, value, said) => {
    const given = world({ 'a.txt': 'a' });
    const config = () => readFileSync(join(given.root, '.git/config'), 'utf8');
    const before = config();
    given.env[name] = value(given);
    for (const args of [
      ['init', '--yes', '--no-test'],
      ['init', '--yes', '--no-test', '--json'],
    ]) {
      const { code, stdout, stderr } = await program(given, args);
      expect(stderr + stdout).toMatch(said);
      expect(stderr + stdout).toContain(args.includes('--json') ? '"next"' : 'next: ');
      expect(code).toBe(2);
      expect(stderr).not.toContain('a fault of this program');
    }
    expect(config()).toBe(before);
    expect(readdirSync(given.root).sort()).toEqual(['.git', 'a.txt']);
  });

  test('a relative XDG_STATE_HOME is passed over; doctor runs wherever it is', async () => {
    const given = world({ 'a.txt': 'a' });
    Object.assign(given.env, { AGENT_POSTURE_STATE: '', XDG_STATE_HOME: 'rel' });
    expect((await program(given, ['init', '--yes', '--no-test'])).code).toBe(0);
    expect(existsSync(join(given.root, 'rel'))).toBe(false);
    expect(existsSync(join(given.home, '.local/state/agent-posture'))).toBe(true);
    given.env.TMPDIR = '/nowhere/at/all';
    expect((await program(given, ['doctor'])).code).toBe(0);
  });
});

import { describe, expect, test } from 'vitest';
import { inArgument, inCommand, writesInCommand } from '../../src/agents/expressions.ts';
import { HOSTILE } from '../generate/outputs/lab.ts';

const finds = (expression: string | undefined, text: string) =>
  expression !== undefined && new RegExp(expression).test(JSON.stringify(text));
const findsPath = (pattern: string, path: string) => {
  const expression = inArgument('file_path', pattern);
  return (
    expression !== undefined && new RegExp(expression).test(`{\0${JSON.stringify({ file_path: path }).slice(1, -1)}\0}`)
  );
};

describe('a path in an argument', () => {
  test.each([
    [
      '.env',
      ['.env', './.env', 'sub/.env', '/r/.env', 'a/../.env', 'x"/../.env'],
      ['.env.example', 'my.env', '.environment'],
    ],
    ['secrets/', ['secrets/a', '/r/secrets/a/b', 'secrets'], ['secretsanta/a', 'nosecrets/a']],
    [
      'config/master.key',
      ['config/master.key', '/r/config/master.key'],
      ['config/masterXkey', 'config/master.key.pub'],
    ],
    ['*.pem', ['a.pem', 'x/a.pem'], ['a.pem.txt', 'apem']],
    ['src/**/key?.txt', ['src/a/b/key1.txt'], ['src/a/key12.txt']],
    ['~/.ssh', ['/home/me/.ssh/id', '~/.ssh/id'], ['/home/me/.sshx']],
    ['a"b\\\\c', ['a"b\\c', 'x/a"b\\c'], ['abc']],
    ['/build', ['build', './build/x', 'a/../build', '/r/build'], ['sub/build', 'x/build/y']],
    ['exports/\\[prod] *.csv', ['exports/[prod] a b.csv', '/r/exports/[prod] x.csv'], ['exports/p x.csv']],
    ['app/(private)/**', ['app/(private)/a', './app/(private)/b/c'], ['app/private/a', 'sub/app/(private)/a']],
    ['[a-c].key', ['b.key', 'x/c.key'], ['d.key', 'ab.key']],
    ['.env', [' .env ', 'x/.env '], ['.env copy', 'my .env']],
  ])('%s', (pattern, found, passed) => {
    expect(found.filter(path => !findsPath(pattern, path))).toEqual([]);
    expect(passed.filter(path => findsPath(pattern, path))).toEqual([]);
  });

  test('is not taken from another argument', () => {
    const text = '{\0"content":"see .env"\0,\0"file_path":"a.txt"\0,\0"old":"in .env"\0}';
    expect(new RegExp(inArgument('file_path', '.env') ?? '').test(text)).toBe(false);
  });
});

describe('a path in a command', () => {
  test('is found however it is led up to, and words are left alone', () => {
    const env = inCommand('.env');
    for (const command of [
      'cat .env',
      'cat <.env',
      'a=.env',
      "cat './.env'",
      'true\ncat x\n.env',
      'cat "$PWD"/.env;ls',
    ])
      expect(finds(env, command), command).toBe(true);
    for (const command of ['cat .env.example', 'echo environment', 'node my.env'])
      expect(finds(env, command), command).toBe(false);
    expect(inCommand('secrets')).toBeUndefined();
    expect(inCommand('*key*')).toBeUndefined();
    expect(finds(inCommand('secrets/'), 'cat secrets/a')).toBe(true);
    expect(finds(inCommand('~/.ssh'), 'cat "$HOME/.ssh/id"')).toBe(true);
  });

  test('is found as what is written to, and not as what is read', () => {
    const guard = writesInCommand('.vscode/');
    for (const command of [
      'echo x > .vscode/settings.json',
      'cp a .vscode/b',
      'sed -i s/a/b/ .vscode/c',
      'rm -rf .vscode/',
    ])
      expect(finds(guard, command), command).toBe(true);
    for (const command of ['cat .vscode/settings.json', 'cp a b; cat .vscode/x', 'sed s/a/b/ .vscode/c'])
      expect(finds(guard, command), command).toBe(false);
  });
});

test('whatever the text, an expression is one, repeats no group, and finds nothing else', () => {
  for (const text of HOSTILE)
    for (const expression of [inArgument('p', text), inCommand(text), writesInCommand(text)]) {
      if (expression === undefined) continue;
      expect(finds(expression, 'cat src/app.ts')).toBe(false);
      expect(expression).not.toMatch(/(?<!\\)\)[*+?{]/);
    }
});

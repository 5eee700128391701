import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Interrupted } from '../../src/base/errors.ts';
import { parseArguments } from '../../src/cli/args.ts';
import { jsonText } from '../../src/cli/json.ts';
import { createTerminal, printable, type Streams, wantsUnicode, whyUnasked } from '../../src/cli/terminal.ts';

function streams(tty: { stdin?: boolean; stdout?: boolean } = {}, env: NodeJS.ProcessEnv = {}): Streams {
  const make = (isTTY = true) => Object.assign(new PassThrough(), { isTTY, columns: 90, rows: 24 });
  return {
    stdin: make(tty.stdin) as unknown as NodeJS.ReadStream,
    stdout: make(tty.stdout) as unknown as NodeJS.WriteStream,
    stderr: make() as unknown as NodeJS.WriteStream,
    env,
  };
}
const flags = (...args: string[]) => parseArguments(args).flags;

describe('whether somebody can answer', () => {
  test('on a terminal, yes', () => {
    expect(whyUnasked(streams(), flags('init'))).toBeUndefined();
    expect(whyUnasked(streams({}, { CI: 'false' }), flags('init'))).toBeUndefined();
    expect(createTerminal(streams(), flags('init')).interactive).toBe(true);
  });

  test.each<[string, Parameters<typeof streams>, string[], string]>([
    ['stdin is no terminal', [{ stdin: false }], ['init'], 'off a terminal'],
    ['stdout is no terminal', [{ stdout: false }], ['init'], 'off a terminal'],
    ['in CI', [{}, { CI: 'true' }], ['init'], 'with CI set'],
    ['on a dumb terminal', [{}, { TERM: 'dumb' }], ['init'], 'with TERM=dumb'],
    ['with --yes', [], ['init', '--yes'], 'with --yes'],
    ['with --json', [], ['test', '--json'], 'with --json'],
    ['with --format json', [], ['test', '--format', 'json'], 'with --format json'],
  ])('%s, no, and it is said why', (_, given, args, why) => {
    expect(whyUnasked(streams(...given), flags(...args))).toBe(why);
    expect(createTerminal(streams(...given), flags(...args))).toMatchObject({ interactive: false, unasked: why });
  });

  test('what is said beside the result is broken between words on a terminal, and nowhere else', () => {
    const given = streams();
    const stderr = given.stderr as unknown as PassThrough & { isTTY: boolean };
    createTerminal(given, flags('undo')).note(`  ${'word '.repeat(30)}`);
    stderr.isTTY = false;
    createTerminal(given, flags('undo')).note('word '.repeat(30));
    const [first = '', second = '', third = ''] = String(stderr.read()).split('\n');
    expect(first).toMatch(/^ {2}(?:word ){16}word$/);
    expect(second).toMatch(/^ {2}word/);
    expect(third).toMatch(/^(?:word ){30}$/);
  });

  test('a question without anybody to answer is no, at once', async () => {
    const terminal = createTerminal(streams({ stdin: false }), flags('undo'));
    expect(await terminal.confirm('Really?', new AbortController().signal)).toBe(false);
  });

  test.each([
    ['y\n', true],
    ['yes\n', true],
    ['\n', false],
    ['no\n', false],
  ])('%j is %s', async (typed, answer) => {
    const given = streams();
    const terminal = createTerminal(given, flags('undo'));
    const asked = terminal.confirm('Really?', new AbortController().signal);
    (given.stdin as unknown as PassThrough).write(typed);
    expect(await asked).toBe(answer);
  });

  test('one key is enough, and the enter that habit sends after it does not answer the next question', async () => {
    const given = streams();
    const stdin = given.stdin as unknown as PassThrough;
    const terminal = createTerminal(given, flags('undo'));
    const type = async (...keys: string[]) => {
      for (const key of keys) {
        stdin.write(key);
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    };
    const ask = () => terminal.confirm('Really?', new AbortController().signal);
    const first = ask();
    await type('y');
    expect(await first).toBe(true);
    const second = ask();
    await type('\n', 'y');
    expect(await second).toBe(true);
    const third = ask();
    await type('\n', '\n');
    expect(await third).toBe(false);
    const fourth = ask();
    await type('\n');
    expect(await fourth).toBe(false);
  });

  test('what is pasted, and keys that mean nothing, are no answer', async () => {
    const given = streams();
    const stdin = given.stdin as unknown as PassThrough;
    const asked = createTerminal(given, flags('undo')).confirm('Really?', new AbortController().signal);
    for (const text of ['why not\n', '\u001b[A', 'x', 'yy', 'n']) {
      stdin.write(text);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    expect(await asked).toBe(false);
  });

  test('Ctrl-C is no answer but a stop', async () => {
    const given = streams();
    const asked = createTerminal(given, flags('undo')).confirm('Really?', new AbortController().signal);
    (given.stdin as unknown as PassThrough).write('\u0003');
    await expect(asked).rejects.toThrow(Interrupted);
  });

  test('an end of input is no', async () => {
    const given = streams();
    const asked = createTerminal(given, flags('undo')).confirm('Really?', new AbortController().signal);
    (given.stdin as unknown as PassThrough).end();
    expect(await asked).toBe(false);
  });
});

describe('colours', () => {
  const color = (env: NodeJS.ProcessEnv, stdout = true, ...args: string[]) =>
    createTerminal(streams({ stdout }, env), flags('test', ...args)).style.color;

  test.each<[string, boolean, boolean]>([
    ['a terminal', color({}), true],
    ['a pipe', color({}, false), false],
    ['NO_COLOR', color({ NO_COLOR: '1', FORCE_COLOR: '1' }), false],
    ['an empty NO_COLOR', color({ NO_COLOR: '' }), true],
    ['--no-color', color({ FORCE_COLOR: '1' }, true, '--no-color'), false],
    ['FORCE_COLOR in a pipe', color({ FORCE_COLOR: '1' }, false), true],
    ['FORCE_COLOR=0', color({ FORCE_COLOR: '0' }), false],
    ['TERM=dumb', color({ TERM: 'dumb' }), false],
    ['a file', color({}, true, '--output', 'x'), false],
  ])('%s', (_, is, expected) => {
    expect(is).toBe(expected);
  });
});

describe('the sink', () => {
  test('lets our colours through and nothing else', () => {
    const evil = '\u001b[31mred\u001b[0m\u001b[2J\u001b]0;title\u0007\u202e\u009b1Aend';
    expect(printable(evil, true)).toBe('\u001b[31mred\u001b[0mend');
    expect(printable(evil, false)).toBe('redend');
  });

  test('no line is a CI command', () => {
    const lines = [
      '::set-env name=X::y',
      '  ::error::x',
      '\u3000\u200a::error::x',
      '##[command]x',
      'a ##vso[x]y',
      'b ###[x]',
    ];
    for (const line of lines) {
      expect(printable(`a\n${line}\nb`, false).split('\n')[1]).not.toMatch(/^\s*::|##[a-z]*\[/u);
      const json = jsonText({ x: [line], [line]: 1 });
      expect(json).not.toMatch(/^\s*::|##[a-z]*\[/mu);
      expect(JSON.parse(json)).toEqual({ x: [line], [line]: 1 });
    }
  });
});

test('UTF-8 by the locale', () => {
  expect(wantsUnicode({ LANG: 'de_DE.UTF-8' }, 'linux')).toBe(true);
  expect(wantsUnicode({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, 'linux')).toBe(false);
  expect(wantsUnicode({}, 'linux')).toBe(false);
  expect(wantsUnicode({ WT_SESSION: 'x' }, 'win32')).toBe(true);
});

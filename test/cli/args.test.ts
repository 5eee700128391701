import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { loadCommand } from '../../src/cli/commands/index.ts';
import { help } from '../../src/cli/help.ts';
import { COMMANDS, DEFAULT_COMMAND, flagTable } from '../../src/cli/program.ts';

const error = (...args: string[]): string => {
  try {
    parseArguments(args);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error(`accepted: ${args.join(' ')}`);
};

describe('arguments', () => {
  test('command, flags before and after it, values with and without =', () => {
    const { spec, flags, words } = parseArguments([
      '--root',
      '/x',
      'test',
      '--vantage=host',
      '--vantage',
      'sandbox',
      '--json',
    ]);
    expect(spec.name).toBe('test');
    expect(flags.value('root')).toBe('/x');
    expect(flags.values('vantage')).toEqual(['host', 'sandbox']);
    expect(flags.is('json')).toBe(true);
    expect(flags.is('quiet')).toBe(false);
    expect(words).toEqual([]);
  });

  test('help COMMAND is COMMAND --help', () => {
    const { spec, flags } = parseArguments(['help', 'test']);
    expect([spec.name, flags.is('help')]).toEqual(['test', true]);
    expect(parseArguments(['help']).spec).toBe(DEFAULT_COMMAND);
    expect(error('help', 'tset')).toContain('did you mean "test"');
  });

  test('no command at all', () => {
    expect(parseArguments([]).spec).toBe(DEFAULT_COMMAND);
    expect(parseArguments(['--json']).spec).toBe(DEFAULT_COMMAND);
  });

  test('--trust with and without a hash, more than once', () => {
    expect(parseArguments(['test', '--trust']).flags.values('trust')).toEqual(['']);
    expect(parseArguments(['test', '--trust=a', '--trust=b']).flags.values('trust')).toEqual(['a', 'b']);
    // The word after it is not its value.
    expect(parseArguments(['fix', '--trust', '2']).words).toEqual(['2']);
  });

  test.each([
    [
      ['run', '--', 'npm', 'test', '--json'],
      ['npm', 'test', '--json'],
    ],
    [
      ['run', 'npm', 'test', '--json', '--', 'x'],
      ['npm', 'test', '--json', '--', 'x'],
    ],
    [['run', '--quiet', '--', '--help'], ['--help']],
    [
      ['--root', '.', 'run', 'sh', '-c', 'exit 3'],
      ['sh', '-c', 'exit 3'],
    ],
    [['run', '--agent', 'codex'], []],
    [['run', '--agent', 'codex', '--', '--version'], ['--version']],
  ])('everything after the first word of %j belongs to what is run', (args, words) => {
    const parsed = parseArguments(args);
    expect(parsed.words).toEqual(words);
    expect(parsed.flags.is('json') || parsed.flags.is('help') || parsed.flags.is('version')).toBe(false);
  });

  test.each([
    [['tset'], 'unknown command "tset" (did you mean "test"?)'],
    [['scan'], 'the command "scan" is not in this version'],
    [['scna'], 'unknown command "scna" (did you mean "scan", which is not in this version?)'],
    [['zzzzzz'], 'unknown command "zzzzzz"; see agent-posture --help'],
    [['test', '--strcit'], 'unknown flag "--strcit" (did you mean "--strict"?)'],
    [['test', '-x'], 'unknown flag "-x"'],
    [['test', '--check'], '--check is not a flag of "test" (it is one of "generate")'],
    [['--check'], '--check is not a flag (it is one of "generate")'],
    [['test', '--vantage'], '--vantage needs a value: ID'],
    [['test', '--vantage', '--json'], '--vantage needs a value: ID'],
    [['test', '--json=1'], '--json takes no value'],
    [['test', '--fail-on', 'nwe'], '--fail-on "nwe": expected any, new (did you mean "new"?)'],
    [['generate', '--format', 'markdown'], '--format "markdown": expected text, json'],
    [['test', '--baseline', 'a', '--baseline', 'b'], '--baseline was given 2 times; it takes one value'],
    [['test', 'extra'], '"test" does not take "extra"'],
    [['explain'], '"explain" needs ID; see agent-posture explain --help'],
    [['test', '--trust='], '--trust= needs a value: HASH'],
    [['--constructor'], 'unknown flag "--constructor"'],
    [['toString'], 'unknown command "toString"; see agent-posture --help'],
    [['te\u001b[2Jst'], 'unknown command "test"; see agent-posture --help'],
  ])('%j: one line, with a did-you-mean', (args, message) => {
    expect(error(...args)).toBe(message);
  });

  test('help and version need no words', () => {
    expect(parseArguments(['explain', '--help']).flags.is('help')).toBe(true);
  });
});

describe('the definition', () => {
  test('every command has a file, a line of help and examples; nothing is wider than 100 columns', async () => {
    for (const spec of [DEFAULT_COMMAND, ...COMMANDS]) {
      expect(typeof (await loadCommand(spec.name)).command).toBe('function');
      for (const columns of [60, 80, 200])
        for (const line of help(spec, columns).split('\n')) {
          expect(line.length, line).toBeLessThan(Math.min(columns, 111));
          expect(line, 'no space is left at an end').toBe(line.trimEnd());
        }
      if (spec !== DEFAULT_COMMAND) expect(spec.examples.length).toBeGreaterThan(0);
    }
  });

  test('every example parses', () => {
    for (const { examples } of COMMANDS)
      for (const [line] of examples) {
        if (!line.startsWith('agent-posture ')) continue;
        const words = line.slice('agent-posture '.length).match(/'[^']*'|\S+/g) ?? [];
        parseArguments(words.map(word => word.replaceAll("'", '')));
      }
  });

  test('every flag is of some command or of all', () => {
    const used = new Set([...COMMANDS, DEFAULT_COMMAND].flatMap(({ flags }) => Object.keys(flags)));
    for (const name of Object.keys(flagTable))
      expect(used.has(name) || help(DEFAULT_COMMAND).includes(`--${name}`)).toBe(true);
  });
});

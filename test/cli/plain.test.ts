import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { plainGenerate } from '../../src/cli/plain.ts';
import { type FlagName, flagTable } from '../../src/cli/program.ts';

/** Flags beside which the answer is the same. */
const PLAIN: readonly string[] = ['root', 'quiet', 'no-color'];

it('takes generate with what changes nothing, and no other flag or word', () => {
  expect(plainGenerate(['generate'])).toEqual({ root: undefined });
  expect(plainGenerate(['generate', '-q', '--no-color', '--root', '/x'])).toEqual({ root: '/x' });
  expect(plainGenerate(['generate', '--root=/x', '--quiet'])).toEqual({ root: '/x' });
  for (const name of Object.keys(flagTable) as FlagName[])
    if (!PLAIN.includes(name)) expect(plainGenerate(['generate', `--${name}`]), name).toBeUndefined();
  for (const args of [
    [],
    ['test'],
    ['generate', 'x'],
    ['generate', '--root'],
    ['generate', '--root='],
    ['generate', '--'],
  ])
    expect(plainGenerate(args), args.join(' ')).toBeUndefined();
});

const words = fc.constantFrom(
  ...[
    'generate',
    '--quiet',
    '-q',
    '-qh',
    '--no-color',
    '--root',
    '--root=/x',
    '--root=',
    '/x',
    '-x',
    '--',
    '',
    '--check',
  ],
  ...Object.keys(flagTable).map(name => `--${name}`),
);
test.prop([fc.array(words, { maxLength: 5 })], { numRuns: 2_000 })(
  'understands nothing in another way than the program does',
  rest => {
    const plain = plainGenerate(['generate', ...rest]);
    if (!plain) return;
    const { spec, flags, words: extra } = parseArguments(['generate', ...rest]);
    expect(spec.name).toBe('generate');
    expect(extra).toEqual([]);
    expect(flags.value('root')).toBe(plain.root);
    expect((Object.keys(flagTable) as FlagName[]).filter(name => flags.is(name) && !PLAIN.includes(name))).toEqual([]);
  },
);

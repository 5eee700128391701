import { execFileSync } from 'node:child_process';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { shellLine } from '../../src/base/text.ts';
import { splitWords } from '../../src/base/words.ts';

describe('splitting a command into words', () => {
  test.each([
    ['bwrap --ro-bind / /', ['bwrap', '--ro-bind', '/', '/']],
    [`a 'b c' "d e" f\\ g`, ['a', 'b c', 'd e', 'f g']],
    [`a '' ""`, ['a', '', '']],
    [`a'b'"c"d`, ['abcd']],
    [`"a\\"b\\\\c\\d"`, [`a"b\\c\\d`]],
    ['a\tb  c', ['a', 'b', 'c']],
    [`a 'x;y|z' "p&q>r"`, ['a', 'x;y|z', 'p&q>r']],
    [`a '$HOME' b#c`, ['a', '$HOME', 'b#c']],
    ['a $', ['a', '$']],
  ])('%j', (command, words) => {
    expect(splitWords(command)).toEqual(words);
  });

  test.each([
    '',
    '   ',
    "a 'b",
    'a "b',
    'a \\',
    'a; b',
    'a|b',
    'a && b',
    'a $X',
    'a "$X"',
    `a ${'$'}{X}`,
    'a `b`',
    'a\nb',
    'a #b',
    'a\0b',
  ])('%j is refused', command => {
    expect(() => splitWords(command)).toThrow(/command/);
  });

  property.prop([
    fc.array(
      fc.string({ minLength: 1 }).filter(word => !word.includes('\0')),
      { minLength: 1 },
    ),
  ])('takes back what quoting made', words => {
    expect(splitWords(shellLine(words))).toEqual(words);
  });

  test('agrees with sh', () => {
    for (const command of [`a 'b c' "d\\"e" f\\ g\\\\`, `x"y"'z' \\$ "\\a\\$"`]) {
      const said = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
        .slice(0, -1)
        .split('\n');
      expect(splitWords(command)).toEqual(said);
    }
  });
});

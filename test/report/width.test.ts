import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { characters, displayWidth, hang, isPlain, pad, wrap } from '../../src/report/width.ts';

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['e\u0301', 1],
  ['👍', 2],
  ['👩‍👩‍👧‍👦', 2],
  ['ﾊﾝ', 2],
  ['❤️', 2],
  ['–é', 2],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

/** Everything of the basic plane that takes the short way: each by itself, and beside those that might join with it. */
test('what counts as plain stands alone and takes one column, as the segmenter and Unicode have it', () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  const plain = all.filter(isPlain);
  expect(plain.length).toBeGreaterThan(1_000);
  for (const character of plain) {
    expect(character).not.toMatch(/\p{Mark}|\p{Default_Ignorable_Code_Point}|\p{Emoji_Presentation}|\p{Surrogate}/u);
    for (const text of [`${character}a${character}`, `${character}${character}a`, `\u001b[1m${character}\u001b`])
      expect(characters(text)).toEqual(Array.from(segmenter.segment(text), ({ segment }) => segment));
  }
});

test('the signs that the screens are made of are plain', () => {
  expect(isPlain('…→’·✓─⟨⟩⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏❯✗◼◻↓↑←')).toBe(true);
  expect(isPlain('\u001b[1m')).toBe(false);
});

test('padding counts columns, not characters', () => {
  expect(pad('漢', 4)).toBe('漢  ');
});

property.prop([fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 60 })])(
  'wrapping loses nothing but spaces',
  (text, width) => {
    const lines = wrap(text, width);
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  },
);

test('text stands beside what it is about, and below it where beside it words would be torn', () => {
  const first = ' new        .claude/settings.json ';
  expect(hang(first, 'the posture asks for it', 80)).toEqual([`${first}the posture asks for it`]);
  expect(hang(first, 'the posture asks for it', 40)).toEqual([first.trimEnd(), '      the posture asks for it']);
  // What fits beside it stays there, and a short beginning is not worth a line of its own.
  expect(hang(first, 'new', 40)).toEqual([`${first}new`]);
  expect(hang(' ! ', 'the posture asks', 12)).toEqual([' ! the', '   posture', '   asks']);
});

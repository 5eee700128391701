import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { displayWidth, pad, wrap } from '../../src/report/width.ts';

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

import { fc, test as property } from '@fast-check/vitest';
import original from 'string-width';
import { describe, expect, test } from 'vitest';
import { Segmenter } from '../../src/ui/segmenter.ts';
import stringWidth from '../../src/ui/string-width.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

describe('in the place of string-width', () => {
  test.each([
    '',
    'plain',
    'é → …',
    '漢字',
    '한국어',
    '👍',
    '👩‍👩‍👧‍👦',
    '🇩🇪',
    '❤️',
    '\u001b[31mred\u001b[39m',
    'a\nb',
    'e\u0301',
    '\u200b',
  ])('%j is as wide', text => {
    expect(stringWidth(text)).toBe(original(text));
  });
  property.prop([fc.string({ unit: fc.constantFrom(...'aZ 9~é→…─│▌漢字かン한👍🎉\u0301') })])(
    'as the package for what our screens hold',
    text => {
      expect(stringWidth(text)).toBe(original(text));
    },
  );
});

describe('in the place of Intl.Segmenter', () => {
  property.prop([fc.string({ unit: 'binary' })])('cuts as it does', text => {
    expect([...new Segmenter().segment(text)]).toEqual(
      [...segmenter.segment(text)].map(({ segment, index, input }) => ({ segment, index, input })),
    );
  });
  property.prop([fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat()])(
    'and finds what holds a place',
    (text, at) => {
      const index = at % text.length;
      expect(new Segmenter().segment(text).containing(index)?.segment).toBe(
        segmenter.segment(text).containing(index)?.segment,
      );
    },
  );
});

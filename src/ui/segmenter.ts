import { characters } from '../report/width.ts';

type Segment = Pick<Intl.SegmentData, 'segment' | 'index' | 'input'>;

/**
 * Stands for `Intl.Segmenter` in what is bundled with the screens (scripts/build.js): the packages that Ink is made of make
 * one when they are loaded, and the real one takes a tenth of the first frame. Plain text is cut without it.
 */
export class Segmenter {
  segment(input: string): Iterable<Segment> & Pick<Intl.Segments, 'containing'> {
    return {
      *[Symbol.iterator]() {
        let index = 0;
        for (const segment of characters(input)) {
          yield { segment, index, input };
          index += segment.length;
        }
      },
      containing: index => new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(input).containing(index),
    };
  }
}

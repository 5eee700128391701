import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { windowStart } from '../../src/ui/hooks/use-list.ts';
import { clip, share, usableRows } from '../../src/ui/layout.ts';
import { line } from '../../src/ui/lines.ts';

const part = fc.record({
  want: fc.integer({ min: 0, max: 30 }),
  least: fc.integer({ min: 0, max: 30 }),
  rank: fc.integer({ min: 0, max: 9 }),
  spare: fc.boolean(),
});

describe('share', () => {
  test.prop([fc.integer({ min: 0, max: 80 }), fc.array(part, { maxLength: 12 })])(
    'never gives more rows than there are, nor more than are wanted, nor less than the least of what is shown',
    (height, parts) => {
      const rows = share(height, parts);
      expect(rows.reduce((sum, row) => sum + row, 0)).toBeLessThanOrEqual(height);
      for (const [index, { want, least }] of parts.entries()) {
        const given = rows[index] as number;
        expect(given).toBeLessThanOrEqual(want);
        if (given > 0) expect(given).toBeGreaterThanOrEqual(Math.min(want, least));
      }
    },
  );

  test.prop([fc.array(part, { maxLength: 12 })])('gives everybody everything where there is room', parts => {
    expect(share(1_000, parts)).toEqual(parts.map(({ want }) => want));
  });

  it('serves lower ranks first', () => {
    const parts = [
      { want: 5, least: 1, rank: 2 },
      { want: 5, least: 1, rank: 1 },
      { want: 1, least: 1, rank: 3 },
    ];
    expect(share(4, parts)).toEqual([1, 2, 1]);
    expect(share(2, parts)).toEqual([1, 1, 0]);
  });

  it('serves spare ones last, whatever their rank', () => {
    const parts = [
      { want: 1, least: 1, rank: 1, spare: true },
      { want: 5, least: 1, rank: 2 },
    ];
    expect(share(5, parts)).toEqual([0, 5]);
    expect(share(6, parts)).toEqual([1, 5]);
  });
});

describe('what else decides about rows', () => {
  it('leaves the last row of the window free, at any height', () => {
    expect([1, 2, 5, 24].map(usableRows)).toEqual([1, 1, 4, 23]);
  });

  it('says how many rows are left out', () => {
    const lines = ['a', 'b', 'c'].map(text => line(text));
    const more = (count: number) => line(`${count} more`);
    expect(clip(lines, 3, more)).toEqual(lines);
    expect(clip(lines, 2, more)).toEqual([line('a'), line('2 more')]);
    expect(clip(lines, 1, more)).toEqual([line('a')]);
  });

  test.prop([
    fc
      .integer({ min: 1, max: 50 })
      .chain(count => fc.tuple(fc.constant(count), fc.integer({ min: 0, max: count - 1 }))),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 0, max: 50 }),
  ])('keeps the pointer in the part of a list that is shown', ([count, at], rows, before) => {
    const start = windowStart(at, count, rows, before);
    expect(start).toBeGreaterThanOrEqual(0);
    expect(at).toBeGreaterThanOrEqual(start);
    expect(at).toBeLessThan(start + rows);
  });
});

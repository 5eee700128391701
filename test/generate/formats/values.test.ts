import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical, plain, same } from '../../../src/generate/formats/values.ts';

const scalar = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, 1, 1n, Number.NaN, Number.POSITIVE_INFINITY, '', '1', 'null'),
  fc.constantFrom('a', 'date:1970-01-01T00:00:00.000Z', new Date(0), new Date(1), '[]', '{}'),
);
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'toString'), tie('value'), { maxKeys: 3 }),
  ),
}));

/** The same with every table's keys the other way round. */
function turned(whole: unknown): unknown {
  if (Array.isArray(whole)) return whole.map(turned);
  if (typeof whole !== 'object' || whole === null || whole instanceof Date) return whole;
  return plain(
    Object.fromEntries(
      Object.entries(whole)
        .reverse()
        .map(([key, inner]) => [key, turned(inner)]),
    ),
  );
}

describe('whether two values mean the same', () => {
  property.prop([value, value], { numRuns: 2_000 })('is what their canonical texts say', (a, b) => {
    expect(same(a, b)).toBe(canonical(a) === canonical(b));
  });

  property.prop([value])('does not depend on the order of keys, nor on a prototype', whole => {
    expect(same(whole, turned(whole))).toBe(true);
    expect(same(turned(whole), whole)).toBe(true);
  });

  test.each([
    [{ a: undefined }, {}],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined }, { b: undefined }],
    [{ toString: 1 }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 1]],
    [[], {}],
    [[], ''],
    [null, {}],
    [new Date(0), {}],
    [new Date(0), 'date:1970-01-01T00:00:00.000Z'],
    [1, '1'],
  ])('%j is not %j', (a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(b, a)).toBe(false);
  });
});

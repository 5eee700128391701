import { expect, test } from 'vitest';
import { headingOf } from '../../src/report/things.ts';
import type { VantageReport } from '../../src/selftest/types.ts';

test('a way out is one of the box only where one was tried', () => {
  const heading = (...kinds: VantageReport['kind'][]) =>
    headingOf('way-out', { vantages: kinds.map(kind => ({ judged: true, kind }) as VantageReport) });
  expect(heading('host')).toBe('A WAY TO OTHER PROGRAMS');
  expect(heading('host', 'agent')).toBe('A WAY TO OTHER PROGRAMS');
  expect(heading('sandbox')).toBe('A WAY OUT OF THE BOX');
  expect(heading('sandbox', 'agent')).toBe('A WAY OUT OF THE BOX');
});

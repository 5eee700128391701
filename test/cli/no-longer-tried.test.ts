import { expect, it } from 'vitest';
import { noLongerTried } from '../../src/cli/no-longer-tried.ts';
import type { Report, Row } from '../../src/selftest/types.ts';

const row = (target: string, more: Partial<Row> = {}) =>
  ({
    id: `host:read:${target}`,
    target,
    vantage: 'host',
    attempt: 'read',
    verdict: 'exposed',
    escape: null,
    ...more,
  }) as Row;
const report = (...rows: Row[]) => ({ rows, vantages: [{ id: 'host', available: true }] }) as unknown as Report;

it('says what was reached and has no row any more', () => {
  const last = report(row('.env'), row('a'), row('b'), row('held', { verdict: 'blocked' }));
  expect(noLongerTried(last, report(row('.env', { verdict: 'blocked' })))).toBe(
    '2 rows that were reached are not tried any more: a and b',
  );
  expect(noLongerTried(report(row('a')), report())).toBe('1 row that was reached is not tried any more: a');
});

it('is silent about what was mended, what did not answer, and a first run', () => {
  expect(noLongerTried(report(row('a', { escape: 'loosened' })), report())).toBeUndefined();
  expect(noLongerTried(report(row('a', { vantage: 'sandbox' })), report())).toBeUndefined();
  expect(noLongerTried(undefined, report(row('a')))).toBeUndefined();
});

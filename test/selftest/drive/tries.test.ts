import { expect, test } from 'vitest';
import { driverOf } from '../../../src/agents/drivers.ts';
import type { DriveSubject } from '../../../src/selftest/drive/subjects.ts';
import { leftForDeep, type TriesOptions, triesOf } from '../../../src/selftest/drive/tries.ts';

const probe = { safeguard: 'SEC-1', severity: 'high', group: 'secrets', origin: 'secret-file' } as const;
const secret: DriveSubject = {
  ...{ kind: 'read', target: '.env', attempt: 'read', expect: 'deny', path: '.env' },
  ...{ probe, rules: [] },
};
const driver = driverOf('claude-code');
if (!driver) throw new Error('no driver');
const options: TriesOptions = { driver, contained: true, root: '/r', home: '/h', deep: false, has: () => true };

test('what --deep would try beside is what it tries more', () => {
  const made = triesOf([secret], options).length;
  const left = leftForDeep([secret], options);
  expect(left).toBeGreaterThan(100);
  expect(triesOf([secret], { ...options, deep: true })).toHaveLength(made + left);
});

test('nothing is left where it is asked for, and where so many of each are', () => {
  expect(leftForDeep([secret], { ...options, deep: true })).toBe(0);
  expect(leftForDeep([secret], { ...options, ways: 1 })).toBe(0);
});

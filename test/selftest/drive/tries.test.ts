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

test('what rules speak of is tried up to a number, and what is merely not here takes none of its room', () => {
  const ruled = Array.from({ length: 43 }, (_, at) => ({
    ...{ ...secret, target: `${at}.txt`, path: `${at}.txt` },
    rules: [{ text: `Read(${at}.txt)`, path: 'x', what: { kind: 'read' as const, pattern: `${at}.txt` } }],
  }));
  const absent = ['.codex/config.toml', '~/.profile'].map(
    (path): DriveSubject => ({ ...secret, kind: 'write', attempt: 'write', target: path, path, missing: true }),
  );
  const plain = triesOf([...absent, ...ruled], options).filter(({ escape: way }) => way === null);
  const skipped = plain.filter(({ skip }) => skip !== undefined);
  expect(skipped.map(({ subject }) => subject.target)).toEqual(['40.txt', '41.txt', '42.txt']);
  expect(skipped[0]?.skip).toMatch(/tried with --deep$/);
  const deep = triesOf([...absent, ...ruled], { ...options, deep: true });
  expect(deep.filter(({ skip, escape: way }) => way === null && skip !== undefined)).toEqual([]);
});

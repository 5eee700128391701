import { expect, test } from 'vitest';
import { afterWords, compare, compareNotes } from '../../src/report/compare.ts';
import type { Row, VantageReport } from '../../src/selftest/types.ts';
import { host, report, row } from './sample.ts';

const box: VantageReport = { ...host, id: 'sandbox', kind: 'sandbox', title: 'bubblewrap box' };
const inBox = (part: Parameters<typeof row>[0]): Row => row({ vantage: 'sandbox', ...part });
const before = report([
  row({ target: '~/.netrc' }),
  row({ target: '~/.npmrc' }),
  row({ target: '~/.npmrc', escape: 'proc-root' }),
  row({ target: '~/.pgpass', verdict: 'blocked' }),
  row({ target: '~/.docker', verdict: 'skipped' }),
]);
const of = (rows: Row[], part: Partial<VantageReport> = {}) =>
  compare(
    before,
    report(rows, {
      vantages: [
        { ...host, judged: false },
        { ...box, ...part },
      ],
    }),
  );

test('after counts what of before is still reached; what the first look did not try is named apart', () => {
  const compared = of([
    inBox({ target: '~/.netrc' }),
    inBox({ target: '~/.npmrc', verdict: 'blocked' }),
    inBox({ target: '.git/hooks', attempt: 'write' }),
    inBox({ target: '~/.docker' }),
  ]);
  expect(compared).toMatchObject({ before: 2, after: 1, notProven: 0, untried: true });
  expect(afterWords(compared)).toBe('3 reached in the box');
  expect(compareNotes(compared)).toEqual([
    '2 of these the first look did not try: .git/hooks, ~/.docker',
    'An agent that is started outside the box still reaches all 2 from before, if not more.',
  ]);
});

test('what was tried and held before, and is reached now, is not called untried', () => {
  const compared = of([inBox({ target: '~/.pgpass' })]);
  expect(compareNotes(compared)).toEqual([
    'What is reached now, the first look did not reach: ~/.pgpass',
    'An agent that is started outside the box still reaches all 2 from before, if not more.',
  ]);
});

test('a box that could not be started proves nothing', () => {
  const rows = ['~/.netrc', '~/.npmrc'].map(target => inBox({ target, verdict: 'inconclusive', reason: 'no box' }));
  const compared = of(rows, { available: false, reason: 'bwrap is not installed' });
  expect(afterWords(compared)).toBe('not proven');
  expect(compareNotes(compared)).toEqual(['not proven: bwrap is not installed']);
  expect(afterWords(of([], { available: false, reason: 'bwrap is not installed' }))).toBe('not proven');
});

test('some not proven is said beside the number', () => {
  const compared = of([
    inBox({ target: '~/.netrc', verdict: 'blocked' }),
    inBox({ target: '~/.npmrc', verdict: 'inconclusive', reason: 'VPN off?' }),
  ]);
  expect(afterWords(compared)).toBe('0 reached in the box, 1 not proven');
  expect(compareNotes(compared)).toEqual([
    'not proven: VPN off?',
    'An agent that is started outside the box still reaches all 2 from before, if not more.',
  ]);
});

test('tried from the shell alone, nothing is said of a box', () => {
  const compared = compare(before, report([row({ target: '~/.netrc', verdict: 'blocked' })], { vantages: [host] }));
  expect(afterWords(compared)).not.toContain('box');
  expect(compareNotes(compared).join()).not.toContain('box');
});

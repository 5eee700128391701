import { expect, it } from 'vitest';
import { count, things } from '../../src/report/things.ts';
import type { Driving } from '../../src/selftest/types.ts';
import { advance, driveLines, NOTHING_YET, standing } from '../../src/ui/progress.ts';
import { report, row, shop } from '../report/sample.ts';

const given = report([
  ...shop().rows,
  row({ target: '~/.ssh/id_rsa', escape: 'proc-root', verdict: 'blocked' }),
  row({ target: '~/held-0', escape: 'mounts' }),
  row({ target: '~/held-1', escape: 'mounts', verdict: 'inconclusive' }),
  row({ target: '~/.config/gh/hosts.yml', escape: 'mounts', verdict: 'blocked' }),
  row({ target: 'FOUND_TOKEN', attempt: 'env' }),
]);
const after = (rows: typeof given.rows, planned: number) =>
  rows.reduce(
    (progress, each) => advance(progress, { type: 'row', row: each }),
    advance(NOTHING_YET, { type: 'planned', tries: planned, things: planned, vantages: [] }),
  );

it('counts as the report does: things, however many ways round each has, accepted ones too', () => {
  const { counts, judged } = standing(after(given.rows, 3));
  expect(counts).toEqual(count(things(given)));
  const { reached, held, works, tooTight, notProven, accepted } = counts;
  expect(judged).toBe(reached + held + works + tooTight + notProven + accepted);
});

it('is through at the end: of what is planned, what is not tried goes off, and what was found is added', () => {
  const all = things(given).length;
  for (const planned of [all, all - 1, 3]) {
    const { judged, of } = standing(after(given.rows, planned));
    expect(of).toBe(judged);
  }
  expect(standing(after([], all)).of).toBe(0);
  expect(standing(after(given.rows.slice(0, 5), all))).toMatchObject({ judged: 5, of: all });
});

it('keeps what was reached apart, the gravest first', () => {
  const { open, others } = standing(after([...given.rows].reverse(), 3));
  expect(open.map(({ state }) => state).filter(state => state !== 'reached')).toEqual(['too tight']);
  expect(open[0]?.target).toBe('~/.aws/credentials');
  expect(others.some(({ state }) => state === 'not tried')).toBe(false);
});

it('says how far each agent has come, for as long as it is driven', () => {
  const vantages = [{ id: 'agent:codex', title: 'Codex 0.169.0' }];
  const begun = advance(NOTHING_YET, { type: 'planned', tries: 1, things: 1, vantages });
  const at = (doing: Driving, done: number, of: number) =>
    advance(begun, { type: 'drive', id: 'agent:codex', doing, done, of });
  expect(driveLines(begun)).toEqual([]);
  expect(driveLines(at('calls', 3, 91))).toEqual(['Codex 0.169.0: 3 of 91 calls']);
  expect(driveLines(at('controls', 3, 9))).toEqual(['Codex 0.169.0: the same on what nothing refuses, 3 of 9']);
  expect(driveLines(at('again', 0, 12))).toEqual(['Codex 0.169.0: what it refused once more, 0 of 12']);
  expect(driveLines(at('hooks', 0, 2))).toEqual(['Codex 0.169.0: making its 2 hooks fail']);
  const ended = advance(at('calls', 3, 91), { type: 'vantage', id: 'agent:codex', available: true, reason: null });
  expect(driveLines(ended)).toEqual([]);
});

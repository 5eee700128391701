import { expect, test } from 'vitest';
import { everyQuarter, exitOf, whyOf } from '../../src/cli/commands/reach.ts';
import type { Driving, Row } from '../../src/selftest/types.ts';

test('says a few times how far an agent has come, and anew what it does once more', () => {
  const said: string[] = [];
  const tell = everyQuarter(text => said.push(text));
  const drive = (doing: Driving, of: number) => {
    for (let done = 0; done <= of; done++) tell({ type: 'drive', id: 'agent:codex', doing, done, of });
  };
  drive('calls', 40);
  drive('again', 2);
  drive('hooks', 3);
  tell({ type: 'vantage', id: 'agent:codex', available: true, reason: null });
  expect(said).toEqual([
    '10 of 40 calls',
    '20 of 40 calls',
    '30 of 40 calls',
    '40 of 40 calls',
    'what it refused once more, 1 of 2 calls',
    'what it refused once more, 2 of 2 calls',
  ]);
});

test('says why work did not go on, and why most of it proved nothing', () => {
  const row = (expect: string, verdict: string, reason: string) => ({ expect, verdict, reason, target: 'work' }) as Row;
  const open = row('deny', 'inconclusive', 'nothing came back');
  const broken = row('allow', 'broken', 'refused by its rules');
  expect(whyOf([row('deny', 'blocked', ''), open])).toEqual([]);
  expect(whyOf([row('deny', 'blocked', ''), open, open, row('deny', 'inconclusive', 'other'), broken, broken])).toEqual(
    ['work does not go on: refused by its rules', 'not proven, 2 of 3: nothing came back'],
  );
});

test('a column that could not be tried, or broke off half way, is no success', () => {
  const whole = { reason: null, notes: ['run by root'] };
  expect(exitOf([whole, whole])).toBe(0);
  expect(exitOf([whole, { reason: 'it is not installed here', notes: [] }])).toBe(3);
  expect(exitOf([whole, { reason: null, notes: ['not all was tried: it broke off'] }])).toBe(3);
});

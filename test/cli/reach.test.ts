import { expect, test } from 'vitest';
import { everyQuarter } from '../../src/cli/commands/reach.ts';
import type { Driving } from '../../src/selftest/types.ts';

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

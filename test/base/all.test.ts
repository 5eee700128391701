import { expect, it } from 'vitest';
import { allEnded, allNamed } from '../../src/base/all.ts';

const later = (work: () => void, time = 20) => new Promise<void>(done => setTimeout(done, time)).then(work);

it('waits for the others where one fails, and throws what failed first in the list', async () => {
  const ended: string[] = [];
  const failing = later(() => {
    throw new Error('the second');
  }, 5);
  const first = later(() => {
    ended.push('first');
    throw new Error('the first');
  });
  await expect(allEnded([first, failing, later(() => ended.push('third'), 30)])).rejects.toThrow('the first');
  expect(ended).toEqual(['first', 'third']);
});

it('gives the values in order', async () => {
  expect(await allEnded([Promise.resolve(1), later(() => {}).then(() => 2)])).toEqual([1, 2]);
});

it('gives named work back by its names, what is no promise too, and fails with the first that fails', async () => {
  expect(await allNamed({ one: Promise.resolve(1), two: 'two', none: undefined })).toEqual({ one: 1, two: 'two' });
  await expect(allNamed({ one: 1, two: Promise.reject(new Error('two failed')) })).rejects.toThrow('two failed');
});

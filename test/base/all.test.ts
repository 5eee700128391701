import { expect, it } from 'vitest';
import { allEnded, allNamed, someAtOnce } from '../../src/base/all.ts';

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

it('does so many at once and no more, and begins nothing once it is to stop', async () => {
  const { signal, abort } = (controller => ({ signal: controller.signal, abort: () => controller.abort() }))(
    new AbortController(),
  );
  const begun: number[] = [];
  let most = 0;
  let running = 0;
  await someAtOnce(
    [1, 2, 3, 4, 5, 6],
    2,
    async each => {
      begun.push(each);
      most = Math.max(most, ++running);
      await later(() => running--, 5);
      if (each === 4) abort();
    },
    signal,
  );
  expect(most).toBe(2);
  expect(begun.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(begun).not.toContain(6);
});

import { expect, it } from 'vitest';
import { Cleanup } from '../../src/selftest/cleanup.ts';

const later = (work: () => unknown, time: number) => new Promise(done => setTimeout(() => done(work()), time));

it('takes decoys and their record away only once everything else has ended, what was begun and what came late too', async () => {
  const order: string[] = [];
  const cleanup = new Cleanup();
  cleanup.last(() => order.push('folder'));
  cleanup.last(() => order.push('decoys'));
  cleanup.add(() => later(() => order.push('session'), 10));
  cleanup.add(() => {
    throw new Error('one that fails keeps no other from being ended');
  });
  const opening = cleanup.begin(
    later(() => {
      // A box that is up only now, after the run has ended.
      cleanup.add(() => later(() => order.push('late session'), 10));
    }, 30),
  );
  cleanup.begin(later(() => Promise.reject(new Error('unheard')), 5)).catch(() => {});
  await cleanup.run();
  await opening;
  expect(order).toEqual(['session', 'late session', 'decoys', 'folder']);
});

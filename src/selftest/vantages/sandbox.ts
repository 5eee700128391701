import { UserError } from '../../base/errors.ts';
import { runtimeOf } from '../../isolation/index.ts';
import type { VantageKind } from './types.ts';

/** The declared isolation, started as `run` starts it. */
export const sandbox: VantageKind = {
  id: 'sandbox',
  title: ({ box }) => (box && runtimeOf(box.isolation.runtime)?.title) ?? 'no box',
  async start({ box }, words) {
    const runtime = box && runtimeOf(box.isolation.runtime);
    if (!runtime) throw new UserError({ what: 'the posture declares no box that could be started' });
    return runtime.start(box, words, 'pipe');
  },
};

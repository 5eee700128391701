import { UserError } from '../../base/errors.ts';
import { runtimeOf } from '../../isolation/index.ts';
import type { VantageKind } from './types.ts';

/** The declared isolation, started as `run` starts it. */
export const sandbox: VantageKind = {
  id: 'sandbox',
  title: ({ isolation }) => (isolation && runtimeOf(isolation.runtime)?.title) ?? 'no box',
  async start({ root, home, isolation, guards = [], agents }, words) {
    const runtime = isolation && runtimeOf(isolation.runtime);
    if (!runtime) throw new UserError({ what: 'the posture declares no box that could be started' });
    const env = Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return runtime.start({ root, home, isolation, guards, env, ...(agents ? { agents } : {}) }, words, 'pipe');
  },
};

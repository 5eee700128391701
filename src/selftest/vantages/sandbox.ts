import { UserError } from '../../base/errors.ts';
import { runtimeOf } from '../../isolation/index.ts';
import type { VantageKind } from './types.ts';

/** The declared isolation, started as `run` starts it. */
export const sandbox: VantageKind = {
  id: 'sandbox',
  title: ({ isolation }) => `${isolation ? runtimeOf(isolation.runtime).title : 'no'} box`,
  async start({ root, home, isolation, guards = [] }, words) {
    if (!isolation) throw new UserError({ what: 'there is no box to start: the posture has no isolation' });
    const env = Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return runtimeOf(isolation.runtime).start({ root, home, isolation, guards, env }, words, 'pipe');
  },
};

import { UserError } from '../base/errors.ts';
import type { RuntimeId } from '../posture/schema.ts';
import { bubblewrap } from './bubblewrap/index.ts';
import { command } from './command/index.ts';
import { docker } from './docker/index.ts';
import { native } from './native/index.ts';
import { none } from './none.ts';
import type { Runtime } from './types.ts';

/** Every runtime that this version starts. Adding one is a folder and a line here. */
export const runtimes: readonly Runtime[] = [bubblewrap, docker, command, native, none];

/** The runtime with this id. UserError for one that the posture may name and this version does not start. */
export function runtimeOf(id: RuntimeId): Runtime {
  const runtime = runtimes.find(candidate => candidate.id === id);
  if (runtime) return runtime;
  throw new UserError({
    what: `isolation.runtime "${id}" is not started by this version`,
    where: { path: 'agent-posture.yaml' },
    expected: `one of ${runtimes.map(candidate => candidate.id).join(', ')}`,
    next: 'use runtime: command with the wrapper that starts it, such as "podman exec -i NAME"',
  });
}

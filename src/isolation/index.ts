import type { RuntimeId } from '../posture/schema.ts';
import { bubblewrap } from './bubblewrap/index.ts';
import { command } from './command/index.ts';
import { docker } from './docker/index.ts';
import { native } from './native/index.ts';
import { none } from './none.ts';
import type { Runtime } from './types.ts';

/** Every runtime that this version starts. Adding one is a folder and a line here. */
export const runtimes: readonly Runtime[] = [bubblewrap, docker, command, native, none];

/** The runtime with this id; undefined for one that a posture may name and this version does not start. */
export function runtimeOf(id: RuntimeId): Runtime | undefined {
  return runtimes.find(candidate => candidate.id === id);
}

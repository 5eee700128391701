import { isWithin, realPathOf } from '../base/files.ts';
import type { RuntimeFact } from '../discover/facts.ts';
import type { RuntimeId } from '../posture/schema.ts';
import { bubblewrap } from './bubblewrap/index.ts';
import { command } from './command/index.ts';
import { docker } from './docker/index.ts';
import { native } from './native/index.ts';
import { none } from './none.ts';
import { srt } from './srt/index.ts';
import type { Runtime } from './types.ts';

/** Every runtime that this version starts, in the order in which they are proposed. */
export const runtimes: readonly Runtime[] = [bubblewrap, docker, srt, native, command, none];

/** Whether files and network of this runtime are those of the posture. */
export function followsPosture(id: unknown): boolean {
  return runtimes.some(runtime => runtime.id === id && (runtime.madeBy === 'us' || runtime.madeBy === 'agent'));
}

/** Why no box can be made round a repository; undefined where one can. */
export function unboxable(root: string, home: string): string | undefined {
  return isWithin(root, realPathOf(home))
    ? 'the repository is your home folder, or holds it: run in a repository in a folder of its own'
    : undefined;
}

/** What can be started here, round this very repository. */
export async function detectRuntimes(root: string, home: string): Promise<RuntimeFact[]> {
  const why = unboxable(root, home);
  const found = await Promise.all(runtimes.map(runtime => runtime.detect(root)));
  // What writes the repository writes the whole home then, and with it what starts at the next login.
  return found.map(fact => (why && followsPosture(fact.id) ? { id: fact.id, available: false, detail: why } : fact));
}

/** The runtime with this id; undefined for one that a posture may name and this version does not start. */
export function runtimeOf(id: RuntimeId): Runtime | undefined {
  return runtimes.find(candidate => candidate.id === id);
}

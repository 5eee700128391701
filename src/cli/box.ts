import { UserError } from '../base/errors.ts';
import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { runtimeOf, runtimes } from '../isolation/index.ts';
import type { BoxContext, Runtime } from '../isolation/types.ts';
import { type LoadedPosture, POSTURE_FILE } from '../posture/model.ts';
import { boxOf } from '../selftest/box.ts';
import type { Approve } from './approve.ts';

/** The declared box with what it is started from; undefined where the posture declares none. */
export async function declaredBox(
  facts: Facts,
  { posture }: Pick<LoadedPosture, 'posture'>,
): Promise<{ runtime: Runtime; box: BoxContext } | undefined> {
  const box = boxOf(facts, posture);
  if (!box) return undefined;
  const runtime = runtimeOf(box.isolation.runtime);
  if (!runtime)
    throw new UserError({
      what: `isolation.runtime "${box.isolation.runtime}" is not started by this version`,
      where: { path: POSTURE_FILE },
      expected: `one of ${list(runtimes.map(({ id }) => id))}`,
      next: 'use runtime: command with the wrapper that starts it, such as "podman exec -i NAME"',
    });
  return { runtime, box };
}

/** Whether the box may be started: true where starting it runs nothing that the repository wrote. */
export async function approveBox(
  { runtime, box }: { runtime: Runtime; box: BoxContext },
  approve: Approve,
  purpose: string,
  without?: string,
): Promise<boolean> {
  const text = runtime.approval(box);
  return text === undefined || (await approve({ kind: 'box', text, purpose, without }));
}

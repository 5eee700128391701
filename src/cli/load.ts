import { UserError } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import type { Facts } from '../discover/facts.ts';
import { discover } from '../discover/index.ts';
import { clearPlaceholders } from '../isolation/placeholders.ts';
import { loadPosture } from '../posture/load.ts';
import { type LoadedPosture, POSTURE_FILE } from '../posture/model.ts';
import { hasRecords } from '../selftest/records.ts';
import type { Context } from './command.ts';

interface Looking {
  /** Whether it matters which boxes can be started here: by default only where the posture declares none yet. */
  boxes?: boolean | 'always';
  /** Whether systems are looked for: generated files do not depend on them. Default true. */
  systems?: boolean;
  /** Whether the default branch is told: only the wizard proposes it. Default false. */
  defaultBranch?: boolean;
  /** What only the wizard asks about; default false. */
  inventory?: boolean;
  /** Facts that were found a moment ago, after the same clearing: they are not found again. */
  facts?: Facts | undefined;
}

/** Facts and posture of the repository, once what a killed box has left in it is gone. UserError for an invalid posture; undefined where there is none. */
export async function load(
  { root, home, terminal }: Context,
  { boxes = true, systems = true, defaultBranch = false, inventory = false, facts: known }: Looking = {},
): Promise<{ facts: Facts; posture: LoadedPosture | undefined }> {
  if (!known) {
    clearPlaceholders(root);
    for (const note of await recoverTries(root)) terminal.note(note);
  }
  const reading = loadPosture(root, { stateFolder: stateFolder(root) });
  // Where a box of ours is declared, no other is recommended.
  const undeclared = async () => {
    const runtime = (await reading)?.posture.isolation?.runtime;
    if (runtime === undefined) return true;
    const { runtimeOf } = await import('../isolation/index.ts');
    return runtimeOf(runtime)?.madeBy !== 'us';
  };
  const looking =
    known ??
    discover(root, {
      home,
      env: terminal.streams.env,
      boxes: boxes === true ? undeclared : boxes === 'always',
      systems,
      defaultBranch,
      inventory,
    });
  const [posture, facts] = await Promise.all([reading, looking]);
  return { facts, posture };
}

/** Takes back what a self-test that was killed has left, before anything is found that is none of the repository's. */
export async function recoverTries(root: string): Promise<string[]> {
  const state = stateFolder(root);
  if (!hasRecords(state)) return [];
  const { recover } = await import('../selftest/leftovers.ts');
  return recover([root], state);
}

/** As `load`, where nothing can be done without a posture. `why`: what it is needed for. */
export async function loadWithPosture(
  context: Context,
  looking: Looking = {},
  why?: string,
): Promise<{ facts: Facts; posture: LoadedPosture }> {
  const { facts, posture } = await load(context, looking);
  if (!posture)
    throw new UserError({
      what: `no ${POSTURE_FILE} here${why === undefined ? '' : `: ${why}`}`,
      next: 'agent-posture init',
    });
  return { facts, posture };
}

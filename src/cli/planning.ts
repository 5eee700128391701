import { EXIT, UserError } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import type { Facts } from '../discover/facts.ts';
import { outputs } from '../generate/outputs/index.ts';
import { planGeneration } from '../generate/plan.ts';
import type { Plan } from '../generate/types.ts';
import { networkNote } from '../isolation/proposal.ts';
import { parsePosture } from '../posture/load.ts';
import { type LoadedPosture, POSTURE_FILE, type PostureEdit } from '../posture/model.ts';
import { editPosture } from '../posture/save.ts';
import type { Posture } from '../posture/schema.ts';
import { type Loosened, REMOVED } from '../selftest/types.ts';

/**
 * Without what git tells, a plan would take away the guards that hang on it, as in a folder that is no repository. So none
 * is made.
 */
function refuseUntold({ git: { untold } }: Facts): void {
  if (untold === undefined) return;
  throw new UserError(
    {
      what: `git did not tell how this repository is set up (${untold})`,
      where: { path: '.git' },
      expected: 'a repository that git reads: without, nobody can say which guards are in force',
      next: 'nothing was changed: see what git status says here, mend that, and run again',
    },
    EXIT.conflict,
  );
}

/** The plan that brings the files in line with the posture as it is. Throws UserError where git did not tell. */
export async function planOutputs(
  facts: Facts,
  { shared }: Pick<LoadedPosture, 'shared'>,
  options: { restore?: boolean; only?: readonly string[]; fromPin?: boolean } = {},
): Promise<Plan> {
  refuseUntold(facts);
  const { only } = options;
  return planGeneration({ root: facts.root, posture: shared, facts }, outputs, {
    stateFolder: stateFolder(facts.root),
    restore: options.restore === true,
    fromPin: options.fromPin === true,
    ...(only && only.length > 0 ? { only } : {}),
  });
}

/**
 * The changed posture, and one plan for it and for the files that follow from it. Throws UserError when the edits make it invalid, and
 * where git did not tell.
 */
export async function planEdits(
  facts: Facts,
  text: string,
  edits: readonly PostureEdit[],
  reason: string,
): Promise<{ plan: Plan; posture: Posture }> {
  refuseUntold(facts);
  const content = editPosture(text, edits);
  const posture = parsePosture(content, POSTURE_FILE);
  const plan = await planGeneration({ root: facts.root, posture, facts }, outputs, {
    stateFolder: stateFolder(facts.root),
    extra: [{ output: 'posture', path: POSTURE_FILE, content, reason }],
  });
  return { plan, posture };
}

/** How the path of a change begins that is a setting of git's. */
const SETTING = 'git config ';

/**
 * The laid guards that guard less than the posture asks for, those that are gone (what never was laid is none), those in
 * whose place something else stands, and settings of git that cannot be seen; and what a person has still to do, a line each.
 */
export async function laidGuards(
  facts: Facts,
  posture: LoadedPosture,
): Promise<{ loosened: Loosened[]; todo: string[] }> {
  const { changes, notes, base } = await planOutputs(facts, posture, { fromPin: true });
  const guards = new Set(outputs.filter(({ guard }) => guard).map(({ id }) => id));
  const laid = new Set((base?.files ?? []).filter(({ output }) => guards.has(output)).map(({ path }) => path));
  const loosened = changes.flatMap(({ state, path, reason, before, closed }): Loosened[] => {
    if (state === 'loosened') return [{ path, reason }];
    if (state === 'create' && before === null && laid.has(path)) return [{ path, reason: REMOVED }];
    // Which setting of git's was laid is not in the manifest; that the posture asks for it is enough to say it is unseen.
    if (state === 'refused' && path.startsWith(SETTING)) return [{ path, reason, unseen: true }];
    // Of what cannot be looked at nothing is known: its own row says that it is not proven.
    const replaced = state === 'refused' && laid.has(path) && !closed;
    return replaced ? [{ path, reason: `replaced by hand: ${reason}`, whole: true }] : [];
  });
  const network = networkNote({ facts, posture: posture.posture });
  return { loosened, todo: [...notes, ...(network === undefined ? [] : [network])] };
}

import { EXIT } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import type { Facts } from '../discover/facts.ts';
import { type Manifest, readManifest } from '../generate/manifest.ts';
import { outputs } from '../generate/outputs/index.ts';
import { planGeneration } from '../generate/plan.ts';
import type { Plan } from '../generate/types.ts';
import { parsePosture } from '../posture/load.ts';
import { type LoadedPosture, POSTURE_FILE, type PostureEdit } from '../posture/model.ts';
import { editPosture } from '../posture/save.ts';
import type { Loosened } from '../selftest/types.ts';

/** The plan that brings the files in line with the posture as it is. */
export function planOutputs(
  facts: Facts,
  { shared }: Pick<LoadedPosture, 'shared'>,
  options: { restore?: boolean; only?: readonly string[]; fromPin?: boolean } = {},
): Promise<Plan> {
  const { only } = options;
  return planGeneration({ root: facts.root, posture: shared, facts }, outputs, {
    stateFolder: stateFolder(facts.root),
    restore: options.restore === true,
    fromPin: options.fromPin === true,
    ...(only && only.length > 0 ? { only } : {}),
  });
}

/** One plan for a changed posture and for the files that follow from it. Throws UserError when the edits make it invalid. */
export function planEdits(facts: Facts, text: string, edits: readonly PostureEdit[], reason: string): Promise<Plan> {
  const content = editPosture(text, edits);
  const posture = parsePosture(content, POSTURE_FILE);
  return planGeneration({ root: facts.root, posture, facts }, outputs, {
    stateFolder: stateFolder(facts.root),
    extra: [{ output: 'posture', path: POSTURE_FILE, content, reason }],
  });
}

/** The laid guards that guard less than the posture asks for. */
export async function loosenedGuards(facts: Facts, posture: LoadedPosture): Promise<Loosened[]> {
  const { changes, manifest } = await planOutputs(facts, posture, { fromPin: true });
  return [
    ...changes.flatMap(({ state, path, reason }) => (state === 'loosened' ? [{ path, reason }] : [])),
    ...replacedGuards(changes, readManifest(manifest.after)),
  ];
}

/**
 * Laid guards in whose place something else stands: a folder, a pipe, a link out of the repository. Of what cannot be looked at
 * nothing is known: its own row says that it is not proven.
 */
function replacedGuards(changes: Plan['changes'], { files }: Manifest): Loosened[] {
  const guards = new Set(outputs.filter(({ guard }) => guard).map(({ id }) => id));
  const laid = new Set(files.filter(({ output }) => guards.has(output)).map(({ path }) => path));
  return changes.flatMap(({ state, path, reason }) =>
    state === 'refused' && laid.has(path) && !/\((EACCES|EPERM)\)/.test(reason)
      ? [{ path, reason: `replaced by hand: ${reason}`, whole: true }]
      : [],
  );
}

/** 4 when something is in the way, 1 when a guard was loosened by hand, else 0. */
export function exitCodeOf({ changes }: Plan): number {
  if (changes.some(({ state }) => state === 'conflict' || state === 'refused')) return EXIT.conflict;
  return changes.some(({ state }) => state === 'loosened') ? EXIT.findings : EXIT.ok;
}

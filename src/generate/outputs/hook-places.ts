import { isAbsolute, relative, resolve } from 'node:path';
import type { OUR_HOOKS } from '../../discover/repository.ts';
import { isOwnPath } from '../manifest.ts';
import type { RenderContext } from '../types.ts';
import { protectedPatterns } from './branches.ts';

/** The folder of our git hooks. */
export const FOLDER = '.githooks';

/** Whether a scan at this stage is asked for; without `at`, at every stage. */
export function scansAt({ posture }: Pick<RenderContext, 'posture'>, stage: 'commit' | 'push'): boolean {
  const { scanning } = posture;
  return scanning !== undefined && (scanning.at?.includes(stage) ?? true);
}

/** What the posture asks for, by the hook that does it. */
export const wantsCommit = (context: RenderContext) => scansAt(context, 'commit');
export const wantsPush = (context: RenderContext) =>
  protectedPatterns(context.posture).length > 0 || scansAt(context, 'push');
export const wantsMessage = ({ posture }: RenderContext) => posture.repository?.attribution === true;

export type HookName = (typeof OUR_HOOKS)[number];

/** The hooks that the posture asks for. */
export const namesOf = (context: RenderContext): HookName[] => [
  ...(wantsCommit(context) ? (['pre-commit'] as const) : []),
  ...(wantsMessage(context) ? (['prepare-commit-msg'] as const) : []),
  ...(wantsPush(context) ? (['pre-push'] as const) : []),
];

/** A hook of somebody's own at this place. */
export const ownHook = ({ facts }: RenderContext, path: string) => facts.git.ownHooks?.find(hook => hook.path === path);

/** Where ours is: aside, where the repository has a hook of that name in our folder. */
export function placeOf(context: RenderContext, name: HookName): string {
  const path = `${FOLDER}/${name}`;
  return ownHook(context, path) ? `${FOLDER}/agent-posture/${name}` : path;
}

/** A folder of hooks in the repository, relative to it; undefined where it lies outside. */
export function folderAt(root: string, hooksPath: string): string | undefined {
  const path = relative(root, resolve(root, hooksPath));
  return path === '' || isAbsolute(path) || !isOwnPath(`${path}/pre-commit`) ? undefined : path;
}

/**
 * The repository's folder of hooks where there is no manager; undefined where git was told one outside. Where it was told
 * ours by us, what it is told now does not count: it is for the plan to say that it was changed.
 */
export function folderOf({ root, facts: { git }, settings }: RenderContext): string | undefined {
  const path = git.hooksPath === undefined ? FOLDER : folderAt(root, git.hooksPath);
  return path ?? (settings?.['core.hooksPath'] === undefined ? undefined : FOLDER);
}

/** Whether git is to look for its hooks in our folder. Hooks of theirs there are not switched on where they were off. */
export function setsFolder(context: RenderContext): boolean {
  const { present, hookManager, hooksPath, ownHooks = [] } = context.facts.git;
  if (!present || hookManager || folderOf(context) !== FOLDER) return false;
  return (
    context.settings?.['core.hooksPath'] !== undefined ||
    hooksPath !== undefined ||
    !ownHooks.some(({ path }) => path.startsWith(`${FOLDER}/`))
  );
}

/** The hooks of git's own folder that our folder would put out of force, but for the two that call them themselves. */
export function covered(context: RenderContext): string[] {
  if (namesOf(context).length === 0 || !setsFolder(context)) return [];
  const names = namesOf(context) as string[];
  return (context.facts.git.coveredHooks ?? []).filter(
    name => !names.includes(name) && !ownHook(context, `${FOLDER}/${name}`),
  );
}

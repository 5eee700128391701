import { bracketed, type Pattern, plainPath, readPattern, type Speller, spelled } from '../../posture/patterns.ts';
import type { RuleSource } from '../source.ts';

/** The name of our permission profile in Codex's configuration. */
export const PROFILE = 'agent-posture';

/**
 * Codex does not start over a pattern that it cannot read, and reads them as https://docs.rs/globset does: a set of one says
 * a character that means something elsewhere, and two backslashes in it are one.
 */
const RULE: Speller = {
  text: text =>
    /\p{C}/u.test(text)
      ? undefined
      : text.replace(/[{}[\]*?\\]/g, each => (each === '\\' ? String.raw`[\\]` : `[${each}]`)),
  any: '*',
  one: '?',
  set: set => bracketed(set, '!'),
};

/**
 * The paths of the rules for a pattern; undefined where none can say it. Patterns in the home are left out: Codex takes them
 * for the workspace alone.
 */
export function rulePaths(pattern: Pattern): string[] | undefined {
  const plain = plainPath(pattern);
  if (pattern.home) return plain === undefined || /[*?[\]\p{C}]/u.test(plain) ? undefined : [`~/${plain}`];
  const body = spelled(pattern.parts, RULE)?.join('/');
  if (body === undefined) return undefined;
  // Codex stumbles over a plain path whose folder is missing, so each is written as a pattern, at the cost that the
  // same path deeper down is hidden too. A pattern stands for the names it matches, not for what lies below them.
  const path = body.startsWith('**/') || /[*?[\]]/.test(body) ? body : `**/${body}`;
  return path.endsWith('/**') ? [path] : [path, `${path}/**`];
}

/**
 * The path by which a guard is kept: of one in a folder whose name begins with a dot, that folder. Started below the root,
 * where none of them is, Codex lays something in the place of each, several helpers at once, and they get into each other's
 * way, nearly always where that takes a folder: seen in 0.169.0, which does not start then.
 */
function readOnly(guard: string): string {
  const path = guard.replace(/\/+$/, '');
  return /^\.[^/]+(?=\/)/.exec(path)?.[0] ?? path;
}

/**
 * The file system of the profile: by path in the home, and by path or pattern in the workspace. Codex carries it out in
 * the kernel for every command. The guards are only such as are there: Codex does not start over a missing one. Source: https://developers.openai.com/codex/permissions.
 */
export function filesystemRules({ hidden, hiddenInHome, guards }: Omit<RuleSource, 'protectedBranches'>): {
  home: Record<string, 'deny'>;
  workspace: Record<string, 'deny' | 'read'>;
} {
  const paths = (lines: readonly string[]) =>
    lines.map(readPattern).flatMap(pattern => (pattern && rulePaths(pattern)) ?? []);
  const home = paths(hiddenInHome).map(path => [path, 'deny'] as const);
  const workspace = new Map<string, 'deny' | 'read'>();
  for (const guard of guards) workspace.set(readOnly(guard), 'read');
  for (const path of paths(hidden)) workspace.set(path, 'deny');
  return { home: Object.fromEntries(home), workspace: Object.fromEntries(workspace) };
}

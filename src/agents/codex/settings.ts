/** The name of our permission profile in Codex's configuration. */
export const PROFILE = 'agent-posture';

/** What Codex's configuration is made from. */
export interface CodexSource {
  /** Gitignore patterns of the repository without exceptions. */
  hidden: readonly string[];
  /** Paths in the home, each starting with `~/`. */
  hiddenInHome: readonly string[];
  /** Repository-relative; folders with a trailing `/`. Only such as are there: Codex does not start over a missing one. */
  guards: readonly string[];
}

/** Codex does not start over a pattern that it cannot read: escapes, braces and stray brackets are left out. */
function isPattern(body: string): boolean {
  return !/[\\{}[\]\p{C}]/u.test(body.replace(/\[[!^]?[\w.-]+\]/g, ''));
}

/**
 * The file system of the profile: by path in the home, and by path or pattern in the workspace. Codex carries it out in
 * the kernel for every command. Source: https://developers.openai.com/codex/permissions.
 */
export function filesystemRules({ hidden, hiddenInHome, guards }: CodexSource): {
  home: Record<string, 'deny'>;
  workspace: Record<string, 'deny' | 'read'>;
} {
  // Patterns in the home are left out: Codex takes them for the workspace alone.
  const home = hiddenInHome
    .filter(path => !/[*?[\]]/.test(path))
    .map(path => [path.replace(/\/+$/, ''), 'deny'] as const);
  const workspace = new Map<string, 'deny' | 'read'>();
  for (const guard of guards) workspace.set(guard.replace(/\/+$/, ''), 'read');
  for (const pattern of hidden) {
    const body = pattern.replace(/^(\*\*)?\/+/, '').replace(/\/+$/, '');
    if (!isPattern(body)) continue;
    if (body.split('/').some(part => part === '..' || part === '')) continue;
    const anchored = !pattern.startsWith('**/') && (pattern.startsWith('/') || body.includes('/'));
    // Codex stumbles over a plain path whose folder is missing, so each is written as a pattern, at the cost that the
    // same path deeper down is hidden too. A pattern stands for the names it matches, not for what lies below them.
    const path = anchored && /[*?[\]]/.test(body) ? body : `**/${body}`;
    workspace.set(path, 'deny');
    workspace.set(`${path}/**`, 'deny');
  }
  return { home: Object.fromEntries(home), workspace: Object.fromEntries(workspace) };
}

import type { Pattern } from '../../posture/patterns.ts';
import { rulePaths as claudePaths, denyRules } from '../claude-code/settings.ts';
import { asJson, type Managed } from '../managed.ts';
import type { Source } from '../source.ts';

/**
 * What a repository's settings cannot say: rules, no bypass of them, and a sandbox that nobody turns off. Rules over commands
 * know no more than how one begins, so that pushes are left to the hook. Source:
 * https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference#mdm-managed-settings.
 */
export const managed: Managed = {
  agent: 'copilot',
  files: [{ name: 'managed-settings.json', place: '/etc/github-copilot/managed-settings.json', content }],
  rulePaths,
};

/**
 * The paths of the rules for a pattern; undefined where one would take brackets, which were seen to put every rule out of
 * force (1.0.102), or backslashes, of which nothing is known.
 */
function rulePaths(pattern: Pattern): string[] | undefined {
  const paths = claudePaths(pattern);
  return paths?.some(path => /[()\\]/.test(path)) ? undefined : paths;
}

function content(source: Source): string {
  return asJson({
    permissions: {
      disableBypassPermissionsMode: 'disable',
      // Beside rules that deny, whatever none allows is asked about, reading too.
      allow: ['Read(**)'],
      deny: denyRules({ ...source, protectedBranches: [] }, rulePaths),
    },
    ...(source.ownSandbox ? { sandbox: { enabled: true, failIfUnavailable: true, allowBypass: false } } : {}),
  });
}

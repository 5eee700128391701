import { denyRules } from '../claude-code/settings.ts';
import { asJson, type ManagedFile, type ManagedSource } from '../managed.ts';

/**
 * What a repository's settings cannot say: rules, no bypass of them, and a sandbox that nobody turns off. Rules over commands
 * know no more than how one begins, so that pushes are left to the hook. Source:
 * https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference#mdm-managed-settings.
 */
export const managed: readonly ManagedFile[] = [
  { name: 'managed-settings.json', place: '/etc/github-copilot/managed-settings.json', content },
];

function content(source: ManagedSource): string {
  return asJson({
    permissions: {
      disableBypassPermissionsMode: 'disable',
      // Beside rules that deny, whatever none allows is asked about, reading too.
      allow: ['Read(**)'],
      deny: denyRules({ ...source, protectedBranches: [] }),
    },
    ...(source.ownSandbox ? { sandbox: { enabled: true, failIfUnavailable: true, allowBypass: false } } : {}),
  });
}

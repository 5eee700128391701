import { asJson, everywhere, type ManagedFile, type ManagedSource } from '../managed.ts';
import { denyRules, sandboxSettings } from './settings.ts';

/**
 * A file beside the administrator's own, which may be there. Bypassing permissions is off, and rules of users and repositories
 * can no longer allow anything. Source: https://code.claude.com/docs/en/settings.
 */
export const managed: readonly ManagedFile[] = [
  { name: 'agent-posture.json', place: '/etc/claude-code/managed-settings.d/50-agent-posture.json', content },
];

function content(source: ManagedSource): string {
  const permissions = { deny: everywhere(denyRules(source)), disableBypassPermissionsMode: 'disable' };
  const sandbox = sandboxSettings({ ...source, hidden: [], guards: [] });
  return asJson({
    permissions,
    allowManagedPermissionRulesOnly: true,
    ...(source.ownSandbox
      ? {
          sandbox: {
            enabled: sandbox.enabled,
            failIfUnavailable: sandbox.failIfUnavailable,
            allowUnsandboxedCommands: sandbox.allowUnsandboxedCommands,
            filesystem: { denyRead: sandbox.denyRead },
            ...(sandbox.allowedDomains
              ? { network: { allowedDomains: sandbox.allowedDomains, allowManagedDomainsOnly: true } }
              : {}),
          },
        }
      : {}),
  });
}

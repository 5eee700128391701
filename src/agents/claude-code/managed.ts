import { asJson, everywhere, type Managed } from '../managed.ts';
import type { Source } from '../source.ts';
import { denyRules, sandboxSettings } from './settings.ts';

/**
 * A file beside the administrator's own, which may be there; bypassing permissions is off. What it denies holds whatever
 * others allow. `allowManagedPermissionRulesOnly` is not for us to set: with it the denials of users and of every other
 * repository of the machine are passed over as well. Source: https://code.claude.com/docs/en/settings; seen in 2.1.330.
 */
export const managed: Managed = {
  agent: 'claude-code',
  files: [{ name: 'agent-posture.json', place: '/etc/claude-code/managed-settings.d/50-agent-posture.json', content }],
};

function content(source: Source): string {
  const permissions = { deny: everywhere(denyRules(source)), disableBypassPermissionsMode: 'disable' };
  const sandbox = sandboxSettings({ ...source, hidden: [], guards: [] });
  return asJson({
    permissions,
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

import type { Shape, Void } from '../voids.ts';

/**
 * What Claude Code wants some keys of a settings file to be: with anything else in one, it takes nothing of the whole file
 * and says so on stderr. Each was seen in 2.1.330 (test/real/claude-code.test.ts); of other keys it leaves out the key alone.
 */
const SHAPES: Readonly<Record<Shape, string>> = {
  text: `$schema agent apiKeyHelper autoUpdatesChannel awsAuthRefresh defaultShell forceLoginOrgUUID language
    minimumVersion model otelHeadersHelper outputStyle plansDirectory permissions.defaultMode
    permissions.disableBypassPermissionsMode`,
  'yes or no': `alwaysThinkingEnabled autoMemoryEnabled disableAllHooks enableAllProjectMcpServers fastMode
    includeCoAuthoredBy prefersReducedMotion respectGitignore showTurnDuration skipWebFetchPreflight spinnerTipsEnabled
    terminalProgressBarEnabled sandbox.allowUnsandboxedCommands sandbox.autoAllowBashIfSandboxed sandbox.enabled
    sandbox.enableWeakerNestedSandbox sandbox.network.allowLocalBinding`,
  table: `attribution enabledPlugins env fileSuggestion modelOverrides permissions pluginConfigs sandbox sandbox.filesystem
    sandbox.ignoreViolations sandbox.network skillOverrides statusLine worktree`,
  list: `allowedHttpHookUrls availableModels claudeMdExcludes companyAnnouncements httpHookAllowedEnvVars sshConfigs
    permissions.additionalDirectories permissions.allow permissions.ask sandbox.excludedCommands
    sandbox.filesystem.allowWrite sandbox.filesystem.denyRead sandbox.network.allowUnixSockets
    sandbox.network.allowedDomains`,
  'whole number': 'cleanupPeriodDays sandbox.network.httpProxyPort',
};

export const MISSHAPEN: readonly Void[] = (Object.entries(SHAPES) as [Shape, string][]).flatMap(([shape, keys]) =>
  keys.split(/\s+/).map(key => ({ path: key.split('.'), shape, says: 'Claude Code then takes nothing of this file' })),
);

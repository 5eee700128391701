import type { Shape, Void } from '../voids.ts';

/**
 * What Claude Code wants some keys of a settings file to be: with anything else in one, it takes nothing of the whole file
 * and says so on stderr. Each was seen in 2.1.330 (test/real/claude-code.test.ts); of other keys it leaves out the key alone.
 */
const SHAPES: Readonly<Record<Shape, readonly string[]>> = {
  text: ['$schema', 'agent', 'apiKeyHelper', 'awsAuthRefresh', 'language', 'minimumVersion', 'model']
    .concat(['otelHeadersHelper', 'outputStyle', 'plansDirectory'])
    .concat(['permissions.defaultMode', 'permissions.disableBypassPermissionsMode']),
  'yes or no': ['alwaysThinkingEnabled', 'autoMemoryEnabled', 'disableAllHooks', 'enableAllProjectMcpServers']
    .concat(['fastMode', 'includeCoAuthoredBy', 'prefersReducedMotion', 'respectGitignore', 'showTurnDuration'])
    .concat(['skipWebFetchPreflight', 'spinnerTipsEnabled', 'terminalProgressBarEnabled'])
    .concat(['sandbox.autoAllowBashIfSandboxed']),
  table: ['attribution', 'enabledPlugins', 'env', 'fileSuggestion', 'permissions', 'sandbox', 'sandbox.network'].concat(
    ['statusLine', 'worktree'],
  ),
  list: ['availableModels', 'claudeMdExcludes', 'companyAnnouncements', 'permissions.additionalDirectories'].concat([
    'permissions.allow',
    'permissions.ask',
    'sandbox.excludedCommands',
  ]),
  'whole number': ['cleanupPeriodDays'],
};

export const MISSHAPEN: readonly Void[] = (Object.entries(SHAPES) as [Shape, readonly string[]][]).flatMap(
  ([shape, keys]) =>
    keys.map(key => ({ path: key.split('.'), shape, says: 'Claude Code then takes nothing of this file' })),
);

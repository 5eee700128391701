import { hookCommand } from '../hook.ts';
import type { Void } from '../voids.ts';

/**
 * Seconds for which it is waited. One that takes longer lets the call through, and a machine that is kept busy makes any program slow;
 * ours says no by itself long before.
 */
const PATIENCE = 3_600;

/**
 * Hooks of one repository: of what GitHub Copilot CLI reads there, they alone can deny. One that fails or cannot be started
 * denies too. They run once the folder is trusted. Source: https://docs.github.com/en/copilot/reference/hooks-reference; that
 * nothing else of a repository denies: https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference.
 */
export function hooksFile(): object {
  return {
    version: 1,
    hooks: { preToolUse: [{ type: 'command', command: hookCommand('copilot'), cwd: '.', timeoutSec: PATIENCE }] },
  };
}

export const VOIDS: readonly Void[] = [{ path: ['disableAllHooks'], value: true, says: 'none of its hooks runs' }];

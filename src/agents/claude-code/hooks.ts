import type { AgentHook } from '../driver.ts';
import { hooksIn } from '../json-hooks.ts';
import type { SettingsFile } from '../types.ts';

/** The commands that settings name for its hooks; waited for in seconds. Source: https://code.claude.com/docs/en/hooks. */
export const hooks = (settings: readonly SettingsFile[]): AgentHook[] => hooksIn(settings, () => 1);

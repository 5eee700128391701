import type { Output } from '../types.ts';
import { claudeSettings } from './claude-settings.ts';
import { codexConfig } from './codex-config.ts';
import { gitignore } from './gitignore.ts';
import { hookCalls, hooks } from './hooks.ts';

/** Every output. Adding one is a file and a line here. */
export const outputs: readonly Output[] = [claudeSettings, codexConfig, gitignore, hooks, hookCalls];

import { parse } from 'smol-toml';
import { hooks as jsonHooks } from '../claude-code/hooks.ts';
import type { AgentHook } from '../driver.ts';
import type { SettingsFile } from '../types.ts';

/** Hooks are written as Claude Code's are, in `hooks.json` or as tables of the configuration: https://developers.openai.com/codex/hooks. */
export const hooks = (settings: readonly SettingsFile[]): AgentHook[] =>
  jsonHooks(settings.map(file => (file.path.endsWith('.toml') ? { ...file, text: asJson(file.text) } : file)));

function asJson(text: string): string {
  try {
    return JSON.stringify({ hooks: parse(text).hooks });
  } catch {
    return '{}';
  }
}

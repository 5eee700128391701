import { parse } from 'smol-toml';
import type { AgentHook } from '../driver.ts';
import { hooksIn } from '../json-hooks.ts';
import type { SettingsFile } from '../types.ts';

/**
 * Hooks are written as Claude Code's are, in `hooks.json` or as tables of the configuration: https://developers.openai.com/codex/hooks.
 * What a person has trusted is the very words of one: another command in its place, or another time, is not run.
 */
export const hooks = (settings: readonly SettingsFile[]): AgentHook[] =>
  hooksIn(
    settings.map(file => (file.path.endsWith('.toml') ? { ...file, text: asJson(file.text) } : file)),
    () => 1,
  ).map(({ at: _at, waits: _waits, ...hook }) => hook);

function asJson(text: string): string {
  try {
    return JSON.stringify({ hooks: parse(text).hooks });
  } catch {
    return '{}';
  }
}

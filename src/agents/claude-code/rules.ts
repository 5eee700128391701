import { denyRules } from '../deny-rules.ts';
import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';

/** What `permissions.deny` of its settings refuses. */
export function rules(settings: readonly SettingsFile[]): AgentRule[] {
  return settings.flatMap(({ path, text }) => denyRules(path, jsonValue(text, 'permissions', 'deny')));
}

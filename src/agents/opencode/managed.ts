import { asJson, type Managed } from '../managed.ts';
import type { Source } from '../source.ts';
import { denied } from './settings.ts';

/**
 * Its settings of the machine come last and win: https://opencode.ai/docs/config/. Keys of the same name are merged, by which
 * a person's `"read": "deny"` would give way to our patterns, and would ours to a `"*": "allow"` that stands behind them. The
 * name of a permission is a pattern too, so that another spelling of it stands by itself, and last: seen in 1.18.33.
 */
export const managed: Managed = {
  agent: 'opencode',
  files: [{ name: 'opencode.json', place: '/etc/opencode/opencode.json', content }],
};

function content(source: Source): string {
  const rules = Object.entries(denied(source)).map(([tool, patterns]) => [
    tool.replace(/.$/, '?'),
    Object.fromEntries(patterns.map(pattern => [pattern, 'deny'])),
  ]);
  return asJson({ $schema: 'https://opencode.ai/config.json', permission: Object.fromEntries(rules) });
}

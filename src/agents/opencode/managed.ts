import { asJson, type ManagedFile, type ManagedSource } from '../managed.ts';
import { denied } from './settings.ts';

/** Its settings of the machine come last and win: https://opencode.ai/docs/config/. */
export const managed: readonly ManagedFile[] = [
  { name: 'opencode.json', place: '/etc/opencode/opencode.json', content },
];

function content(source: ManagedSource): string {
  const rules = Object.entries(denied(source)).map(([tool, patterns]) => [
    tool,
    Object.fromEntries(patterns.map(pattern => [pattern, 'deny'])),
  ]);
  return asJson({ $schema: 'https://opencode.ai/config.json', permission: Object.fromEntries(rules) });
}

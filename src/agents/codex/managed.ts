import { stringify } from 'smol-toml';
import type { Managed } from '../managed.ts';
import type { Source } from '../source.ts';
import { filesystemRules } from './settings.ts';

/**
 * Requirements that no configuration loosens: what nothing in the home may read, and no run without its sandbox. Patterns
 * for every repository of a machine are not among them: Codex does not start over one that begins at the root.
 * Source: https://developers.openai.com/codex/enterprise/managed-configuration, and
 * https://github.com/openai/codex/blob/main/codex-rs/config/src/config_requirements.rs.
 */
export const managed: Managed = {
  agent: 'codex',
  files: [{ name: 'requirements.toml', place: '/etc/codex/requirements.toml', content }],
};

/** Codex does not start over variables and braces; and what leads out of the home is nothing of it. */
function isPath(path: string): boolean {
  return !/[${}\\]/.test(path) && !path.split('/').includes('..');
}

function content({ hiddenInHome }: Source): string {
  const { home } = filesystemRules({ hidden: [], hiddenInHome, guards: [] });
  return `${stringify({
    allowed_sandbox_modes: ['read-only', 'workspace-write'],
    permissions: { filesystem: { deny_read: Object.keys(home).filter(isPath) } },
  }).trimEnd()}\n`;
}

import { parse } from 'smol-toml';
import type { AgentDefinition, SettingsFile } from '../types.ts';
import { login } from './login.ts';

export const codex: AgentDefinition = {
  id: 'codex',
  title: 'Codex',
  guardFiles: ['.codex/', '.codex/config.toml', '.codex/hooks.json'],
  userFiles: ['~/.codex/config.toml', '~/.codex/hooks.json'],
  marks: ['CODEX_SANDBOX', 'CODEX_THREAD_ID', 'CODEX_CI'].map(variable => ({
    variable,
    source: 'https://github.com/openai/codex/tree/main/codex-rs/core/src',
  })),
  // https://developers.openai.com/codex/security
  hosts: ['api.openai.com', 'auth.openai.com', 'chatgpt.com'],
  login,
  writes: ['.codex/'],
  goesUp: true,
  hasSandbox: true,
  traces: {
    programs: ['codex'],
    packages: ['@openai/codex'],
    folder: { variable: 'CODEX_HOME', usually: '~/.codex' },
    // What is managed wins: https://developers.openai.com/codex/enterprise/managed-configuration
    settings: [
      '/etc/codex/config.toml',
      '~/.codex/config.toml',
      '.codex/config.toml',
      '/etc/codex/managed_config.toml',
      '/etc/codex/requirements.toml',
    ],
    others: ['.codex', '~/.codex'],
    ownSandbox: sandboxMode,
  },
};

/**
 * On unless the settings say `danger-full-access`: that is the default of Codex
 * (https://developers.openai.com/codex/agent-approvals-security). Undefined where a file is not TOML.
 */
function sandboxMode(files: readonly SettingsFile[]): boolean | undefined {
  let mode: unknown;
  for (const { text } of files)
    try {
      const settings = parse(text);
      mode = settings.default_permissions ?? settings.sandbox_mode ?? mode;
    } catch {
      return undefined;
    }
  return mode === undefined || (typeof mode === 'string' && !mode.endsWith('danger-full-access'));
}

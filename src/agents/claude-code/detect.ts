import type { AgentDefinition } from '../types.ts';
import { lastJsonValue } from '../values.ts';
import { login } from './login.ts';
import { refusedReads } from './refused.ts';
import { SETTINGS } from './voids.ts';

export const claudeCode: AgentDefinition = {
  id: 'claude-code',
  title: 'Claude Code',
  guardFiles: ['.claude/', '.claude/settings.json', '.claude/settings.local.json', '.mcp.json'],
  userFiles: ['~/.claude/settings.json', '~/.claude.json'],
  marks: [{ variable: 'CLAUDECODE', value: '1', source: 'https://code.claude.com/docs/en/env-vars' }],
  // https://code.claude.com/docs/en/network-config
  hosts: ['api.anthropic.com', 'claude.ai', 'platform.claude.com'],
  login,
  writes: ['.claude/'],
  // It says so on stderr, and goes on without the file.
  stumbles: ['a comment', 'a trailing comma'],
  goesUp: false,
  overruling: SETTINGS,
  // https://code.claude.com/docs/en/memory
  instructions: { path: 'CLAUDE.md', takesIn: page => `@${page}` },
  hasSandbox: true,
  traces: {
    programs: ['claude', '~/.local/bin/claude', '~/.claude/local/claude'],
    packages: ['@anthropic-ai/claude-code'],
    folder: { variable: 'CLAUDE_CONFIG_DIR', usually: '~/.claude' },
    // Managed settings win over all others: https://code.claude.com/docs/en/settings
    settings: [
      '~/.claude/settings.json',
      '.claude/settings.json',
      '.claude/settings.local.json',
      '/etc/claude-code/managed-settings.json',
      '/Library/Application Support/ClaudeCode/managed-settings.json',
    ],
    others: ['.claude', 'CLAUDE.md', '~/.claude'],
    ownSandbox: files => lastJsonValue(files, 'sandbox', 'enabled') === true,
    refused: refusedReads,
  },
};

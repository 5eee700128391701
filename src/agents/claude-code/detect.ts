import { parse } from 'jsonc-parser';
import { detectAgent } from '../detect.ts';
import type { AgentDefinition } from '../types.ts';

export const claudeCode: AgentDefinition = {
  id: 'claude-code',
  title: 'Claude Code',
  guardFiles: ['.claude/', '.mcp.json', 'CLAUDE.md'],
  userFiles: ['~/.claude/settings.json', '~/.claude.json'],
  marks: [{ variable: 'CLAUDECODE', value: '1', source: 'https://code.claude.com/docs/en/env-vars' }],
  detect: context =>
    detectAgent(
      {
        id: 'claude-code',
        title: 'Claude Code',
        programs: ['claude'],
        packages: ['@anthropic-ai/claude-code'],
        settings: ['~/.claude/settings.json', '.claude/settings.json', '.claude/settings.local.json'],
        traces: ['~/.claude', '.claude', 'CLAUDE.md'],
        ownSandbox: files => {
          let on = false;
          for (const { text } of files) {
            const value: unknown = (parse(text) as { sandbox?: { enabled?: unknown } } | undefined)?.sandbox?.enabled;
            if (typeof value === 'boolean') on = value;
          }
          return on;
        },
      },
      context,
    ),
};

import type { AgentDefinition } from '../types.ts';
import { jsonValue } from '../values.ts';

export const cursor: AgentDefinition = {
  id: 'cursor',
  title: 'Cursor',
  guardFiles: [
    '.cursor/',
    '.cursor/mcp.json',
    '.cursor/hooks.json',
    '.cursor/cli.json',
    '.cursor/sandbox.json',
    '.cursorignore',
    '.vscode/settings.json',
    '.vscode/tasks.json',
  ],
  userFiles: ['~/.cursor/mcp.json', '~/.cursor/hooks.json', '~/.cursor/cli-config.json', '~/.cursor/sandbox.json'],
  marks: [{ variable: 'CURSOR_AGENT', source: 'https://cursor.com/docs/agent/terminal' }],
  writes: ['.cursor/'],
  ignoreFile: '.cursorignore',
  asksHook: true,
  hasSandbox: true,
  traces: {
    programs: ['cursor-agent', '~/.local/bin/cursor-agent', 'cursor'],
    packages: [],
    debian: 'cursor',
    settings: ['~/.cursor/cli-config.json', '~/.cursor/sandbox.json', '.cursor/cli.json', '.cursor/sandbox.json'],
    others: ['.cursor', '.cursorrules', '~/.cursor'],
    // Only the switch that turns it off is in a file: https://cursor.com/docs/reference/sandbox
    ownSandbox: files =>
      files.some(({ path, text }) => path.endsWith('sandbox.json') && jsonValue(text, 'type') === 'insecure_none')
        ? false
        : undefined,
  },
};

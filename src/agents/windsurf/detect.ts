import type { AgentDefinition } from '../types.ts';

export const windsurf: AgentDefinition = {
  id: 'windsurf',
  title: 'Windsurf',
  guardFiles: ['.windsurf/', '.windsurf/hooks.json', '.codeiumignore', '.vscode/settings.json', '.vscode/tasks.json'],
  userFiles: ['~/.codeium/windsurf/mcp_config.json', '~/.codeium/windsurf/hooks.json'],
  marks: [],
  writes: ['.windsurf/'],
  ignoreFile: '.codeiumignore',
  asksHook: true,
  traces: {
    programs: ['windsurf'],
    packages: [],
    debian: 'windsurf',
    settings: ['~/.codeium/windsurf/mcp_config.json', '.windsurf/hooks.json'],
    others: ['.windsurf', '.codeiumignore', '.windsurfrules', '~/.codeium/windsurf'],
  },
};

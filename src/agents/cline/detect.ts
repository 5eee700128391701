import type { AgentDefinition } from '../types.ts';

export const cline: AgentDefinition = {
  id: 'cline',
  title: 'Cline',
  guardFiles: ['.clinerules/', '.clineignore', '.vscode/settings.json', '.vscode/tasks.json', '.vscode/mcp.json'],
  userFiles: ['~/.cline/data/globalState.json', '~/.cline/data/settings/cline_mcp_settings.json'],
  marks: [{ variable: 'CLINE_ACTIVE', value: 'true', source: 'https://docs.cline.bot/' }],
  writes: ['.clinerules/'],
  goesUp: true,
  ignoreFile: '.clineignore',
  asksHook: true,
  traces: {
    programs: ['cline'],
    packages: ['cline'],
    settings: ['~/.cline/data/globalState.json'],
    others: ['.clinerules', '.clineignore', '~/.cline'],
  },
};

import type { AgentDefinition } from '../types.ts';
import { SETTINGS } from './files.ts';

export const copilot: AgentDefinition = {
  id: 'copilot',
  title: 'GitHub Copilot CLI',
  guardFiles: [
    '.github/copilot/',
    '.github/hooks/',
    '.github/copilot/settings.json',
    '.vscode/settings.json',
    '.vscode/tasks.json',
    '.vscode/mcp.json',
  ],
  userFiles: ['~/.copilot/config.json', '~/.copilot/mcp-config.json', '~/.copilot/settings.json'],
  marks: [
    { variable: 'COPILOT_CLI', source: 'https://docs.github.com/en/copilot/how-tos/copilot-cli' },
    { variable: 'COPILOT_AGENT', source: 'https://docs.github.com/en/copilot/how-tos/copilot-cli' },
  ],
  // https://docs.github.com/en/copilot/reference/allowlist-reference
  hosts: ['api.github.com', 'api.githubcopilot.com', '*.githubcopilot.com'],
  writes: ['.github/hooks/'],
  goesUp: true,
  overruling: SETTINGS,
  asksHook: true,
  hasSandbox: true,
  traces: {
    programs: ['copilot'],
    // AWS Copilot's program has the same name.
    ambiguous: true,
    packages: ['@github/copilot'],
    folder: { variable: 'COPILOT_HOME', usually: '~/.copilot' },
    settings: [
      '~/.copilot/config.json',
      '~/.copilot/settings.json',
      '.github/copilot/settings.json',
      '.github/copilot/settings.local.json',
    ],
    others: ['.github/copilot-instructions.md', '.github/copilot', '~/.copilot'],
  },
};

import type { AgentDefinition } from '../types.ts';

export const cline: AgentDefinition = {
  id: 'cline',
  title: 'Cline',
  // What it is built on loads the programs that bunfig.toml names before it has begun: seen in 3.0.65; https://bun.com/docs/runtime/bunfig.
  guardFiles: [
    '.clinerules/',
    '.clineignore',
    'bunfig.toml',
    '.vscode/settings.json',
    '.vscode/tasks.json',
    '.vscode/mcp.json',
  ],
  filesInBox: ['bunfig.toml'],
  userFiles: ['~/.cline/data/globalState.json', '~/.cline/data/settings/cline_mcp_settings.json'],
  marks: [{ variable: 'CLINE_ACTIVE', value: 'true', source: 'https://docs.cline.bot/' }],
  writes: ['.clinerules/'],
  goesUp: true,
  ignoreFile: '.clineignore',
  asksHook: true,
  traces: {
    programs: ['cline'],
    packages: [
      'cline',
      // Its bin leads to the one of the platform: https://github.com/cline/cline/blob/main/apps/cli/DISTRIBUTION.md.
      ...['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'windows-x64', 'windows-arm64'].map(
        platform => `@cline/cli-${platform}`,
      ),
    ],
    settings: ['~/.cline/data/globalState.json'],
    others: ['.clinerules', '.clineignore', '~/.cline'],
  },
};

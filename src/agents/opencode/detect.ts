import type { AgentDefinition } from '../types.ts';
import { SETTINGS } from './files.ts';

export const opencode: AgentDefinition = {
  id: 'opencode',
  title: 'opencode',
  guardFiles: ['.opencode/', ...SETTINGS.filter(path => !path.startsWith('.opencode/'))],
  userFiles: ['~/.config/opencode/opencode.json', '~/.config/opencode/opencode.jsonc'],
  marks: [{ variable: 'OPENCODE', value: '1', source: 'https://github.com/anomalyco/opencode' }],
  writes: [SETTINGS[0]],
  // Into its folder it writes what git is to ignore there, before anything else.
  filesInBox: [...SETTINGS.filter(path => !path.startsWith('.opencode/')), '.opencode/.gitignore'],
  goesUp: true,
  overruling: SETTINGS,
  traces: {
    programs: ['opencode', '~/.opencode/bin/opencode'],
    packages: [
      'opencode-ai',
      'opencode-linux-x64',
      'opencode-linux-arm64',
      'opencode-darwin-x64',
      'opencode-darwin-arm64',
    ],
    settings: ['~/.config/opencode/opencode.json', '~/.config/opencode/opencode.jsonc', ...SETTINGS],
    others: ['.opencode', '~/.config/opencode', '~/.local/share/opencode'],
    // Its SECURITY.md says that it has no sandbox.
    ownSandbox: () => false,
  },
};

import type { AgentDefinition } from '../types.ts';

export const aider: AgentDefinition = {
  id: 'aider',
  title: 'Aider',
  guardFiles: ['.aider.conf.yml', '.aiderignore'],
  userFiles: ['~/.aider.conf.yml'],
  marks: [],
  writes: ['.aiderignore', '.aider.conf.yml'],
  goesUp: true,
  traces: {
    programs: ['aider', '~/.local/bin/aider'],
    packages: [],
    python: 'aider-chat',
    settings: ['~/.aider.conf.yml', '.aider.conf.yml'],
    others: ['.aider.chat.history.md', '.aiderignore', '~/.aider'],
    ownSandbox: () => false,
  },
};

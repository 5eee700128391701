import type { AgentDefinition } from '../types.ts';

export const amp: AgentDefinition = {
  id: 'amp',
  title: 'Amp',
  guardFiles: ['.amp/', '.amp/settings.json'],
  userFiles: ['~/.config/amp/settings.json'],
  marks: [{ variable: 'AGENT', value: 'amp', source: 'https://github.com/agentsmd/agents.md/issues/136' }],
  traces: {
    programs: ['amp'],
    ambiguous: true,
    packages: ['@sourcegraph/amp', '@ampcode/cli'],
    settings: ['~/.config/amp/settings.json', '.amp/settings.json'],
    others: ['.amp', '~/.config/amp', '~/.local/share/amp'],
  },
};

import type { AgentDefinition } from '../types.ts';

const SOURCE = 'https://block.github.io/goose/docs/guides/environment-variables';

export const goose: AgentDefinition = {
  id: 'goose',
  title: 'Goose',
  guardFiles: ['.gooseignore'],
  userFiles: ['~/.config/goose/config.yaml', '~/.config/goose/permission.yaml'],
  marks: [
    { variable: 'GOOSE_TERMINAL', value: '1', source: SOURCE },
    { variable: 'AGENT', value: 'goose', source: SOURCE },
  ],
  traces: {
    programs: ['goose', '~/.local/bin/goose'],
    // A tool for database migrations has the same name.
    ambiguous: true,
    packages: [],
    settings: ['~/.config/goose/config.yaml'],
    others: ['.goosehints', '.gooseignore', '~/.config/goose'],
  },
};

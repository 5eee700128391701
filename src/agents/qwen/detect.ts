import type { AgentDefinition } from '../types.ts';
import { lastJsonValue } from '../values.ts';

export const qwen: AgentDefinition = {
  id: 'qwen',
  title: 'Qwen Code',
  guardFiles: ['.qwen/', '.qwen/settings.json', '.qwenignore'],
  userFiles: ['~/.qwen/settings.json'],
  marks: [
    {
      variable: 'QWEN_CODE',
      value: '1',
      source: 'https://qwenlm.github.io/qwen-code-docs/en/users/features/commands/',
    },
  ],
  writes: ['.qwen/'],
  ignoreFile: '.qwenignore',
  // It goes on without the file, and says nothing.
  stumbles: ['a trailing comma'],
  goesUp: false,
  hasSandbox: true,
  traces: {
    programs: ['qwen'],
    packages: ['@qwen-code/qwen-code'],
    settings: ['~/.qwen/settings.json', '.qwen/settings.json', '/etc/qwen-code/settings.json'],
    others: ['.qwen', '.qwenignore', 'QWEN.md', '~/.qwen'],
    ownSandbox: files => {
      const value = lastJsonValue(files, 'tools', 'sandbox') ?? lastJsonValue(files, 'sandbox');
      return value !== undefined && value !== false && value !== '';
    },
  },
};

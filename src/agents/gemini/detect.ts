import type { AgentDefinition } from '../types.ts';
import { lastJsonValue } from '../values.ts';

export const gemini: AgentDefinition = {
  id: 'gemini',
  title: 'Gemini CLI',
  guardFiles: ['.gemini/', '.gemini/settings.json', '.gemini/.env', '.geminiignore'],
  userFiles: ['~/.gemini/settings.json', '~/.gemini/trustedFolders.json'],
  marks: [{ variable: 'GEMINI_CLI', value: '1', source: 'https://geminicli.com/docs/tools/shell/' }],
  // The addresses in https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/code_assist and in the libraries it uses.
  hosts: ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com', 'oauth2.googleapis.com'],
  writes: ['.gemini/'],
  ignoreFile: '.geminiignore',
  // It does not start then.
  stumbles: ['a byte order mark', 'a trailing comma'],
  goesUp: false,
  // https://geminicli.com/docs/reference/memport
  instructions: { path: 'GEMINI.md', takesIn: page => `@./${page}` },
  hasSandbox: true,
  traces: {
    programs: ['gemini'],
    packages: ['@google/gemini-cli'],
    // System settings win over all others, system defaults over none: https://geminicli.com/docs/reference/configuration/
    settings: [
      '/etc/gemini-cli/system-defaults.json',
      '/Library/Application Support/GeminiCli/system-defaults.json',
      '~/.gemini/settings.json',
      '.gemini/settings.json',
      '/etc/gemini-cli/settings.json',
      '/Library/Application Support/GeminiCli/settings.json',
    ],
    others: ['.gemini', '.geminiignore', 'GEMINI.md', '~/.gemini'],
    ownSandbox: (files, env) => {
      const value = env.GEMINI_SANDBOX ?? lastJsonValue(files, 'tools', 'sandbox') ?? lastJsonValue(files, 'sandbox');
      return value !== undefined && value !== false && value !== 'false' && value !== '';
    },
  },
};

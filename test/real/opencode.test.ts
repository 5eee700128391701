import { expect } from 'vitest';
import { part } from '../support/parts.ts';
import { describeRules } from './rules.ts';

const COMPLAINT = /Config(uration)? .*(invalid|not valid)|invalid|Unrecognized/i;

const scripted = {
  npm: '@ai-sdk/openai-compatible',
  options: { baseURL: 'http://127.0.0.1:@PORT@/v1', apiKey: 'dummy' },
  models: { scripted: { tool_call: true } },
};

describeRules({
  agent: 'opencode',
  name: 'the real opencode and the settings we generate',
  needs: ['opencode', 'bubblewrap'],
  order: () => ({
    protocol: 'chat',
    command: [part('opencode'), 'run', '-m', 'scripted/scripted', 'go'],
    env: {
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider: { scripted } }),
    },
  }),
  tools: inFull => ({
    shell: command => ({ name: 'bash', input: { command, description: 'x' } }),
    read: path => ({ name: 'read', input: { filePath: inFull(path) } }),
    write: path => ({ name: 'write', input: { filePath: inFull(path), content: 'x' } }),
  }),
  complaint: COMPLAINT,
  denied: /a rule which prevents you|Permission denied|rejected permission/,
  shows: expect.stringContaining('works'),
  broken: {
    path: 'opencode.json',
    text: whole => whole.slice(0, -3),
    // It does not start.
    shows({ code, stdout, stderr, turns }) {
      expect({ code, turns }).toEqual({ code: 1, turns: 0 });
      expect(`${stdout}${stderr}`).toMatch(COMPLAINT);
    },
  },
  held: ({ shell, write }) => [write('opencode.json'), write('.opencode/plugin/x.ts'), shell('tee secrets/a.txt')],
  // Nothing escapes a star there, so that one in a name is any character.
  odd: { alike: ['axb'] },
  unheld: { path: 'opencode.json', says: 'Wrote file' },
});

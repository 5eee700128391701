import { expect } from 'vitest';
import { describeRules } from './rules.ts';
import { startOpencode } from './starts.ts';

const COMPLAINT = /Config(uration)? .*(invalid|not valid)|invalid|Unrecognized/i;

describeRules({
  agent: 'opencode',
  name: 'the real opencode and the settings we generate',
  needs: ['opencode', 'bubblewrap'],
  order: startOpencode,
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

import { expect } from 'vitest';
import { describeRules } from './rules.ts';
import { startQwen } from './starts.ts';

const DENIED = /denied by permission rules|ignored by \.qwenignore/;

describeRules({
  agent: 'qwen',
  name: 'the real Qwen Code and the settings we generate',
  needs: ['qwen', 'node-22', 'bubblewrap'],
  order: startQwen,
  tools: inFull => ({
    shell: command => ({ name: 'run_shell_command', input: { command } }),
    read: path => ({ name: 'read_file', input: { file_path: inFull(path) } }),
    write: path => ({ name: 'write_file', input: { file_path: inFull(path), content: 'x' } }),
  }),
  complaint: /malformed|invalid|Error in|could not/i,
  denied: DENIED,
  broken: {
    path: '.qwen/settings.json',
    text: whole => whole.slice(0, -3),
    // Qwen Code says nothing of it, so that only what it does can tell.
    shows: ({ results }) => expect(results).toEqual([expect.not.stringMatching(DENIED)]),
  },
  held: ({ shell, write }) => [
    write('.qwen/settings.json'),
    write('.qwen/hooks/x'),
    write('.qwenignore'),
    shell('echo x > .qwen/settings.json'),
  ],
  odd: { holdToo: ['.qwenignore'] },
  unheld: { path: '.qwen/settings.json', says: '.qwen/settings.json' },
});

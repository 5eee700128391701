import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { program, world } from '../support/program.ts';

test('bash completes commands and the flags of each', async () => {
  const { stdout } = await program(world(), ['completion', 'bash']);
  const complete = (...words: string[]) =>
    spawnSync(
      'bash',
      [
        '-c',
        `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _agent_posture; echo "\${COMPREPLY[*]}"`,
        'bash',
        ...words,
      ],
      { encoding: 'utf8' },
    ).stdout.trim();
  expect(complete('agent-posture', 'te')).toBe('test');
  expect(complete('agent-posture', 'generate', '--ch')).toBe('--check');
  expect(complete('agent-posture', 'test', '--ch')).toBe('');
  expect(complete('agent-posture', 'test', '--strict', '--sha')).toBe('--share');
  expect(complete('agent-posture', 'test', '--format', '')).toBe('text json markdown sarif junit html');
  expect(complete('agent-posture', 'test', '--format', '=', 'sa')).toBe('sarif');
  expect(complete('agent-posture', 'status', '--format', '')).toBe('text json');
  expect(complete('agent-posture', 'test', '--fail-on', 'n')).toBe('new');
  expect(complete('agent-posture', 'test', '--format', 'html', '--dee')).toBe('--deep');
});

test.each(['zsh', 'fish'])('%s gets a script that names every command', async shell => {
  const { stdout, code } = await program(world(), ['completion', shell]);
  expect(code).toBe(0);
  for (const name of ['init', 'generate', 'undo', 'save-baseline', 'sarif']) expect(stdout).toContain(name);
});

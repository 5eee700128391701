import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program, world } from '../support/program.ts';

const POSTURE = 'version: 1\nproject: shop\nagents: [claude-code]\n';

test.each([
  ['AGENT_POSTURE_STATE', (file: string) => ({ AGENT_POSTURE_STATE: file })],
  ['AGENT_POSTURE_STATE', (file: string) => ({ AGENT_POSTURE_STATE: join(file, 'below') })],
  [undefined, (file: string) => ({ AGENT_POSTURE_STATE: '', XDG_STATE_HOME: file })],
])(
  '%s: a file where the state folder is to be is said, whatever the command',
  async (named, environment) => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    const file = join(given.home, 'file');
    writeFileSync(file, '');
    const env = environment(file);
    for (const command of ['status', 'test', 'generate', 'undo --yes', 'doctor']) {
      const { code, stderr } = await program(given, command.split(' '), { env });
      expect(stderr, command).not.toContain('fault');
      if (named === undefined || command === 'doctor') continue;
      expect({ code, stderr }, command).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/STATE is not a folder/),
      });
    }
    const { stdout } = await program(given, ['doctor'], { env });
    expect(stdout.replace(/\s+/g, ' ')).toContain('set AGENT_POSTURE_STATE to a folder outside');
  },
  60_000,
);

import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BIN, world } from '../support/program.ts';

test.skipIf(!existsSync('/dev/full')).each(['--help', 'status', 'doctor', 'generate --dry-run', 'generate'])(
  '%s, where stdout takes nothing: exit 2, and one line that says why',
  command => {
    const given = world({ 'agent-posture.yaml': 'version: 1\nproject: shop\n' });
    const { status, stderr } = spawnSync(process.execPath, [BIN, ...command.split(' ')], {
      cwd: given.root,
      env: given.env,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^agent-posture: the result could not be written to stdout \(the disk is full\)\n$/);
  },
  30_000,
);

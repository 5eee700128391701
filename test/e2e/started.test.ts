import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/program.ts';
import { BIN, world } from '../support/program.ts';

const BARE = new RegExp(`(?<!npx )agent-posture (?:${COMMANDS.map(({ name }) => name).join('|')})\\b.*`, 'g');

test('started by the link in node_modules/.bin, every command that it names is one that can be typed', () => {
  const given = world({
    '.claude/settings.json': '{}\n',
    'apps/web/package.json': '{"name":"web"}\n',
    '.gitignore': 'node_modules\n',
  });
  const link = join(given.root, 'node_modules/.bin/agent-posture');
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(BIN, link);
  const said = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, [link, ...args], {
      cwd: given.root,
      env: { ...given.env, COLUMNS: '200' },
      encoding: 'utf8',
    });
    return `${stdout}\n${stderr}`;
  };
  const all: Record<string, string> = {};
  all.look = said('status');
  all.init = said('init', '--yes', '--no-test', '--answer', 'box=none');
  const settings = join(given.root, '.claude/settings.json');
  writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll('Read(', 'Write('));
  for (const command of ['status', 'generate --check', 'doctor', 'explain GRD-1', 'undo'])
    all[command] = said(...command.split(' '));
  expect(all['generate --check']).toContain('npx agent-posture generate --restore');
  expect(all.status).toContain('npx agent-posture test');
  expect(
    Object.entries(all).flatMap(([name, text]) => (text.match(BARE) ?? []).map(bare => `${name}: ${bare}`)),
  ).toEqual([]);
});

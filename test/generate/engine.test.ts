import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { undo } from '../../src/generate/journal.ts';
import type { Change } from '../../src/generate/types.ts';
import { output } from './support/outputs.ts';
import { scene, snapshot } from './support/scene.ts';

const states = (changes: readonly Change[]) => Object.fromEntries(changes.map(({ path, state }) => [path, state]));

const settings = output(
  'settings',
  [
    {
      mode: 'keys',
      path: '.claude/settings.json',
      format: 'json',
      claims: [
        { path: ['permissions', 'deny'], elements: ['Read(./.env)', 'Bash(sudo:*)'], guard: true },
        { path: ['sandbox', 'enabled'], value: true, guard: true },
        { path: ['$schema'], value: 'https://example.com/schema.json' },
      ],
    },
  ],
  { guard: true },
);
const ignore = output('ignore', [{ mode: 'block', path: '.gitignore', comment: '#', lines: ['.env', '.env.*'] }]);
const hook = output(
  'hook',
  [{ mode: 'owned', path: '.githooks/pre-commit', content: '#!/bin/sh\nset -e\nscan --staged\n', executable: true }],
  { guard: true },
);
const readable = output('readable', [
  { mode: 'owned', path: 'docs/posture.md', content: '# Posture\n\none\ntwo\nthree\n' },
]);
const all = [settings, ignore, hook, readable];

test('a first run makes every file, a second changes nothing, and undo takes all of it back', async () => {
  const s = scene();
  writeFileSync(join(s.root, '.gitignore'), 'node_modules\r\ndist', { mode: 0o600 });
  mkdirSync(join(s.root, '.claude'));
  writeFileSync(
    join(s.root, '.claude/settings.json'),
    '{\n\t// mine\n\t"permissions": { "deny": ["WebFetch",] },\n}\n',
  );
  const before = snapshot(s.root);
  const extra = [{ output: 'posture', path: 'agent-posture.yaml', content: 'version: 1\n', reason: 'new' }];
  const first = await s.generate(all, { extra, command: 'init' });
  expect(states(first.changes)).toEqual({
    'agent-posture.yaml': 'create',
    '.claude/settings.json': 'update',
    '.gitignore': 'update',
    '.githooks/pre-commit': 'create',
    'docs/posture.md': 'create',
  });
  expect(readFileSync(join(s.root, '.gitignore'), 'utf8')).toBe(
    'node_modules\r\ndist\r\n# BEGIN agent-posture ignore\r\n.env\r\n.env.*\r\n# END agent-posture ignore\r\n',
  );
  expect(readFileSync(join(s.root, '.claude/settings.json'), 'utf8')).toBe(
    '{\n\t// mine\n\t"permissions": { "deny": ["WebFetch", "Read(./.env)", "Bash(sudo:*)",] },\n\t"sandbox": {\n\t\t"enabled": true\n\t},\n\t"$schema": "https://example.com/schema.json",\n}\n',
  );
  expect(statSync(join(s.root, '.githooks/pre-commit')).mode & 0o777).toBe(0o755);
  const made = snapshot(s.root);
  const second = await s.generate(all);
  expect(new Set(second.changes.map(({ state }) => state))).toEqual(new Set(['unchanged']));
  expect(second.journal).toBeUndefined();
  expect(snapshot(s.root)).toEqual(made);
  const undone = await undo(s.root, { stateFolder: s.stateFolder });
  expect(undone).toMatchObject({ command: 'init', kept: [] });
  expect(snapshot(s.root)).toEqual(before);
});

test('a missing output is written again', async () => {
  const s = scene();
  await s.generate(all);
  rmSync(join(s.root, 'docs'), { recursive: true });
  const again = await s.generate(all);
  expect(states(again.changes)['docs/posture.md']).toBe('create');
  expect(existsSync(join(s.root, 'docs/posture.md'))).toBe(true);
});

test('a guard without its executable bit is reported, and put back when asked', async () => {
  const s = scene();
  await s.generate(all);
  chmodSync(join(s.root, '.githooks/pre-commit'), 0o644);
  const again = await s.generate(all);
  expect(states(again.changes)['.githooks/pre-commit']).toBe('loosened');
  expect(statSync(join(s.root, '.githooks/pre-commit')).mode & 0o777).toBe(0o644);
  await s.generate(all, { restore: true });
  expect(statSync(join(s.root, '.githooks/pre-commit')).mode & 0o777).toBe(0o755);
});

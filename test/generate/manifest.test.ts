import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { isOwnPath, pack, readManifest, unpack } from '../../src/generate/manifest.ts';
import { MANIFEST_PATH } from '../../src/generate/paths.ts';
import { output } from './support/outputs.ts';
import { type Scene, scene, snapshot } from './support/scene.ts';

const entry = (path: string, content: string) => ({
  output: 'doc',
  template: 1,
  path,
  mode: 'owned',
  sha256: sha256(content),
  baseline: pack(content),
});
const lay = (s: Scene, files: unknown) => {
  mkdirSync(join(s.root, '.agent-posture'), { recursive: true });
  const text = typeof files === 'string' ? files : JSON.stringify({ version: 1, files });
  writeFileSync(join(s.root, MANIFEST_PATH), text);
};

test.each([
  ['leaves the root', [entry('../outside', 'x')]],
  ['is absolute', [entry('/etc/passwd', 'x')]],
  ['is a Windows path', [entry('C:/x', 'x')]],
  ['has backslashes', [entry('..\\x', 'x')]],
  ['is in .git', [entry('.git/config', 'x')]],
  ['is in .git in other letters', [entry('a/.GIT/hooks/x', 'x')]],
  ['has a control character', [entry('a\u0000b', 'x')]],
  ['is the manifest', [entry(MANIFEST_PATH, 'x')]],
  ['has a bomb', [{ ...entry('a', 'x'), baseline: gzipSync(Buffer.alloc(60_000_000)).toString('base64') }]],
  ['has no gzip', [{ ...entry('a', 'x'), baseline: 'AAAA' }]],
  ['has wrong types', [{ ...entry('a', 'x'), template: 'one' }]],
  ['has unknown keys', [{ ...entry('a', 'x'), run: 'me' }]],
  ['has an unknown mode', [{ ...entry('a', 'x'), mode: 'all' }]],
  ['has one thing twice', [entry('a', 'x'), entry('a', 'y')]],
  ['is no JSON', '{"version":1,'],
  ['has another version', '{"version":2,"files":[]}'],
  ['is a list', '[]'],
  ['has marks of a merge', '{\n<<<<<<< HEAD\n"version":1\n=======\n>>>>>>> x\n}'],
])('a manifest that %s stops everything', async (_name, files) => {
  const s = scene();
  writeFileSync(join(s.root, '..', 'outside'), 'x');
  lay(s, files);
  const before = snapshot(s.root);
  await expect(s.generate([output('doc', [])])).rejects.toThrow(/manifest of generated files is damaged/);
  expect(snapshot(s.root)).toEqual(before);
});

test('a baseline never unpacks to more than a megabyte', () => {
  expect(unpack(pack('x'.repeat(1_000_000)))).toHaveLength(1_000_000);
  expect(() => unpack(pack('x'.repeat(1_000_001)))).toThrow(/larger than/);
});

test('many baselines that are each small enough are refused together', () => {
  const files = Array.from({ length: 20 }, (_, i) => entry(`f${i}`, 'x'.repeat(990_000)));
  expect(() => readManifest(Buffer.from(JSON.stringify({ version: 1, files })))).toThrow(/too large/);
});

test('a manifest that is a link, or a FIFO, is not read', async () => {
  const s = scene();
  mkdirSync(join(s.root, '.agent-posture'));
  writeFileSync(join(s.root, '..', 'm.json'), '{"version":1,"files":[]}');
  symlinkSync('../../m.json', join(s.root, MANIFEST_PATH));
  await expect(s.plan([])).rejects.toThrow(/symbolic link/);
});

test('claims on files that we never wrote take nothing away', async () => {
  const s = scene();
  await s.generate([output('real', [{ mode: 'owned', path: 'r.txt', content: 'r\n' }])]);
  const block = '# BEGIN agent-posture doc\n.env\n# END agent-posture doc\n';
  writeFileSync(join(s.root, 'index.ts'), 'theirs\n');
  writeFileSync(join(s.root, 'package.json'), '{"scripts":{"test":"vitest"},"files":["dist"]}\n');
  writeFileSync(join(s.root, '.gitignore'), block);
  const keys = {
    output: 'doc',
    template: 1,
    path: 'package.json',
    mode: 'keys',
    format: 'json',
    created: true,
    sha256: sha256(readFileSync(join(s.root, 'package.json'))),
    claims: [
      { path: ['scripts', 'test'], value: 'vitest', made: 1 },
      { path: ['files'], elements: ['dist'], made: 1 },
    ],
  };
  const ignore = {
    output: 'doc',
    template: 1,
    path: '.gitignore',
    mode: 'block',
    comment: '#',
    sha256: sha256(block),
    baseline: pack('.env'),
    created: true,
  };
  lay(s, [entry('index.ts', 'theirs\n'), keys, ignore]);
  const before = snapshot(s.root);
  const { changes } = await s.generate([]);
  for (const change of changes) expect(change.reason, change.path).toMatch(/kept/);
  const after = snapshot(s.root);
  expect({ ...after, [MANIFEST_PATH]: '' }).toEqual({
    ...before,
    [MANIFEST_PATH]: '',
    '.agent-posture': after['.agent-posture'],
  });
});

test('an agent that loosens a guard and makes the manifest fit it gains nothing', async () => {
  const s = scene();
  const guard = output('guard', [{ mode: 'owned', path: 'hook', content: '#!/bin/sh\ncheck\n', executable: true }], {
    guard: true,
  });
  const settings = output(
    'settings',
    [{ mode: 'keys', path: 's.json', format: 'json', claims: [{ path: ['deny'], elements: ['a', 'b'] }] }],
    { guard: true },
  );
  await s.generate([guard, settings]);
  writeFileSync(join(s.root, 'hook'), '#!/bin/sh\n');
  writeFileSync(join(s.root, 's.json'), '{"deny":["b"]}');
  const manifest = JSON.parse(readFileSync(join(s.root, MANIFEST_PATH), 'utf8'));
  for (const file of manifest.files) {
    if (file.mode === 'owned') Object.assign(file, { sha256: sha256('#!/bin/sh\n'), baseline: pack('#!/bin/sh\n') });
    else file.claims[0].elements = ['b'];
  }
  lay(s, manifest.files);
  const { changes } = await s.generate([guard, settings]);
  expect(changes.map(({ state }) => state)).toEqual(['update', 'update']);
  expect(readFileSync(join(s.root, 'hook'), 'utf8')).toContain('check');
  expect(JSON.parse(readFileSync(join(s.root, 's.json'), 'utf8'))).toEqual({ deny: ['b', 'a'] });
});

test('without its manifest everything is found again', async () => {
  const s = scene();
  const outputs = [
    output('o', [{ mode: 'owned', path: 'o.txt', content: 'o\n' }]),
    output('b', [{ mode: 'block', path: '.gitignore', comment: '#', lines: ['x'] }]),
    output('k', [{ mode: 'keys', path: 'k.toml', format: 'toml', claims: [{ path: ['a', 'b'], value: 1 }] }]),
  ];
  await s.generate(outputs);
  const before = snapshot(s.root);
  rmSync(join(s.root, '.agent-posture'), { recursive: true });
  const { changes } = await s.generate(outputs);
  expect(changes.map(({ state }) => state)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  const after = snapshot(s.root);
  expect({ ...after, [MANIFEST_PATH]: '' }).toEqual({ ...before, [MANIFEST_PATH]: '' });
  expect(existsSync(join(s.root, MANIFEST_PATH))).toBe(true);
});

test('paths of ours', () => {
  for (const path of ['a', '.githooks/pre-commit', 'a b/ü', '.github/x.yml']) expect(isOwnPath(path)).toBe(true);
  for (const path of ['', '.', '..', 'a/../b', 'a//b', '/a', 'a/', './a', 'a\nb']) expect(isOwnPath(path)).toBe(false);
});

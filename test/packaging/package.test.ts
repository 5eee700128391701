import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forbiddenImports } from '../../scripts/check-imports.js';
import { bundledPackages, notices } from '../../scripts/notices.js';
import { part, testWith } from '../support/parts.ts';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const metafiles: Record<'boot' | 'unchanged' | 'program' | 'pack', Metafile> = JSON.parse(
  readFileSync(join(root, 'dist/meta.json'), 'utf8'),
);
const { program, unchanged } = metafiles;

let folder = '';
let tarball = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-posture-pack-'));
  const out = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const packed = JSON.parse(out);
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  tarball = join(folder, filename);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('is at most 1 MB and has no run-time dependency', () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(1_000_000);
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies'])
      expect(manifest[kind]).toBeUndefined();
  });

  test('holds what is needed and nothing else', () => {
    const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(path => path.replace(/^package\//, ''));
    for (const wanted of [
      'bin/agent-posture.js',
      'bin/package.json',
      'dist/boot.cjs',
      'dist/cli.js',
      'dist/unchanged.cjs',
      'dist/pack/node.cjs',
      'dist/pack/pack.sh',
      'THIRD-PARTY-NOTICES',
      'LICENSE',
      'README.md',
      'schema/posture-1.json',
    ])
      expect(files).toContain(wanted);
    for (const path of files)
      expect(path).toMatch(/^(bin|dist|schema|templates)\/|^(package\.json|README\.md|LICENSE|THIRD-PARTY-NOTICES)$/);
    expect(files).not.toContain('dist/meta.json');
  });

  describe.each(['20.19', '22', '24', '26'] as const)('on Node %s', version => {
    testWith([`node-${version}`], 'installs into an empty folder and runs', () => {
      const node = part(`node-${version}`);
      const place = join(folder, version);
      const home = join(place, 'home');
      mkdirSync(home, { recursive: true });
      writeFileSync(join(place, 'package.json'), '{ "private": true }');
      const npm = spawnSync('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], {
        cwd: place,
        encoding: 'utf8',
      });
      expect(npm.stderr).not.toContain('EBADENGINE');
      expect(npm.status).toBe(0);
      expect(readdirSync(join(place, 'node_modules')).filter(name => !name.startsWith('.'))).toEqual(['agent-posture']);

      const run = (...args: string[]) =>
        spawnSync(node, [join(place, 'node_modules/agent-posture/bin/agent-posture.js'), ...args], {
          cwd: place,
          encoding: 'utf8',
          env: {
            PATH: process.env.PATH,
            HOME: home,
            AGENT_POSTURE_OUTSIDE: '',
            AGENT_POSTURE_STATE: join(place, 'state'),
          },
        });
      expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(
        new RegExp(`^v${version.replace('.', '\\.')}\\.`),
      );
      expect(run('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
      expect(run('--help').stdout).toContain('Usage: agent-posture');
      const tested = run('test', '--json', '--quiet');
      const report = JSON.parse(tested.stdout);
      expect(report.exitCode).toBe(tested.status);
      expect(report.rows.length).toBeGreaterThan(60);
      expect(report.vantages[0]).toMatchObject({ id: 'host', available: true });
    });
  });

  test('an old Node gets a sentence', () => {
    const gate = readFileSync(join(root, 'bin/agent-posture.js'), 'utf8');
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } }); require('node:vm').runInThisContext(${JSON.stringify(`(function (require, process) {${gate.replace(/^#!.*/, '').replace(/import\(/g, 'Promise.reject(')}})`)})(require, process)`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', old], { encoding: 'utf8' });
    expect(stderr).toContain('needs Node 20.19 or newer; this is Node 18.20.0');
    expect(status).toBe(2);
  });
});

test('the lock file is complete: npm ci takes it, on every platform', () => {
  const { status, stderr } = spawnSync('npm', ['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(`${status} ${stderr.match(/Missing: .*/g) ?? ''}`).toBe('0 ');
});

describe('what is bundled', () => {
  test('THIRD-PARTY-NOTICES is complete and up to date', async () => {
    const text = readFileSync(join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
    expect(text).toBe(await notices(Object.values(metafiles), root));
    const folders = [...bundledPackages(program), ...bundledPackages(unchanged)];
    expect(folders.length).toBeGreaterThan(10);
    for (const path of folders) {
      const { name, version } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      expect(text).toContain(`\n${name} ${version} (`);
    }
  });

  test("Ink's developer tools are not in it, whatever DEV says", () => {
    const inputs = Object.values(program.outputs).flatMap(output => Object.keys(output.inputs));
    expect(inputs.filter(path => path.includes('devtools'))).toEqual([]);
    const chunks = readdirSync(join(root, 'dist/chunks')).filter(name => name.endsWith('.js'));
    for (const name of chunks)
      expect(readFileSync(join(root, 'dist/chunks', name), 'utf8'), name).not.toMatch(/\benv(\.DEV\b|\["DEV"\])/);
  });

  test('a package without a licence text is refused', async () => {
    const place = join(folder, 'unlicensed');
    mkdirSync(join(place, 'node_modules/x'), { recursive: true });
    writeFileSync(join(place, 'node_modules/x/package.json'), '{ "name": "x", "version": "1" }');
    const metafile = { outputs: { a: { inputs: { 'node_modules/x/i.js': { bytesInOutput: 1 } } } } };
    await expect(notices([metafile], place)).rejects.toThrow('x is bundled and ships no licence text');
  });

  test('--help and --version load nothing from node_modules', () => {
    const outputs = program.outputs as Record<
      string,
      { entryPoint?: string; imports: { path: string; kind: string }[]; inputs: Record<string, unknown> }
    >;
    const [entry = ''] =
      Object.entries(outputs).find(([, output]) => output.entryPoint?.endsWith('src/cli/main.ts')) ?? [];
    const seen = new Set<string>();
    const visit = (path: string) => {
      if (seen.has(path) || !outputs[path]) return;
      seen.add(path);
      for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') visit(next);
    };
    visit(entry);
    const inputs = [...seen].flatMap(path => Object.keys(outputs[path]?.inputs ?? {}));
    expect(inputs).toContain('src/cli/program.ts');
    expect(inputs.filter(path => path.includes('node_modules'))).toEqual([]);
  });

  test('the screens are a chunk of their own', () => {
    for (const [path, { inputs }] of Object.entries(
      program.outputs as Record<string, { inputs: Record<string, unknown> }>,
    )) {
      const names = Object.keys(inputs);
      if (names.some(name => /node_modules\/(ink|react)\//.test(name)))
        expect(`${path}: ${names.filter(name => /^src\/(cli|selftest|generate|posture)\//.test(name))}`).toBe(
          `${path}: `,
        );
    }
  });
});

describe('the direction of imports', () => {
  test.each([
    ['base/x.ts', "import { a } from '../posture/load.ts';"],
    ['posture/x.ts', "import type { Facts } from '../discover/facts.ts';"],
    ['generate/x.ts', "import { selftest } from '../selftest/runner.ts';"],
    ['report/x.ts', "import { y } from '../cli/terminal.ts';"],
    ['wizard/a/x.ts', "const y = await import('../../ui/index.tsx');"],
    ['selftest/x.ts', "export { x } from '../report/text.ts';"],
    ['cli/x.ts', "import { render } from 'ink';"],
    ['report/x.ts', "import React from 'react';"],
    ['base/x.ts', "import fs from 'fs';"],
    ['base/x.ts', "import { part } from '../../scripts/parts.js';"],
  ])('%s: %s is caught', (file, text) => {
    expect(forbiddenImports(file, `\n${text}\n`)).toHaveLength(1);
  });

  test.each([
    ['cli/x.ts', "import { a } from '../report/text.ts';"],
    ['wizard/x.ts', "import type { Plan } from '../generate/types.ts';"],
    ['wizard/x.ts', "import { type Plan, type Change } from '../generate/types.ts';"],
    ['selftest/a/x.ts', "import { agents } from '../../agents/index.ts';"],
    ['ui/x.tsx', "import { render } from 'ink';"],
    ['ui/x.tsx', "import { a } from './screens/b.tsx';"],
    ['base/x.ts', "import { join } from 'node:path';"],
  ])('%s: %s is allowed', (file, text) => {
    expect(forbiddenImports(file, `\n${text}\n`)).toEqual([]);
  });

  test('holds for the whole tree', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/check-imports.js'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

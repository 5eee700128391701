import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/selftest/types.ts';
import { testWith } from '../support/parts.ts';
import { POSTURE, program, type World, world } from '../support/program.ts';

/** What it prints, without its line ends. */
const said = async (given: World, ...args: string[]) => {
  const { code, stdout, stderr } = await program(given, args);
  return { code, text: `${stdout}\n${stderr}`.replace(/\s+/g, ' ') };
};

/** Lays a program on the PATH, outside of the repository. */
function install(given: World, name: string): void {
  const bin = join(given.home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), '#!/bin/sh\n');
  chmodSync(join(bin, name), 0o755);
  given.env.PATH = `${bin}${delimiter}${given.env.PATH}`;
}

describe('the network of a box', () => {
  test('a file of an agent that is not installed does not open it', async () => {
    const given = world({ '.cursorrules': 'be nice\n', '.claude/settings.json': '{}\n' });
    expect((await said(given, 'doctor')).text).toContain(
      'missing Cursor used here (.cursorrules), its program is not on the PATH',
    );
    const made = await said(given, 'init', '--yes', '--no-test', '--answer', 'box=native');
    expect(made.text).not.toContain('not restricted');
    expect(readFileSync(join(given.root, 'agent-posture.yaml'), 'utf8')).toMatch(/network: .*api\.anthropic\.com/);
  });

  test('where it stays open, the plan, init and status say so with the reason', async () => {
    const given = world({ '.cursorrules': 'be nice\n' });
    install(given, 'cursor-agent');
    const made = await said(given, 'init', '--yes', '--no-test', '--answer', 'box=native');
    const note =
      /network of the box is not restricted, as the hosts of Cursor are not known: .*isolation\.network\.allow/;
    expect(made.text).toMatch(note);
    expect((await said(given, 'status')).text).toMatch(note);
    expect((await said(given, 'doctor')).text).toMatch(/ok Cursor version not known/);
  });
});

describe('a guard that is gone', () => {
  test('counts as one that was loosened, until it is made again; what was never laid does not', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE.replace('runtime: bubblewrap', 'runtime: none') });
    const gone = async () => {
      const { stdout, code } = await program(given, ['test', '--safeguard', 'GRD-1', '--json']);
      const rows = (JSON.parse(stdout).rows as Row[]).filter(row => row.escape === 'loosened');
      return { code, rows: rows.map(({ target, safeguard, fix }) => [target, safeguard, fix?.command]).sort() };
    };
    expect((await gone()).rows).toEqual([]);
    await program(given, ['generate']);
    const paths = ['.claude/settings.json', '.githooks/pre-commit'];
    for (const path of [...paths, 'docs/security-posture.md']) rmSync(join(given.root, path));
    expect(await gone()).toEqual({ code: 1, rows: paths.map(path => [path, 'GRD-1', 'agent-posture generate']) });
    await program(given, ['generate']);
    expect((await gone()).rows).toEqual([]);
  });
});

describe('what is still to be done', () => {
  test('is said at the end of init, and by each test', async () => {
    const given = world({ 'package.json': '{}\n', '.husky/pre-commit': 'npm test\n' });
    const todo = /pre-commit and pre-push do not run in this clone yet, as husky is not set up in it: npx husky/;
    const made = await program(given, ['init', '--yes', '--answer', 'box=none']);
    const end = made.stdout.slice(made.stdout.lastIndexOf('AFTER')).replace(/\s+/g, ' ');
    expect(end.match(new RegExp(`to do: ${todo.source}`, 'g'))).toHaveLength(1);
    const tried = JSON.parse((await program(given, ['test', '--json'])).stdout) as { notes: string[] };
    expect(tried.notes).toContainEqual(expect.stringMatching(new RegExp(`^to do: ${todo.source}`)));
  });
});

describe('a repository that is made again at the same path', () => {
  test('gets its hooks as the first time, and nobody is blamed', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE.replace('runtime: bubblewrap', 'runtime: none') });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: given.root, env: given.env, encoding: 'utf8' });
    await program(given, ['generate']);
    rmSync(join(given.root, '.git'), { recursive: true });
    git('init', '-q', '-b', 'main');
    const again = await said(given, 'generate');
    expect(again).toMatchObject({ code: 0, text: expect.not.stringContaining('LOOSENED') });
    expect(git('config', 'core.hooksPath').trim()).toBe('.githooks');
    git('config', '--unset', 'core.hooksPath');
    expect(await said(given, 'generate')).toMatchObject({ code: 1, text: expect.stringContaining('it was unset') });
  });
});

describe('run', () => {
  testWith(['bubblewrap'], 'names what was not let through, and how it is', async () => {
    const given = world({
      'agent-posture.yaml':
        'version: 1\nproject: shop\nisolation: { runtime: bubblewrap, network: { allow: [api.example.com] } }\n',
    });
    const ask =
      'const { request } = require("node:http"); request({ host: "127.0.0.1", port: new URL(process.env.HTTPS_PROXY).port, method: "CONNECT", path: "registry.example.org:443" }).on("connect", answer => { console.log(answer.statusCode); process.exit(); }).end()';
    const { stdout, stderr } = await program(given, ['run', '--', process.execPath, '-e', ask]);
    expect(stdout).toBe('403\n');
    expect(stderr).toMatch(/not let through: registry\.example\.org:443; .*isolation\.network\.allow/);
    expect((await program(given, ['run', '--', 'true'])).stderr).not.toContain('not let through');
  });

  testWith(['bubblewrap'], 'says that a program is not found in the box', async () => {
    for (const network of ['', ', network: { allow: [] }', ', network: { allow: [api.example.com] }']) {
      const given = world({
        'agent-posture.yaml': `version: 1\nproject: shop\nisolation: { runtime: bubblewrap${network} }\n`,
      });
      const { code, stderr } = await program(given, ['run', '--', 'no-such-program']);
      expect(code).toBe(127);
      expect(stderr).toContain('agent-posture: no-such-program is not found in the box');
    }
  });
});

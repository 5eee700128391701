import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('doctor says what is published of the version of an agent, and what to do', async () => {
  const given = world({ 'package.json': '{}\n' });
  install(given, 'opencode');
  // Where npm lays it, told by the package beside it.
  writeFileSync(join(given.home, 'bin/package.json'), '{"name":"opencode-ai","version":"1.1.9"}');
  expect((await said(given, 'doctor')).text).toMatch(
    /look opencode 1\.1\.9 \(~\/bin\/opencode\); 1 published weakness, fixed in 1\.1\.10: .* \(CVE-2026-22813\) update opencode to 1\.1\.10 or newer/,
  );
});

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
    const todo =
      /pre-commit, prepare-commit-msg and pre-push do not run in this clone yet, as husky is not set up in it: npx husky/;
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
    expect(stderr).toMatch(/registry\.example\.org:443: not let through; .*isolation\.network\.allow/);
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

describe('the words of undo', () => {
  const laid = POSTURE.replace('runtime: bubblewrap', 'runtime: none');
  const change = (given: World, path: string, edit: (text: string) => string) =>
    writeFileSync(join(given.root, path), edit(readFileSync(join(given.root, path), 'utf8')));

  test('name each file once, and no copy that it laid itself', async () => {
    const given = world({ 'agent-posture.yaml': laid, '.gitignore': 'dist\n' });
    await program(given, ['generate']);
    change(given, 'agent-posture.yaml', text => text.replace('project: shop-api', 'project: other'));
    await program(given, ['generate']);
    change(given, 'docs/security-posture.md', text => `${text}mine\n`);
    const merged = await said(given, 'undo', '--yes');
    expect(merged.text).toContain('Put back, with your edits since: docs/security-posture.md.');
    expect(merged.text.match(/security-posture\.md/g)).toHaveLength(1);
    change(given, 'docs/security-posture.md', text => text.replace(/mine\n$/, ''));
    change(given, '.gitignore', text => text.replace('.env*', '.envX'));
    const copy = '.gitignore.agent-posture-before';
    const first = await said(given, 'undo', '--yes');
    expect(first.text.match(/gitignore\.agent-posture-before/g)).toHaveLength(1);
    expect(first.text).toContain('Take out of .gitignore what agent-posture wrote, and run undo again.');
    expect((await said(given, 'undo')).text).toContain('Nothing more of generate could be taken back.');
    const kept = await said(given, 'undo', '--yes', '--keep');
    expect(kept).toMatchObject({ code: 0, text: expect.stringContaining(`Removed: ${copy}.`) });
    expect(existsSync(join(given.root, copy))).toBe(false);
  });

  test('say of a removed file how it is had back', async () => {
    const given = world({ 'agent-posture.yaml': laid, '.gitignore': 'dist\n' });
    await program(given, ['generate']);
    rmSync(join(given.root, '.gitignore'));
    const first = await said(given, 'undo', '--yes');
    expect(first.text).not.toContain('Take out');
    expect(first.text).toContain('mv .gitignore.agent-posture-before .gitignore, then agent-posture undo again');
    execFileSync('mv', ['.gitignore.agent-posture-before', '.gitignore'], { cwd: given.root });
    expect((await said(given, 'undo', '--yes')).code).toBe(0);
    expect(readFileSync(join(given.root, '.gitignore'), 'utf8')).toBe('dist\n');
  });

  test('call a guard loosened again where --restore is taken back; generate names --restore', async () => {
    const given = world({ 'agent-posture.yaml': laid });
    await program(given, ['generate']);
    writeFileSync(join(given.root, '.githooks/pre-push'), '#!/bin/sh\nexit 0\n');
    const loosened = await said(given, 'generate');
    expect(loosened).toMatchObject({ code: 1 });
    expect(loosened.text).toMatch(/LOOSENED .githooks\/pre-push .* agent-posture generate --restore/);
    expect((await said(given, 'generate', '--restore')).text).not.toContain('LOOSENED');
    const undone = await said(given, 'undo', '--yes');
    expect(undone.text).toContain('Loosened again: .githooks/pre-push; agent-posture generate --restore puts it back.');
    expect(undone.text).not.toContain('Put back:');
  });
});

describe('a file that was there before ours', () => {
  test('is told of as it is: ours lies beside it only once generate has laid it, and is named once', async () => {
    const path = 'docs/security-posture.md';
    const beside = `${path}.agent-posture-new`;
    const given = world({
      'agent-posture.yaml': POSTURE.replace('runtime: bubblewrap', 'runtime: none'),
      [path]: 'x\n',
    });
    expect((await said(given, 'status')).text).toContain(`agent-posture generate lays ours beside it, as ${beside}.`);
    for (const _ of [1, 2]) {
      const { code, text } = await said(given, 'generate');
      expect([code, text.split(beside).length - 1]).toEqual([4, 1]);
    }
    expect((await said(given, 'status')).text).toContain(`compare it with ${beside}, then remove that.`);
    rmSync(join(given.root, beside));
    const check = await said(given, 'generate', '--check');
    expect(check).toMatchObject({ code: 1, text: expect.stringContaining(`${path} is settled as you left it`) });
    expect(check.text).not.toContain('does not list');
    expect((await said(given, 'generate')).text).toContain(`${path} is settled as you left it`);
    expect((await said(given, 'generate', '--check')).text).toContain('The files are as the posture asks.');
  });
});

describe('a name that two things end with', () => {
  test('is not guessed: explain names both', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE.replace('runtime: bubblewrap', 'runtime: none') });
    for (const folder of ['a', 'b']) {
      mkdirSync(join(given.root, folder));
      writeFileSync(join(given.root, folder, 'cert.p12'), 'x');
    }
    writeFileSync(join(given.root, 'a', 'other.p12'), 'x');
    await program(given, ['test']);
    expect((await said(given, 'explain', 'other.p12')).text).toContain('read a/other.p12');
    const both = await said(given, 'explain', 'cert.p12');
    expect(both).toMatchObject({ code: 2, text: expect.stringMatching(/several .*: a\/cert\.p12 and b\/cert\.p12/) });
    expect((await said(given, 'explain', '12')).text).toContain('nothing is called "12"');
  });
});

describe('a repository that is the home folder', () => {
  test('is proposed no box, which is said before anything is written, and by doctor', async () => {
    const given = world({ '.claude/settings.json': '{}\n' });
    given.env.HOME = given.root;
    const why = 'the repository is your home folder, or holds it: run in a repository in a folder of its own';
    const made = await program(given, ['init', '--yes', '--no-test']);
    expect(made.stderr).toContain(`No box can be made here: ${why}.`);
    expect(made.stderr).toContain('Boxed in by: not now');
    expect(readFileSync(join(given.root, 'agent-posture.yaml'), 'utf8')).toContain('runtime: none');
    const chosen = await said(given, 'init', '--yes', '--no-test', '--answer', 'box=bubblewrap');
    expect(chosen).toMatchObject({ code: 2, text: expect.stringContaining(why) });
    const doctor = await said(given, 'doctor');
    expect(doctor.text).toContain(`missing bubblewrap ${why}`);
    expect(doctor.text).not.toContain('apt install');
  });
});

describe('the schema of the posture', () => {
  test('is referred to only where the reference leads somewhere', async () => {
    const reference = '$schema=./node_modules/agent-posture/schema/posture-1.json';
    const given = world({ 'a.txt': 'a\n' });
    await program(given, ['init', '--yes', '--no-test']);
    expect(readFileSync(join(given.root, 'agent-posture.yaml'), 'utf8')).not.toContain('yaml-language-server');
    const installed = world({
      'node_modules/agent-posture/schema/posture-1.json': '{}\n',
      '.gitignore': 'node_modules\n',
    });
    await program(installed, ['init', '--yes', '--no-test']);
    expect(readFileSync(join(installed.root, 'agent-posture.yaml'), 'utf8')).toContain(reference);
  });
});

describe('doctor', () => {
  test('says that git is too old, and why it did not tell what is set up', async () => {
    const given = world();
    const bin = join(given.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), '#!/bin/sh\necho git version 2.20.1\n', { mode: 0o755 });
    const env = { ...given.env, PATH: `${bin}:${given.env.PATH}` };
    expect((await said({ ...given, env }, 'doctor')).text).toMatch(/look git 2\.20\.1 .*install git 2\.26 or newer/);
    writeFileSync(join(given.root, '.git/config'), '[[[');
    expect((await said(given, 'doctor')).text).toMatch(/look git .*bad config line 1.*see what git status says here/);
  });
});

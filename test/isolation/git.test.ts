import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leftOpen, type Nested, nestedRepositories, repositoriesMade } from '../../src/isolation/git.ts';
import { configGuards } from '../../src/isolation/git-config.ts';

describe('repositories that were made below the root', () => {
  let root: string;
  let mark: string;
  let before: Nested[];
  let since: number;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  const make = (name: string, ...how: string[]) => git('init', '-q', ...how, name);
  const made = () => repositoriesMade(root, before, since).made.map(folder => relative(root, folder));
  const start = async () => {
    await new Promise(done => setTimeout(done, 50));
    before = nestedRepositories(root).repositories;
    since = Date.now();
  };

  beforeEach(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'made-')));
    mark = join(root, 'ran');
    git('init', '-q', '.');
    git('commit', '-q', '--allow-empty', '-m', 'a');
    make('old');
    await start();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('each kind that git obeys is found', () => {
    make('new/deep');
    make('bare.git', '--bare');
    mkdirSync(join(root, 'file'));
    writeFileSync(join(root, 'file/.git'), 'gitdir: ../elsewhere\n');
    mkdirSync(join(root, 'thin'));
    for (const [name, content] of [
      ['HEAD', 'ref: refs/heads/main\n'],
      ['commondir', '../bare.git\n'],
    ] as const)
      writeFileSync(join(root, 'thin', name), content);
    expect(made()).toEqual(['bare.git', 'file', 'new/deep', 'thin']);
  });

  it('a worktree of this repository has no settings of its own, until it is made to take others', () => {
    git('worktree', 'add', '-q', 'tree');
    expect(made()).toEqual([]);
    writeFileSync(join(root, '.git/worktrees/tree/commondir'), join(root, 'old/.git'));
    expect(made()).toEqual(['tree']);
  });

  it('of one that was there, work in it is nothing, and a change of its settings is told, also by a renamed copy', async () => {
    writeFileSync(join(root, 'old/a'), 'a');
    git('-C', 'old', 'add', 'a');
    git('-C', 'old', 'commit', '-qm', 'a');
    expect(made()).toEqual([]);
    appendFileSync(join(root, 'old/.git/config'), '[core]\n\tfsmonitor = false\n');
    expect(made()).toEqual(['old']);
    await start();
    writeFileSync(join(root, 'old/.git/hooks/pre-commit'), '#!/bin/sh\n');
    expect(made()).toEqual(['old']);
    writeFileSync(join(root, 'prepared'), '[core]\n\tbare = false\n', { mode: 0o644 });
    await start();
    renameSync(join(root, 'prepared'), join(root, 'old/.git/config'));
    expect(made()).toEqual(['old']);
  });

  it('one prepared under another name counts from when it gets its own', async () => {
    make('x');
    renameSync(join(root, 'x/.git'), join(root, 'x/data'));
    rmSync(join(root, 'x/data/HEAD'));
    await start();
    renameSync(join(root, 'x/data'), join(root, 'x/.git'));
    expect(made()).toEqual(['x']);
  });

  it('a worktree that was made inside with settings of its own is told', () => {
    git('config', 'extensions.worktreeConfig', 'true');
    git('worktree', 'add', '-q', 'tree');
    expect(made()).toEqual([]);
    git('-C', 'tree', 'config', '--worktree', 'core.fsmonitor', `touch ${mark}; false`);
    rmSync(mark, { force: true });
    git('-C', 'tree', 'status', '--porcelain');
    expect(existsSync(mark), 'why it is told').toBe(true);
    expect(made()).toEqual(['tree']);
  });

  it('a root that is no repository and was made a bare one is told', async () => {
    rmSync(join(root, '.git'), { recursive: true });
    await start();
    execFileSync('git', ['init', '-q', '--bare', root]);
    expect(made()).toEqual(['']);
    expect(git('rev-parse', '--git-dir')).toBe('.\n');
  });

  it('a rebase that was left open is told, and runs what it names when it is continued', () => {
    writeFileSync(join(root, 'b'), 'b');
    git('add', 'b');
    git('commit', '-qm', 'b');
    expect(leftOpen(root, since)).toEqual([]);
    git('-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '-q', '-i', '--root');
    writeFileSync(join(root, '.git/rebase-merge/git-rebase-todo'), `exec touch ${mark}\n`);
    expect(leftOpen(root, since)).toEqual([join(root, '.git/rebase-merge')]);
    git('rebase', '--continue');
    expect(existsSync(mark)).toBe(true);
    expect(leftOpen(root, since)).toEqual([]);
  });

  it('git obeys one that the index names for a status in the root: why all this is told', () => {
    make('sub');
    git('-C', 'sub', 'commit', '-q', '--allow-empty', '-m', 'a');
    git('-C', 'sub', 'config', 'core.fsmonitor', `touch ${mark}; false`);
    git('add', 'sub');
    rmSync(mark, { force: true });
    git('status', '--porcelain', '--ignore-submodules=all');
    expect(existsSync(mark), 'with what the fix says').toBe(false);
    git('status', '--porcelain');
    expect(existsSync(mark)).toBe(true);
    expect(made()).toContain('sub');
  });
});

describe('what of the repository git is told to obey', () => {
  let root: string;
  const write = (name: string, text: string) => {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'obeyed-')));
    execFileSync('git', ['init', '-q', root]);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('files that are included, there or not, whatever their condition, and what those include', async () => {
    appendFileSync(
      join(root, '.git/config'),
      '[include]\n\tpath = ../cfg/git\n[includeIf "onbranch:x"]\n\tpath = ../cfg/missing\n[INCLUDE]\n\tPath = /etc/nothing\n',
    );
    write('cfg/git', '[include]\n\tpath = inner\n[includeIf "gitdir:/nowhere/"]\n\tpath = other\n');
    write('cfg/inner', '[core]\n\tx = 1\n');
    write('cfg/other', '[core]\n\tattributesFile = cfg/attributes\n');
    const { settings, programs } = await configGuards(root);
    expect(settings.map(path => relative(root, path))).toEqual(['cfg/git', 'cfg/inner', 'cfg/missing', 'cfg/other']);
    expect(programs.map(path => relative(root, path))).toEqual(['cfg/attributes']);
  });

  it('programs and folders that settings name in the repository, and nothing else', async () => {
    for (const name of ['monitor', 'clean', 'sign.sh', 'alias', 'diff', 'merge', 'helper'])
      write(`scripts/${name}`, '');
    write('src/app.ts', '');
    for (const [key, value] of Object.entries({
      'core.fsmonitor': 'scripts/monitor',
      'core.hooksPath': 'hooks',
      'core.sshCommand': 'ssh -i ~/.ssh/id -F /dev/null',
      'filter.x.y.clean': 'sh ./scripts/clean %f',
      'gpg.ssh.program': `${root}/scripts/sign.sh`,
      'alias.a': '!sh -c "x" && scripts/alias $1',
      'diff.External': '"scripts/diff"',
      'merge.m.driver': 'env scripts/merge %O %A',
      'credential.https://x.example.helper': '!scripts/helper',
      'interactive.diffFilter': 'tools/not-there',
      'alias.log2': '!git log origin/main',
      'remote.origin.url': './src/app.ts',
      'user.name': 'src/app.ts',
    }))
      execFileSync('git', ['config', key, value], { cwd: root });
    const { settings, programs } = await configGuards(root);
    expect(settings).toEqual([]);
    expect(programs.map(path => relative(root, path))).toEqual([
      'hooks',
      ...['alias', 'clean', 'diff', 'helper', 'merge', 'monitor', 'sign.sh'].map(name => `scripts/${name}`),
      'tools/not-there',
    ]);
  });
});

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
import { type Nested, nestedRepositories, rebaseLeft, repositoriesMade } from '../../src/isolation/git.ts';

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

  it('a rebase that was left open is told, and runs what it names when it is continued', () => {
    writeFileSync(join(root, 'b'), 'b');
    git('add', 'b');
    git('commit', '-qm', 'b');
    expect(rebaseLeft(root, since)).toBe(false);
    git('-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '-q', '-i', '--root');
    writeFileSync(join(root, '.git/rebase-merge/git-rebase-todo'), `exec touch ${mark}\n`);
    expect(rebaseLeft(root, since)).toBe(true);
    git('rebase', '--continue');
    expect(existsSync(mark)).toBe(true);
    expect(rebaseLeft(root, since)).toBe(false);
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

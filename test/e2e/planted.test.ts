import { execFileSync, type SpawnOptions, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasBox } from '../labs/box.ts';
import { POSTURE, program, type World, world } from '../support/program.ts';

/** What a program in the box plants for git outside: each test tries it with real git, and looks for the mark. */
class Planted {
  readonly given: World = world({ 'agent-posture.yaml': POSTURE, a: 'a\n' });
  readonly root = this.given.root;
  readonly mark = join(this.given.home, 'ran');
  /** In single quotes for a shell. */
  readonly evil =
    `[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tfsmonitor = "touch ${this.mark}; false"\\n`;

  run(script: string) {
    return program(this.given, ['run', '--', 'sh', '-c', script]);
  }
  /** Git as a person runs it. */
  git(...args: string[]) {
    return spawnSync('git', ['-c', 'protocol.file.allow=always', ...args], {
      cwd: this.root,
      env: this.given.env,
      encoding: 'utf8',
      timeout: 10_000,
    });
  }
  must(...args: string[]) {
    const { status, stdout, stderr } = this.git(...args);
    expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout;
  }
  /** Whether git outside ran what was planted. */
  ran(...args: string[]) {
    rmSync(this.mark, { force: true });
    this.git(...(args.length > 0 ? args : ['status', '--porcelain']));
    return existsSync(this.mark);
  }
  /** A submodule of this name, committed. */
  submodule(name: string, path = 'sub') {
    const up = join(this.given.home, 'up');
    if (!existsSync(up)) {
      execFileSync('git', ['init', '-q', '-b', 'main', up]);
      execFileSync('git', [
        '-C',
        up,
        '-c',
        'user.name=x',
        '-c',
        'user.email=x@y.z',
        'commit',
        '-q',
        '--allow-empty',
        '-m',
        'x',
      ]);
    }
    this.must('submodule', '--quiet', 'add', '--name', name, up, path);
    this.must('commit', '-qm', 'sub');
  }
}

describe.skipIf(!hasBox)('what was planted for git outside', () => {
  test.each([
    ['a blank that is none', 'ref:\\302\\240refs/heads/main\\n'],
    ['a vertical tab', 'ref:\\vrefs/heads/main\\n'],
    ['a form feed', 'ref:\\frefs/heads/main\\n'],
    ['U+2028', 'ref:\\342\\200\\250refs/heads/main\\n'],
    ['more than git reads', `ref:${' '.repeat(300)}refs/heads/main\\n`],
  ])('a HEAD that git does not take is put right: %s', async (_, head) => {
    const planted = new Planted();
    const { stderr } = await planted.run(
      `mkdir -p objects refs; cp .git/HEAD HEAD; printf '${planted.evil}\\tworktree = .\\n' > config; cp .git/index index; printf '${head}' > .git/HEAD`,
    );
    expect(planted.ran()).toBe(false);
    expect(planted.must('rev-parse', '--git-dir')).toBe('.git\n');
    expect(stderr).toContain('./: a git repository was made');
  });

  test('from a worktree’s box, the main repository’s HEAD is put right too', async () => {
    const planted = new Planted();
    const tree = join(planted.given.home, 'tree');
    planted.must('worktree', 'add', '-q', tree);
    const script = `printf 'ref:\\302\\240refs/heads/main\\n' > ${planted.root}/.git/HEAD`;
    await program({ ...planted.given, root: tree }, ['run', '--', 'sh', '-c', script]);
    expect(planted.must('symbolic-ref', 'HEAD')).toBe('refs/heads/main\n');
  });

  test.each([
    [
      'a second line of .git',
      "printf '\\nX' >> wt/.git; cp -r .git/worktrees/wt \"$(printf '.git/worktrees/wt\\nX')\"",
      'wt\nX',
    ],
    [
      'a blank at the end of commondir',
      "printf 'gitdir: %s/.git/worktrees/w2\\n' \"$PWD\" > wt/.git; cp -r .git/worktrees/wt .git/worktrees/w2; printf '../.. \\n' > .git/worktrees/w2/commondir; mkdir '.git/worktrees/w2/../.. '",
      'w2',
    ],
  ])('a worktree is this repository’s own only as git reads it: %s', async (_, how, name) => {
    const planted = new Planted();
    // What a first run made, and so was named.
    const first = await planted.run(`git worktree add -q wt; ${how}`);
    expect(first.stderr).toContain('./wt: a git repository was made');
    expect(name).toBeTruthy();
  });

  test('what a submodule’s settings say is kept, with a link for its HEAD and at any depth', async () => {
    const planted = new Planted();
    const deep = 'a/b/c/d/e/f/g/h/i/j';
    planted.submodule('sub');
    planted.submodule(deep, 'deep');
    await planted.run('cd .git/modules/sub; rm HEAD; ln -s refs/heads/main HEAD');
    for (const [name, path] of [
      ['sub', 'sub'],
      [deep, 'deep'],
    ] as const) {
      const where = `.git/modules/${name}`;
      const { stdout } = await planted.run(
        `exec 2>/dev/null; printf '${planted.evil}\\tworktree = ${planted.root}/${path}\\n' > ${where}/config && echo wrote; rm -f ${where}/config && echo gone; mv ${where} .git/m && echo moved; echo x > ${where}/hooks/post-checkout && echo hook`,
      );
      expect({ name, stdout }).toEqual({ name, stdout: '' });
    }
    expect(planted.ran()).toBe(false);
  });

  test('work in a submodule goes on', async () => {
    const planted = new Planted();
    planted.submodule('libs/sub');
    const { stdout, stderr } = await planted.run(
      'set -e; cd sub; git checkout -q -b topic; echo b > b; git add b; git -c user.name=x -c user.email=x@y.z commit -qm two; git clone -q --bare ../.git/modules/libs/sub /tmp/up; git fetch -q /tmp/up topic; git gc -q --auto; cd ..; git add sub; git commit -qm up; git submodule status | wc -l; git log --format=%s -1',
    );
    expect({ stdout, stderr }).toEqual({ stdout: '1\nup\n', stderr: '' });
  });

  test('what git is told to obey in its own folder is kept', async () => {
    const planted = new Planted();
    planted.must('config', 'include.path', 'extra.conf');
    planted.must('config', 'core.fsmonitor', '.git/fsm.sh');
    writeFileSync(join(planted.root, '.git/fsm.sh'), '#!/bin/sh\nfalse\n', { mode: 0o755 });
    const { stdout } = await planted.run(
      `exec 2>/dev/null; printf '${planted.evil}' > .git/extra.conf && echo 1; rm -f .git/extra.conf && echo 2; printf '#!/bin/sh\\ntouch ${planted.mark}\\n' > .git/fsm.sh && echo 3; echo x > t; chmod 755 t; mv t .git/fsm.sh && echo 4; rm t; git commit -q --allow-empty -m one && echo done`,
    );
    expect(stdout).toBe('done\n');
    expect(planted.ran()).toBe(false);
    expect(existsSync(join(planted.root, '.git/extra.conf'))).toBe(false);
  });

  test('a repository whose folder lies in .git is named again when its settings change', async () => {
    const planted = new Planted();
    const make =
      'git init -q --separate-git-dir=.git/evil n; rm n/.git; echo "gitdir: ../.git/evil" > n/.git; git -C n -c user.name=x -c user.email=x@y.z commit -q --allow-empty -m x; git update-index --add --cacheinfo 160000,$(git -C n rev-parse HEAD),n';
    expect((await planted.run(make)).stderr).toContain('./n: a git repository was made');
    const change = `printf '${planted.evil}\\tworktree = ${planted.root}/n\\n' > .git/evil/config`;
    const { stderr } = await planted.run(change);
    // In the index it is a submodule, and kept.
    expect(stderr).toMatch(/Read-only|cannot create|\.\/n: a git repository was made or changed/);
    expect(planted.ran()).toBe(false);
    planted.must('rm', '-q', '--cached', 'n');
    expect((await planted.run(change)).stderr).toContain('./n: a git repository was made or changed');
  });

  test('what a cherry-pick or a rebase is to go on with is named, in every worktree', async () => {
    const planted = new Planted();
    planted.must('worktree', 'add', '-q', join(planted.given.home, 'tree'));
    for (const state of [
      'sequencer/opts',
      'rebase-merge/strategy',
      'rebase-apply/x',
      'worktrees/tree/sequencer/opts',
    ]) {
      const { stderr } = await planted.run(`mkdir -p .git/$(dirname ${state}); echo x > .git/${state}`);
      expect(stderr).toContain(`.git/${state.replace(/\/\w+$/, '')}: a rebase was left open`);
    }
    expect((await planted.run('true')).stderr).not.toContain('left open');
  });

  test('a pipe in git’s folder holds up nothing, and is named', async () => {
    const planted = new Planted();
    const pipes = 'rm .git/HEAD; mkfifo .git/HEAD; mv .git/index .git/kept; mkfifo .git/index; git init -q n';
    const { stderr } = await planted.run(pipes);
    expect(stderr).toContain('.git/index: no plain file any more');
    expect(stderr).toContain('./n: a git repository was made');
    expect(readFileSync(join(planted.root, '.git/HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
    expect(existsSync(join(planted.root, '.git/commondir'))).toBe(false);
    const started = Date.now();
    const next = await planted.run('echo ran');
    expect(next).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('.git/index') });
    await program(planted.given, ['status']);
    expect(Date.now() - started).toBeLessThan(8_000);
  });

  test('an index that git cannot read hides no submodule', async () => {
    const planted = new Planted();
    planted.must('init', '-q', 'n');
    writeFileSync(join(planted.root, '.git/index'), 'x');
    const { stdout, stderr } = await planted.run('exec 2>/dev/null; echo x >> n/.git/config && echo wrote; echo ran');
    expect({ stdout, stderr }).toEqual({ stdout: 'ran\n', stderr: expect.stringContaining('all of them are kept') });
  });

  test('however many repositories were made, each is named', async () => {
    const planted = new Planted();
    const { stderr } = await planted.run('for i in $(seq 8); do git init -q r$i; done');
    for (let at = 1; at <= 8; at++) expect(stderr).toContain(`./r${at}`);
    const many = await planted.run('for i in $(seq 60); do mkdir -p m$i/.git; done');
    const file = /the whole list is in (\S+)/.exec(many.stderr)?.[1] ?? '';
    const listed = readFileSync(file, 'utf8');
    for (let at = 1; at <= 60; at++) expect(listed).toContain(`./m${at}\n`);
  }, 30_000);

  test('settings that programs obey in any folder are named, made or changed, and moved there as a whole', async () => {
    const planted = new Planted();
    const files = ['.claude/settings.json', '.mcp.json', '.vscode/tasks.json', '.cursor/mcp.json', '.npmrc'].concat([
      'x.code-workspace',
      '.envrc',
      '.helix/languages.toml',
      '.hg/hgrc',
      '.config/mise/config.toml',
    ]);
    const root = ['.helix/languages.toml', '.hg/hgrc', '.jj/repo/config.toml', 'crush.json', '.crush.json'].concat([
      '.mise.local.toml',
      '.watchmanconfig',
      'lefthook-local.yml',
    ]);
    const make = (folder: string, names: readonly string[]) =>
      names.map(name => `mkdir -p $(dirname ${folder}/${name}); echo x > ${folder}/${name}`).join('; ');
    const { stderr } = await planted.run(
      `${make('.', root)}; ${make('pkg/b', files)}; ${make('node_modules/c', files)}`,
    );
    for (const name of root)
      expect(stderr).toMatch(new RegExp(`^ *${name.split('/')[0]?.replaceAll('.', '\\.')}`, 'm'));
    for (const name of files) expect(stderr).toContain(`  pkg/b/${name.split('/')[0]}`);
    expect(stderr).not.toContain('node_modules');
    expect(
      (await planted.run('mkdir -p q/.config; echo x > q/.config/x; mkdir p; echo x > p/settings.json')).stderr,
    ).toBe('');
    expect((await planted.run('echo x >> pkg/b/.npmrc; mv p q/.claude')).stderr).toContain(
      'pkg/b/.npmrc and q/.claude/: made',
    );
    // Those of the root are kept once they are there.
    const later = root.map(name => `(echo x > ${name}) 2>/dev/null && echo ${name}`).join('; ');
    expect(await planted.run(`${later}; true`)).toMatchObject({ stdout: '', stderr: '' });
  });
});

test.skipIf(!hasBox)('a folder is not handed into the box', async () => {
  const given = world({ 'agent-posture.yaml': POSTURE });
  writeFileSync(join(given.home, 'secret'), 'CANARY');
  const folder = openSync(given.home, 'r');
  try {
    const read = 'cat /proc/self/fd/0/secret /proc/self/fd/2/secret; echo ran';
    for (const stdio of [
      [folder, 'pipe', 'pipe'],
      ['ignore', 'pipe', folder],
    ] satisfies SpawnOptions['stdio'][]) {
      const { code, stdout, stderr } = await program(given, ['run', '--', 'sh', '-c', read], { stdio });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      if (stdio[0] === folder) expect(stderr).toContain('stdin is a folder');
    }
  } finally {
    closeSync(folder);
  }
});

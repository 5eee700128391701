import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Step } from '../../src/base/files.ts';
import { drift } from '../../src/generate/drift.ts';
import { undo } from '../../src/generate/journal.ts';
import { readSetting, writeSetting } from '../../src/generate/settings.ts';
import { output } from './support/outputs.ts';
import { scene, snapshot } from './support/scene.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
const commit = (cwd: string) =>
  git(cwd, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'x');
const hooks = (value = '.githooks') =>
  output('hooks', [{ mode: 'git-config', key: 'core.hooksPath', value }], { guard: true });

function repository() {
  const s = scene();
  git(s.root, 'init', '-q');
  return s;
}

test('a setting is set, found in order, taken back by undo to the byte, and unset when no longer asked for', async () => {
  const s = repository();
  const config = join(s.root, '.git/config');
  const before = readFileSync(config);
  const first = await s.generate([hooks()]);
  expect(first.changes[0]).toMatchObject({ state: 'create', path: 'git config core.hooksPath' });
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
  expect((await s.generate([hooks()])).changes[0]?.state).toBe('unchanged');
  await undo(s.root, { stateFolder: s.stateFolder });
  expect(readFileSync(config)).toEqual(before);
  await s.generate([hooks()]);
  await s.generate([]);
  expect(readFileSync(config)).toEqual(before);
});

const CONFIGS: readonly [what: string, text: string][] = [
  ['no end of its last line', '[core]\n\tbare = false\n[user]\n\tname = a'],
  ['no section of that name and no end of its last line', '[user]\n\tname = a'],
  ['two sections of that name and a comment in the last', '[core]\n\tbare = false\n[user]\n\tname = a\n[core]\n# mine'],
  ['nothing in it', ''],
  ['two sections of one name, and comments', '# mine\n[core]\n\tbare = false\n[user]\n\tname = a\n[core]\n\t; here\n'],
  ['an empty section', '[core]\n[user]\n\tname = a\n[core]\n'],
  ['line ends of Windows', '[core]\r\n\tbare = false\r\n[user]\r\n\tname = a'],
  ['spaces at its end', '[core] bare = false\n\n  \n\t'],
];

test.each(CONFIGS)(
  'a configuration with %s is to the byte what it was, after undo and after a run that was stopped',
  async (_what, text) => {
    const s = repository();
    const config = join(s.root, '.git/config');
    writeFileSync(config, text);
    chmodSync(config, 0o640);
    await s.generate([hooks()]);
    expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
    await undo(s.root, { stateFolder: s.stateFolder });
    expect(readFileSync(config, 'utf8')).toBe(text);
    expect(statSync(config).mode & 0o777).toBe(0o640);
    // A failure just behind the setting puts everything back.
    const step: Step = async (what, path, act) => {
      if (what === 'rename' && path.endsWith('.done.json')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      return act();
    };
    await expect(s.generate([hooks()], { step })).rejects.toThrow('put back');
    expect(readFileSync(config, 'utf8')).toBe(text);
    expect(readdirSync(s.stateFolder)).not.toContain('rehearsal');
  },
);

test('what was changed in the configuration since stays, and the setting goes all the same', async () => {
  const s = repository();
  const config = join(s.root, '.git/config');
  writeFileSync(config, '[user]\n\tname = a');
  await s.generate([hooks()]);
  git(s.root, 'config', 'user.email', 'a@b');
  await undo(s.root, { stateFolder: s.stateFolder });
  expect(readFileSync(config, 'utf8')).toMatch(/^\[user\]\n\tname = a\n\temail = a@b\n$/);
});

test('the journal has no password that stands in an address of the configuration', async () => {
  const s = repository();
  git(s.root, 'remote', 'add', 'origin', 'https://ada:hunter2@example.com/x.git');
  await s.generate([hooks()]);
  const journal = join(s.stateFolder, 'journal');
  const texts = readdirSync(journal).map(name => readFileSync(join(journal, name), 'utf8'));
  expect(texts).toHaveLength(1);
  expect(texts.join()).not.toContain('hunter2');
  for (const { edit } of JSON.parse(texts[0] ?? '').settings)
    expect(Buffer.from(edit.was, 'base64').toString()).not.toContain('hunter2');
});

test('a setting that was unset or changed by hand is reported, and put back when asked', async () => {
  const s = repository();
  await s.generate([hooks()]);
  git(s.root, 'config', '--local', 'core.hooksPath', '/dev/null');
  const plan = await s.generate([hooks()]);
  expect(plan.changes[0]?.state).toBe('loosened');
  expect(drift(plan)[0]?.path).toBe('git config core.hooksPath');
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('/dev/null\n');
  git(s.root, 'config', '--local', '--unset', 'core.hooksPath');
  expect((await s.plan([hooks()])).changes[0]?.state).toBe('loosened');
  await s.generate([hooks()], { restore: true });
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
});

test('a fresh clone has no drift for it, and a setting of somebody else is a conflict that changes nothing', async () => {
  const s = repository();
  expect(drift(await s.plan([hooks()]))).toEqual([]);
  git(s.root, 'config', '--local', 'core.hooksPath', '.husky');
  const plan = await s.generate([hooks()]);
  expect(plan.changes[0]).toMatchObject({ state: 'conflict' });
  expect(plan.conflicts).toEqual(['git config core.hooksPath']);
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.husky\n');
});

test('a git folder that is made anew has none of our settings yet: nobody has taken them away', async () => {
  const s = repository();
  const path = join(s.root, '.git');
  await s.generate([hooks()]);
  for (const again of [1, 2]) {
    rmSync(path, { recursive: true });
    git(s.root, 'init', '-q');
    const plan = await s.generate([hooks()]);
    expect([again, plan.changes[0]?.state]).toEqual([again, 'create']);
    expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
    expect((await s.plan([hooks()])).changes[0]?.state).toBe('unchanged');
  }
  // The same one with another content is the same one.
  commit(s.root);
  git(s.root, 'config', '--local', '--unset', 'core.hooksPath');
  expect((await s.plan([hooks()])).changes[0]?.state).toBe('loosened');
});

test('undo keeps a setting that was changed since', async () => {
  const s = repository();
  await s.generate([hooks()]);
  git(s.root, 'config', '--local', 'core.hooksPath', 'mine');
  const undone = await undo(s.root, { stateFolder: s.stateFolder });
  expect(undone.kept).toEqual([{ path: 'git config core.hooksPath', reason: 'it was set to something else since' }]);
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('mine\n');
});

test('hostile values are values', async () => {
  const s = repository();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  for (const value of ['a"b\nc', '-x', '$(id)', '${HOME}', '; x = y', '# x', ' ']) {
    await writeSetting(s.root, 'core.hooksPath', value);
    expect(await readSetting(s.root, 'core.hooksPath')).toEqual({ value });
  }
});

test('a worktree has the settings of its repository', async () => {
  const s = repository();
  git(s.root, '-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '--allow-empty', '-m', 'x');
  const tree = join(s.root, '..', 'tree');
  git(s.root, 'worktree', 'add', '-q', tree);
  await s.generate([hooks()], { root: tree });
  expect(git(s.root, 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
});

test('a submodule has settings of its own', async () => {
  const s = repository();
  const inner = repository();
  git(inner.root, '-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '--allow-empty', '-m', 'x');
  git(s.root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'sub');
  await s.generate([hooks()], { root: join(s.root, 'sub') });
  expect(git(join(s.root, 'sub'), 'config', '--local', 'core.hooksPath')).toBe('.githooks\n');
  expect(await readSetting(s.root, 'core.hooksPath')).toEqual({ value: null });
});

test('no repository, a linked .git, and a .git file that points to a stranger are refused', async () => {
  const s = scene();
  expect(await readSetting(s.root, 'core.hooksPath')).toEqual({ refused: 'there is no git repository here' });
  const other = repository();
  writeFileSync(join(s.root, '.git'), `gitdir: ${join(other.root, '.git')}\n`);
  expect(await readSetting(s.root, 'core.hooksPath')).toMatchObject({
    refused: expect.stringContaining('another place'),
  });
  git(other.root, '-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '--allow-empty', '-m', 'x');
  git(other.root, 'worktree', 'add', '-q', join(other.root, '..', 'tree'));
  writeFileSync(join(s.root, '.git'), `gitdir: ${join(other.root, '.git/worktrees/tree')}\n`);
  expect(await readSetting(s.root, 'core.hooksPath')).toMatchObject({
    refused: expect.stringContaining('another place'),
  });
  const third = scene();
  symlinkSync(join(other.root, '.git'), join(third.root, '.git'));
  expect(await readSetting(third.root, 'core.hooksPath')).toMatchObject({ refused: expect.stringContaining('link') });
  const plan = await third.generate([hooks()]);
  expect(plan.changes[0]?.state).toBe('refused');
  expect(plan.journal).toBeUndefined();
});

describe('a git folder that names the settings of another repository', () => {
  const PLANTED: readonly [how: string, plant: (root: string, victim: string) => void][] = [
    ['in .git', (root, victim) => writeFileSync(join(root, '.git/commondir'), `${victim}\n`)],
    [
      'by a link in .git',
      (root, victim) => {
        writeFileSync(join(root, 'named'), `${victim}\n`);
        symlinkSync('../named', join(root, '.git/commondir'));
      },
    ],
    [
      'in a folder that .git names',
      (root, victim) => {
        renameSync(join(root, '.git'), join(root, 'meta'));
        writeFileSync(join(root, '.git'), 'gitdir: meta\n');
        writeFileSync(join(root, 'meta/gitdir'), `${join(root, '.git')}\n`);
        writeFileSync(join(root, 'meta/commondir'), `${victim}\n`);
      },
    ],
    [
      'by a name with a space behind it',
      (root, victim) => {
        renameSync(join(root, '.git'), join(root, 'meta'));
        writeFileSync(join(root, '.git'), 'gitdir: meta \n');
        writeFileSync(join(root, 'meta/gitdir'), `${join(root, '.git')}\n`);
        symlinkSync(victim, join(root, 'meta '));
      },
    ],
    [
      'by a link for its settings',
      (root, victim) => {
        rmSync(join(root, '.git/config'));
        symlinkSync(join(victim, 'config'), join(root, '.git/config'));
      },
    ],
  ];
  test.each(PLANTED)('%s: neither is written', async (_how, plant) => {
    const s = repository();
    const victim = repository();
    const before = snapshot(victim.root);
    plant(s.root, join(victim.root, '.git'));
    expect(await readSetting(s.root, 'core.hooksPath')).toMatchObject({ refused: expect.any(String) });
    await expect(writeSetting(s.root, 'core.hooksPath', '.githooks')).rejects.toThrow();
    expect((await s.generate([hooks()])).changes[0]?.state).toBe('refused');
    expect(snapshot(victim.root)).toEqual(before);
  });

  test('itself, as our boxes have it, is as good as none', async () => {
    const s = repository();
    for (const name of ['.\n', './././/\n']) {
      writeFileSync(join(s.root, '.git/commondir'), name);
      expect(await readSetting(s.root, 'core.hooksPath')).toEqual({ value: null });
    }
  });

  test('a pipe in its place is not waited for', async () => {
    const s = repository();
    renameSync(join(s.root, '.git'), join(s.root, 'meta'));
    writeFileSync(join(s.root, '.git'), 'gitdir: meta\n');
    execFileSync('mkfifo', [join(s.root, 'meta/gitdir')]);
    expect(await readSetting(s.root, 'core.hooksPath')).toMatchObject({ refused: expect.any(String) });
  }, 15_000);
});

test('nothing that the repository configures is run', async () => {
  const s = repository();
  const trap = join(s.root, 'trap.sh');
  writeFileSync(trap, `#!/bin/sh\ntouch ${join(s.root, 'ran')}\n`, { mode: 0o755 });
  for (const key of ['core.fsmonitor', 'core.pager', 'core.editor', 'alias.config'])
    git(s.root, 'config', key, key.startsWith('alias') ? `!${trap}` : trap);
  mkdirSync(join(s.root, 'bin'));
  await s.generate([hooks()]);
  await undo(s.root, { stateFolder: s.stateFolder });
  expect(() => readFileSync(join(s.root, 'ran'))).toThrow(/ENOENT/);
});

test('a lock that stays on the configuration of git is named, and neither apply nor undo changes anything', async () => {
  const s = repository();
  const page = output('page', [{ mode: 'owned', path: 'page.md', content: 'one\n' }]);
  const lock = join(s.root, '.git/config.lock');
  const locked = { where: { path: '.git/config.lock' }, next: expect.stringContaining('remove this file') };
  writeFileSync(lock, '');
  const before = snapshot(s.root);
  await expect(s.generate([hooks(), page])).rejects.toMatchObject({ exitCode: 4, problems: [locked] });
  expect(snapshot(s.root)).toEqual(before);
  rmSync(lock);
  await s.generate([hooks(), page]);
  writeFileSync(lock, '');
  const made = snapshot(s.root);
  await expect(undo(s.root, { stateFolder: s.stateFolder })).rejects.toMatchObject({ exitCode: 4, problems: [locked] });
  expect(snapshot(s.root)).toEqual(made);
  // Nothing was begun that the next command would have to complete first.
  expect((await s.plan([hooks(), page])).notes).toEqual([]);
  rmSync(lock);
  expect((await undo(s.root, { stateFolder: s.stateFolder })).kept).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { discover } from '../../src/discover/index.ts';
import { publicUrl } from '../../src/discover/repository.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture({ 'a.txt': 'x' });
  fixture.git('init', '-q', '-b', 'trunk');
  fixture.git('add', 'a.txt');
  fixture.git('commit', '-q', '-m', 'a');
});
afterEach(() => {
  vi.unstubAllEnvs();
  fixture.remove();
});

function pipe(path: string): void {
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
}
function linked(path: string): void {
  renameSync(path, `${path}.there`);
  symlinkSync(`${path}.there`, path);
}
function included(git: string): void {
  pipe(join(git, 'more'));
  appendFileSync(join(git, 'config'), '[include]\n\tpath = more\n');
}

describe('what git knows', () => {
  it('tells the default branch: what origin says, a usual name, or the one that is out', async () => {
    expect((await fixture.facts()).git).toMatchObject({ present: true, defaultBranch: 'trunk' });
    fixture.git('branch', 'main');
    fixture.git('branch', 'topic');
    expect((await fixture.facts()).git.defaultBranch).toBe('main');
    fixture.git('config', 'init.defaultBranch', 'topic');
    expect((await fixture.facts()).git.defaultBranch).toBe('topic');
    fixture.git('update-ref', 'refs/remotes/origin/release', 'HEAD');
    fixture.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/release');
    expect((await fixture.facts()).git.defaultBranch).toBe('release');
  });
  it('is a repository for git also without a version in its settings, and none where there is no git folder', async () => {
    fixture.git('config', '--unset', 'core.repositoryformatversion');
    expect((await fixture.facts()).git).toMatchObject({ present: true });
    rmSync(join(fixture.root, '.git'), { recursive: true });
    const { git, notes } = await fixture.facts();
    expect(git).toMatchObject({ present: false });
    expect(git.untold).toBeUndefined();
    expect(notes).toEqual([]);
  });
  it('is told where HEAD is a link, as git itself makes it', async () => {
    fixture.git('config', 'core.preferSymlinkRefs', 'true');
    fixture.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    expect(lstatSync(join(fixture.root, '.git/HEAD')).isSymbolicLink()).toBe(true);
    const { git } = await fixture.facts();
    expect(git).toMatchObject({ present: true, defaultBranch: 'trunk' });
    expect(git.untold).toBeUndefined();
  });
  it.each<[what: string, damage: (git: string) => void, why: RegExp]>([
    ['has no HEAD', git => rmSync(join(git, 'HEAD')), /not a git repository/],
    ['has a pipe for HEAD', git => pipe(join(git, 'HEAD')), /HEAD is not a plain file/],
    ['has too many settings', git => appendFileSync(join(git, 'config'), '#'.repeat(1_100_000)), /over 1 MB/],
    ['has settings that cannot be read', git => appendFileSync(join(git, 'config'), '[broken\n'), /bad config line/],
    ['has a link for its settings', git => linked(join(git, 'config')), /config is not a plain file/],
    ['takes settings from a pipe', git => included(git), /did not answer/],
  ])('says that git did not tell where its folder %s', { timeout: 20_000 }, async (_what, damage, why) => {
    damage(join(fixture.root, '.git'));
    const { git, notes } = await fixture.facts();
    expect(git).toMatchObject({ present: false, untold: expect.stringMatching(why) });
    expect(notes).toContain(git.untold);
  });
  it('says so where no git is installed, but for a folder that is no repository', async () => {
    vi.stubEnv('PATH', fixture.home);
    expect((await fixture.facts()).git.untold).toBe('git is not installed');
    rmSync(join(fixture.root, '.git'), { recursive: true });
    expect((await fixture.facts()).git.untold).toBeUndefined();
  });
  it('is told of no other repository, where a folder of git that is none stands in one', async () => {
    const inner = join(fixture.root, 'inner');
    mkdirSync(join(inner, '.git'), { recursive: true });
    const { git } = await discover(inner, { home: fixture.home, env: {} });
    expect(git).toMatchObject({ present: false, untold: expect.stringContaining('answers for the repository above') });
  });
  it('tells no default branch where nobody asks for it', async () => {
    const { git } = await discover(fixture.root, { home: fixture.home, env: {}, defaultBranch: false });
    expect(git).toMatchObject({ present: true, defaultBranch: undefined });
  });
  it.each([
    ['https://alice:hunter2@github.com/acme/shop.git', 'https://github.com/acme/shop.git', 'github'],
    ['git@gitlab.example.com:acme/shop.git', 'gitlab.example.com:acme/shop.git', 'gitlab'],
    ['ssh://git@codeberg.org:22/acme/shop', 'ssh://codeberg.org:22/acme/shop', 'gitea'],
    ['https://x:y@git.example.com/a?token=z', 'https://git.example.com/a', undefined],
    ['/srv/git/shop.git', '/srv/git/shop.git', 'local'],
  ])('tells the remote %s without who uses it', async (url, shown, forge) => {
    fixture.git('remote', 'add', 'origin', url);
    expect((await fixture.facts()).git.remote).toEqual({ name: 'origin', url: shown, forge });
  });
  it('leaves nothing of a login in an address that has two @', () => {
    expect(publicUrl('https://a@b:p@ss@host.example.com/x#frag')).toBe('https://host.example.com/x');
  });
  it('tells the hooks folder that is set, and not the one set to keep hooks from running', async () => {
    expect((await fixture.facts()).git.hooksPath).toBeUndefined();
    fixture.git('config', 'core.hooksPath', '.githooks');
    expect((await fixture.facts()).git.hooksPath).toBe('.githooks');
  });
  it('works in a worktree, where .git is a file, and in a folder below the root', async () => {
    fixture.git('worktree', 'add', '-q', '-b', 'topic', `${fixture.folder}/tree`);
    const tree = await discover(`${fixture.folder}/tree`, { home: fixture.home, env: {} });
    expect(tree.git).toMatchObject({ present: true, defaultBranch: 'trunk' });
    fixture.put('packages/a/x', '');
    const below = await discover(`${fixture.root}/packages/a`, { home: fixture.home, env: {} });
    expect(below.git.present).toBe(true);
  });
  it('tells the other hook managers', async () => {
    fixture.put('package.json', '{"devDependencies":{"lefthook":"1"}}');
    expect((await fixture.facts()).git.hookManager).toEqual({ id: 'lefthook', seen: { path: 'package.json' } });
    fixture.put('lefthook.yml', '');
    expect((await fixture.facts()).git.hookManager).toEqual({ id: 'lefthook', seen: { path: 'lefthook.yml' } });
  });
});

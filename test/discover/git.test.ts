import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
afterEach(() => fixture.remove());

describe('what git knows', () => {
  it('tells branches and the default one: what origin says, a usual name, or the one that is out', async () => {
    expect((await fixture.facts()).git).toMatchObject({ present: true, defaultBranch: 'trunk', branches: ['trunk'] });
    fixture.git('branch', 'main');
    fixture.git('branch', 'topic');
    expect((await fixture.facts()).git.defaultBranch).toBe('main');
    fixture.git('update-ref', 'refs/remotes/origin/release', 'HEAD');
    fixture.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/release');
    expect((await fixture.facts()).git.defaultBranch).toBe('release');
  });
  it('is a repository for git also without a version in its settings, and none where git takes it for none', async () => {
    const presence = async () => (await fixture.facts()).git.present;
    fixture.git('config', '--unset', 'core.repositoryformatversion');
    expect(await presence()).toBe(true);
    rmSync(join(fixture.root, '.git/HEAD'));
    expect(await presence()).toBe(false);
  });
  it('tells no branches where nobody asks for them', async () => {
    const { git } = await discover(fixture.root, { home: fixture.home, env: {}, branches: false });
    expect(git).toMatchObject({ present: true, defaultBranch: undefined, branches: [] });
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
    expect(tree.git).toMatchObject({ present: true, branches: ['topic', 'trunk'] });
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

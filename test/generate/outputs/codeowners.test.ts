import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeowners } from '../../../src/generate/outputs/codeowners.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { describeWith, part } from '../../support/parts.ts';
import { context, FULL, HOSTILE, Repository } from './lab.ts';

const owned = (owners: Record<string, string[]>, forge: 'github' | 'gitlab' | 'gitea' = 'github'): Posture => ({
  ...FULL,
  repository: { ...FULL.repository, forge, owners },
});

const linesOf = (posture: Posture, git: object = {}): string[] => {
  const [file] = codeowners.render(context(posture, '/x', { git: { ...context(posture, '/x').facts.git, ...git } }));
  return file?.mode === 'block' ? [file.path, ...file.lines.slice(1).filter(line => line !== '[agent-posture]')] : [];
};

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

describe('the owners of paths', () => {
  test('go where the forge looks, and where a file is already', () => {
    const owners = { 'src/auth/**': ['@alice'] };
    expect(linesOf(owned(owners))).toEqual(['.github/CODEOWNERS', '/src/auth/ @alice']);
    expect(linesOf(owned(owners, 'gitlab'))).toEqual(['.gitlab/CODEOWNERS', '/src/auth/ @alice']);
    for (const path of ['CODEOWNERS', 'docs/CODEOWNERS'])
      expect(linesOf(owned(owners), { owners: { seen: { path }, rules: [] } })[0]).toBe(path);
    expect(linesOf(owned(owners), { owners: { seen: { path: '.gitea/CODEOWNERS' }, rules: [] } })[0]).toBe(
      '.github/CODEOWNERS',
    );
    expect(linesOf({ ...FULL, repository: { owners } })).toEqual([]);
    expect(linesOf(owned({}))).toEqual([]);
  });

  test.each([
    ['github', '* @evil', 'loosened'],
    ['github', '/db/', 'loosened'],
    ['github', '*.sql @evil @dba', 'unchanged'],
    ['github', 'db/x @evil # @dba', 'loosened'],
    ['github', '/docs/ @writers', 'unchanged'],
    ['github', '# * @evil', 'unchanged'],
    ['gitlab', '[Docs]\n* @writers', 'unchanged'],
    ['gitlab', '* @evil', 'loosened'],
    ['gitlab', '[AGENT-POSTURE]\n* @evil', 'loosened'],
    ['gitlab', '[broken\n* @evil', 'loosened'],
    ['gitlab', '!db/', 'loosened'],
    ['github', '/db/schema.sql', 'loosened'],
    ['github', '**/x', 'loosened'],
    ['gitea', '.* @evil', 'loosened'],
  ] as const)('at %s, "%s" behind ours is %s', async (forge, line, state) => {
    const posture = owned({ '*': ['@lead'], 'db/': ['@dba'], '*.sql': ['@dba'] }, forge);
    const { changes } = await repository.generate(posture);
    const path = changes.find(({ output }) => output === 'codeowners')?.path ?? '';
    const text = readFileSync(join(repository.root, path), 'utf8');
    repository.write(path, `${text}${line}\n`);
    const git = { ...context(posture, '/x').facts.git, owners: { seen: { path }, rules: [] } };
    const plan = await repository.plan(posture, { git });
    expect(plan.changes.find(change => change.output === 'codeowners')?.state).toBe(state);
    // Above ours anything may stand.
    repository.write(path, `${line}\n${text}`);
    expect((await repository.plan(posture, { git })).changes.find(change => change.path === path)?.state).toBe(
      'unchanged',
    );
  });

  test('what cannot be said is left out and told, never said as something else', () => {
    const posture = owned({
      '!x': ['@a'],
      '#x': ['@a'],
      'a[0-9]': ['@a'],
      'a\\\\b': ['@a'],
      'none/': ['nobody', 'x y', '@a b'],
      'ok dir/': ['@org/team', 'a@example.com', 'bad owner'],
    });
    expect(linesOf(posture)).toEqual(
      ['.github/CODEOWNERS', '/ok\\ dir/ @org/team a@example.com'].map(line => line.replace('/ok', 'ok')),
    );
    expect(codeowners.notes?.(context(posture, '/x'))).toEqual([expect.stringContaining('6 entries')]);
    expect(codeowners.notes?.(context(owned({ 'src/': ['@a'] }), '/x'))).toEqual([]);
  });

  test('Gitea takes regular expressions of Go, matched whole, with its own escapes', () => {
    const lines = linesOf(owned({ '*': ['@all'], 'src/**': ['@a'], '*.md': ['@b'], 'a b#c': ['@c'] }, 'gitea'));
    const matching = (path: string) =>
      lines
        .slice(1)
        .filter(line => {
          const [, rule = ''] = /^((?:\\.|[^\s\\])+) /.exec(line) ?? [];
          return new RegExp(`^${rule.replace(/\\(.)/g, '$1')}$`).test(path);
        })
        .map(line => line.split(' ').at(-1));
    expect(matching('src/x/y.ts')).toEqual(['@all', '@a']);
    expect(matching('srcs/y.ts')).toEqual(['@all']);
    expect(matching('doc/README.md')).toEqual(['@all', '@b']);
    expect(matching('doc/READMExmd')).toEqual(['@all']);
    expect(matching('x/a b#c')).toEqual(['@all', '@c']);
    expect(matching('.claude/settings.json')).toEqual(['@all', '@all']);
  });

  test.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))(
    '%s brings neither a line nor an owner into it',
    (_, text) => {
      for (const forge of ['github', 'gitlab', 'gitea'] as const) {
        const [, ...lines] = linesOf(
          owned({ '*': ['@all', text], [text]: ['@evil', text], [`${text}/x`]: [text] }, forge),
        );
        expect(lines.some(line => /^\S+ @all$/.test(line))).toBe(true);
        for (const line of lines) expect(line).toMatch(/^(?:\\.|[^\s\\])+ @(?:all|evil)$/);
        for (const line of lines) expect(line).not.toMatch(/\p{C}|^[#![]/u);
      }
    },
  );
});

// Not GitHub itself: another program that reads the file by GitHub's rules.
describeWith(['codeowners'], 'the owners, as a reader of CODEOWNERS sees them', () => {
  const ownerOf = (path: string): string => {
    repository.write(path, '');
    const { stdout, status, stderr } = spawnSync(part('codeowners'), ['-f', join(repository.root, where), path], {
      cwd: repository.root,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return (
      stdout
        .trim()
        .split(/\s{2,}/)
        .at(-1) ?? ''
    );
  };
  let where = '.github/CODEOWNERS';

  test('the last line counts: no kind of file takes a guard, and what is said of a guard itself does', async () => {
    where = '.github/CODEOWNERS';
    await repository.generate(
      owned({
        '.github/workflows/release.yml': ['@release'],
        '*': ['@everything'],
        '*.json': ['@frontend'],
        'src/auth/**': ['@alice', '@org/auth'],
        'with space/': ['@space'],
      }),
    );
    expect(
      Object.fromEntries(
        [
          'README.md',
          'package.json',
          'src/auth/deep/x.json',
          'with space/a',
          '.claude/settings.json',
          '.github/workflows/ci.yml',
          '.github/workflows/release.yml',
          '.github/CODEOWNERS',
          'agent-posture.yaml',
          '.agent-posture/github-ruleset.json',
          '.githooks/pre-push',
        ].map(path => [path, path === where ? ownerOfExisting(path) : ownerOf(path)]),
      ),
    ).toEqual({
      'README.md': '@everything',
      'package.json': '@frontend',
      'src/auth/deep/x.json': '@alice @org/auth',
      'with space/a': '@space',
      '.claude/settings.json': '@everything',
      '.github/workflows/ci.yml': '@everything',
      '.github/workflows/release.yml': '@release',
      '.github/CODEOWNERS': '@everything',
      'agent-posture.yaml': '@everything',
      '.agent-posture/github-ruleset.json': '@everything',
      '.githooks/pre-push': '@everything',
    });
  });

  const ownerOfExisting = (path: string): string =>
    spawnSync(part('codeowners'), [path], { cwd: repository.root, encoding: 'utf8' })
      .stdout.trim()
      .split(/\s{2,}/)
      .at(-1) ?? '';

  test('lines that a file has for a guard stay in force, and where nobody owns everything no guard gets an owner', async () => {
    where = 'CODEOWNERS';
    repository.write('CODEOWNERS', '* @old\n/.github/workflows/ @ops\n');
    const rules = [
      { pattern: '*', owners: ['@old'] },
      { pattern: '/.github/workflows/', owners: ['@ops'] },
    ];
    const git = { ...context(FULL, '/x').facts.git, owners: { seen: { path: 'CODEOWNERS' }, rules } };
    await repository.generate(owned({ '*': ['@new'] }), { git });
    expect(readFileSync(join(repository.root, 'CODEOWNERS'), 'utf8')).toMatch(
      /^\* @old\n\/\.github\/workflows\/ @ops\n# BEGIN/,
    );
    expect(ownerOf('.github/workflows/ci.yml')).toBe('@ops');
    expect(ownerOf('.claude/settings.json')).toBe('@new');
    await repository.generate(owned({ 'src/': ['@src'] }), { git });
    expect(ownerOf('.claude/settings.json')).toBe('@old');
    expect(ownerOf('src/a.ts')).toBe('@src');
  });
});

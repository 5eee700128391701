import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agents } from '../../../src/agents/index.ts';
import { gitFacts } from '../../../src/discover/repository.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { part, testWith } from '../../support/parts.ts';
import { context, HOSTILE, Repository, render } from './lab.ts';

const POSTURE: Posture = {
  version: 1,
  project: 'x',
  repository: { attribution: true, agentIdentity: { name: 'shop-agent', email: 'agent@example.com' } },
};
const HOOK = '.githooks/prepare-commit-msg';

let repository: Repository;
beforeEach(async () => {
  repository = new Repository();
  await repository.generate(POSTURE);
});
afterEach(() => repository.remove());

const commit = (words: readonly string[] = [], env: Record<string, string> = {}) =>
  repository.run(['commit', '-q', '--allow-empty', ...words], env);
const message = () => repository.git('log', '-1', '--format=%B').trimEnd();
const CLAUDE = { CLAUDECODE: '1' };

describe('what a commit says of who made it', () => {
  test.each(
    agents.flatMap(({ id, marks }) => marks.map(({ variable, value = 'x' }) => [id, variable, value] as const)),
  )('%s, by %s', (id, variable, value) => {
    expect(commit(['-m', 'subject'], { [variable]: value }).code).toBe(0);
    expect(message()).toBe(`subject\n\nAgent: ${id}\nCo-authored-by: shop-agent <agent@example.com>`);
  });

  test('people’s commits stay as they are, merges and amended ones too', () => {
    commit(['-m', 'one']);
    expect(message()).toBe('one');
    for (const [variable, value] of [
      ['CLAUDECODE', '0'],
      ['AGENT', 'else'],
    ] as const) {
      commit(['-m', 'two'], { [variable]: value });
      expect(message()).toBe('two');
    }
    repository.git('checkout', '-q', '-b', 'side');
    commit(['-m', 'side']);
    repository.git('checkout', '-q', 'main');
    repository.git('merge', '-q', '--no-ff', '--no-edit', 'side');
    expect(message()).toBe("Merge branch 'side'");
    commit(['--amend', '--no-edit']);
    expect(message()).toBe("Merge branch 'side'");
  });

  test('is said once, beside trailers that are there, whatever is done with the commit, and past --no-verify', () => {
    commit(['--no-verify', '-m', 'subject', '-m', 'body', '-m', 'Signed-off-by: A <a@b.c>'], CLAUDE);
    const said =
      'subject\n\nbody\n\nSigned-off-by: A <a@b.c>\nAgent: claude-code\nCo-authored-by: shop-agent <agent@example.com>';
    expect(message()).toBe(said);
    commit(['--amend', '--no-edit'], CLAUDE);
    expect(message()).toBe(said);
    commit(['--amend', '-m', 'anew\n\n---\nnot: a trailer'], CLAUDE);
    expect(message()).toMatch(/^anew\n\n---\nnot: a trailer\n[\s\S]*Agent: claude-code\n/);
    repository.git('checkout', '-q', '-b', 'side');
    commit(['-m', 'side']);
    repository.git('checkout', '-q', 'main');
    expect(repository.run(['merge', '-q', '--no-ff', '--no-edit', 'side'], CLAUDE).code).toBe(0);
    expect(message()).toContain('Agent: claude-code');
    writeFileSync(join(repository.folder, 'editor'), '#!/bin/sh\nsed -i "1s/^/from the editor/" "$1"\n', {
      mode: 0o755,
    });
    commit([], { ...CLAUDE, GIT_EDITOR: join(repository.folder, 'editor') });
    expect(message()).toBe('from the editor\n\nAgent: claude-code\nCo-authored-by: shop-agent <agent@example.com>');
  });

  test('its own identity is not named beside itself, and without one the agent alone is', async () => {
    commit(['-m', 's', '--author', 'Other <agent@example.com>'], CLAUDE);
    expect(message()).toBe('s\n\nAgent: claude-code');
    await repository.generate({ ...POSTURE, repository: { attribution: true } });
    commit(['-m', 's'], CLAUDE);
    expect(message()).toBe('s\n\nAgent: claude-code');
  });

  test('an agent that nobody knows is told by what it says of itself, if that is a name', () => {
    commit(['-m', 's'], { AI_AGENT: 'devin@1' });
    expect(message()).toMatch(/^s\n\nAgent: devin@1\n/);
    commit(['-m', 's'], { AI_AGENT: 'x\nSigned-off-by: boss' });
    expect(message()).toMatch(/^s\n\nAgent: unknown\n/);
    expect(message()).not.toContain('boss');
  });

  test('where it cannot be said nothing is committed', () => {
    const bin = join(repository.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const run = (words: string[], env: Record<string, string>) =>
      spawnSync('/bin/sh', [HOOK, ...words], { cwd: repository.root, env: { PATH: process.env.PATH, ...env } }).status;
    writeFileSync(join(repository.root, 'm'), 's\n');
    expect(run(['m'], { ...CLAUDE, PATH: bin })).toBe(1);
    expect(run([], CLAUDE)).toBe(1);
    expect(run(['none'], CLAUDE)).toBe(1);
    expect(run(['m'], {})).toBe(0);
    expect(readFileSync(join(repository.root, 'm'), 'utf8')).toBe('s\n');
  });

  test('no setting of trailers counts, wherever it stands: none of its commands runs, and the line is whole', () => {
    const ran = join(repository.folder, 'RAN');
    const settings = [
      ['trailer.agent.key', 'Agent'],
      ['trailer.agent.command', `touch ${ran}`],
      ['trailer.agent.cmd', `touch ${ran}`],
      ['trailer.agent.ifexists', 'doNothing'],
      ['trailer.agent.ifmissing', 'doNothing'],
      ['trailer.ifmissing', 'doNothing'],
      ['trailer.separators', '='],
      ['trailer.co-authored-by.key', 'X-Nobody: '],
    ] as const;
    const words = settings.flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const said = 's\n\nAgent: claude-code\nCo-authored-by: shop-agent <agent@example.com>';
    const run = (before: readonly string[], env: Record<string, string> = {}) => {
      const { code } = repository.run([...before, 'commit', '-q', '--allow-empty', '-m', 's'], { ...CLAUDE, ...env });
      expect({ code, message: message(), ran: existsSync(ran) }).toEqual({ code: 0, message: said, ran: false });
    };
    run(words);
    const counted = settings.flatMap(([key, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, key],
      [`GIT_CONFIG_VALUE_${at}`, value],
    ]);
    run([], { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(counted) });
    for (const [key, value] of settings) repository.git('config', '--global', key, value);
    run([]);
    repository.git('config', '--global', '--remove-section', 'trailer.agent');
    for (const [key, value] of settings) repository.git('config', key, value);
    run([]);
  });

  test('where git would leave the line out as a comment, nothing is committed; another sign for comments is fine', () => {
    for (const key of ['core.commentChar', 'core.commentString']) {
      const { code, stderr } = repository.run(
        ['-c', `${key}=A`, 'commit', '-q', '--allow-empty', '--cleanup=strip', '-m', 's'],
        CLAUDE,
      );
      // Only newer ones know a string of them; then the line is kept.
      if (code === 0)
        expect([key, message()]).toEqual(['core.commentString', expect.stringContaining('Agent: claude')]);
      else expect(stderr).toContain('does not keep the line');
    }
    for (const sign of [';', 'auto']) {
      repository.git('config', 'core.commentChar', sign);
      expect(commit(['-m', 's'], CLAUDE).code).toBe(0);
      expect(message()).toMatch(/^s\n\nAgent: claude-code\n/);
    }
  });

  test('a hook of git’s own folder still runs, and its no counts', () => {
    const own = join(repository.root, '.git/hooks/prepare-commit-msg');
    writeFileSync(own, '#!/bin/sh\necho "own $2" >> "$1"\n', { mode: 0o755 });
    commit(['-m', 's'], CLAUDE);
    expect(message()).toContain('own message');
    writeFileSync(own, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(commit(['-m', 's']).code).not.toBe(0);
  });

  test('goes when it is no longer asked for', async () => {
    const { git } = await gitFacts(repository.root);
    expect(git.coveredHooks).toEqual([]);
    await repository.generate({ version: 1, project: 'x' }, { git });
    expect(existsSync(join(repository.root, HOOK))).toBe(false);
    commit(['-m', 's'], CLAUDE);
    expect(message()).toBe('s');
  });

  test('hook managers call it with what git gave', async () => {
    const manager = (id: 'husky' | 'lefthook' | 'pre-commit', path: string) =>
      render(POSTURE, { git: { ...context(POSTURE, '/x').facts.git, hookManager: { id, seen: { path } } } });
    expect(manager('husky', '.husky').get('.husky/prepare-commit-msg')).toMatchObject({
      lines: [`sh ${HOOK} "$@" || exit 1`],
    });
    expect(manager('lefthook', 'lefthook.yml').get('lefthook.yml')).toMatchObject({
      claims: [{ path: ['prepare-commit-msg', 'commands', 'agent-posture'], value: { run: `sh ${HOOK} {0}` } }],
    });
    expect(manager('pre-commit', '.pre-commit-config.yaml').get('.pre-commit-config.yaml')).toMatchObject({
      claims: [{ elements: [{ hooks: [{ stages: ['prepare-commit-msg'], pass_filenames: true }] }] }],
    });
    repository.git('config', '--unset', 'core.hooksPath');
    const own = join(repository.root, '.husky');
    mkdirSync(own);
    repository.git('config', 'core.hooksPath', '.husky');
    await repository.generate(POSTURE, {
      git: {
        ...context(POSTURE, '/x').facts.git,
        present: true,
        hookManager: { id: 'husky', seen: { path: '.husky' } },
      },
    });
    chmodSync(join(own, 'prepare-commit-msg'), 0o755);
    commit(['-m', 's'], CLAUDE);
    expect(message()).toMatch(/^s\n\nAgent: claude-code\n/);
  });

  test.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))(
    'an identity of %s is one trailer at most, and runs nothing',
    async (_, text) => {
      await repository.generate({
        ...POSTURE,
        repository: { attribution: true, agentIdentity: { name: text, email: text } },
      });
      expect(commit(['-m', 's'], CLAUDE).code).toBe(0);
      const lines = message().split('\n');
      expect(lines.slice(0, 3)).toEqual(['s', '', 'Agent: claude-code']);
      expect(lines.length).toBeLessThanOrEqual(4);
      for (const line of lines.slice(3)) expect(line).toMatch(/^Co-authored-by: [^<>]+ <[^<>]+>$/);
      expect(spawnSync('find', [repository.folder, '-name', 'PWNED'], { encoding: 'utf8' }).stdout).toBe('');
    },
  );

  testWith(['shellcheck'], 'is clean to shellcheck', () => {
    const { stdout } = spawnSync(part('shellcheck'), ['-s', 'sh', join(repository.root, HOOK)], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

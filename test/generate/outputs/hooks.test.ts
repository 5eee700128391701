import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { gitFacts } from '../../../src/discover/repository.ts';
import { drift } from '../../../src/generate/drift.ts';
import { undo } from '../../../src/generate/journal.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { part, testWith } from '../../support/parts.ts';
import { context, Repository, render, FULL as WHOLE } from './lab.ts';

/** Without the hook about messages, which attribution.test.ts is about, and without what other tests are about. */
const FULL: Posture = {
  ...WHOLE,
  agents: ['claude-code'],
  managedSettings: false,
  ci: [],
  repository: { ...WHOLE.repository, attribution: false },
};

let repository: Repository;
beforeEach(async () => {
  repository = new Repository();
  repository.git('commit', '-q', '--allow-empty', '-m', 'zero');
  repository.git('push', '-q', 'origin', 'main', 'main:release/1', 'main:topic');
  await repository.generate(FULL);
});
afterEach(() => repository.remove());

describe('the pre-push hook', () => {
  const commit = () => repository.git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'more');
  const remoteRef = (branch: string) =>
    spawnSync('git', ['-C', repository.remote, 'rev-parse', '--verify', '-q', `refs/heads/${branch}`], {
      encoding: 'utf8',
    }).stdout;

  test.each([
    ['the branch', ['main']],
    ['a refspec', ['HEAD:main']],
    ['its whole name', ['HEAD:refs/heads/main']],
    ['forced by a sign', ['+HEAD:main']],
    ['forced by a flag', ['-f', 'main']],
    ['deleted', [':main']],
    ['deleted by a flag', ['--delete', 'main']],
    ['a pattern', ['HEAD:release/1']],
    ['a new branch of the pattern', ['HEAD:release/2.0']],
    ['among others', ['HEAD:topic', 'HEAD:main']],
    ['all branches', ['--all']],
    ['a mirror', ['--mirror']],
  ])('refuses: %s', (_name, args) => {
    commit();
    const before = ['main', 'release/1', 'topic'].map(remoteRef);
    const { code, stderr } = repository.run([
      'push',
      ...(args[0]?.startsWith('--mirror') ? [] : []),
      'origin',
      ...args,
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/agent-posture: the branch (main|release\/\S+) is protected/);
    expect(['main', 'release/1', 'topic'].map(remoteRef)).toEqual(before);
    expect(remoteRef('release/2.0')).toBe('');
  });

  test('refuses git’s other spellings of the call', () => {
    commit();
    for (const args of [
      ['-C', '.', 'push', 'origin', 'main'],
      ['-c', 'push.default=current', 'push'],
      ['push', repository.remote, 'HEAD:main'],
    ])
      expect(repository.run(args).code).not.toBe(0);
  });

  test.each([
    ['a topic branch', ['HEAD:fix-checkout']],
    ['a branch whose name only begins alike', ['HEAD:main-menu']],
    ['a branch below the name', ['HEAD:maintenance/main']],
    ['a deeper branch than the pattern means', ['HEAD:release/1.x/hotfix']],
    ['a tag', ['HEAD:refs/tags/v1']],
    ['nothing new', ['HEAD:topic']],
    ['the end of a topic branch', [':topic']],
  ])('lets through: %s', (_name, args) => {
    const { code, stderr } = repository.run(['push', 'origin', ...args]);
    expect({ code, protected: stderr.includes('protected') }).toEqual({ code: 0, protected: false });
  });

  test('with no program on the PATH it still refuses', () => {
    const hook = join(repository.root, '.githooks/pre-push');
    const zeros = '0'.repeat(40);
    const push = (line: string, env: Record<string, string> = { PATH: '' }) =>
      spawnSync('/bin/sh', [hook, 'origin', 'url'], { input: line, env, encoding: 'utf8', cwd: repository.root })
        .status;
    expect(push(`refs/heads/x ${zeros} refs/heads/main ${zeros}\n`)).toBe(1);
    expect(push(`refs/heads/x ${zeros} refs/heads/main ${zeros}`)).toBe(1);
    expect(push(`refs/heads/x ${zeros} refs/heads/topic ${zeros}\n`)).toBe(0);
    expect(push('what is this\n')).toBe(1);
    expect(push('\n')).toBe(1);
    const nothing = spawnSync('/bin/sh', [hook, 'origin', 'url'], {
      input: '',
      encoding: 'utf8',
      cwd: repository.root,
    });
    expect(nothing).toMatchObject({ status: 0, stderr: expect.stringContaining('so nothing was checked') });
    expect(push('', { PATH: '', PRE_COMMIT_REMOTE_BRANCH: 'refs/heads/main' })).toBe(1);
  });

  test.each([
    ['**/main', 'a/main', true],
    ['**/main', 'main', true],
    ['**/main', 'main/a', false],
    ['**', 'a/b', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['release/**', 'release/a/b', true],
    ['release/*', 'release', false],
    ['v[0-9]', 'v1', true],
    ['v[0-9]', 'vx', false],
    ['v?', 'v1', true],
    ['a$(id)', 'a$(id)', true],
    ["a'b", "a'b", true],
    ['main', 'Main', false],
  ])('reads the pattern %s for %s: %s', (pattern, branch, refused) => {
    const files = render({ ...FULL, repository: { protected: [pattern] } });
    const hook = files.get('.githooks/pre-push');
    expect(hook?.mode).toBe('owned');
    const { status } = spawnSync(
      '/bin/sh',
      ['-c', hook?.mode === 'owned' ? hook.content : 'exit 9', 'hook', 'origin', 'url'],
      {
        input: `refs/heads/x 0 refs/heads/${branch} 0\n`,
        cwd: repository.root,
        env: {},
      },
    );
    expect(status).toBe(refused ? 1 : 0);
  });
});

const key = ['-----BEGIN OPENSSH PRIVATE', 'KEY-----\nx\n'].join(' ');
const token = `ghp_${'a1B2'.repeat(9)}`;

describe('the pre-push hook, scanning', () => {
  const add = (path: string, content = 'x\n') => {
    repository.write(path, content);
    repository.git('add', '-f', path);
    repository.git('commit', '-q', '--no-verify', '-m', `add ${path}`);
  };
  const push = (...args: string[]) => repository.run(['push', '-q', 'origin', ...args]);

  test.each([
    ['a hidden file', 'secrets/a.txt', 'x\n', 'secrets/a.txt'],
    ['a file by its name', 'sub/.env.local', 'x\n', '.env.local'],
    ['a name that git quotes', 'sub/é"x/.env', 'x\n', '.env'],
    ['a private key', 'notes.txt', key, 'a private key or an access token'],
    ['a token', 'notes.txt', `a\nb ${token}\n`, 'a private key or an access token'],
  ])('refuses %s that was committed without the other hook, and later taken out', (_what, path, content, said) => {
    add(path, content);
    repository.git('rm', '-q', '--cached', path);
    repository.git('commit', '-q', '--no-verify', '-m', 'out again');
    const { code, stderr } = push('HEAD:fix');
    expect(code).not.toBe(0);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain(token);
  });

  test('refuses what a merge alone brings', () => {
    add('notes.txt', 'a\n');
    repository.git('checkout', '-q', '-b', 'side', 'HEAD~1');
    add('notes.txt', 'b\n');
    repository.run(['merge', '-q', '--no-commit', 'main']);
    add('notes.txt', `${token}\n`);
    expect(push('HEAD:fix').stderr).toMatch(
      /a private key or an access token came with:\n {2}[0-9a-f]{40} in notes\.txt\n/,
    );
  });

  test('names the files that a secret came in, and no other', () => {
    repository.write('moved.txt', `${token}\n`);
    add('plain.txt', 'a\n');
    repository.git('add', 'moved.txt');
    repository.git('commit', '-q', '--no-verify', '-m', 'one');
    repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:topic');
    repository.write('moved.txt', 'gone\n');
    repository.write('plain.txt', 'b\n');
    repository.write('a b/[x].txt', `${token}\n`);
    repository.write('c.txt', `${token}\n`);
    repository.write('od"d.txt', `${token}\n`);
    repository.git('add', '-A');
    repository.git('commit', '-q', '--no-verify', '-m', 'two');
    const { stderr } = push('HEAD:fix');
    expect(stderr).toMatch(/came with:\n {2}[0-9a-f]{40} in a b\/\[x\]\.txt, c\.txt, "od\\"d\.txt"\n/);
    expect(stderr).not.toContain(token);
  });

  test('says of a push of nothing that there was nothing, and alarms nobody', () => {
    add('a.txt', 'plain\n');
    expect(push('HEAD:fix').code).toBe(0);
    const { code, stderr } = push('HEAD:fix');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to push, so nothing') });
    expect(stderr).not.toContain('no branch');
  });

  test('lets through what the remote has already, what takes a secret out, and what holds none', () => {
    add('notes.txt', `${token}\n`);
    repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:topic');
    add('notes.txt', 'gone\n');
    add('.env.example', 'A=\n');
    expect(push('HEAD:fix', 'HEAD:refs/tags/v2', ':topic')).toMatchObject({ code: 0 });
  });

  test('refuses where git cannot say what is pushed', () => {
    const hook = join(repository.root, '.githooks/pre-push');
    const line = `refs/heads/x ${'1'.repeat(40)} refs/heads/topic ${'0'.repeat(40)}\n`;
    const { status, stderr } = spawnSync('/bin/sh', [hook, 'origin', 'url'], {
      input: line,
      cwd: repository.root,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('git could not say what is pushed');
  });

  test('looks at nothing where the posture does not ask for it, and needs no protected branch', async () => {
    await repository.generate({ ...FULL, scanning: { engines: ['builtin'], at: ['commit'] } });
    add('.env', 'x\n');
    expect(push('HEAD:fix').code).toBe(0);
    await repository.generate({ ...FULL, repository: {}, scanning: { engines: ['builtin'], at: ['push'] } });
    add('.env.local', 'x\n');
    expect(push('HEAD:fix').code).not.toBe(0);
    expect(existsSync(join(repository.root, '.githooks/pre-commit'))).toBe(false);
  });

  testWith(['gitleaks'], 'runs gitleaks over what is new', () => {
    const PATH = `${dirname(part('gitleaks'))}:${process.env.PATH}`;
    const run = (to: string) => repository.run(['push', '-q', 'origin', to], { PATH });
    add('a.txt', 'plain\n');
    expect(run('HEAD:fix')).toMatchObject({ code: 0 });
    // Known to gitleaks, not to the built-in checks.
    add(
      'b.txt',
      `slack = "https://hooks.slack.com/services/${'T0AbCd3Ef'}/${'B0AbCd3Ef'}/${'a1B2c3D4e5F6g7H8i9J0k1L2'}"\n`,
    );
    expect(run('HEAD:fix').stderr).toContain('gitleaks found something');
  });
});

describe('the pre-commit hook', () => {
  const stage = (path: string, content = 'x\n') => {
    repository.write(path, content);
    repository.git('add', '-f', path);
  };
  const commit = (env: Record<string, string> = {}) => repository.run(['commit', '-q', '-m', 'more'], env);

  test.each([
    ['.env'],
    ['.env.production'],
    ['sub/.env.local'],
    ['secrets/a/b.txt'],
    ['config/master.key'],
    ['id_ed25519'],
    ['keys/store.p12'],
    ['deploy/terraform.tfstate'],
    ['we "quoted"/.env'],
    ['a\nb/.env'],
    ['ümlaut/.env'],
  ])('refuses by name: %j', path => {
    stage(path);
    const { code, stderr } = commit();
    expect(code).toBe(1);
    expect(stderr).toContain('hold secrets by their name');
  });

  test.each([
    ['a private key', 'notes.txt', key],
    ['a token', 'src/app.ts', `const t = '${token}';\n`],
    ['a token under a name with quotes', 'src/"a".ts', `const t = '${token}';\n`],
  ])('refuses by content: %s', (_name, path, content) => {
    stage(path, content);
    const { code, stderr } = commit();
    expect(code).toBe(1);
    expect(stderr).toContain('a private key or an access token stands in');
    expect(stderr).not.toContain(token);
  });

  test.each([
    ['src/app.ts', 'const a = 1;\n'],
    ['.env.production.example', 'DATABASE_URL=\n'],
    ['.env.example', 'A=\n'],
    ['docs/environment.md', 'Set `.env`.\n'],
    ['other/master.key.md', 'x\n'],
    ['secretsanta/list.txt', 'x\n'],
    ['src/token.ts', 'export const token = process.env.TOKEN;\n'],
    ['certs/ca.pem', '-----BEGIN CERTIFICATE-----\n'],
    ['with space/a b.txt', 'x\n'],
  ])('lets through: %s', (path, content) => {
    stage(path, content);
    const { code, stderr } = commit();
    expect({ code, stderr: stderr.replace(/^agent-posture: gitleaks is not installed.*\n/, '') }).toEqual({
      code: 0,
      stderr: '',
    });
  });

  const fixture = 'tests/test_apps/.env';
  const history = () => {
    stage(fixture, 'FOO=env\nSPAM=1\nEGGS=2\nHAM=火腿\n# a comment\n');
    repository.git('commit', '-q', '--no-verify', '-m', 'a fixture');
  };

  test('a file of settings that git tracks already, with no secret in it, can be changed and pushed', () => {
    history();
    repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:topic');
    stage(fixture, 'export FOO=bar\n\nSPAM="2"\nURL_PREFIX=/a\n');
    expect(commit().code).toBe(0);
    expect(repository.run(['push', '-q', 'origin', 'HEAD:topic']).code).toBe(0);
  });

  test.each([
    ['a password by its name', 'DB_PASSWORD=x\n'],
    ['a key by its name', 'apiKey=x\n'],
    ['a login in an address', 'A=postgres://u:x@h/d\n'],
    ['the address of a database', 'DATABASE_URL=x\n'],
    ['a long value', `A=${'aB3'.repeat(8)}\n`],
    ['a long one behind signs', `A=${'aB3_'.repeat(6)}\n`],
    ['a long one in a comment', `# ${'aB3'.repeat(8)}\n`],
    ['a line that is no setting', 'A=1\nhunter2\n'],
    ['bytes of no text', 'A=1\0\nB\0\n'],
    ['more than is looked at', 'A=1\n'.repeat(20_000)],
    ['nothing', ''],
  ])('such a file with %s is refused', (_name, content) => {
    history();
    stage(fixture, content);
    expect(commit()).toMatchObject({ code: 1, stderr: expect.stringContaining(fixture) });
  });

  test('what is refused by its name says how it is let through, and that lets it through everywhere', async () => {
    stage(fixture, 'A=1\n');
    stage('.env', 'A=1\n');
    expect(commit().stderr).toMatch(
      /write !\/\.env under isolation\.files\.hide in agent-posture\.yaml, then: agent-posture generate\n/,
    );
    repository.git('rm', '-q', '--cached', '.env');
    const { code, stderr } = commit();
    expect(code).toBe(1);
    expect(stderr).toContain(`write !${fixture} under isolation.files.hide in agent-posture.yaml`);
    const hide = [...(FULL.isolation?.files?.hide ?? []), `!${fixture}`];
    await repository.generate({ ...FULL, isolation: { ...FULL.isolation, runtime: 'docker', files: { hide } } });
    expect(commit().code).toBe(0);
    expect(repository.run(['push', '-q', 'origin', 'HEAD:topic']).code).toBe(0);
    const tree = spawnSync('sh', ['.agent-posture/scan.sh', 'tree'], { cwd: repository.root, encoding: 'utf8' });
    expect(tree.stderr).not.toContain(fixture);
    stage('other/.env');
    expect(commit().code).toBe(1);
    stage(fixture, `A=${token}\n`);
    repository.git('rm', '-q', '--cached', 'other/.env');
    expect(commit().stderr).toContain('a private key or an access token');
  });

  test('taking a secret out is let through', () => {
    stage('a.txt', `${token}\n`);
    repository.git('commit', '-q', '--no-verify', '-m', 'leak');
    stage('a.txt', 'gone\n');
    expect(commit().code).toBe(0);
    repository.git('rm', '-q', '--cached', 'a.txt');
    expect(commit().code).toBe(0);
  });

  test('where git cannot say what is staged, nothing is committed', () => {
    const hook = join(repository.root, '.githooks/pre-commit');
    expect(spawnSync('/bin/sh', [hook], { cwd: repository.root, env: { PATH: '' } }).status).not.toBe(0);
    expect(spawnSync('/bin/sh', [hook], { cwd: '/', env: { PATH: process.env.PATH } }).status).not.toBe(0);
  });

  test('gitleaks is run where it is asked for; what it says decides, and without it that is said', () => {
    const bin = join(repository.folder, 'bin');
    mkdirSync(bin);
    const fake = (code: number) => {
      writeFileSync(
        join(bin, 'gitleaks'),
        `#!/bin/sh\necho "$@" > ${join(repository.folder, 'asked')}\nexit ${code}\n`,
      );
      chmodSync(join(bin, 'gitleaks'), 0o755);
    };
    const plain = { PATH: '/usr/bin:/bin' };
    stage('a.txt');
    fake(1);
    expect(commit({ PATH: `${bin}:/usr/bin:/bin` }).code).toBe(1);
    expect(readFileSync(join(repository.folder, 'asked'), 'utf8')).toMatch(
      /--log-opts=--text .* --root -1 [0-9a-f]{40}/,
    );
    fake(0);
    expect(commit({ PATH: `${bin}:/usr/bin:/bin` }).code).toBe(0);
    stage('b.txt');
    const { code, stderr } = commit(plain);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'agent-posture: gitleaks is not installed, so only the built-in checks ran\n',
    });
  });

  testWith(['gitleaks'], 'no setting, attribute or list of its own keeps the real gitleaks from looking', async () => {
    const env = { PATH: `${dirname(part('gitleaks'))}:${process.env.PATH}` };
    const secret = (name: string) =>
      `const ${name} = 'https://hooks.slack.com/services/T${'0A'.repeat(5)}/B${'0A'.repeat(5)}/${'aB3'.repeat(8)}';\n`;
    stage('.gitattributes', '*.txt diff=hide\n');
    stage('plain.txt', 'nothing here\n');
    expect(commit(env)).toMatchObject({ code: 0 });
    for (const [key, value] of [
      ['color.ui', 'always'],
      ['color.diff', 'always'],
      ['diff.hide.textconv', 'true'],
      ['diff.hide.command', 'true'],
      ['diff.hide.xfuncname', '('],
      ['diff.external', 'true'],
    ] as const) {
      repository.git('config', key, value);
      stage('src/s.txt', secret(key.replaceAll('.', '_')));
      expect(commit(env).code, key).toBe(1);
      repository.git('config', '--unset', key);
    }
    // Another object in the place of the one that is committed, in this clone alone.
    const [blob, harmless] = ['src/s.txt', 'plain.txt'].map(path => repository.git('rev-parse', `:${path}`).trim());
    repository.git('replace', blob ?? '', harmless ?? '');
    expect(commit(env).code).toBe(1);
    repository.git('replace', '-d', blob ?? '');
    // What it is to pass over is seen by others first.
    repository.write('.gitleaksignore', 'src/s.txt:slack-webhook-url:1\n');
    expect(commit(env)).toMatchObject({ code: 1, stderr: expect.stringContaining('.gitleaksignore is not as it was') });
    repository.git('restore', '--staged', 'src/s.txt');
    repository.git('add', '.gitleaksignore');
    expect(commit(env)).toMatchObject({ code: 0 });
    repository.git('add', 'src/s.txt');
    expect(commit(env)).toMatchObject({ code: 0 });
    repository.write('.gitleaksignore', 'src/s.txt:slack-webhook-url:1\nx\n');
    expect(repository.run(['push', '-q', 'origin', 'HEAD:fix'], env)).toMatchObject({ code: 1 });
    repository.git('restore', '.gitleaksignore');
    expect(repository.run(['push', '-q', 'origin', 'HEAD:fix'], env)).toMatchObject({ code: 0 });
  });

  testWith(
    ['gitleaks'],
    'the real gitleaks, with the generated settings, catches what the built-in check does not know',
    async () => {
      const env = { PATH: `${dirname(part('gitleaks'))}:${process.env.PATH}` };
      const url = `const url = 'https://hooks.slack.com/services/T${'0A'.repeat(5)}/B${'0A'.repeat(5)}/${'aB3'.repeat(8)}';\n`;
      const looked = (next: string) => {
        stage('src/a.ts', url);
        const refused = commit(env);
        expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('gitleaks found something') });
        stage('src/a.ts', next);
        expect(commit(env)).toMatchObject({ code: 0 });
      };
      looked('const url = process.env.URL;\n');
      // What an attribute calls binary, gitleaks of its own accord does not look into.
      stage('.gitattributes', '* binary\n');
      expect(commit(env)).toMatchObject({ code: 0 });
      looked('const url = env.URL;\n');
      // The first commit of all has none before it.
      repository.git('checkout', '-q', '--orphan', 'anew');
      stage('src/a.ts', url);
      expect(commit(env).code).toBe(1);
      expect(repository.git('fsck', '--no-dangling', '--strict')).not.toContain('error');
    },
  );
});

describe('the hooks', () => {
  test('tell of branches that the rules of agents cannot say, and hold them', () => {
    const hooks = outputs.find(({ id }) => id === 'git-hooks');
    const notes = (protect: string[], agents: Posture['agents'] = ['claude-code']) =>
      hooks?.notes?.(context({ version: 1, project: 'x', agents, repository: { protected: protect } }, '/x'));
    expect(notes(['main', 'größe', 'fix#1', 'a{b}', 'x&y'])).toEqual([
      "The rules of agents cannot say a{b} and x&y of repository.protected: git's hook refuses pushes there",
    ]);
    expect(notes(['main'])).toEqual([]);
    expect(notes(['a{b}'], [])).toEqual([]);
  });

  testWith(['shellcheck'], 'are clean to shellcheck', () => {
    for (const name of ['pre-commit', 'pre-push']) {
      const { stdout, status } = spawnSync(part('shellcheck'), ['-s', 'sh', join(repository.root, '.githooks', name)], {
        encoding: 'utf8',
      });
      expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    }
  });

  test('a hook that stood in git’s own folder still runs, and its no counts', () => {
    const own = join(repository.root, '.git/hooks/pre-push');
    const seen = join(repository.folder, 'seen');
    writeFileSync(own, `#!/bin/sh\ncat > ${seen}\n`, { mode: 0o755 });
    expect(repository.run(['push', 'origin', 'HEAD:other']).code).toBe(0);
    expect(readFileSync(seen, 'utf8')).toMatch(/ refs\/heads\/other 0+\n$/);
    writeFileSync(own, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(repository.run(['push', 'origin', 'HEAD:another']).code).not.toBe(0);
    const before = join(repository.root, '.git/hooks/pre-commit');
    writeFileSync(before, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(repository.run(['commit', '-q', '--allow-empty', '-m', 'x']).code).not.toBe(0);
  });

  test('a hook manager calls them from its own place', () => {
    const manager = (id: 'husky' | 'lefthook' | 'pre-commit', path: string) => {
      const facts = context(FULL, '/nowhere').facts;
      return render(FULL, { git: { ...facts.git, hookManager: { id, seen: { path } } } });
    };
    const husky = manager('husky', '.husky');
    expect(husky.get('.husky/pre-commit')).toMatchObject({
      mode: 'block',
      lines: ['sh .githooks/pre-commit "$@" || exit 1'],
    });
    expect(husky.has('core.hooksPath')).toBe(false);
    const lefthook = manager('lefthook', 'lefthook.yml').get('lefthook.yml');
    expect(lefthook).toMatchObject({
      mode: 'keys',
      claims: [{ path: ['pre-commit', 'commands', 'agent-posture'] }, { value: { use_stdin: true } }],
    });
    const framework = manager('pre-commit', '.pre-commit-config.yaml').get('.pre-commit-config.yaml');
    expect(framework).toMatchObject({
      claims: [
        {
          path: ['repos'],
          elements: [{ repo: 'local', hooks: [{ stages: ['pre-commit'] }, { stages: ['pre-push'] }] }],
        },
      ],
    });
  });

  test.each([
    ['pre-push:\n  skip: true\n', 'loosened'],
    ['pre-push:\n  skip: [{ run: "true" }]\n', 'loosened'],
    ['pre-push:\n  only: [{ ref: nope }]\n', 'loosened'],
    ['pre-push:\n  exclude_tags: [agent-posture]\n', 'loosened'],
    ['pre-push:\n  files: "true"\n', 'loosened'],
    ['pre-push:\n  skip: [merge, rebase]\n', 'unchanged'],
    ['commit-msg:\n  skip: true\n', 'unchanged'],
  ])('a hook of lefthook that %j lets pass over ours is %s', async (text, state) => {
    const other = new Repository();
    try {
      other.write('lefthook.yml', text);
      const { git } = context(FULL, other.root).facts;
      const facts = { git: { ...git, hookManager: { id: 'lefthook' as const, seen: { path: 'lefthook.yml' } } } };
      await other.generate(FULL, facts);
      const { changes } = await other.plan(FULL, facts);
      expect(changes.find(({ path }) => path === 'lefthook.yml')?.state).toBe(state);
    } finally {
      other.remove();
    }
  });

  test('under a hook manager, its file calls ours before what is there', async () => {
    const other = new Repository();
    try {
      const plain = context(FULL, other.root).facts.git;
      other.write('.husky/pre-commit', 'npm test\n');
      other.write(
        '.pre-commit-config.yaml',
        '# ours\nrepos:\n  - repo: https://example.com/x\n    rev: v1\n    hooks: [{ id: x }]\n',
      );
      await other.generate(FULL, { git: { ...plain, hookManager: { id: 'husky', seen: { path: '.husky' } } } });
      expect(readFileSync(join(other.root, '.husky/pre-commit'), 'utf8')).toMatch(
        /sh \.githooks\/pre-commit[\s\S]*\nnpm test\n$/,
      );
      await other.generate(FULL, {
        git: { ...plain, hookManager: { id: 'pre-commit', seen: { path: '.pre-commit-config.yaml' } } },
      });
      const config = parse(readFileSync(join(other.root, '.pre-commit-config.yaml'), 'utf8')) as {
        repos: { repo: string }[];
      };
      expect(config.repos.map(({ repo }) => repo)).toEqual(['https://example.com/x', 'local']);
    } finally {
      other.remove();
    }
  });

  const found = async (repository: Repository) => ({ git: (await gitFacts(repository.root)).git });
  const later = async (repository: Repository) =>
    (await repository.generate(FULL, await found(repository))).changes.filter(({ state }) => state !== 'unchanged');

  test('a hook that the repository has in .githooks calls ours, and stays switched off where it was', async () => {
    const other = new Repository();
    try {
      other.write('.githooks/pre-commit', '#!/bin/sh\necho theirs\n');
      chmodSync(join(other.root, '.githooks/pre-commit'), 0o755);
      const plan = await other.generate(FULL, await found(other));
      expect(plan.changes.filter(({ state }) => state === 'conflict')).toEqual([]);
      expect(plan.notes.join()).toContain('git config core.hooksPath .githooks switches on both');
      expect(readFileSync(join(other.root, '.githooks/pre-commit'), 'utf8')).toMatch(
        /^#!\/bin\/sh\n[\s\S]*sh \.githooks\/agent-posture\/pre-commit "\$@" \|\| exit 1[\s\S]*\necho theirs\n$/,
      );
      expect(other.run(['config', 'core.hooksPath']).code).toBe(1);
      expect(await later(other)).toEqual([]);

      other.git('config', 'core.hooksPath', '.githooks');
      expect(await later(other)).toEqual([]);
      expect((await other.generate(FULL, await found(other))).notes).toEqual([]);
      other.write('.env', 'A=1\n');
      other.git('add', '-f', '.env');
      const { code, stderr } = other.run(['commit', '-q', '-m', 'x']);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.not.stringContaining('theirs') });
      expect(stderr).toContain('these files hold secrets by their name');
      other.git('rm', '-q', '--cached', '.env');
      expect(other.run(['commit', '-q', '--allow-empty', '-m', 'x']).stderr).toContain('theirs');
    } finally {
      other.remove();
    }
  });

  test('in a folder of hooks of another name, and beside a hook that is no shell script', async () => {
    const other = new Repository();
    try {
      other.git('config', 'core.hooksPath', 'tools/hooks/');
      other.write('tools/hooks/pre-push', '#!/usr/bin/env python3\n');
      const { notes } = await other.generate(FULL, await found(other));
      expect(readFileSync(join(other.root, 'tools/hooks/pre-push'), 'utf8')).toBe('#!/usr/bin/env python3\n');
      chmodSync(join(other.root, 'tools/hooks/pre-push'), 0o755);
      expect(notes).toEqual([
        'tools/hooks/pre-push is not executable, so git does not call it: chmod +x tools/hooks/pre-push',
        'tools/hooks/pre-push is yours and does not call ours, so it does not run: let it run sh .githooks/pre-push, with what it was given to read',
      ]);
      expect(other.git('config', 'core.hooksPath')).toBe('tools/hooks/\n');
      other.write('.env', 'A=1\n');
      other.git('add', '-f', '.env');
      expect(other.run(['commit', '-q', '-m', 'x']).stderr).toContain('these files hold secrets by their name');
      expect(await later(other)).toEqual([]);
      other.git('config', 'core.hooksPath', '.git/hooks');
      expect((await other.generate(FULL, await found(other))).notes).toHaveLength(2);
    } finally {
      other.remove();
    }
  });

  const commitSecret = (other: Repository) => {
    other.write('.env', `PASSWORD=${Math.random()}\n`);
    other.git('add', '-f', '.env');
    const { code, stderr } = other.run(['commit', '-q', '-m', 'x']);
    return { code, refused: stderr.includes('these files hold secrets by their name') };
  };
  const REFUSED = { code: 1, refused: true };

  test.each([
    ['an exit', '#!/bin/sh\nset -eu\n# Theirs.\necho theirs\nexit 0\n'],
    ['an exec', '#!/usr/bin/env bash\nset -euo pipefail\n\nexec true\n'],
    ['nothing before it', 'exit 0\n'],
    ['a shebang alone', '#!/bin/sh'],
    ['line ends of Windows in a comment', '#!/bin/sh\n# a\r\nexit 0\n'],
  ])('a hook of theirs that ends by itself, with %s, does not keep ours from being called', async (_what, text) => {
    const other = new Repository();
    try {
      other.git('config', 'core.hooksPath', '.githooks');
      other.write('.githooks/pre-commit', text);
      chmodSync(join(other.root, '.githooks/pre-commit'), 0o755);
      await other.generate(FULL, await found(other));
      expect(commitSecret(other)).toEqual(REFUSED);
      expect(await later(other)).toEqual([]);
      await undo(other.root, { stateFolder: join(other.folder, 'state') });
      expect(readFileSync(join(other.root, '.githooks/pre-commit'), 'utf8')).toBe(text);
    } finally {
      other.remove();
    }
  });

  test('a call that an older version laid at the end goes to the front; one that lines were put before is reported', async () => {
    const other = new Repository();
    try {
      other.git('config', 'core.hooksPath', '.githooks');
      const path = join(other.root, '.githooks/pre-commit');
      other.write('.githooks/pre-commit', '#!/bin/sh\necho theirs\n');
      chmodSync(path, 0o755);
      await other.generate(FULL, await found(other));
      const laid = readFileSync(path, 'utf8');
      writeFileSync(path, laid.replace('#!/bin/sh\n', '#!/bin/sh\nexit 0\n'));
      expect(commitSecret(other).refused).toBe(false);
      const plan = await other.generate(FULL, await found(other));
      expect(drift(plan)).toMatchObject([{ path: '.githooks/pre-commit', state: 'loosened' }]);
      await other.generate(FULL, await found(other), { restore: true });
      expect(readFileSync(path, 'utf8')).toBe(laid.replace(/echo theirs/, 'exit 0\necho theirs'));
      expect(commitSecret(other)).toEqual(REFUSED);

      const block = /# BEGIN[\s\S]*# END .*\n/.exec(laid)?.[0] ?? '';
      writeFileSync(path, `#!/bin/sh\nexit 0\n${block}`);
      const manifest = join(other.root, '.agent-posture/manifest.json');
      const older = JSON.parse(readFileSync(manifest, 'utf8')) as { files: { output: string; template: number }[] };
      for (const file of older.files) if (file.output === 'git-hook-calls') file.template = 1;
      writeFileSync(manifest, JSON.stringify(older));
      expect(await later(other)).toMatchObject([{ path: '.githooks/pre-commit', state: 'update' }]);
      expect(readFileSync(path, 'utf8')).toBe(`#!/bin/sh\n${block}exit 0\n`);
    } finally {
      other.remove();
    }
  });

  test('a hook of theirs that calls ours and is no longer executable is reported, and made so when asked', async () => {
    const other = new Repository();
    try {
      other.git('config', 'core.hooksPath', '.githooks');
      other.write('.githooks/pre-commit', '#!/bin/sh\ntrue\n');
      chmodSync(join(other.root, '.githooks/pre-commit'), 0o755);
      await other.generate(FULL, await found(other));
      chmodSync(join(other.root, '.githooks/pre-commit'), 0o644);
      const plan = await other.generate(FULL, await found(other));
      expect(drift(plan)).toMatchObject([{ state: 'loosened', reason: expect.stringContaining('not executable') }]);
      await other.generate(FULL, await found(other), { restore: true });
      expect(commitSecret(other)).toEqual(REFUSED);
    } finally {
      other.remove();
    }
  });

  test.each([
    ['sh', '.githooks'],
    ['bash', '.githooks'],
    ['a husky', '.husky'],
  ])('what git tells of a push reaches theirs and ours, whoever reads first: %s', async (shell, folder) => {
    const other = new Repository();
    try {
      other.git('commit', '-q', '--allow-empty', '-m', 'zero');
      other.git('config', 'core.hooksPath', folder);
      const start = shell === 'a husky' ? '#!/bin/sh -e' : `#!/usr/bin/env ${shell}`;
      other.write(`${folder}/pre-push`, `${start}\nwhile read -r line; do echo "$line" >> ../seen; done\n`);
      chmodSync(join(other.root, folder, 'pre-push'), 0o755);
      await other.generate(FULL, await found(other));
      expect(other.run(['push', 'origin', 'main']).stderr).toContain('the branch main is protected');
      expect(existsSync(join(other.folder, 'seen'))).toBe(false);
      const many = Array.from({ length: 1500 }, (_, at) => `HEAD:refs/heads/topic/${at}`);
      expect(other.run(['push', '-q', 'origin', ...many]).code).toBe(0);
      const lines = readFileSync(join(other.folder, 'seen'), 'utf8').split('\n');
      expect(lines).toHaveLength(1501);
      expect(lines.every(line => line === '' || / refs\/heads\/topic\/\d+ 0+$/.test(line))).toBe(true);
      // Nothing to push is said to both as it is: no line at all.
      expect(other.run(['push', '-q', 'origin', 'HEAD:topic/1']).code).toBe(0);
      expect(readFileSync(join(other.folder, 'seen'), 'utf8').split('\n')).toHaveLength(1501);
    } finally {
      other.remove();
    }
  });

  test('the hooks of git’s own folder run as before, in a worktree too, and a clone without them asks for the same', async () => {
    const other = new Repository();
    try {
      const seen = () => readFileSync(join(other.folder, 'seen'), 'utf8').split('\n').slice(0, -1);
      for (const name of ['commit-msg', 'post-commit', 'pre-commit', 'prepare-commit-msg']) {
        other.write(`.git/hooks/${name}`, `#!/bin/sh\necho ${name} "$#" >> ${other.folder}/seen\n`);
        if (name !== 'prepare-commit-msg') chmodSync(join(other.root, '.git/hooks', name), 0o755);
      }
      const plan = await other.generate(FULL, await found(other));
      expect(plan.notes.join()).toContain('.git/hooks/commit-msg and .git/hooks/post-commit are called from there');
      other.git('commit', '-q', '--allow-empty', '-m', 'one');
      expect(seen()).toEqual(['pre-commit 0', 'commit-msg 1', 'post-commit 0']);
      expect(await later(other)).toEqual([]);
      other.git('add', '-A');
      other.git('commit', '-q', '-m', 'two');
      const tree = join(other.folder, 'tree');
      other.git('worktree', 'add', '-q', tree);
      rmSync(join(other.folder, 'seen'));
      other.git('-C', tree, 'commit', '-q', '--allow-empty', '-m', 'three');
      expect(seen()).toEqual(['pre-commit 0', 'commit-msg 1', 'post-commit 0']);

      rmSync(join(other.root, '.git/hooks'), { recursive: true });
      expect(await later(other)).toEqual([]);
      other.git('commit', '-q', '--allow-empty', '-m', 'four');
      await other.generate({ version: 1, project: 'x' }, await found(other));
      expect(existsSync(join(other.root, '.githooks/commit-msg'))).toBe(false);
    } finally {
      other.remove();
    }
  });

  test('a hook in git’s own folder that calls ours, as those of a hook manager do, runs once', async () => {
    const other = new Repository();
    try {
      const { git } = context(FULL, other.root).facts;
      await other.generate(FULL, { git: { ...git, hookManager: { id: 'lefthook', seen: { path: 'lefthook.yml' } } } });
      for (const name of ['pre-commit', 'pre-push']) {
        other.write(
          `.git/hooks/${name}`,
          `#!/bin/sh\necho ${name} >> ${other.folder}/seen\nsh .githooks/${name} "$@"\n`,
        );
        chmodSync(join(other.root, '.git/hooks', name), 0o755);
      }
      other.git('commit', '-q', '--allow-empty', '-m', 'one');
      other.git('push', '-q', 'origin', 'HEAD:topic');
      expect(readFileSync(join(other.folder, 'seen'), 'utf8')).toBe('pre-commit\npre-push\n');
    } finally {
      other.remove();
    }
  });

  test.each([
    ['unset by hand', ['config', '--unset', 'core.hooksPath']],
    ['led to nowhere', ['config', 'core.hooksPath', '/dev/null']],
  ])('where git was told our folder, it is reported when that is %s', async (_what, args) => {
    const other = new Repository();
    try {
      await other.generate(FULL, await found(other));
      expect(await later(other)).toEqual([]);
      other.git(...args);
      const plan = await other.generate(FULL, await found(other));
      expect(drift(plan)).toMatchObject([{ path: 'git config core.hooksPath', state: 'loosened' }]);
      await other.generate(FULL, await found(other), { restore: true });
      expect(commitSecret(other)).toEqual(REFUSED);
    } finally {
      other.remove();
    }
  });

  test.each([
    ['a file that .git/config includes', '.gitconfig', '/dev/null'],
    ['one that leads to a folder of the repository', '.gitconfig', 'empty'],
    ['the configuration of the worktree', '.git/config.worktree', '/dev/null'],
  ])(
    'a setting that %s overrules is reported with its place, and ours is not taken away',
    async (_what, file, value) => {
      const other = new Repository();
      try {
        await other.generate(FULL, await found(other));
        other.git('config', 'include.path', '../.gitconfig');
        other.git('config', 'extensions.worktreeConfig', 'true');
        expect(await later(other)).toEqual([]);
        other.write(file, `[core]\n\thooksPath = ${value}\n`);
        for (const restore of [false, true]) {
          const plan = await other.generate(FULL, await found(other), { restore });
          const [said] = drift(plan).filter(({ path }) => path === 'git config core.hooksPath');
          expect(said).toMatchObject({
            state: 'loosened',
            reason: expect.stringContaining(`${file} sets it to ${value}`),
          });
          expect(said?.reason).not.toContain('--restore');
          expect(other.git('config', '--file', '.git/config', 'core.hooksPath')).toBe('.githooks\n');
        }
        other.write(file, '');
        expect(commitSecret(other)).toEqual(REFUSED);
      } finally {
        other.remove();
      }
    },
  );

  test('a hook that is made under a hook manager can be run, and it is said what sets the manager up', async () => {
    const other = new Repository();
    try {
      other.write('.husky/pre-commit', 'npm test\n');
      expect((await other.generate(FULL, await found(other))).notes).toEqual([expect.stringContaining('npx husky')]);
      expect(statSync(join(other.root, '.husky/pre-push')).mode & 0o111).toBe(0o111);
      expect(statSync(join(other.root, '.husky/pre-commit')).mode & 0o111).toBe(0);
      chmodSync(join(other.root, '.husky/pre-push'), 0o644);
      other.git('config', 'core.hooksPath', '.husky/_');
      // As husky lays them; where one is not executable, git does not call it.
      for (const name of ['pre-commit', 'pre-push']) {
        other.write(`.husky/_/${name}`, `#!/usr/bin/env sh\nsh -e "$(dirname "$0")/../${name}" "$@"\n`);
        expect((await other.plan(FULL, await found(other))).notes.join()).toContain(`${name} `);
        chmodSync(join(other.root, '.husky/_', name), 0o755);
      }
      expect(await later(other)).toMatchObject([{ path: '.husky/pre-push', reason: 'made executable' }]);
      expect(statSync(join(other.root, '.husky/pre-push')).mode & 0o111).toBe(0o111);
      expect((await other.generate(FULL, await found(other))).notes).toEqual([]);
      other.git('config', 'core.hooksPath', '.husky');
      expect((await other.generate(FULL, await found(other))).notes).toEqual([
        '.husky/pre-commit is not executable, so git does not call it: chmod +x .husky/pre-commit',
      ]);
    } finally {
      other.remove();
    }
  });

  test.each([
    ['.pre-commit-config.yaml', 'repos: []\n', 'pre-commit install -t pre-commit -t pre-push', '# by pre-commit\n'],
    ['lefthook.yml', '{}\n', 'lefthook install', 'lefthook run\n'],
  ])('with %s it is said until the hooks are installed in this clone', async (path, content, command, shim) => {
    const other = new Repository();
    try {
      other.write(path, content);
      const notes = async () => (await other.generate(FULL, await found(other))).notes.join();
      expect(await notes()).toContain(`pre-commit and pre-push do not run in this clone yet`);
      expect(await notes()).toContain(command);
      other.write('.git/hooks/pre-commit', shim);
      chmodSync(join(other.root, '.git/hooks/pre-commit'), 0o755);
      expect(await notes()).toMatch(/^pre-push does not run/);
      other.write('.git/hooks/pre-push', shim);
      chmodSync(join(other.root, '.git/hooks/pre-push'), 0o755);
      expect(await notes()).toBe('');
    } finally {
      other.remove();
    }
  });

  test('are not asked for, not written', () => {
    const files = render({ version: 1, project: 'x' });
    expect([...files.keys()]).toEqual(['docs/security-posture.md']);
    expect(outputs.every(output => output.id.length > 0)).toBe(true);
    expect(existsSync(join(repository.root, '.githooks/pre-push'))).toBe(true);
  });
});

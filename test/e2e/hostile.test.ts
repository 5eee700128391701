import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { approvalHash, shortHash } from '../../src/base/approvals.ts';
import { hasBox } from '../labs/box.ts';
import { POSTURE, program, type World, world } from '../support/program.ts';

/** A repository that would like to run something: each attempt leaves a mark when it comes off. */
function hostile(posture = POSTURE): { given: World; mark: string } {
  const given = world({ 'agent-posture.yaml': posture, '.env': 'TOKEN=x' });
  const mark = join(given.home, 'ran');
  const script = `#!/bin/sh\necho "$0" >> '${mark}'\n`;
  for (const name of ['git', 'node', 'sh', 'bwrap', 'docker', 'claude', 'gitleaks', 'env', 'python3']) {
    const place = join(given.root, 'bin', name);
    mkdirSync(join(given.root, 'bin'), { recursive: true });
    writeFileSync(place, script);
    chmodSync(place, 0o755);
    writeFileSync(join(given.root, name), script);
    chmodSync(join(given.root, name), 0o755);
  }
  writeFileSync(
    join(given.root, '.npmrc'),
    `node-options=--require ${given.root}/evil.cjs\nscript-shell=${given.root}/sh\n`,
  );
  writeFileSync(join(given.root, 'evil.cjs'), `require('node:fs').appendFileSync(${JSON.stringify(mark)}, 'evil.cjs')`);
  const fsmonitor = join(given.root, 'bin/git');
  writeFileSync(
    join(given.root, '.git/config'),
    `[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ${fsmonitor}\n\tpager = ${fsmonitor}\n\tsshCommand = ${fsmonitor}\n\thooksPath = ${given.root}/bin\n[diff]\n\texternal = ${fsmonitor}\n[credential]\n\thelper = !${fsmonitor}\n[filter "x"]\n\tclean = ${fsmonitor}\n\tsmudge = ${fsmonitor}\n`,
  );
  writeFileSync(join(given.root, '.gitattributes'), '* filter=x diff=x\n');
  // The repository's own folders first on the PATH, as direnv and the like set it.
  given.env.PATH = `${given.root}/bin:.:${given.root}:${given.env.PATH}`;
  return { given, mark };
}

const ran = (mark: string) => (existsSync(mark) ? readFileSync(mark, 'utf8') : '');

describe('a hostile repository', () => {
  test.each([
    [[]],
    [['test']],
    [['doctor']],
    [['status']],
    [['generate', '--check']],
    [['generate', '--diff']],
    [['explain', 'SEC-1']],
  ])('%j runs nothing of it', async args => {
    const { given, mark } = hostile();
    await program(given, args);
    expect(ran(mark)).toBe('');
  });

  test('a command of the posture is not run without approval, and the line says how to approve exactly it', async () => {
    const line = 'sh -c "echo posture >> $HOME/ran"'.replace('$HOME', '/tmp');
    const { given, mark } = hostile();
    const wish = `sh -c 'echo command >> ${mark}'`;
    writeFileSync(join(given.root, 'agent-posture.yaml'), `${POSTURE}  commands: [${JSON.stringify(wish)}]\n`);
    const { stderr, stdout } = await program(given, ['test', '--json']);
    expect(ran(mark)).toBe('');
    expect(stderr, stdout).toContain(wish);
    expect(stderr).toContain(`--trust=${shortHash(approvalHash({ kind: 'command', text: wish }))}`);
    expect(stdout).not.toContain(line);

    const wrong = await program(given, ['test', '-q', `--trust=${'0'.repeat(64)}`]);
    expect(ran(mark)).toBe('');
    expect(wrong.stderr).toContain('not approved');
  });

  test('a box that is a command of the posture is not started without approval; its column is not proven', async () => {
    const { given, mark } = hostile();
    const wrapper = `sh -c 'echo box >> ${mark}; exec "$@"' --`;
    const posture = POSTURE.replace('runtime: bubblewrap', `runtime: command\n  command: ${JSON.stringify(wrapper)}`);
    writeFileSync(join(given.root, 'agent-posture.yaml'), posture);
    const { code, stdout } = await program(given, ['test', '--json']);
    expect(ran(mark)).toBe('');
    const report = JSON.parse(stdout);
    expect(report.vantages.find((vantage: { id: string }) => vantage.id === 'sandbox').available).toBe(false);
    const verdicts = report.rows
      .filter((row: { vantage: string }) => row.vantage === 'sandbox')
      .map((row: { verdict: string }) => row.verdict);
    expect(verdicts.length).toBeGreaterThan(0);
    for (const verdict of verdicts) expect(['inconclusive', 'skipped']).toContain(verdict);
    expect(code).toBe(3);

    const run = await program(given, ['run', '--', 'true']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--trust=');
    expect(ran(mark)).toBe('');
  });

  test('approved by its hash it runs, and only it', async () => {
    const { given } = hostile();
    const mark = join(given.root, 'approved');
    const wrapper = `/usr/bin/env BOX=1`;
    writeFileSync(
      join(given.root, 'agent-posture.yaml'),
      POSTURE.replace('runtime: bubblewrap', `runtime: command\n  command: ${JSON.stringify(wrapper)}`),
    );
    const refused = await program(given, ['run', '--', '/bin/sh', '-c', `echo $BOX > ${mark}; exit 7`]);
    const hash = /--trust=([0-9a-f]{32})\b/.exec(refused.stderr)?.[1];
    const { code } = await program(given, [
      'run',
      `--trust=${hash}`,
      '--',
      '/bin/sh',
      '-c',
      `echo $BOX > ${mark}; exit 7`,
    ]);
    expect(code).toBe(7);
    expect(readFileSync(mark, 'utf8')).toBe('1\n');
  });

  test.skipIf(!hasBox)('a repository that was made in the box is named once the box has ended', async () => {
    const { given, mark } = hostile();
    const plain = { ...given, env: { ...given.env, PATH: process.env.PATH ?? '' } };
    const script = `git init -q sub; git -C sub config core.fsmonitor "touch ${mark}; false"; git -C sub -c core.fsmonitor= -c user.name=x -c user.email=x@y.z commit -q --allow-empty -m x; git -c core.fsmonitor= add sub; exit 4`;
    const { code, stderr } = await program(plain, ['run', '--', 'sh', '-c', script]);
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('./sub: a git repository was made'),
    });
    expect(ran(mark)).toBe('');
    expect((await program(plain, ['run', '--', 'true'])).stderr).not.toContain('a git repository was made');
    expect(ran(mark)).toBe('');
  });

  test.skipIf(!hasBox)('what programs outside obey unasked is named when it was made in the box', async () => {
    const { given } = hostile();
    const plain = { ...given, env: { ...given.env, PATH: process.env.PATH ?? '' } };
    const run = (script: string) => program(plain, ['run', '--', 'sh', '-c', script]);
    expect((await run('echo x > mise.toml; mkdir .kiro; echo x > shop.code-workspace')).stderr).toContain(
      'mise.toml, .kiro/ and shop.code-workspace: made inside',
    );
    const next = await run('echo x >> mise.toml && echo wrote');
    expect(next.stderr).not.toContain('made inside');
    expect(next.stdout).not.toContain('wrote');
  });

  test('what is run with nothing around it is said so', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE.replace('runtime: bubblewrap', 'runtime: native') });
    const { code, stderr } = await program(given, ['run', '--', '/bin/sh', '-c', 'exit 5']);
    expect({ code, stderr }).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('NOT BOXED: /bin/sh runs as you'),
    });
  });

  test('a bare --trust on a pull request warns that it approves itself', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    const { stderr } = await program(given, ['test', '-q', '--trust'], { env: { GITHUB_EVENT_NAME: 'pull_request' } });
    expect(stderr).toContain('the pull request wrote what it approves');
  });

  test('a posture that is a link out of the repository is refused', async () => {
    const given = world();
    writeFileSync(join(given.home, 'other.yaml'), POSTURE);
    symlinkSync(join(given.home, 'other.yaml'), join(given.root, 'agent-posture.yaml'));
    const { code, stderr } = await program(given, ['test']);
    expect(code).toBe(2);
    expect(stderr).toContain('symbolic link');
  });

  test('names with terminal sequences, CI commands and Markdown come out inert', async () => {
    const given = world({ '::set-output name=x::.env': 'A=1', 'a\u001b[2J\u202e.env': 'B=1' });
    for (const args of [['test'], ['test', '--verbose'], ['test', '--json'], ['test', '--format', 'markdown']]) {
      const { stdout, stderr } = await program(given, args);
      expect(stdout + stderr).not.toMatch(/[\u001b\u202e]/);
      expect(stdout).not.toMatch(/^\s*::/m);
    }
  });
});

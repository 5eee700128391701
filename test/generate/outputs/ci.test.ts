import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { discover, FOR_FILES } from '../../../src/discover/index.ts';
import { drift } from '../../../src/generate/drift.ts';
import { ci } from '../../../src/generate/outputs/ci.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import { planGeneration } from '../../../src/generate/plan.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { part, testWith } from '../../support/parts.ts';
import { context, FULL, HOSTILE, Repository, render } from './lab.ts';

const GITHUB = '.github/workflows/agent-posture.yml';
const GITLAB = '.gitlab/agent-posture.yml';
const SCAN = '.agent-posture/scan.sh';

const on = (forge: 'github' | 'gitlab', more: Partial<Posture> = {}): Posture => ({
  ...FULL,
  repository: { ...FULL.repository, forge },
  ...more,
});

/** Every way in which the parts of a workflow can come together. */
const SHAPES: readonly Partial<Posture>[] = [
  {},
  { scanning: { engines: ['builtin'], at: ['ci'] }, ci: [] },
  { scanning: { engines: ['builtin'], at: ['history'] }, ci: [] },
  { scanning: { engines: ['builtin', 'gitleaks'] }, ci: ['drift'] },
  { scanning: { engines: ['builtin'], at: ['commit'] }, ci: ['drift'] },
  { scanning: { engines: ['builtin'], at: ['commit'] }, ci: ['selftest'] },
  { ci: ['selftest', 'drift'], isolation: { runtime: 'bubblewrap' } },
  { scanning: { engines: ['builtin'], at: ['push'] }, ci: ['selftest'], isolation: { runtime: 'srt' } },
];

function textOf(posture: Posture, path: string): string {
  const file = render(posture).get(path);
  if (file?.mode !== 'owned') throw new Error(`${path} is not rendered`);
  return file.content;
}

type Step = { uses?: string; run?: string; with?: Record<string, unknown>; env?: Record<string, string>; if?: string };
type Job = { permissions: unknown; 'timeout-minutes': number; steps: Step[]; if?: string };
type Workflow = { on: Record<string, unknown>; permissions: unknown; concurrency: unknown; jobs: Record<string, Job> };
const workflowOf = (posture: Posture) => parse(textOf(posture, GITHUB)) as Workflow;

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

describe('the workflow', () => {
  test('is there where a scan or a check in CI is asked for, in the place of the forge', () => {
    const paths = (posture: Posture) =>
      [...render(posture).keys()].filter(path => /workflows|^\.gitlab\/agent|scan/.test(path));
    expect(paths(on('github'))).toEqual([GITHUB, SCAN]);
    expect(paths(on('gitlab'))).toEqual([GITLAB, SCAN]);
    expect(paths(on('github', { scanning: { engines: ['builtin'], at: ['commit'] }, ci: [] }))).toEqual([]);
    expect(paths(on('github', { scanning: { engines: ['builtin'], at: ['push'] } }))).toEqual([GITHUB]);
    const { forge: _forge, ...unsaid } = FULL.repository ?? {};
    expect(paths({ ...FULL, repository: unsaid })).toEqual([]);
    const remote = { name: 'origin', url: 'https://github.com/a/b', forge: 'github' } as const;
    const git = { ...context(FULL, '/x').facts.git, remote };
    expect([...render({ ...FULL, repository: unsaid }, { git }).keys()]).toContain(GITHUB);
  });

  test('has the jobs that are asked for, each when it is meant', () => {
    const jobs = SHAPES.map(shape => Object.keys(workflowOf(on('github', shape)).jobs));
    expect(jobs).toEqual([
      ['scan', 'history', 'drift', 'selftest'],
      ['scan'],
      ['history'],
      ['scan', 'history', 'drift'],
      ['drift'],
      ['selftest'],
      ['scan', 'history', 'selftest', 'drift'],
      ['selftest'],
    ]);
    const events = SHAPES.map(shape => Object.keys(workflowOf(on('github', shape)).on).includes('schedule'));
    expect(events).toEqual([true, false, true, true, false, true, true, true]);
  });

  test('gets the least: no right but reading, no secret, no text of an event in a command, pinned programs, an end', () => {
    for (const shape of SHAPES) {
      const text = textOf(on('github', shape), GITHUB);
      const { permissions, jobs, concurrency } = parse(text) as Workflow;
      expect(permissions).toEqual({});
      expect(concurrency).toMatchObject({ 'cancel-in-progress': true });
      expect(text).not.toMatch(/secrets\.|pull_request_target|@@/);
      for (const job of Object.values(jobs)) {
        expect(job.permissions).toEqual({ contents: 'read' });
        expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
        for (const step of job.steps) {
          expect(step.run ?? '').not.toContain('${{');
          if (step.uses) expect(step.uses).toMatch(/^actions\/(checkout|setup-node)@[0-9a-f]{40}$/);
          if (step.uses?.startsWith('actions/checkout')) expect(step.with?.['persist-credentials']).toBe(false);
        }
      }
    }
  });

  test('trusts a posture only as it is on the default branch, and only in the self-test', () => {
    const { jobs } = workflowOf(on('github'));
    const trusting = Object.entries(jobs).filter(([, { steps }]) => steps.some(({ run }) => run?.includes('--trust')));
    expect(trusting.map(([name]) => name)).toEqual(['selftest']);
    expect(jobs.selftest?.if?.replace(/\s+/g, ' ')).toBe(
      "github.event_name == 'schedule' || (github.event_name == 'workflow_dispatch' && github.ref_name == github.event.repository.default_branch)",
    );
    const gitlab = parse(textOf(on('gitlab'), GITLAB)) as Record<string, { rules: { if: string }[]; script: string[] }>;
    for (const [name, { rules, script }] of Object.entries(gitlab))
      if (script.some(line => line.includes('--trust'))) {
        expect(name).toBe('agent-posture-selftest');
        expect(rules.map(rule => rule.if)).toEqual([
          '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
        ]);
      }
  });

  test('has no text of the posture in it at all', () => {
    for (const forge of ['github', 'gitlab'] as const) {
      const path = forge === 'github' ? GITHUB : GITLAB;
      const plain = textOf(on(forge), path);
      for (const text of HOSTILE)
        expect(
          textOf(
            { ...on(forge, { project: text }), repository: { forge, protected: [text], owners: { [text]: [text] } } },
            path,
          ),
        ).toBe(plain);
    }
  });

  test('GitLab: what a person has still to do is said', () => {
    expect(ci.notes?.(context(on('gitlab'), '/x'))).toHaveLength(2);
    expect(ci.notes?.(context(on('gitlab', { scanning: { engines: ['builtin'], at: ['ci'] }, ci: [] }), '/x'))).toEqual(
      [expect.stringContaining('include')],
    );
    expect(ci.notes?.(context(on('github'), '/x'))).toEqual([]);
  });

  testWith(['actionlint', 'shellcheck'], 'the real actionlint takes it, with shellcheck over its steps', () => {
    const folder = join(repository.root, '.github', 'workflows');
    mkdirSync(folder, { recursive: true });
    const lint = () =>
      spawnSync(part('actionlint'), ['-no-color', '-shellcheck', part('shellcheck'), '-pyflakes='], {
        cwd: repository.root,
        encoding: 'utf8',
      });
    for (const shape of SHAPES) {
      writeFileSync(join(folder, 'agent-posture.yml'), textOf(on('github', shape), GITHUB));
      const { status, stdout } = lint();
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    }
    writeFileSync(join(folder, 'agent-posture.yml'), textOf(on('github'), GITHUB).replace('sh .agent', 'sh $x .agent'));
    expect(lint().stdout).toContain('SC2086');
    writeFileSync(join(folder, 'agent-posture.yml'), textOf(on('github'), GITHUB).replace('runs-on', 'run-on'));
    expect(lint().status).toBe(1);
  });

  testWith(['yamllint'], 'the real yamllint has nothing to say of it', () => {
    // Its own defaults, but for long lines, GitHub's key `on`, and the mark of a document, which nobody writes there.
    const rules =
      '{extends: default, rules: {line-length: disable, document-start: disable, truthy: {check-keys: false}, comments: {min-spaces-from-content: 1}}}';
    for (const shape of SHAPES)
      for (const [forge, path] of [
        ['github', GITHUB],
        ['gitlab', GITLAB],
      ] as const) {
        const { status, stdout } = spawnSync(part('yamllint'), ['-s', '-f', 'parsable', '-d', rules, '-'], {
          input: textOf(on(forge, shape), path),
          encoding: 'utf8',
        });
        expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      }
  });

  // Not GitLab itself, which cannot be had here: a program that checks by GitLab's published schema and reads what is included.
  testWith(
    ['gitlab-ci-local', 'node-24'],
    'GitLab: the file is valid by the published schema, and its jobs are found',
    () => {
      const list = () =>
        spawnSync(part('node-24'), [part('gitlab-ci-local'), '--list-json'], {
          cwd: repository.root,
          encoding: 'utf8',
          env: { PATH: process.env.PATH, HOME: repository.folder },
        });
      for (const shape of SHAPES) {
        const text = textOf(on('gitlab', shape), GITLAB);
        repository.write(GITLAB, text);
        repository.write('.gitlab-ci.yml', `include: [{ local: ${GITLAB} }]\nown:\n  script: [echo]\n`);
        repository.git('add', '-A');
        const { status, stdout, stderr } = list();
        expect({ status, problem: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, problem: '' });
        const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort();
        expect(names).toEqual([...Object.keys(parse(text) as object), 'own'].sort());
      }
      repository.write(GITLAB, textOf(on('gitlab'), GITLAB).replaceAll('script:', 'scripts:'));
      expect(list().status).not.toBe(0);
    },
    120_000,
  );
});

describe('the check for drift in CI', () => {
  test('a fresh clone, which has none of the files that git ignores and no state, has no drift; a changed one has', async () => {
    for (const runtime of ['docker', 'bubblewrap', 'srt', 'native'] as const) {
      const posture = on('github', { isolation: { ...FULL.isolation, runtime } });
      const own = new Repository();
      try {
        for (const path of ['.env', 'sub/.env', '.env.production.local']) own.write(path, 'A=1\n');
        const home = own.folder;
        await own.generate(posture, await discover(own.root, { home, env: {}, ...FOR_FILES }));
        own.git('add', '-A');
        own.git('commit', '-q', '--no-verify', '-m', 'x');
        const copy = join(own.folder, 'copy');
        own.git('clone', '-q', own.root, copy);
        const look = async () => {
          const facts = await discover(copy, { home: join(own.folder, 'nobody'), env: {}, ...FOR_FILES });
          return drift(
            await planGeneration({ root: copy, posture, facts }, outputs, { stateFolder: join(copy, '../none') }),
          );
        };
        expect(await look()).toEqual([]);
        writeFileSync(join(copy, '.github/workflows/agent-posture.yml'), 'on: push\njobs: {}\n');
        expect(await look()).toEqual([expect.objectContaining({ path: GITHUB, state: 'loosened' })]);
      } finally {
        own.remove();
      }
    }
  }, 60_000);
});

describe('the script that looks for secrets', () => {
  const TOKEN = `ghp_${'a1B2c3D4e'.repeat(4)}`;
  const builtin = on('github', { scanning: { engines: ['builtin'], at: ['ci', 'history'] } });
  // The script knows nothing of agents. That it finds nothing in their settings either is said once, below.
  const script = { ...builtin, agents: [] };

  const scan = (words: readonly string[], env: Record<string, string> = {}) => {
    const { status, stderr } = spawnSync('sh', [SCAN, ...words], {
      cwd: repository.root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: repository.folder, GIT_CONFIG_NOSYSTEM: '1', ...env },
    });
    return { status, stderr };
  };
  const commit = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) repository.write(path, text);
    repository.git('add', '-A', '-f');
    repository.git('commit', '-q', '--no-verify', '-m', 'x');
  };

  test('finds a secret by a file’s name and by its look, in the files and in the commits that had it', async () => {
    await repository.generate(builtin);
    commit({ 'src/a.ts': 'fine\n', '.env.production.example': 'A=\n' });
    expect(scan(['tree'])).toEqual({ status: 0, stderr: '' });
    expect(scan(['commits', '--all'])).toEqual({ status: 0, stderr: '' });
    repository.git('branch', 'clean');
    commit({ 'odd näme $(touch PWNED).ts': `const t = '${TOKEN}';\n` });
    expect(scan(['tree'])).toEqual({ status: 1, stderr: expect.stringContaining('odd näme') });
    expect(scan(['tree']).stderr).not.toContain(TOKEN);
    expect(scan(['commits', 'HEAD', '--not', 'clean']).status).toBe(1);
    commit({ 'odd näme $(touch PWNED).ts': 'gone\n' });
    expect(scan(['tree'])).toEqual({ status: 0, stderr: '' });
    expect(scan(['commits', 'HEAD', '--not', 'HEAD~1'])).toEqual({ status: 0, stderr: '' });
    const all = scan(['commits', '--all']);
    expect(all.status).toBe(1);
    expect(all.stderr).toContain(repository.git('rev-parse', 'HEAD~1').trim());
    commit({ 'sub/.env': 'A=1\n', 'config/master.key': 'x\n' });
    expect(scan(['tree']).stderr).toMatch(/by their name:\n {2}config\/master\.key\n {2}sub\/\.env\n/);
  });

  test('refuses what it cannot look at', async () => {
    await repository.generate(script);
    commit({ a: 'x\n' });
    expect(scan([]).status).toBe(1);
    expect(scan(['commits']).status).toBe(1);
    expect(scan(['commits', 'HEAD', '--not', '0000000000000000000000000000000000000001']).status).toBe(1);
    expect(scan(['tree'], { GIT_DIR: '/nowhere' }).status).toBe(1);
  });

  test('leaves out what the posture has accepted, to its last day and no longer', async () => {
    const accept = (target: string, until: string) => ({ safeguard: 'SEC-4', target, reason: 'r', owner: 'o', until });
    const files = { 'test/a*b.ts': `'${TOKEN}'\n`, 'test/axb.ts': 'fine\n', 'fixtures/.env': 'A=1\n' };
    await repository.generate({
      ...script,
      accepted: [accept('test/a*b.ts', '2999-01-01'), accept('fixtures/.env', '2999-01-01')],
    });
    commit(files);
    expect(scan(['tree'])).toEqual({ status: 0, stderr: '' });
    expect(scan(['commits', '--all'])).toEqual({ status: 0, stderr: '' });
    commit({ 'test/axb.ts': `'${TOKEN}'\n` });
    expect(scan(['tree']).stderr).toMatch(/test\/axb\.ts/);
    expect(scan(['tree']).stderr).not.toMatch(/a\*b/);
    await repository.generate({ ...script, accepted: [accept('test/axb.ts', '2020-01-01')] });
    expect(scan(['tree']).stderr).toMatch(/fixtures\/\.env/);
  });

  test('what came with a push is found, on the default branch too and though it went again with the same push', async () => {
    await repository.generate(builtin);
    commit({ a: 'fine\n' });
    const before = repository.git('rev-parse', 'HEAD').trim();
    commit({ a: `${TOKEN}\n` });
    const leak = repository.git('rev-parse', 'HEAD').trim();
    commit({ a: 'gone\n' });
    repository.git('push', '-q', '--no-verify', 'origin', 'HEAD:main');
    repository.git('fetch', '-q', 'origin');
    const zeros = '0'.repeat(40);
    const { jobs } = workflowOf(builtin);
    const github = jobs.scan?.steps.find(({ env }) => env);
    expect(github?.env?.BASE?.replace(/\s+/g, ' ')).toContain(
      "github.event.pull_request.base.sha || github.event.merge_group.base_sha || (github.ref_name == github.event.repository.default_branch && (github.event.before || 'none')) || format('origin/{0}', github.event.repository.default_branch)",
    );
    const gitlab = parse(textOf({ ...builtin, repository: { forge: 'gitlab' } }, GITLAB)) as Record<
      string,
      { script: string[] }
    >;
    const env = { PATH: process.env.PATH, HOME: repository.folder, GIT_CONFIG_NOSYSTEM: '1' };
    const run = (script: string, more: Record<string, string>) => {
      const at = { cwd: repository.root, encoding: 'utf8', env: { ...env, ...more } } as const;
      const { status, stderr, stdout } = spawnSync('sh', ['-ec', script], at);
      return { status, stderr, stdout };
    };
    const ways = [
      (base: string) => run(github?.run ?? '', { BASE: base }),
      (base: string) =>
        run(gitlab['agent-posture-scan']?.script.at(-1) ?? '', {
          CI_DEFAULT_BRANCH: 'main',
          CI_COMMIT_BRANCH: base.startsWith('origin/') ? 'topic' : 'main',
          CI_COMMIT_BEFORE_SHA: base,
        }),
    ];
    for (const way of ways) {
      // The last is of a forced push: the commit is in no clone.
      for (const base of [before, zeros, '', 'none', '1'.repeat(40)])
        expect(way(base)).toMatchObject({ status: 1, stderr: expect.stringContaining(leak) });
      expect(way(zeros).stdout).toContain('all that HEAD has are looked at');
      expect(way(leak)).toEqual({ status: 0, stderr: '', stdout: '' });
      // A branch that has nothing of its own.
      expect(way('origin/main')).toMatchObject({ status: 0, stdout: expect.stringContaining('there is no commit in') });
    }
    repository.git('checkout', '-q', '-b', 'topic');
    commit({ b: `${TOKEN}\n` });
    commit({ b: 'gone\n' });
    for (const way of ways) expect(way('origin/main').status).toBe(1);
  });

  test('where gitleaks is asked for and missing, nothing counts as looked at', async () => {
    await repository.generate(on('github', { agents: [], scanning: { engines: ['gitleaks'] } }));
    commit({ a: 'x\n' });
    const bin = join(repository.folder, 'bin');
    mkdirSync(bin);
    for (const name of ['git', 'date', 'awk', 'tr', 'grep'])
      symlinkSync(spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), join(bin, name));
    const { status, stderr } = spawnSync('/bin/sh', [SCAN, 'tree'], {
      cwd: repository.root,
      encoding: 'utf8',
      env: { PATH: bin, HOME: repository.folder },
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('gitleaks is asked for') });
  });

  testWith(['gitleaks'], 'the real gitleaks looks too, with the settings that were made for it', async () => {
    await repository.generate(on('github', { scanning: { engines: ['gitleaks'] } }));
    const PATH = `${join(part('gitleaks'), '..')}:${process.env.PATH}`;
    commit({ a: 'x\n' });
    expect(scan(['tree'], { PATH })).toEqual({ status: 0, stderr: '' });
    expect(scan(['commits', '--all'], { PATH })).toEqual({ status: 0, stderr: '' });
    // A kind of token that only gitleaks knows.
    commit({ b: `linear = "lin_api_${'a1B2c3D4'.repeat(5)}"\n` });
    expect(scan(['tree'], { PATH }).stderr).toContain('gitleaks found');
    expect(scan(['commits', 'HEAD', '--not', 'HEAD~1'], { PATH }).stderr).toContain('gitleaks found');
    expect(scan(['commits', 'HEAD~1'], { PATH })).toEqual({ status: 0, stderr: '' });
    commit({ b: 'gone\n', '.gitattributes': '* -diff\n' });
    commit({ b: `linear = "lin_api_${'b1B2c3D4'.repeat(5)}"\n` });
    expect(scan(['came', 'HEAD~1'], { PATH }).stderr).toContain('gitleaks found');
  });

  test.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))(
    'with %s in the posture it runs none of it',
    async (_, text) => {
      await repository.generate({
        ...script,
        isolation: { runtime: 'none', files: { hide: ['.env*', text, `!${text}`] } },
        accepted: [{ safeguard: 'SEC-4', target: text, reason: text, owner: text, until: '2999-01-01' }],
      });
      commit({ 'src/a.ts': 'fine\n' });
      expect(scan(['tree'])).toEqual({ status: 0, stderr: '' });
      expect(scan(['commits', '--all'])).toEqual({ status: 0, stderr: '' });
      commit({ '.env': 'A=1\n' });
      expect(scan(['tree']).status).toBe(1);
      expect(readFileSync(join(repository.root, 'src/a.ts'), 'utf8')).toBe('fine\n');
      expect(spawnSync('find', [repository.folder, '-name', 'PWNED'], { encoding: 'utf8' }).stdout).toBe('');
    },
  );

  testWith(['shellcheck'], 'the real shellcheck has nothing to say of it', () => {
    for (const posture of [builtin, on('gitlab')]) {
      const { stdout } = spawnSync(part('shellcheck'), ['-s', 'sh', '-e', 'SC2221,SC2222', '-'], {
        input: textOf(posture, SCAN),
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    }
  });
});

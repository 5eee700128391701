import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import ignore from 'ignore';
import { afterEach, describe, expect, it } from 'vitest';
import { discover, FOR_FILES } from '../../src/discover/index.ts';
import { ownerRules } from '../../src/discover/owners.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.remove());

const SQLITE = 'SQLite format 3\0';

describe('data in files', () => {
  /** Lays empty files of these sizes, and gives what was found as `id kind pattern count bytes`. */
  async function found(sizes: Record<string, number>): Promise<string[]> {
    fixture = new Fixture({ '.gitignore': 'exports/\n' });
    for (const [path, size] of Object.entries(sizes)) {
      fixture.put(path, /\.(db|sqlite3?)$/.test(path) && size > 0 ? SQLITE : '');
      truncateSync(join(fixture.root, path), Math.abs(size));
    }
    const { data = [] } = await fixture.facts();
    for (const { files, seen } of data) expect(ignore().add(files).ignores(seen.path)).toBe(true);
    return data.map(({ id, kind, files, count, bytes }) => `${id} ${kind} ${files.join()} ${count} ${bytes}`);
  }

  it('is told by folder and ending, ignored folders too, the largest first', async () => {
    expect(
      await found({
        'exports/2026-01.csv': 400,
        'exports/2026-02.csv': 500,
        'exports/all.parquet': 50,
        'db/backup.sql': 2_000,
        'db/prod.sql.gz': 10_000,
        'reports/q1.xlsx': 900,
        'app.sqlite3': 3_000,
        'large.csv': 20_000,
      }),
    ).toEqual([
      'large-export export /large.csv 1 20000',
      'prod-dump dump /db/prod.sql.gz 1 10000',
      'app-sqlite sqlite /app.sqlite3 1 3000',
      'backup-dump dump /db/backup.sql 1 2000',
      'exports-export export /exports/*.csv 2 900',
      'q1-spreadsheet spreadsheet /reports/q1.xlsx 1 900',
      'all-export export /exports/all.parquet 1 50',
    ]);
  });
  it('is not what comes with the source, or only has such a name', async () => {
    expect(
      await found({
        'db/schema.sql': 5_000,
        'db/migrations/0001_users.sql': 2_000_000,
        'test/fixtures/users.csv': 50_000,
        'src/countries.csv': 900,
        'locales/de.csv': 50_000,
        'docs/table.xlsx': 900,
        'thumbs.db': -5_000,
        'users.example.csv': 50_000,
        'prod.csv': 0,
      }),
    ).toEqual([]);
  });
  it('is few facts, however many folders there are', async () => {
    const sizes: Record<string, number> = {};
    for (let tenant = 0; tenant < 60; tenant++) sizes[`exports/t${tenant}/users.csv`] = 100;
    expect(await found(sizes)).toEqual(['exports-export export /exports/**/*.csv 60 6000']);
  });
  it('is found by patterns that stand for no other file, whatever the name', async () => {
    expect(await found({ 'exports/[a]*b ?.csv': 5, 'exports 2/#x\u001b.csv': 5 })).toEqual([
      'a-b-export export /exports/\\[a]\\*b \\?.csv 1 5',
      'x-export export /exports 2/#x?.csv 1 5',
    ]);
  });
  it('is not looked for behind links, nor where only generated files are asked for', async () => {
    fixture = new Fixture();
    fixture.put('~/users.csv', 'x'.repeat(20_000));
    symlinkSync(join(fixture.home, 'users.csv'), join(fixture.root, 'users.csv'));
    expect((await fixture.facts()).data).toEqual([]);
    const facts = await discover(fixture.root, { home: fixture.home, env: {}, ...FOR_FILES });
    expect([facts.data, facts.ci, facts.tools, facts.git.owners]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('owners', () => {
  it('are read with sections, escaped blanks, roles and comments', () => {
    expect(
      ownerRules(
        `# all\n* @acme/core  # everything\n\n/docs/ jane@example.com @bob\npath\\ with\\ blanks/ @x\n[Database][2] @dba\ndb/\n^[Optional]\n*.md @@developer\nlogs/\n\\#odd @y nothing-here\nbad\u001bname @z\n`,
      ),
    ).toEqual([
      { pattern: '*', owners: ['@acme/core'] },
      { pattern: '/docs/', owners: ['jane@example.com', '@bob'] },
      { pattern: 'path\\ with\\ blanks/', owners: ['@x'] },
      { pattern: 'db/', owners: ['@dba'] },
      { pattern: '*.md', owners: ['@@developer'] },
      { pattern: 'logs/', owners: [] },
      { pattern: '\\#odd', owners: ['@y'] },
    ]);
  });
  it.each([
    ['https://github.com/a/b', '.github/CODEOWNERS'],
    ['https://gitlab.com/a/b', 'CODEOWNERS'],
    ['/srv/b.git', '.github/CODEOWNERS'],
  ])('are taken from the file that the forge of %s reads: %s', async (url, path) => {
    fixture = new Fixture({
      CODEOWNERS: '* @root\n',
      '.github/CODEOWNERS': '* @hub\n',
      'docs/CODEOWNERS': '* @docs\n',
    });
    fixture.git('init', '-q');
    fixture.git('remote', 'add', 'origin', url);
    expect((await fixture.facts()).git.owners?.seen).toEqual({ path });
  });
  it('are none where there is no such file, or a link in its place', async () => {
    fixture = new Fixture();
    fixture.put('~/CODEOWNERS', '* @x\n');
    symlinkSync(join(fixture.home, 'CODEOWNERS'), join(fixture.root, 'CODEOWNERS'));
    expect((await fixture.facts()).git.owners).toBeUndefined();
  });
});

describe('protected branches', () => {
  it('are those that files say, active rulesets only', async () => {
    const ruleset = (include: unknown, more: object = {}) =>
      JSON.stringify({ target: 'branch', enforcement: 'active', conditions: { ref_name: { include } }, ...more });
    fixture = new Fixture({
      '.github/rulesets/a.json': ruleset(['~DEFAULT_BRANCH', 'refs/heads/release/*', 7]),
      '.github/rulesets/b.json': ruleset(['refs/heads/never'], { enforcement: 'disabled' }),
      '.github/rulesets/c.json': ruleset(['refs/tags/v*'], { target: 'tag' }),
      '.github/rulesets/d.json': '[1',
      '.github/rulesets/e.json': 'null',
      '.github/settings.yml':
        'branches:\n  - name: stable\n    protection:\n      enforce_admins: true\n  - name: open\n    protection: null\n  - name: default\n    protection: { enforce_admins: true }\n',
      '.asf.yaml': 'github:\n  protected_branches:\n    v1: {}\n    "x\u001b y": {}\n',
    });
    fixture.git('init', '-q', '-b', 'trunk');
    expect((await fixture.facts()).git.protectedBranches).toEqual([
      { pattern: 'trunk', seen: { path: '.github/rulesets/a.json', line: undefined } },
      { pattern: 'release/*', seen: { path: '.github/rulesets/a.json', line: undefined } },
      { pattern: 'stable', seen: { path: '.github/settings.yml', line: 2 } },
      { pattern: 'v1', seen: { path: '.asf.yaml', line: 3 } },
    ]);
  });
});

describe('CI', () => {
  it.each([
    ['.circleci/config.yml', 'circleci', []],
    ['Jenkinsfile', 'jenkins', []],
    ['bitbucket-pipelines.yml', 'bitbucket-pipelines', ['staging']],
    ['azure-pipelines.yml', 'azure-pipelines', ['prod']],
    ['.gitea/workflows/x.yaml', 'gitea-actions', []],
    ['.travis.yml', 'travis', []],
    ['.woodpecker/build.yaml', 'woodpecker', []],
    ['.buildkite/pipeline.yml', 'buildkite', []],
  ] as const)('is known by %s', async (path, id, environments) => {
    fixture = new Fixture({ [path]: 'steps:\n  - deployment: staging\n  - environment: prod\n' });
    expect((await fixture.facts()).ci).toMatchObject([{ id, environments, seen: { path } }]);
  });
});

describe('tools', () => {
  it('for hooks are seen by their file, or as a dependency', async () => {
    fixture = new Fixture({
      'package.json': '{"devDependencies":{"lint-staged":"1","simple-git-hooks":"2"}}',
      '.simple-git-hooks.json': '{}',
      '.overcommit.yml': '',
    });
    const { tools = [] } = await fixture.facts();
    expect(tools.filter(({ use }) => use === 'hooks').map(({ id, seen }) => [id, seen.path])).toEqual([
      ['lint-staged', 'package.json'],
      ['simple-git-hooks', '.simple-git-hooks.json'],
      ['overcommit', '.overcommit.yml'],
    ]);
  });
  it('for packages are seen by their lockfile, one for each place that they fetch from', async () => {
    fixture = new Fixture({ 'yarn.lock': '', 'uv.lock': '', 'requirements.txt': '', 'web/pnpm-lock.yaml': '' });
    const { tools = [] } = await fixture.facts();
    expect(tools.filter(({ use }) => use === 'packages').map(({ id, seen }) => [id, seen.path])).toEqual([
      ['yarn', 'yarn.lock'],
      ['uv', 'uv.lock'],
    ]);
  });
  it('for boxes and scanners are found on the PATH with their version, and not run', async () => {
    fixture = new Fixture();
    const bin = join(fixture.folder, 'bin');
    mkdirSync(bin);
    const cli = fixture.put('../lib/node_modules/@devcontainers/cli/devcontainer.js', '#!/bin/sh\nexit 99\n', 0o755);
    fixture.put(
      '../lib/node_modules/@devcontainers/cli/package.json',
      '{"name":"@devcontainers/cli","version":"0.89.0"}',
    );
    symlinkSync(cli, join(bin, 'devcontainer'));
    symlinkSync(fixture.put('../mise/installs/gitleaks/8.30.1/gitleaks', '', 0o755), join(bin, 'gitleaks'));
    fixture.put('../bin/nsjail', '', 0o755);
    const path = process.env.PATH;
    process.env.PATH = bin;
    try {
      const { tools = [], scanners } = await discover(fixture.root, { home: fixture.home, env: {}, boxes: false });
      expect(tools.map(({ id, version }) => [id, version])).toEqual([
        ['devcontainer', '0.89.0'],
        ['nsjail', undefined],
      ]);
      expect(scanners).toEqual([{ id: 'gitleaks', version: '8.30.1' }]);
    } finally {
      process.env.PATH = path;
    }
  });
});

it('lines that this program wrote into a file of owners are the posture’s, not the file’s', () => {
  const block = '# BEGIN agent-posture codeowners\n/.github/ @ours\n# END agent-posture codeowners\n';
  expect(ownerRules(`*.ts @alice\n${block}docs/ @bob\n`)).toEqual([
    { pattern: '*.ts', owners: ['@alice'] },
    { pattern: 'docs/', owners: ['@bob'], behind: true },
  ]);
});

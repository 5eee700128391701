import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { discover } from '../../../src/discover/index.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import type { Rendered } from '../../../src/generate/types.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { describeWith, part, testWith } from '../../support/parts.ts';
import { context, FULL, Repository, render } from './lab.ts';

const content = (files: Map<string, Rendered>, path: string): string => {
  const file = files.get(path);
  if (file?.mode !== 'owned') throw new Error(`${path} is not rendered`);
  return file.content;
};

describe('the outputs', () => {
  test('an absent key of the posture asks for nothing', () => {
    expect([...render({ version: 1, project: 'x' }).keys()]).toEqual(['docs/security-posture.md']);
  });

  test('the full posture asks for each of them, with one box or another', () => {
    // There is one box at a time.
    const boxes = (['docker', 'srt', 'bubblewrap'] as const).map(runtime => ({
      ...FULL,
      isolation: { ...FULL.isolation, runtime },
    }));
    const rendered = outputs.filter(output => boxes.some(posture => output.render(context(posture, '/x')).length > 0));
    expect(rendered.map(({ id }) => id)).toEqual(outputs.map(({ id }) => id));
  });

  test('hold something back, all but those that only explain: taking a line out of them is no edit like another', () => {
    const open = outputs.filter(({ guard }) => !guard).map(({ id }) => id);
    expect(open.sort()).toEqual([
      'agents-page',
      'agents-page-imports',
      'env-examples',
      'posture-document',
      'review-checklist',
    ]);
  });

  test('have ids of their own and name the safeguards they serve', () => {
    expect(new Set(outputs.map(({ id }) => id)).size).toBe(outputs.length);
    for (const output of outputs) expect(output.safeguards.length).toBeGreaterThan(0);
  });
});

describe('.gitignore and the examples', () => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());
  const ignored = (path: string) => repository.run(['check-ignore', '-q', path]).code === 0;

  test('git reads the block as it is meant, and the file’s own lines stay', async () => {
    repository.write('.gitignore', 'dist/\n');
    await repository.generate(FULL);
    expect(readFileSync(join(repository.root, '.gitignore'), 'utf8')).toMatch(/^dist\/\n/);
    const must = [
      '.env',
      '.env.local',
      'sub/.env.production',
      'secrets/a',
      'sub/secrets/b',
      'config/master.key',
      'dist/x',
      'a.agent-posture-new',
    ];
    expect(must.filter(path => !ignored(path))).toEqual([]);
    const mustNot = [
      'src/a.ts',
      '.env.production.example',
      'sub/.env.example',
      'secrets.md',
      'other/config/master.key',
    ];
    expect(mustNot.filter(ignored)).toEqual([]);
  });

  test('patterns that would mean something else at the start or end of a line keep their meaning', async () => {
    await repository.generate({
      ...FULL,
      isolation: { runtime: 'none', files: { hide: ['#note', 'two  ', 'plain'] } },
    });
    expect(['#note', 'two  ', 'plain'].filter(path => !ignored(path))).toEqual([]);
    expect(ignored('two')).toBe(false);
  });

  test('an example has the names of its environment, sorted, and no value', async () => {
    await repository.generate(FULL, {
      envNames: [
        { path: '.env', names: ['SHARED', 'not a name'] },
        { path: '.env.dev', names: ['DEV_ONLY'] },
        { path: 'api/.env.production.local', names: ['PROD_ONLY'] },
      ],
    });
    const read = (id: string) =>
      readFileSync(join(repository.root, `.env.${id}.example`), 'utf8')
        .split('\n')
        .slice(1, -1);
    expect(read('development')).toEqual(['DATABASE_URL=  # dev-db, from local', 'DEV_ONLY=', 'SHARED=']);
    expect(read('production')).toEqual(['PROD_ONLY=', 'SHARED=']);
  });

  test("no example is laid beside the repository's own that would say nothing more", () => {
    const written = (...names: string[]) => {
      const envNames = [
        { path: '.env.example', names: ['DATABASE_URL', 'SHARED'] },
        { path: '.env.production', names },
      ];
      return [...render(FULL, { envNames }).keys()].filter(path => path.startsWith('.env'));
    };
    // Of development a credential is known, which the repository's own does not name.
    const development = '.env.development.example';
    expect(written('SHARED')).toEqual([development]);
    expect(written('SHARED', 'PROD_ONLY')).toEqual([development, '.env.production.example']);
  });

  test('no example is laid that would have no name in it', () => {
    const written = [...render(FULL, { envNames: [] }).keys()].filter(path => path.startsWith('.env'));
    expect(written).toEqual(['.env.development.example']);
  });

  test('the names that discovery finds come into the example of their environment, and stay without the file', async () => {
    repository.write('.env', "export SHARED='x'\n");
    repository.write(
      '.env.production',
      'A_URL=https://u:hunter2@x.example\nA_KEY="hunter2\nhunter2="\n$(touch PWNED)=1\n',
    );
    repository.write('.env.test', 'TEST_ONLY=1\n');
    const posture: Posture = { version: 1, project: 'x', environments: { prod: {}, development: {} } };
    const generated = async () => {
      const { envNames } = await discover(repository.root, { home: repository.root, env: {}, boxes: false });
      await repository.generate(posture, { envNames });
      return ['prod', 'development'].map(id => readFileSync(join(repository.root, `.env.${id}.example`), 'utf8'));
    };
    const first = await generated();
    expect(first.map(text => text.split('\n').slice(1, -1))).toEqual([['A_KEY=', 'A_URL=', 'SHARED='], ['SHARED=']]);
    for (const path of ['.env', '.env.production', '.env.test']) rmSync(join(repository.root, path));
    expect(await generated()).toEqual(first);
  });
});

describe('the GitHub ruleset', () => {
  const ruleset = (posture: Posture) => JSON.parse(content(render(posture), '.agent-posture/github-ruleset.json'));

  test('is what the REST interface takes: https://docs.github.com/rest/repos/rules', () => {
    expect(ruleset(FULL)).toEqual({
      name: 'agent-posture: protected branches',
      target: 'branch',
      enforcement: 'active',
      bypass_actors: [],
      conditions: { ref_name: { include: ['refs/heads/main', 'refs/heads/release/*'], exclude: [] } },
      rules: [
        { type: 'deletion' },
        { type: 'non_fast_forward' },
        {
          type: 'pull_request',
          parameters: {
            required_approving_review_count: 1,
            dismiss_stale_reviews_on_push: true,
            require_code_owner_review: true,
            require_last_push_approval: true,
            required_review_thread_resolution: false,
          },
        },
      ],
    });
  });

  test('without reviews a lone developer can still merge; on another forge there is none', () => {
    const alone = ruleset({ ...FULL, repository: { forge: 'github', protected: ['main'] } });
    expect(alone.rules[2].parameters).toMatchObject({
      required_approving_review_count: 0,
      require_last_push_approval: false,
    });
    expect(
      render({ ...FULL, repository: { forge: 'gitlab', protected: ['main'] } }).has(
        '.agent-posture/github-ruleset.json',
      ),
    ).toBe(false);
  });
});

describe('the container', () => {
  const compose = (posture: Posture) => parseYaml(content(render(posture), '.devcontainer/compose.yaml'));
  const network = (allow: string[] | undefined): Posture => ({
    ...FULL,
    isolation: { runtime: 'docker', ...(allow ? { network: { allow } } : {}) },
  });

  test('has no capability, no way to more, and the network that the posture says', () => {
    const { agent, egress } = compose(FULL).services;
    expect(agent).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], networks: ['box'] });
    expect(egress.networks).toEqual(['box', 'outside']);
    expect(compose(FULL).networks).toEqual({ box: { internal: true }, outside: {} });
    expect(compose(network([])).services.agent.network_mode).toBe('none');
    expect(compose(network([])).services.egress).toBeUndefined();
    expect(compose(network(undefined)).services.agent).not.toHaveProperty('network_mode');
    for (const posture of [FULL, network([]), network(undefined)])
      expect(JSON.stringify(compose(posture))).not.toMatch(/docker\.sock|privileged":|"host"/);
  });

  test('a clone without the hidden files asks for the same files, until the posture hides them no more', async () => {
    const repository = new Repository();
    try {
      const odd = 'a $b/.env';
      await repository.generate(FULL, { secretFiles: [{ path: '.env' }, { path: odd }] });
      const covered = () =>
        (readFileSync(join(repository.root, '.devcontainer/compose.yaml'), 'utf8').match(/source: \.\/empty/g) ?? [])
          .length;
      expect(covered()).toBe(2);
      const { changes } = await repository.plan(FULL);
      expect(changes.filter(({ state }) => state !== 'unchanged')).toEqual([]);
      await repository.generate(FULL, { secretFiles: [{ path: 'sub/.env' }, { path: '.env', tracked: true }] });
      expect(covered()).toBe(2);
      expect(readFileSync(join(repository.root, '.devcontainer/compose.yaml'), 'utf8')).toMatch(/sub\/\.env/);
      // Where nothing can be laid over what is missing, and where it is not hidden, it goes.
      for (const files of [
        { write: ['src'], hide: ['.env*'] },
        { write: ['.'], hide: ['other'] },
      ]) {
        await repository.generate({ ...FULL, isolation: { runtime: 'docker', files } });
        expect(covered()).toBe(0);
      }
    } finally {
      repository.remove();
    }
  });

  test('is not asked for by another box, nor where a running container is named', () => {
    for (const isolation of [{ runtime: 'bubblewrap' }, { runtime: 'docker', container: 'x' }] as const)
      expect(render({ ...FULL, isolation }).has('.devcontainer/compose.yaml')).toBe(false);
  });

  testWith(['docker-compose'], 'the real compose takes it', async () => {
    for (const posture of [FULL, network([]), network(undefined)]) {
      const repository = new Repository();
      try {
        await repository.generate(posture, { secretFiles: [{ path: '.env' }] });
        const { status, stderr } = spawnSync(
          part('docker-compose'),
          ['-f', '.devcontainer/compose.yaml', 'config', '-q'],
          { cwd: repository.root, encoding: 'utf8' },
        );
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      } finally {
        repository.remove();
      }
    }
  });
});

describeWith(['squid'], 'the proxy of the container', () => {
  test('the real squid takes its settings, whatever hosts are listed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'squid-'));
    try {
      for (const allow of [
        ['api.example.com'],
        ['*.example.com:8443', '[2606:2800::1]:443', '93.184.216.34', '*', 'localhost:9', 'a_b.example.com'],
      ]) {
        const posture = { ...FULL, isolation: { runtime: 'docker', network: { allow } } } as const;
        mkdirSync(folder, { recursive: true });
        writeFileSync(
          join(folder, 'squid.conf'),
          content(
            render({ ...posture, isolation: { ...posture.isolation, network: { allow: [...allow] } } }),
            '.devcontainer/squid.conf',
          ),
        );
        const { status, stderr } = spawnSync(part('squid'), ['-k', 'parse', '-f', join(folder, 'squid.conf')], {
          encoding: 'utf8',
        });
        expect({ status, said: /(FATAL|ERROR|WARNING|Bungled).*/.exec(stderr)?.[0] }).toEqual({
          status: 0,
          said: undefined,
        });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describeWith(['gitleaks'], 'the settings of gitleaks', () => {
  test('the real gitleaks finds a hidden file and a secret, and lets examples be', async () => {
    const repository = new Repository();
    try {
      await repository.generate(FULL);
      const scan = () => {
        const { status, stdout } = spawnSync(
          part('gitleaks'),
          ['dir', '--no-banner', '--redact', '-c', '.gitleaks.toml', '-f', 'json', '-r', '-', 'tree'],
          { cwd: repository.root, encoding: 'utf8' },
        );
        const found = JSON.parse(stdout || '[]') as { RuleID: string; File: string }[];
        return { status, found: found.map(({ RuleID, File }) => `${RuleID} ${File}`).sort() };
      };
      repository.write('tree/.env.production.example', 'A=\n');
      repository.write('tree/src/a.ts', 'const a = 1;\n');
      repository.write('tree/secretsanta/list.txt', 'x\n');
      expect(scan()).toEqual({ status: 0, found: [] });
      repository.write('tree/.env.production', 'A=\n');
      repository.write('tree/secrets/x.txt', 'x\n');
      repository.write('tree/src/b.ts', `const t = 'ghp_${'a1B2c3D4e'.repeat(4)}';\n`);
      expect(scan()).toEqual({
        status: 1,
        found: [
          'agent-posture-hidden-file tree/.env.production',
          'agent-posture-hidden-file tree/secrets/x.txt',
          'github-pat tree/src/b.ts',
        ],
      });
    } finally {
      repository.remove();
    }
  });
});

describe('the agents’ settings', () => {
  test('Codex’ are TOML with our profile alone, and what a hand wrote stays', async () => {
    const repository = new Repository();
    try {
      repository.write('.codex/config.toml', '# mine\nmodel = "x"\n');
      await repository.generate(FULL);
      const text = readFileSync(join(repository.root, '.codex/config.toml'), 'utf8');
      expect(text).toContain('# mine');
      expect(parseToml(text)).toMatchObject({
        model: 'x',
        default_permissions: 'agent-posture',
        permissions: {
          'agent-posture': {
            extends: ':workspace',
            filesystem: {
              '~/.ssh': 'deny',
              ':workspace_roots': { '**/.env': 'deny', '.claude': 'read', 'agent-posture.yaml': 'read' },
            },
          },
        },
      });
    } finally {
      repository.remove();
    }
  });

  test('an agent that is not declared gets none', () => {
    const files = render({ ...FULL, agents: ['codex'] });
    expect(files.has('.claude/settings.json')).toBe(false);
    expect(files.has('.codex/config.toml')).toBe(true);
  });
});

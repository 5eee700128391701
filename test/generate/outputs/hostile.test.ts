import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { findPart } from '../../../scripts/parts.js';
import type { Facts } from '../../../src/discover/facts.ts';
import type { Plan } from '../../../src/generate/types.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { postureSchema } from '../../../src/posture/schema.ts';
import { part, testWith } from '../../support/parts.ts';
import { FULL, HOSTILE, Repository } from './lab.ts';

/** The full posture with one text in every place that takes free text. */
function hostile(text: string): Posture {
  const clean = text.replaceAll('\0', '') || 'x';
  return {
    ...FULL,
    project: text,
    systems: [{ ...(FULL.systems?.[0] ?? { id: 'x', kind: 'other' }), normally: { by: text, note: text } }],
    data: [{ id: 'customer-pii', tables: [text], files: [text] }],
    secrets: { managers: { development: 'vault' }, vault: { address: text, mount: text, path: text } },
    credentials: [
      {
        id: 'dev-db',
        environment: 'development',
        kind: text.slice(0, 90),
        inject: 'DATABASE_URL',
        grants: [{ schema: text, tables: [text], rights: [text] }],
      },
    ],
    isolation: {
      runtime: 'docker',
      image: clean,
      network: { allow: ['api.anthropic.com'] },
      files: { write: [text], hide: ['.env*', text, `in/${text}`, `~/${text}`, `!${text}`] },
    },
    repository: {
      forge: 'github',
      protected: ['main', text],
      reviews: 1,
      owners: { [text]: [text] },
      agentIdentity: { name: text, email: text },
      attribution: true,
    },
    accepted: [{ safeguard: 'SEC-1', target: text, reason: text, owner: text, until: '2027-01-31' }],
  };
}

const facts = (text: string): Partial<Facts> => ({
  secretFiles: [{ path: '.env' }, { path: text }, { path: '../../etc/passwd' }],
  envNames: [{ path: '.env', names: ['GOOD', text, '$(touch PWNED)'] }],
});

/** Controls, and marks that reorder or hide: none may stand in a file that people or terminals read. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

/** A text that no format takes for anything else: what the others are compared with. */
const HARMLESS = 'harmless';

/** Files in which no text of the posture stands: they are the same whatever it says. */
const UNTOUCHED = [
  '.agent-posture/git-secrets-patterns',
  '.aider.conf.yml',
  '.clinerules/hooks/PreToolUse',
  '.devcontainer/empty',
  '.devcontainer/squid.conf',
  '.cursor/hooks.json',
  '.gemini/settings.json',
  '.github/hooks/agent-posture.json',
  '.github/pull_request_template.md',
  '.github/workflows/agent-posture.yml',
  '.windsurf/hooks.json',
];

/** Ignore files of agents, which are read as git reads its own. */
const IGNORES = ['.aiderignore', '.clineignore', '.codeiumignore', '.cursorignore', '.geminiignore', '.qwenignore'];

/** Lists of texts in settings of agents: where they stand, and how a text of one is written. */
const LISTS: { path: string; keys: string[]; list(settings: Settings): string[]; written: RegExp }[] = [
  {
    path: '.qwen/settings.json',
    keys: ['permissions', 'context'],
    list: ({ permissions }) => permissions?.deny as string[],
    // What would mean something else stands in a set of characters.
    written: /^(Read|Edit|Bash)\((?:\[[^\]]+\]|[^()$])+\)$/,
  },
  {
    path: '.cursor/cli.json',
    keys: ['permissions'],
    list: ({ permissions }) => permissions?.deny as string[],
    written: /^(Read|Write)\((?:\[[^\]]+\]|[^()])+\)$/,
  },
  // Nothing that opencode replaces in its settings: `{env:…}`, `{file:…}`, `$HOME`, backslashes.
  ...['read', 'edit', 'bash', 'external_directory'].map(tool => ({
    path: 'opencode.json',
    keys: ['permission'],
    list: ({ permission }: Settings) => Object.keys(permission?.[tool] ?? {}),
    written: /^[^{}$\\]+$/,
  })),
];

/** What other tests look at with these texts: the hooks below, and the rest each where it is tested. */
const ELSEWHERE =
  /^(AGENTS|CLAUDE|GEMINI)\.md$|^\.agent-posture\/(agent-hook\.cjs|scan\.sh|manifest\.json|managed\/.+)$|^\.githooks\/|^\.github\/CODEOWNERS$/;

type Settings = Record<string, Record<string, unknown> | undefined>;

let harmless: Repository;
beforeAll(async () => {
  harmless = new Repository();
  await harmless.generate(hostile(HARMLESS), facts(HARMLESS));
});
afterAll(() => harmless.remove());

/** Paths of files of the repository, git's own left out. */
function filesOf({ root }: Repository): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .filter(path => !path.startsWith('.git/'));
}

describe.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))('a posture full of %s', (_name, text) => {
  const posture = hostile(text);
  let repository: Repository;
  let plan: Plan;
  beforeAll(async () => {
    repository = new Repository();
    plan = await repository.generate(posture, facts(text));
  });
  afterAll(() => repository.remove());
  const read = (path: string, from = repository) => {
    looked.add(path);
    return readFileSync(join(from.root, path), 'utf8');
  };
  const looked = new Set<string>();

  test('is a posture by the schema, and comes out inert in every output', () => {
    expect(postureSchema.safeParse(posture).success).toBe(true);
    expect(plan.changes.filter(change => change.state === 'refused')).toEqual([]);

    const settings = JSON.parse(read('.claude/settings.json')) as { permissions: Record<string, string[]> };
    expect(Object.keys(settings)).toEqual(['permissions']);
    expect(Object.keys(settings.permissions)).toEqual(['deny']);
    for (const rule of settings.permissions.deny ?? []) expect(rule).toMatch(/^(Read|Edit|Bash)\([^\p{C}]+\)$/u);

    const codex = parseToml(read('.codex/config.toml')) as Record<string, Record<string, Record<string, unknown>>>;
    expect(Object.keys(codex)).toEqual(['default_permissions', 'permissions']);
    expect(Object.keys(codex.permissions ?? {})).toEqual(['agent-posture']);

    const ruleset = JSON.parse(read('.agent-posture/github-ruleset.json')) as {
      rules: unknown[];
      bypass_actors: unknown[];
    };
    expect(ruleset.rules).toHaveLength(3);
    expect(ruleset.bypass_actors).toEqual([]);

    const compose = parseYaml(read('.devcontainer/compose.yaml')) as {
      services: Record<string, { image: string; volumes: unknown[] }>;
    };
    expect(Object.keys(compose.services)).toEqual(['agent', 'egress']);
    expect(compose.services.agent?.image.replaceAll('$$', '$')).toBe(posture.isolation?.image);
    const replaced = read('.devcontainer/compose.yaml')
      .replaceAll('$$', '')
      .match(/\$\{?\w+/g);
    expect([...new Set(replaced)]).toEqual(['${AGENT_UID', '${AGENT_GID', '${AGENT_WORKSPACE']);
    const devcontainer = JSON.parse(read('.devcontainer/devcontainer.json')) as { name: string };
    expect(devcontainer.name).not.toContain('${');

    const gitleaks = parseToml(read('.gitleaks.toml')) as { rules: { path: string }[] };
    expect(gitleaks.rules).toHaveLength(1);

    const page = read('docs/security-posture.md');
    expect(page).not.toMatch(UNSEEN);
    // Within code nothing is markup.
    const prose = page.replaceAll('\\`', '').replace(/`[^`\n]*`/g, '');
    expect(prose).not.toMatch(/(?<!\\)<(script|img|\/script)|(?<!\\)\[a/);
    for (const line of page.split('\n').filter(each => each.startsWith('|')))
      expect([...line.matchAll(/(?<!\\)\|/g)].length).toBeGreaterThan(2);

    expect(read('.env.development.example')).toMatch(/^#[^\n]*\nDATABASE_URL= {2}# dev-db, from vault\nGOOD=\n$/);
    expect(read('.env.production.example')).toMatch(/^#[^\n]*\nGOOD=\n$/);
    expect(
      read('.gitignore')
        .split('\n')
        .filter(line => UNSEEN.test(line) && !/[\u200b-\u2069]/.test(line)),
    ).toEqual([]);

    expect(filesOf(repository).filter(path => !/^[\w./-]+$/.test(path))).toEqual([]);
  });

  test('comes out as text, and as nothing else, in the settings of every agent', () => {
    for (const path of UNTOUCHED) expect(read(path), path).toBe(read(path, harmless));

    for (const path of IGNORES) {
      const others = read(path, harmless).split('\n');
      const brought = read(path)
        .split('\n')
        .filter(line => !others.includes(line));
      // A blank at the end of a pattern is written with a backslash, and one at its start is no comment.
      const meant = brought.map(line => line.replace(/\\ /g, ' ').replace(/^\\#/, '#'));
      expect([text, `in/${text}`, `!${text}`], path).toEqual(expect.arrayContaining(meant));
      expect(brought.filter(line => UNSEEN.test(line.replace(/[\u200b-\u2069]/g, '')))).toEqual([]);
    }

    for (const { path, keys, list, written } of LISTS) {
      const settings = JSON.parse(read(path)) as Settings;
      expect(Object.keys(settings), path).toEqual(keys);
      const others = list(JSON.parse(read(path, harmless)));
      const brought = list(settings).filter(rule => !others.includes(rule));
      expect(list(settings)).toEqual(expect.arrayContaining(others.filter(rule => !rule.includes(HARMLESS))));
      expect(brought.filter(rule => !written.test(rule))).toEqual([]);
    }
    const { permission } = JSON.parse(read('opencode.json')) as { permission: Record<string, Record<string, string>> };
    const answers = Object.values(permission).flatMap(tool => Object.entries(tool));
    expect(answers.filter(([, answer]) => answer !== 'deny')).toEqual([['*.env.*.example', 'allow']]);
    const { permissions } = JSON.parse(read('.cursor/cli.json')) as Settings;
    expect(permissions).toMatchObject({ allow: [] });

    const policy = parseToml(read('.gemini/policies/agent-posture.toml')) as { rule: Record<string, unknown>[] };
    const other = parseToml(read('.gemini/policies/agent-posture.toml', harmless)) as typeof policy;
    expect(Object.keys(policy)).toEqual(['rule']);
    for (const { argsPattern, ...rule } of policy.rule) {
      expect(other.rule.map(({ argsPattern: _pattern, ...rest }) => rest)).toContainEqual(rule);
      expect(() => new RegExp(String(argsPattern))).not.toThrow();
    }

    // What can be said in a rule is in it as it is: under the home nothing is left out for an exception.
    // A pattern that climbs matches no file, and is left out everywhere.
    if (/^[^\p{C}()\\{}$*?[\]]+$/u.test(text) && !text.includes('..')) {
      expect(permissions?.deny).toContain(`Read(~/${text})`);
      expect(Object.keys(permission.read ?? {})).toContain(`~/${text}`);
      const call = `{\0"file_path":${JSON.stringify(`/home/dev/${text}`)}\0}`;
      const reading = policy.rule.filter(({ toolName }) => (toolName as string[]).includes('read_file'));
      expect(reading.some(({ argsPattern }) => new RegExp(String(argsPattern)).test(call))).toBe(true);
    }
  });

  test('no file is written that nobody looks at', () => {
    expect(filesOf(repository).filter(path => !looked.has(path) && !ELSEWHERE.test(path))).toEqual([]);
  });

  test('generating again changes nothing', async () => {
    const again = await repository.plan(posture, facts(text));
    expect(again.changes.filter(change => change.state !== 'unchanged')).toEqual([]);
    expect(again.manifest.after?.toString()).toBe(again.manifest.before?.toString());
  });

  test('its hooks parse, run nothing of it, and still hold', () => {
    for (const hook of ['pre-commit', 'prepare-commit-msg', 'pre-push'])
      execFileSync('sh', ['-n', join(repository.root, '.githooks', hook)]);
    repository.git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'zero');
    expect(repository.run(['push', 'origin', 'HEAD:main']).stderr).toContain('is protected (pattern main)');
    expect(repository.run(['push', 'origin', 'HEAD:topic']).code).toBe(0);
    repository.write('.env', 'A=1');
    repository.git('add', '-f', '.env');
    expect(repository.run(['commit', '-q', '-m', 'x']).code).toBe(1);
    repository.git('rm', '-q', '--cached', '.env');
    repository.write('ok.txt', 'fine');
    repository.git('add', 'ok.txt');
    expect(repository.run(['commit', '-q', '-m', 'x']).stderr.replace(/^agent-posture: gitleaks is not.*\n/, '')).toBe(
      '',
    );
    for (const place of [repository.root, repository.folder, process.cwd(), '/'])
      expect(existsSync(join(place, 'PWNED'))).toBe(false);
    // git itself reads the ignore file: the posture's own pattern stands, and the source is not swallowed by another.
    expect(repository.run(['check-ignore', '-q', '.env']).code).toBe(0);
    expect(repository.run(['check-ignore', '-q', '.env.development.example']).code).toBe(1);
  });

  testWith(['gitleaks'], 'the real gitleaks takes its settings', () => {
    const { status, stderr } = spawnSync(part('gitleaks'), ['dir', '--no-banner', '-c', '.gitleaks.toml', 'docs'], {
      cwd: repository.root,
      encoding: 'utf8',
    });
    expect({ status, problem: /FTL|unable|panic/i.test(stderr) }).toEqual({ status: 0, problem: false });
  });

  testWith(['shellcheck'], 'its hooks are clean to shellcheck', () => {
    const { stdout } = spawnSync(
      findPart('shellcheck') ?? '',
      [
        '-s',
        'sh',
        '-e',
        'SC2221,SC2222',
        join(repository.root, '.githooks/pre-commit'),
        join(repository.root, '.githooks/prepare-commit-msg'),
        join(repository.root, '.githooks/pre-push'),
      ],
      { encoding: 'utf8' },
    );
    expect(stdout.split('\n').filter(line => /\((error|warning)\)/.test(line))).toEqual([]);
  });
});

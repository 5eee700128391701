import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { findPart } from '../../../scripts/parts.js';
import type { Facts } from '../../../src/discover/facts.ts';
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
      files: { write: [text], hide: ['.env*', text, `~/${text}`, `!${text}`] },
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

describe.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))('a posture full of %s', (_name, text) => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());
  const read = (path: string) => readFileSync(join(repository.root, path), 'utf8');

  test('is a posture by the schema, and comes out inert in every output', async () => {
    const posture = hostile(text);
    expect(postureSchema.safeParse(posture).success).toBe(true);
    const plan = await repository.generate(posture, facts(text));
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
    expect(
      read('.gitignore')
        .split('\n')
        .filter(line => UNSEEN.test(line) && !/[\u200b-\u2069]/.test(line)),
    ).toEqual([]);

    const files = readdirSync(repository.root, { recursive: true })
      .map(String)
      .filter(path => !path.startsWith('.git/'));
    expect(files.filter(path => !/^[\w./-]+$/.test(path))).toEqual([]);
  });

  test('its hooks parse, run nothing of it, and still hold', async () => {
    await repository.generate(hostile(text), facts(text));
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

  test('generating again changes nothing', async () => {
    await repository.generate(hostile(text), facts(text));
    const again = await repository.generate(hostile(text), facts(text));
    expect(again.changes.filter(change => change.state !== 'unchanged')).toEqual([]);
  });

  testWith(['gitleaks'], 'the real gitleaks takes its settings', async () => {
    await repository.generate(hostile(text), facts(text));
    const { status, stderr } = spawnSync(part('gitleaks'), ['dir', '--no-banner', '-c', '.gitleaks.toml', 'docs'], {
      cwd: repository.root,
      encoding: 'utf8',
    });
    expect({ status, problem: /FTL|unable|panic/i.test(stderr) }).toEqual({ status: 0, problem: false });
  });

  testWith(['shellcheck'], 'its hooks are clean to shellcheck', async () => {
    await repository.generate(hostile(text), facts(text));
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

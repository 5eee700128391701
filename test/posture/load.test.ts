import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/base/hash.ts';
import { loadPosture, parsePosture } from '../../src/posture/load.ts';
import { accessTo, type Posture } from '../../src/posture/schema.ts';

const whole = new URL('../fixtures/posture/whole.yaml', import.meta.url);

/** The problems as `line:column what`, in the order in which they are reported. */
function problemsOf(text: string): string[] {
  try {
    parsePosture(text, 'p.yaml');
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(p => `${p.where?.line}:${p.where?.column} ${p.what}`);
    throw error;
  }
  return [];
}

function refusal(text: string): UserError {
  try {
    parsePosture(text, 'p.yaml');
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const head = 'version: 1\nproject: shop\n';

/** Milliseconds of work: what else the machine does is not counted. */
function worked(work: () => unknown): number {
  const begun = process.cpuUsage();
  work();
  return process.cpuUsage(begun).user / 1_000;
}

describe('parsePosture', () => {
  it('reads the whole example of the design', async () => {
    const posture = parsePosture(await readFile(whole, 'utf8'), 'agent-posture.yaml');
    expect(posture.systems?.map(system => system.id)).toEqual(['orders-db', 'dev-orders-db']);
    expect(posture.isolation?.files?.hide).toEqual(['~/.ssh', '~/.aws', '.env*', '!.env*.example']);
    expect(posture.accepted?.[0]?.until).toBe('2027-01-31');
    expect(accessTo(posture, { environment: 'staging' })).toBe('read');
    expect(accessTo(posture, {})).toBe('none');
  });

  it('needs a version and a project, nothing more', () => {
    expect(parsePosture('version: 1\nproject: x\n', 'p')).toEqual({ version: 1, project: 'x' });
    expect(problemsOf('project: x\n')).toEqual(['1:1 "version" is missing']);
    expect(problemsOf('version: 1\n')).toEqual(['1:1 "project" is missing']);
  });

  it.each(['', '\n\n', '# nothing yet\n', '---\n', '\ufeff'])('says that %j is empty', text => {
    const error = refusal(text);
    expect(error.message).toContain('the posture is empty');
    expect(error.message).toContain('agent-posture init');
  });

  it.each([
    ['a list', '- a\n', '1:1 the posture is a list'],
    ['a text', 'hello\n', '1:1 the posture is "hello"'],
    ['tabs', 'version: 1\n\tproject: x\n', '2:1 not valid YAML'],
    ['an open bracket', `${head}agents: [a\n`, '4:1 not valid YAML'],
    ['an open quote', `${head}agents: "a\n`, '4:1 not valid YAML'],
    ['mappings in a line', 'version: 1: 2\n', '1:10 not valid YAML'],
  ])('gives the place of %s', (_, text, expected) => {
    expect(problemsOf(text)[0]).toContain(expected);
  });

  it('reports all problems together, in the order of the file', () => {
    const text = `version: 1
projct: shop
agents: codex
environments:
  production: { agentAcess: none }
systems:
  - id: Orders
    kind: postgress
    environment: prodction
    address: db.example.com
    holds: [pii]
accepted:
  - { safeguard: SEC-1, target: x, reason: y, owner: z, until: 2027-02-30 }
`;
    expect(problemsOf(text)).toEqual([
      '1:1 "project" is missing',
      '2:1 unknown key "projct" (did you mean "project"?)',
      '3:9 "agents" is "codex"',
      '5:17 unknown key "agentAcess" (did you mean "agentAccess"?)',
      '7:9 "id" is "Orders"',
      '8:11 "kind" is "postgress" (did you mean "postgres"?)',
      '9:18 "prodction" is not declared under "environments" (did you mean "production"?)',
      '10:14 address: the port is missing',
      '11:13 "pii" is not declared under "data"',
      '13:64 "2027-02-30" is no day of the calendar',
    ]);
  });

  it('says what was expected', () => {
    const { problems } = refusal(
      'version: "1"\nproject: 12\nagents: {}\nisolation: { runtime: dokcer }\nrepository: { reviews: 99 }\n',
    );
    expect(problems.map(p => p.expected)).toEqual([
      '1 without quotes',
      'text',
      'a list of texts: [a, b], or one "- " line each',
      'one of none, native, bubblewrap, srt, docker, podman, devcontainer, kubernetes or command',
      'at most 10',
    ]);
    expect(problems[1]?.next).toBe('put it in quotes: "12"');
    expect(refusal(`${head}review: { netwrk: warn }\n`).problems[0]?.what).toContain('did you mean "network"');
  });

  it.each([
    ['2', 'npx agent-posture@latest'],
    ['0', 'write version: 1'],
    ['1.5', 'write version: 1'],
  ])('says which versions it reads (given %s)', (version, next) => {
    const error = refusal(`version: ${version}\nproject: x\nkey-of-the-future: 1\n`);
    expect(error.problems).toHaveLength(1);
    expect(error.message).toContain(`p.yaml:1:10: this posture has version ${version}`);
    expect(error.message).toContain('version 1, which is what this agent-posture reads');
    expect(error.message).toContain(next);
  });

  it('brings an older version up to the current one', () => {
    const old = '# kept\nversion: 0\nname: x\n';
    const migrations = { 0: (text: string) => text.replace('version: 0', 'version: 1').replace('name:', 'project:') };
    expect(parsePosture(old, 'p', migrations)).toEqual({ version: 1, project: 'x' });
    expect(() => parsePosture(old, 'p', { 0: text => text })).toThrow('did not lead to 1');
  });

  it.each(['\r\n', '\n'])('reads lines that end in %j, with and without a byte order mark', end => {
    const text = `${head}isolation:\n  runtime: none\nrepository:\n  protected: [main]\n`.replaceAll('\n', end);
    expect(parsePosture(text, 'p')).toEqual(parsePosture(`\ufeff${text}`, 'p'));
    expect(problemsOf(`\ufeff${text}oops: 1${end}`)).toEqual([expect.stringContaining('7:1 unknown key "oops"')]);
  });

  it('follows no alias, so that none can explode', () => {
    let bomb = 'version: 1\nproject: &l0 lol\n';
    for (let level = 1; level < 30; level++) bomb += `k${level}: &l${level} [${`*l${level - 1},`.repeat(9)}]\n`;
    const begun = performance.now();
    const found = problemsOf(bomb);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(found).toContain('2:10 an anchor (&)');
    expect(found).toContain('3:10 an alias (*)');
    expect(found.at(-1)).toMatch(/and \d+ more problems/);
  });

  it.each([
    ['duplicate keys', `${head}project: y\n`, '3:1 the key "project" is here twice; the first is in line 2'],
    ['duplicate keys in brackets', `${head}environments: { a: {}, a: {} }\n`, '3:24 the key "a" is here twice'],
    ['merge keys', `${head}<<: { agents: [codex] }\n`, '3:1 a merge key (<<)'],
    ['tags', `${head}agents: !!binary aGk=\n`, '3:9 a YAML tag (!)'],
    ['own tags', `${head}agents: !js/function [a]\n`, 'a YAML tag (!)'],
    ['directives', `%YAML 1.1\n---\n${head}`, '1:1 a YAML directive'],
    ['a second document', `${head}---\n${head}`, '3:1 a second YAML document begins here'],
    ['keys that are no text', `${head}? [a]\n: b\n`, '3:3 a key that is not text'],
    ['git conflicts', `<<<<<<< HEAD\n${head}=======\n${head}>>>>>>> theirs\n`, '1:1 an unresolved git conflict'],
    [
      'conflicts in the middle',
      `${head}agents:\n<<<<<<< HEAD\n  - a\n=======\n  - b\n>>>>>>> x\n`,
      '4:1 an unresolved',
    ],
    ['emptied keys', `${head}systems:\n`, '3:1 "systems" is empty'],
    ['duplicate ids', `${head}data: [{ id: a }, { id: a }]\n`, '3:25 the id "a" is used twice in "data"'],
  ])('refuses %s', (_, text, expected) => {
    expect(problemsOf(text).join('\n')).toContain(expected);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s, and no object is touched', key => {
    for (const text of [
      `${head}${key}: { agents: [x] }\n`,
      `${head}environments:\n  ${key}: { agentAccess: write }\n`,
      `${head}repository: { owners: { "${key}": ["@a"] } }\n`,
    ])
      expect(problemsOf(text).join('\n')).toContain(`the key "${key}" is never allowed`);
    expect(({} as Record<string, unknown>).agents).toBeUndefined();
    expect(problemsOf(`${head}systems: [{ id: a, kind: redis, environment: ${key} }]\n`).join()).toMatch(
      /not declared|is "__proto__"/,
    );
  });

  it('does not hang on or fall over deep nesting, and refuses it', () => {
    for (const text of [
      `${head}a: ${'['.repeat(50_000)}`,
      `${head}a: ${'- '.repeat(20_000)}`,
      `${head}a: ${'{a: '.repeat(5000)}`,
    ])
      expect(problemsOf(text).length).toBeGreaterThan(0);
    expect(problemsOf(`${head}a: ${'['.repeat(40)}${']'.repeat(40)}\n`).join()).toContain('nested deeper than 30');
  });

  it.each([
    ['an ANSI escape in quotes', `${head}agents: ["a\\e[31m"]\n`, '3:10 "agents" holds a control character (U+001B)'],
    ['a raw ANSI escape', `version: 1\nproject: a\u001b[2Jb\n`, '2:11 a control character (U+001B)'],
    ['a raw one in a comment', `${head}# a\u001b[2Jb\n`, '3:4 a control character (U+001B)'],
    ['NUL', `version: 1\nproject: a\u0000b\n`, '2:11 a control character (U+0000)'],
    ['C1', `version: 1\nproject: a\u009b31m\n`, '2:11 a control character (U+009B)'],
    ['a lone carriage return', `version: 1\nproject: a\rb\n`, '2:11 a carriage return without a line feed (U+000D)'],
    ['right-to-left', `version: 1\nproject: "a\u202eb"\n`, '2:12 a mark that changes the direction of text (U+202E)'],
    ['right-to-left, escaped', `version: 1\nproject: "a\\u202eb"\n`, '2:10 "project" holds a mark that changes'],
    ['right-to-left in a comment', `${head}# \u2067x\n`, '3:3 a mark that changes the direction of text (U+2067)'],
    ['zero width', `${head}agents: [co\u200bdex]\n`, '3:10 "agents" holds an invisible character (U+200B)'],
    ['tags of Unicode', `version: 1\nproject: "a\u{e0041}"\n`, '2:12 an invisible character (U+E0041)'],
    ['a mark in a key', `${head}"a\\u202eb": 1\n`, '3:1 a key holds a mark'],
    [
      'a line break in a pattern',
      `${head}isolation: { runtime: none, files: { hide: ["a\\nb"] } }\n`,
      '"hide" holds a line break',
    ],
  ])('refuses %s', (_, text, expected) => {
    const found = problemsOf(text);
    expect(found.join('\n')).toContain(expected);
    expect(found.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2067\u200b]/);
  });

  it('takes text full of other languages, quotes and shell as it is', () => {
    const project = `it's "$(id)" \`id\` \${{ secrets.X }} '; DROP TABLE x; -- ../../etc : # \\ \u4f60\u597d \ud83d\ude00`;
    expect(parsePosture(`version: 1\nproject: ${JSON.stringify(project)}\n`, 'p').project).toBe(project);
  });

  it.each([
    ['postgres', 'db.example.com:5432'],
    ['postgres', '[2001:db8::1]:5432'],
    ['postgres', '10.0.0.1:65535'],
    ['postgres', 'unix:/var/run/postgresql/.s.PGSQL.5432'],
    ['postgres', 'postgres://db.example.com:5432/shop'],
    ['http-api', 'https://api.example.com/v1'],
    ['object-storage', 's3://bucket-name'],
    ['sqlite', 'var/data.db'],
    ['sqlite', '~/x.sqlite'],
  ])('takes the address of %s %s', (kind, address) => {
    expect(problemsOf(`${head}systems: [{ id: a, kind: ${kind}, address: ${JSON.stringify(address)} }]\n`)).toEqual([]);
  });

  it.each([
    ['postgres', 'db.example.com', 'the port is missing'],
    ['postgres', 'db.example.com:0', 'port'],
    ['postgres', 'db.example.com:65536', 'port'],
    ['postgres', 'db.example.com:http', 'not an address'],
    ['postgres', '2001:db8::1:5432', ''],
    ['postgres', '[2001:db8::zz]:5432', ''],
    ['postgres', '999.1.1.1:80', 'host'],
    ['postgres', '-db:5432', 'host'],
    ['postgres', 'a..b:5432', 'host'],
    ['postgres', 'unix:relative', 'absolute path'],
    ['http-api', 'https://user@api.example.com', 'user or a password'],
    ['http-api', 'https://', 'not a URL'],
    ['http-api', 'https://x:99999/', 'not a URL'],
    ['sqlite', 'https://example.com/x.db', 'no server'],
    ['postgres', '$(id):5432', ''],
    ['postgres', 'a b:5432', ''],
  ])('refuses the address of %s %s', (kind, address, expected) => {
    const found = problemsOf(`${head}systems: [{ id: a, kind: ${kind}, address: ${JSON.stringify(address)} }]\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('address: ');
    expect(found[0]).toContain(expected);
  });

  it.each([
    ['isolation: { runtime: none, network: { allow: ["*"] } }', '"*" is no host'],
    ['isolation: { runtime: none, network: { allow: ["*.com"] } }', 'whole top-level domain'],
    ['isolation: { runtime: none, network: { allow: ["a.*.com"] } }', 'is no host'],
    ['isolation: { runtime: none, network: { allow: ["a.com:70000"] } }', 'is no host'],
    ['isolation: { runtime: none, files: { write: ["../../etc"] } }', 'climbs out'],
    ['isolation: { runtime: none, files: { hide: ["a/../../b"] } }', 'climbs out'],
    ['isolation: { runtime: none, files: { write: ["src", "~"] } }', 'write outside the repository'],
    ['isolation: { runtime: none, files: { write: ["src", "~/."] } }', 'write outside the repository'],
    ['isolation: { runtime: none, files: { write: ["src", "~/./"] } }', 'write outside the repository'],
    ['isolation: { runtime: none, files: { write: ["src", "~/.//.ssh"] } }', 'write outside the repository'],
    ['isolation: { runtime: none, files: { write: ["src", "~/.bashrc"] } }', 'write outside the repository'],
    ['isolation: { runtime: none, files: { write: ["src", "/"] } }', 'write outside the repository'],
    ['data: [{ id: a, files: ["../x"] }]', 'climbs out'],
    ['isolation: { runtime: command }', 'has no command'],
    ['isolation: { runtime: docker, command: x }', 'only for the runtime command'],
    ['selftest: { outside: [example.com] }', 'no address to try'],
    ['selftest: { requests: [{ system: x, method: GET, path: / }] }', '"x" is not declared under "systems"'],
    ['selftest: { queries: [{ system: x, sql: select 1 }] }', '"x" is not declared under "systems"'],
    ['credentials: [{ id: a, environment: dev, kind: k }]', '"dev" is not declared under "environments"'],
    ['secrets: { managers: { dev: local } }', '"dev" is not declared under "environments"'],
    ['secrets: { vault: { address: "http://a:b@c", mount: kv, path: x } }', 'user or a password'],
    ['repository: { owners: { "*": ["alice"] } }', 'is no owner'],
    ['repository: { agentIdentity: { name: x, email: nobody } }', 'git would not commit as "nobody"'],
    ['repository: { agentIdentity: { name: "x <y>", email: a@b.c } }', 'a plain name'],
    ['agents: [codex, codex]', '"codex" is here twice'],
    ['selftest: { metadata: maybe }', '"metadata" is "maybe"'],
    ['monitoring: { exportPerHour: 50 }', '"exportPerHour" is 50'],
  ])('refuses %s', (line, expected) => {
    const error = refusal(`${head}${line}\n`);
    expect(error.message).toContain(expected);
    expect(error.message).toMatch(/^p\.yaml:3:\d+: /);
  });

  it.each(['api.anthropic.com', 'github.com:443', '*.example.com', '[::1]:8080', '127.0.0.1'])(
    'allows the host %s',
    host => {
      expect(problemsOf(`${head}isolation: { runtime: none, network: { allow: ["${host}"] } }\n`)).toEqual([]);
    },
  );

  it('stays quick and small with a thousand systems and ten thousand credentials', () => {
    let text = `${head}environments: { production: { agentAccess: none } }\nsystems:\n`;
    for (let i = 0; i < 1_000; i++)
      text += `  - { id: s${i}, kind: postgres, environment: production, address: "db${i}.example.com:5432" }\n`;
    text += 'credentials:\n';
    for (let i = 0; i < 10_000; i++)
      text += `  - { id: c${i}, environment: production, system: s${i % 1_000}, kind: role, inject: DB_${i} }\n`;
    let posture: Posture | undefined;
    expect(
      worked(() => {
        posture = parsePosture(text, 'p');
      }),
    ).toBeLessThan(6_000);
    expect(posture?.credentials).toHaveLength(10_000);
  });

  it('finds a thousand names for ten thousand wrong ones without looking at each pair', () => {
    let text = `${head}systems:\n`;
    for (let i = 0; i < 1_000; i++) text += `  - { id: one-${i}, kind: postgres }\n`;
    text += 'environments: { dev: {} }\ncredentials:\n';
    for (let i = 0; i < 10_000; i++) text += `  - { id: c${i}, environment: dev, system: onf-${i}, kind: role }\n`;
    let found: string[] = [];
    expect(worked(() => (found = problemsOf(text)))).toBeLessThan(10_000);
    expect(found[0]).toContain('"onf-0" is not declared under "systems" (did you mean "one-0"?)');
    expect(found).toHaveLength(51);
  });

  it('is not slowed down by a file made for it', () => {
    for (const text of [
      `${head}owners: {${'a: 1, '.repeat(100_000)}}\n`,
      `${head}${'# c\n'.repeat(200_000)}`,
      `${head}${'k: [*a, *a]\n'.repeat(50_000)}`,
      `${head}agents: [${['"gh', 'p_0123456789abcdefghijABCDEFGHIJ012345", '].join('').repeat(20_000)}]\n`,
      `${head}project: ${'a=b'.repeat(300_000)}\n`,
      `${head}agents: ["${'password='.repeat(100_000)}"]\n`,
      `${head}agents: ["${'http://a:'.repeat(60_000)}"]\n`,
      `${head}agents: ["${'a_'.repeat(200_000)}"]\n`,
    ]) {
      expect(
        worked(() => problemsOf(text)),
        text.slice(0, 60),
      ).toBeLessThan(10_000);
    }
  });
});

describe('loadPosture', () => {
  let root: string;
  let state: string;
  beforeEach(async () => {
    const base = await mkdtemp(join(tmpdir(), 'posture-'));
    root = join(base, 'root');
    state = join(base, 'state');
    await mkdir(root);
    await mkdir(state);
  });
  afterEach(() => rm(join(root, '..'), { recursive: true, force: true }));
  const put = (data: string | Buffer) => writeFile(join(root, 'agent-posture.yaml'), data);
  const overlay = (text: string, mode = 0o600) => writeFile(join(state, 'overlay.yaml'), text, { mode });

  it('is undefined without a file', async () => {
    expect(await loadPosture(root)).toBeUndefined();
    expect(await loadPosture(root, { stateFolder: join(state, 'none') })).toBeUndefined();
  });

  it('gives the text exactly, its hash and the posture', async () => {
    const text = '\ufeffversion: 1\r\nproject: x # y\r\n';
    await put(text);
    const loaded = await loadPosture(root);
    expect(loaded).toMatchObject({ text, sha256: sha256(Buffer.from(text)), posture: { version: 1, project: 'x' } });
    expect(loaded?.shared).toEqual(loaded?.posture);
    expect(loaded?.privateIds.size).toBe(0);
  });

  it('refuses what is too large with a clear error', async () => {
    await put(`${head}# ${'x'.repeat(5_000_000)}\n`);
    await expect(loadPosture(root)).rejects.toThrow(
      /agent-posture\.yaml: the file has 5\.0 MB\n {2}expected: a posture of at most 4 MB/,
    );
  });

  it.each([
    ['UTF-16 LE', Buffer.from(`\ufeff${head}`, 'utf16le'), 'UTF-16'],
    ['UTF-16 BE', Buffer.from(`\ufeff${head}`, 'utf16le').swap16(), 'UTF-16'],
    ['UTF-16 without a mark', Buffer.from(head, 'utf16le'), 'UTF-16'],
    [
      'Latin-1',
      Buffer.from('version: 1\n# \u00e4\nproject: Gr\u00fc\u00dfe\n', 'latin1'),
      'agent-posture.yaml:2:3: a byte here is not UTF-8',
    ],
    [
      'Latin-1 after a good letter',
      Buffer.concat([Buffer.from('version: 1\n# \u00e4'), Buffer.from([0xff])]),
      ':2:4: a byte',
    ],
    ['a cut-off character', Buffer.concat([Buffer.from(head), Buffer.from([0xe4, 0xb8])]), ':3:1: a byte'],
  ])('refuses %s and says to save as UTF-8', async (_, data, expected) => {
    await put(data);
    await expect(loadPosture(root)).rejects.toThrow(expected);
    await expect(loadPosture(root)).rejects.toThrow('save the file as UTF-8');
  });

  it('follows no link, in or out of the root, and no FIFO', async () => {
    await writeFile(join(root, '..', 'elsewhere.yaml'), head);
    await symlink('../elsewhere.yaml', join(root, 'agent-posture.yaml'));
    await expect(loadPosture(root)).rejects.toThrow('symbolic link out of the repository');
    await rm(join(root, 'agent-posture.yaml'));
    execFileSync('mkfifo', [join(root, 'agent-posture.yaml')]);
    await expect(loadPosture(root)).rejects.toThrow('not a regular file');
    await rm(join(root, 'agent-posture.yaml'));
    await mkdir(join(root, 'agent-posture.yaml'));
    await expect(loadPosture(root)).rejects.toThrow('this is a folder');
  });

  const shared = `${head}environments: { production: { agentAccess: none } }
systems:
  - { id: orders-db, kind: postgres, environment: production }
data: [{ id: pii }]
`;

  it('lays the private part over the file, by id', async () => {
    await put(shared);
    await overlay(`version: 1
systems:
  - { id: orders-db, address: "db.internal.example.com:5432", holds: [pii] }
  - { id: hidden, kind: redis, environment: secret-env, address: "10.9.8.7:6379" }
data: [{ id: pii, tables: [public.customers] }]
environments: { secret-env: { agentAccess: none } }
`);
    const loaded = await loadPosture(root, { stateFolder: state });
    expect(loaded?.posture.systems).toEqual([
      {
        id: 'orders-db',
        kind: 'postgres',
        environment: 'production',
        address: 'db.internal.example.com:5432',
        holds: ['pii'],
      },
      { id: 'hidden', kind: 'redis', environment: 'secret-env', address: '10.9.8.7:6379' },
    ]);
    expect(loaded?.posture.data).toEqual([{ id: 'pii', tables: ['public.customers'] }]);
    expect(Object.keys(loaded?.posture.environments ?? {})).toEqual(['production', 'secret-env']);
    expect(loaded?.privateIds).toEqual(new Set(['orders-db', 'hidden', 'pii']));
    expect(JSON.stringify(loaded?.shared)).not.toMatch(/internal|10\.9\.8\.7|hidden|secret-env/);
    expect(loaded?.text).toBe(shared);
  });

  it.each([
    ['other sections', 'version: 1\nagents: [codex]\n', /overlay\.yaml:2:1: unknown key "agents"/],
    ['a new system without a kind', 'version: 1\nsystems: [{ id: x }]\n', /overlay\.yaml:2:11: "x": "kind" is missing/],
    [
      'a reference to nothing',
      'version: 1\nsystems: [{ id: orders-db, holds: [nope] }]\n',
      /overlay\.yaml:2:36: "nope" is not declared/,
    ],
    [
      'an address that is none',
      'version: 1\nsystems: [{ id: orders-db, address: nope }]\n',
      /overlay\.yaml:2:37: address: the port is missing/,
    ],
    [
      'a secret',
      'version: 1\nsystems: [{ id: orders-db, address: "postgres://a:hunter22@h:1/" }]\n',
      /looks like an address with a password/,
    ],
    ['another version', 'version: 3\n', /overlay\.yaml:1:10: this posture has version 3/],
  ])('refuses a private part with %s, with its own place', async (_, text, expected) => {
    await put(shared);
    await overlay(text);
    await expect(loadPosture(root, { stateFolder: state })).rejects.toThrow(expected);
  });

  it('refuses a private part that others can read, and says how to mend it', async () => {
    await put(shared);
    await overlay('version: 1\n', 0o644);
    await expect(loadPosture(root, { stateFolder: state })).rejects.toThrow(/open to other users[\s\S]*chmod 600 /);
  });

  it('the shared file must hold by itself', async () => {
    await put(
      shared
        .replace('data: [{ id: pii }]', '')
        .replace('environment: production }', 'environment: production, holds: [pii] }'),
    );
    await overlay('version: 1\ndata: [{ id: pii }]\n');
    await expect(loadPosture(root, { stateFolder: state })).rejects.toThrow(
      /agent-posture\.yaml:5:\d+: "pii" is not declared/,
    );
  });
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { makePlan } from '../../src/selftest/plan.ts';
import { matchFiles } from '../../src/selftest/probes/files.ts';
import { guardProbes } from '../../src/selftest/probes/guard.ts';
import { isOurVariable, variableProbe, variableProbes } from '../../src/selftest/probes/machine.ts';
import { parseAddress } from '../../src/selftest/probes/network.ts';
import { localRemote } from '../../src/selftest/probes/repository.ts';
import type { ProbeContext } from '../../src/selftest/probes/types.ts';
import { labFacts } from '../labs/box.ts';

let folder: string;
let root: string;
let home: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ap-plan-')));
  root = join(folder, 'code', 'repo');
  home = join(folder, 'home');
  mkdirSync(root, { recursive: true });
  mkdirSync(home);
  git('init', '-q', '-b', 'main');
});
afterEach(() => rmSync(folder, { recursive: true }));

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: root, stdio: 'ignore' });
const put = (path: string, text = 'x\n') => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};
async function planOf(posture?: Partial<Posture>, more: Partial<ProbeContext> = {}) {
  const notes: string[] = [];
  const facts = labFacts(root, home);
  facts.secretFiles = [];
  const full = posture && { version: 1 as const, project: 'p', ...posture };
  const context: ProbeContext = {
    root,
    home,
    env: { AGENT_POSTURE_OUTSIDE: '' },
    facts,
    posture: full,
    deep: false,
    readOnly: false,
    restricted: full?.isolation?.network !== undefined,
    note: text => notes.push(text),
    ...more,
  };
  const plan = await makePlan(context, await guardProbes(context));
  const find = (attempt: string, target: string) =>
    plan.probes.find(probe => probe.attempt === attempt && probe.target === target);
  return { ...plan, notes, find };
}

describe('files', () => {
  it('expands patterns with negations, keeps examples out, follows no link', async () => {
    put(join(root, '.env'));
    put(join(root, '.env.staging'));
    put(join(root, '.env.staging.example'));
    put(join(root, 'sub/.env.local'));
    put(join(home, '.ssh/id_ed25519'));
    put(join(home, '.ssh/known_hosts'));
    put(join(folder, 'elsewhere/.env'));
    symlinkSync(join(folder, 'elsewhere'), join(root, 'link'));
    symlinkSync(root, join(root, 'loop'));
    const { probes, find } = await planOf({
      isolation: {
        runtime: 'bubblewrap',
        files: { hide: ['~/.ssh', '!~/.ssh/known_hosts', '.env*', '!.env.staging'] },
      },
    });
    const reads = probes.filter(({ origin }) => origin === 'posture-file').map(({ target }) => target);
    expect(reads.sort()).toEqual(['.env', 'sub/.env.local', '~/.ssh/id_ed25519']);
    expect(find('read', '.env.staging.example')).toBeUndefined();
  });

  it('says which hosts a file names, not those in its comments', async () => {
    const text = '# https://ethereal.email\nMAIL=smtp://u:p@mail.example.com:25 # see https://docs.example.org\n';
    put(join(root, '.env'), `${text}SITE=https://example.net/#top\n`);
    const facts = labFacts(root, home);
    facts.secretFiles = [{ path: '.env' }];
    const { find } = await planOf(undefined, { facts });
    expect(find('read', '.env')?.opens).toBe('names mail.example.com, example.net');
  });

  it('says the line of the one host that a file names, and else which variables hold secrets by their names', async () => {
    const text = '# of the shop\nPORT=3000\nDATABASE_URL=postgres://u:p@db.prod.example.com/shop\n';
    put(join(root, '.env.production'), text);
    put(join(root, '.env'), 'PORT=3000\nDATABASE_URL=postgres://127.0.0.1/shop\nSESSION_KEY=x\n');
    const facts = labFacts(root, home);
    facts.secretFiles = [{ path: '.env' }, { path: '.env.production' }];
    facts.envNames = [{ path: '.env', names: ['PORT', 'DATABASE_URL', 'SESSION_KEY'] }];
    const { find } = await planOf(undefined, { facts });
    expect(find('read', '.env.production')?.opens).toBe('names db.prod.example.com (line 3)');
    expect(find('read', '.env')?.opens).toBe('holds DATABASE_URL, SESSION_KEY');
  });

  it('is bounded, and says so', async () => {
    for (let n = 0; n < 30; n++) put(join(root, `d/${n}.pem`));
    const { files, cut } = await matchFiles(root, ['*.pem'], 10);
    expect(files).toHaveLength(10);
    expect(cut).toBe(true);
  });

  it('knows one file for two reasons once, with the graver view', async () => {
    put(join(home, '.aws/credentials'), '[prod]\n');
    const { probes } = await planOf({ isolation: { runtime: 'bubblewrap', files: { hide: ['~/.aws'] } } });
    const found = probes.filter(({ target, attempt }) => target === '~/.aws/credentials' && attempt === 'read');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'critical', group: 'production' });
    expect(found[0]?.opens).toContain('prod');
  });

  it('has at least 60 places, most of them not here, each with one row', async () => {
    const { probes } = await planOf();
    expect(probes.filter(({ origin }) => origin === 'place').length).toBeGreaterThanOrEqual(60);
    const ids = probes.map(({ attempt, target }) => `${attempt}:${target}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('finds repositories beside this one', async () => {
    mkdirSync(join(folder, 'code/other/.git'), { recursive: true });
    mkdirSync(join(folder, 'code/no-repository'));
    const { probes } = await planOf();
    expect(probes.filter(({ origin }) => origin === 'sibling').map(({ subject }) => subject)).toEqual([
      { kind: 'folder', path: join(folder, 'code/other') },
    ]);
  });
});

describe('git', () => {
  it('finds secret files in the history by name, those that are gone too', async () => {
    put(join(root, '.env'), 'API_TOKEN=short\n');
    put(join(root, 'old/server.pem'), 'key\n');
    put(join(root, '.env.example'), 'A=\n');
    git('add', '-f', '.');
    git('commit', '-qm', 'one');
    rmSync(join(root, 'old'), { recursive: true });
    git('commit', '-qam', 'two');
    const { find, probes } = await planOf({ isolation: { runtime: 'bubblewrap', files: { hide: ['.env'] } } });
    expect(find('read', '.env')?.history).toMatch(/^[0-9a-f]{40}$/);
    expect(find('read', 'old/server.pem')).toMatchObject({ subject: { kind: 'skip' } });
    expect(find('read', 'old/server.pem')?.history).toMatch(/^[0-9a-f]{40}$/);
    expect(probes.some(({ target }) => target === '.env.example')).toBe(false);
  });

  it('finds what was amended away, and what stood on a branch that is gone', async () => {
    put(join(root, 'a'), 'a\n');
    git('add', '.');
    git('commit', '-qm', 'one');
    put(join(root, 'server.key'), 'key\n');
    git('add', '-f', '.');
    git('commit', '-qm', 'two');
    const first = (await planOf()).find('read', 'server.key')?.history;
    git('rm', '-q', 'server.key');
    git('commit', '-q', '--amend', '--allow-empty', '-m', 'two');
    git('checkout', '-q', '-b', 'gone');
    put(join(root, 'old.key'), 'another\n');
    git('add', '-f', '.');
    git('commit', '-qm', 'three');
    git('checkout', '-q', 'main');
    git('branch', '-qD', 'gone');
    const { find } = await planOf();
    expect(first).toMatch(/^[0-9a-f]{40}$/);
    expect(find('read', 'server.key')?.history).toBe(first);
    expect(find('read', 'old.key')?.history).toMatch(/^[0-9a-f]{40}$/);
  });

  it('leaves out, with the reason, what git holds and is no secret; an older version that is one counts', async () => {
    put(join(root, 'tests/app/.env'), 'API_TOKEN=short\n');
    put(join(root, 'tests/gone/server.pem'), 'key\n');
    put(join(root, '.npmrc'), 'a=1\n');
    put(join(root, '.env.once'), 'API_TOKEN=short\n');
    put(join(root, '.env.token'), 'API_TOKEN=short\n');
    git('add', '-f', '.');
    git('commit', '-qm', 'one');
    rmSync(join(root, 'tests/gone'), { recursive: true });
    put(join(root, '.env.once'), 'A=1\n');
    git('commit', '-qam', 'two');
    put(join(root, 'tests/new/.env'), 'API_TOKEN=short\n');
    const { find } = await planOf({ isolation: { runtime: 'bubblewrap', files: { hide: ['.env*', '.npmrc'] } } });
    const path = { kind: 'skip', why: 'tracked test data, by its path' };
    const content = { kind: 'skip', why: 'tracked, and nothing in it looks like a secret' };
    expect(find('read', 'tests/app/.env')).toMatchObject({ subject: path });
    expect(find('read', 'tests/gone/server.pem')).toMatchObject({ subject: path });
    expect(find('read', '.npmrc')).toMatchObject({ subject: content });
    for (const target of ['tests/app/.env', 'tests/gone/server.pem', '.npmrc'])
      expect(find('read', target)?.history).toBeUndefined();
    expect(find('read', '.env.once')).toMatchObject({ subject: content });
    const once = execFileSync('git', ['rev-parse', 'HEAD^:.env.once'], { cwd: root, encoding: 'utf8' }).trim();
    expect(find('read', '.env.once')?.history).toBe(once);
    expect(find('read', '.env.token')?.subject.kind).toBe('file');
    expect(find('read', 'tests/new/.env')?.subject.kind).toBe('file');
  });

  it('one big file that git holds does not keep the others from being looked at', async () => {
    put(join(root, '.npmrc'), 'a=1\n');
    put(join(root, 'state.tfstate'), `{}\n${' '.repeat(12_000_000)}`);
    git('add', '-f', '.');
    git('commit', '-qm', 'one');
    rmSync(join(root, '.npmrc'));
    git('commit', '-qam', 'two');
    const { find } = await planOf();
    expect(find('read', '.npmrc')?.history).toBeUndefined();
    expect(find('read', 'state.tfstate')?.history).toMatch(/^[0-9a-f]{40}$/);
  });

  it('tries .git/config only where a credential stands in it', async () => {
    expect((await planOf()).find('read', '.git/config')?.subject).toMatchObject({ kind: 'skip' });
    git('remote', 'add', 'origin', 'https://user:token@example.com/r.git');
    expect((await planOf()).find('read', '.git/config')).toMatchObject({
      subject: { kind: 'file' },
      opens: "a password in a remote's address",
    });
  });

  it('runs nothing that the repository configures', async () => {
    const mark = join(folder, 'ran');
    git('config', 'core.fsmonitor', `touch ${mark}`);
    git('config', 'core.pager', `touch ${mark}`);
    git('config', 'diff.external', `touch ${mark}`);
    put(join(root, '.env'), 'A=1\n');
    put(join(root, '.gitattributes'), '* diff=x\n');
    git('config', 'diff.x.textconv', `touch ${mark}`);
    execFileSync('git', ['-c', 'core.fsmonitor=false', '-c', 'user.name=a', '-c', 'user.email=a@b', 'add', '-f', '.'], {
      cwd: root,
    });
    git('-c', 'core.fsmonitor=false', 'commit', '-qm', 'one');
    rmSync(mark, { force: true });
    await planOf();
    expect(() => execFileSync('test', ['-e', mark])).toThrow();
  });

  it.each([
    ['file:///srv/r.git', '/srv/r.git'],
    ['/srv/r.git', '/srv/r.git'],
    ['../r.git', '/work/r.git'],
    ['git@github.com:a/b.git', undefined],
    ['https://example.com/a.git', undefined],
    ['ext::sh -c id', undefined],
  ])('a remote %s is in the file system: %s', (url, path) => {
    expect(localRemote('/work/repo', url)).toBe(path);
  });
});

describe('guards', () => {
  it('tries to make what git would obey, and to take a link away that leads to a guard', async () => {
    put(join(root, 'cfg.json'), '{}');
    mkdirSync(join(root, '.claude'));
    symlinkSync('../cfg.json', join(root, '.claude/settings.json'));
    const { find } = await planOf({ agents: ['claude-code'] });
    expect(find('write', '.git/config.worktree')?.subject).toMatchObject({ kind: 'guard', how: 'create' });
    expect(find('write', '.claude/settings.json')?.subject).toMatchObject({ kind: 'guard', how: 'rename-parent' });
  });

  it('every link on the way to a guard is one to be tried, and the folder behind it too', async () => {
    put(join(root, 'deep/agentcfg/settings.json'), '{}');
    symlinkSync('deep/agentcfg', join(root, 'cfg'));
    symlinkSync(join(root, 'cfg'), join(root, '.claude'));
    const { find } = await planOf({ agents: ['claude-code'] });
    for (const link of ['.claude', 'cfg'])
      expect(find('write', link)?.subject).toMatchObject({ kind: 'guard', how: 'rename-parent', folder: true });
    expect(find('write', '.claude/settings.json')?.subject).toMatchObject({ rounds: ['replace', 'rename-parent'] });
  });

  it("git's folder as a link is not taken away under a git that may run: not proven", async () => {
    renameSync(join(root, '.git'), join(root, 'elsewhere'));
    symlinkSync('elsewhere', join(root, '.git'));
    const { find } = await planOf({});
    expect(find('write', '.git')?.subject).toMatchObject({ kind: 'unclear' });
  });

  it('tries what is there in each way, and what is missing by making it', async () => {
    put(join(root, 'agent-posture.yaml'));
    put(join(root, '.claude/settings.json'), '{}');
    const facts = labFacts(root, home);
    facts.agents = [
      {
        id: 'claude-code',
        title: 'Claude Code',
        version: undefined,
        binary: undefined,
        settings: [],
        ownSandbox: undefined,
        seen: { path: '.claude' },
      },
    ];
    const { find } = await planOf(undefined, { facts });
    expect(find('write', 'agent-posture.yaml')?.subject).toMatchObject({ how: 'in-place', rounds: ['replace'] });
    expect(find('write', '.git/hooks')?.subject).toMatchObject({ how: 'create', rounds: ['rename-parent'] });
    expect(find('write', '.mcp.json')?.subject).toMatchObject({ how: 'create', folder: false });
    expect(find('write', '.git/config')?.subject).toMatchObject({ rounds: ['replace'] });
  });
});

describe('the network', () => {
  const systems: Posture['systems'] = [
    { id: 'prod', kind: 'postgres', address: 'db.prod.example.com' },
    { id: 'dev', kind: 'redis', environment: 'dev', address: '127.0.0.1:6379' },
    { id: 'api', kind: 'http-api', environment: 'staging', address: 'https://api.example.com/v1' },
  ];
  const environments = { dev: { agentAccess: 'write' as const }, staging: { agentAccess: 'read' as const } };

  it('expects what each environment allows, and asks once for all that is declared', async () => {
    const { find, approvals } = await planOf({ systems, environments });
    expect(find('connect', 'db.prod.example.com:5432')).toMatchObject({ expect: 'deny', severity: 'critical' });
    expect(find('connect', '127.0.0.1:6379')).toMatchObject({ expect: 'allow' });
    expect(find('connect', 'api.example.com:443')).toMatchObject({ expect: 'allow', subject: { greeting: 'tls' } });
    const text = '127.0.0.1:6379\napi.example.com:443\ndb.prod.example.com:5432';
    expect(approvals).toEqual([expect.objectContaining({ kind: 'contact', text })]);
  });

  it('asks for whatever only the posture names: requests, addresses outside, metadata, sockets, files elsewhere', async () => {
    const { approvals, probes } = await planOf(
      {
        systems: [
          { id: 'api', kind: 'http-api', environment: 'dev', address: 'http://api.example.com' },
          { id: 'pg', kind: 'postgres', address: 'unix:/run/pg.sock' },
          { id: 'inside', kind: 'sqlite', address: 'dev.sqlite' },
          { id: 'elsewhere', kind: 'sqlite', address: '../x.sqlite' },
        ],
        environments,
        isolation: { runtime: 'bubblewrap', network: { allow: [] } },
        selftest: {
          requests: [{ system: 'api', method: 'GET', path: '/drop?all=1' }],
          outside: ['out.example.com:443'],
          metadata: 'on',
        },
      },
      { env: {} },
    );
    expect(approvals.map(({ text }) => text.split('\n'))).toEqual([
      [
        '169.254.169.254:80',
        'GET http://api.example.com:80/drop?all=1',
        'api.example.com:80',
        'out.example.com:443',
        'out.example.com:443/udp',
        // Whether this machine has a ping or not.
        'ping out.example.com',
        `read ${join(folder, 'code/x.sqlite')}`,
        'resolve out.example.com',
        'socket /run/pg.sock',
      ],
    ]);
    const contacted = probes.filter(
      ({ subject, origin }) =>
        ['address', 'name', 'request'].includes(subject.kind) || (origin === 'system' && subject.kind !== 'skip'),
    );
    expect(contacted.filter(({ needs }) => needs === undefined).map(({ target }) => target)).toEqual(['dev.sqlite']);
  });

  it('sees through links: what leads out of the repository is asked for, what leads back into it is not', async () => {
    put(join(folder, 'own.db'));
    put(join(root, 'dev.db'));
    symlinkSync(join(folder, 'own.db'), join(root, 'link.db'));
    const files = ['link.db', '/proc/self/cwd/dev.db', '/proc/thread-self/root/etc/passwd'];
    const { approvals, probes } = await planOf({
      systems: files.map((address, at) => ({ id: `s${at}`, kind: 'sqlite', environment: 'dev', address })),
      environments,
    });
    const asked = approvals.find(({ kind }) => kind === 'contact')?.text.split('\n');
    expect(asked).toEqual(['read /etc/passwd', `read link.db (leads to ${join(folder, 'own.db')})`]);
    const inside = probes.find(({ target, attempt }) => attempt === 'read' && target === 'dev.db');
    expect(inside).toMatchObject({ subject: { path: join(root, 'dev.db') } });
    expect(inside?.needs).toBeUndefined();
  });

  it('asks for nothing that this program or the user names', async () => {
    const isolation: Posture['isolation'] = { runtime: 'bubblewrap', network: { allow: [] } };
    expect((await planOf({ isolation }, { env: {} })).approvals).toEqual([]);
    const env = { AGENT_POSTURE_OUTSIDE: 'mine.example.com:443' };
    const replaced = await planOf({ isolation, selftest: { outside: ['theirs.example.com:443'] } }, { env });
    expect(replaced.approvals).toEqual([]);
    expect(replaced.find('connect', 'theirs.example.com:443')).toBeUndefined();
  });

  it('has a row for every declared system and request, skipped with its reason where it cannot be tried', async () => {
    const { find } = await planOf({
      systems: [
        { id: 'nowhere', kind: 'postgres' },
        { id: 'unknown', kind: 'other', address: 'foo://thing.example.com' },
        { id: 'pg', kind: 'postgres', address: 'unix:/run/pg.sock' },
      ],
      selftest: {
        requests: ['nowhere', 'unknown', 'pg'].map(system => ({ system, method: 'GET' as const, path: '/x' })),
      },
    });
    const skip = (why: RegExp) => ({ subject: { kind: 'skip', why: expect.stringMatching(why) } });
    expect(find('connect', 'nowhere')).toMatchObject(skip(/no address/));
    expect(find('request', 'GET nowhere/x')).toMatchObject(skip(/no address/));
    expect(find('connect', 'foo://thing.example.com')).toMatchObject(skip(/no port/));
    expect(find('request', 'GET unknown/x')).toMatchObject(skip(/no port/));
    expect(find('request', 'GET pg/x')).toMatchObject(skip(/socket/));
  });

  it('reads a database file where it lies, and expects what its environment allows', async () => {
    const absolute = join(folder, 'srv/prod.sqlite');
    const { find } = await planOf({
      systems: [
        { id: 'dev', kind: 'sqlite', environment: 'dev', address: 'data/dev.sqlite' },
        { id: 'prod', kind: 'sqlite', address: absolute },
        { id: 'near', kind: 'sqlite', address: '../near.sqlite' },
        { id: 'home', kind: 'sqlite', address: '~/own.sqlite' },
      ],
      environments,
    });
    expect(find('read', 'data/dev.sqlite')).toMatchObject({ expect: 'allow', group: 'too-tight' });
    expect(find('read', absolute)).toMatchObject({ expect: 'deny', subject: { kind: 'file', path: absolute } });
    expect(find('read', join(folder, 'code/near.sqlite'))).toMatchObject({ expect: 'deny' });
    expect(find('read', '~/own.sqlite')).toMatchObject({ subject: { path: join(home, 'own.sqlite') } });
  });

  it('expects what must be kept out to be kept out, whatever else allows it', async () => {
    put(join(root, '.env.sqlite'));
    const { find } = await planOf({
      systems: [{ id: 'hidden', kind: 'sqlite', environment: 'dev', address: '.env.sqlite' }],
      environments,
      data: [{ id: 'secrets', files: ['.env*'] }],
    });
    expect(find('read', '.env.sqlite')).toMatchObject({ expect: 'deny' });
  });

  it('tries an address outside only where the network is restricted', async () => {
    const env = {};
    const outside = (plan: Awaited<ReturnType<typeof planOf>>) =>
      plan.probes.filter(({ origin }) => origin === 'outside').map(({ target }) => target);
    expect(outside(await planOf({ isolation: { runtime: 'bubblewrap' } }, { env }))).toEqual([]);
    const restricted: Partial<Posture> = { isolation: { runtime: 'bubblewrap', network: { allow: [] } } };
    const all = ['example.com:443', 'example.com:443/udp', 'example.com', 'ping example.com'];
    expect(outside(await planOf(restricted, { env }))).toEqual(all);
    expect(outside(await planOf({ ...restricted, selftest: { outside: [] } }, { env }))).toEqual([]);
    expect(outside(await planOf(restricted))).toEqual([]);
  });

  it('never contacts a system that was found and not declared', async () => {
    const facts = labFacts(root, home);
    facts.systems = [
      {
        id: 'found',
        kind: 'postgres',
        address: 'db.example.com:5432',
        environment: 'production',
        seen: { path: '.env', line: 3 },
      },
    ];
    const { find } = await planOf(undefined, { facts });
    expect(find('connect', 'db.example.com:5432')?.subject).toEqual({
      kind: 'skip',
      why: 'named in .env, line 3, not declared: never contacted',
    });
  });

  it.each([
    ['postgres', 'db:5433', { host: 'db', port: 5433, greeting: 'postgres' }],
    ['postgres', '[::1]:5432', { host: '::1', port: 5432, greeting: 'postgres' }],
    ['http-api', 'http://api:8080/x', { host: 'api', port: 8080, greeting: 'http' }],
    ['redis', 'rediss://cache.example.com', { host: 'cache.example.com', port: 6379, greeting: 'tls' }],
    ['other', 'thing', undefined],
    ['sqlite', 'data.db', undefined],
    ['postgres', 'unix:/run/pg.sock', undefined],
    ['postgres', 'db:99999', undefined],
  ] as const)('%s at %s', (kind, text, expected) => {
    expect(parseAddress(text, kind)).toEqual(expected);
  });
});

describe('variables', () => {
  it.each([
    ['PROD_API_KEY', 'production', 'critical'],
    ['STRIPE_LIVE_SECRET_KEY', 'production', 'critical'],
    ['PRODUCT_API_KEY', 'secrets', 'high'],
    ['REPRODUCE_TOKEN', 'secrets', 'high'],
  ])('%s counts as %s', (name, group, severity) => {
    expect(variableProbe(name, 'x')).toMatchObject({ group, severity });
  });

  const LOGINS = [
    'npm_config__authToken',
    'npm_config__auth',
    'npm_config_//registry.example/:_authToken',
    'npm_config_//registry.example/:_password',
    'npm_config_password',
    'NPM_CONFIG_PASSWORD',
    'NPM_CONFIG__AUTH',
    'npm_token',
    'NPM_TOKEN',
    'NODE_AUTH_TOKEN',
  ];

  it('has a row for each login of npm that somebody set, and none for what npm, a shell or we add', () => {
    const added = [
      ...['npm_lifecycle_event', 'npm_lifecycle_script', 'npm_package_name', 'npm_package_config_token'],
      ...['npm_package_secret_key', 'npm_config_user_agent', 'npm_config_registry', 'npm_config_otp', 'npm_command'],
      ...['npm_execpath', 'npm_node_execpath', 'INIT_CWD', 'AGENT_POSTURE_SIBLING', 'AGENT_POSTURE_TOKEN', 'PWD'],
    ];
    expect(added.filter(name => !isOurVariable(name))).toEqual([]);
    const env = Object.fromEntries([...LOGINS, ...added].map(name => [name, 'x']));
    expect(variableProbes({ env } as ProbeContext).map(({ target }) => target)).toEqual(LOGINS);
  });
});

describe('what is asked first', () => {
  it('names commands whole, and runs none without', async () => {
    const { approvals, find } = await planOf({ selftest: { commands: ['npm test -- --x'] } });
    expect(approvals).toEqual([expect.objectContaining({ kind: 'command', text: 'npm test -- --x' })]);
    expect(find('exec', 'npm test -- --x')?.needs).toMatchObject({ kind: 'command', text: 'npm test -- --x' });
  });

  it('starts and writes nothing in a read-only try', async () => {
    const { probes } = await planOf({ selftest: { commands: ['npm test'] } }, { readOnly: true });
    const kinds = new Set(probes.map(({ subject }) => subject.kind));
    for (const kind of ['command', 'processes', 'workspace', 'push'] as const)
      expect(kinds.has(kind), kind).toBe(false);
  });
});

describe('helpers', () => {
  it('are not started where they would only make a folder of their own', async () => {
    const bin = join(folder, 'bin');
    put(join(bin, 'gcloud'), '#!/bin/sh\n');
    chmodSync(join(bin, 'gcloud'), 0o755);
    const path = process.env.PATH;
    process.env.PATH = bin;
    try {
      const kind = async (env: Record<string, string> = {}) =>
        (await planOf(undefined, { deep: true, env })).find('exec', 'gcloud auth print-access-token --quiet')?.subject
          .kind;
      expect(await kind()).toBe('skip');
      expect(await kind({ CLOUDSDK_CONFIG: '/elsewhere' })).toBe('command');
      mkdirSync(join(home, '.config/gcloud'), { recursive: true });
      expect(await kind()).toBe('command');
    } finally {
      process.env.PATH = path;
    }
  });
});

import fc from 'fast-check';
import type { Facts } from '../../src/discover/facts.ts';

export const FACTS: Facts = {
  root: '/home/ada/shop',
  home: '/home/ada',
  project: 'shop',
  agents: [
    {
      id: 'codex',
      title: 'Codex',
      version: '1.0.0',
      binary: undefined,
      settings: [],
      ownSandbox: true,
      seen: { path: '.codex' },
    },
  ],
  systems: [
    {
      id: 'cache',
      kind: 'redis',
      address: '127.0.0.1:6379',
      environment: 'development',
      seen: { path: 'compose.yaml', line: 9 },
    },
    {
      id: 'orders-db',
      kind: 'postgres',
      address: 'db.prod.example.com:5432',
      environment: 'production',
      seen: { path: '.env.production', line: 3 },
    },
  ],
  environments: [
    { id: 'development', suggested: 'write', seen: { path: '.env' } },
    { id: 'production', suggested: 'none', seen: { path: '.env.production' } },
  ],
  envNames: [],
  secretFiles: [{ path: '.env' }, { path: '.env.production' }, { path: 'certs/server.key' }, { path: '!odd [1].pem' }],
  runtimes: [
    { id: 'bubblewrap', available: true, detail: '0.8.0' },
    { id: 'docker', available: false, detail: 'the engine does not answer: start it' },
  ],
  git: {
    present: true,
    defaultBranch: 'trunk',
    remote: { name: 'origin', url: 'git@github.com:ada/shop.git', forge: 'github' },
    hookManager: undefined,
    hooksPath: undefined,
  },
  scanners: [{ id: 'gitleaks', version: '8.28.0' }],
  insideAgent: undefined,
  notes: [],
};

const id = fc.constantFrom('a', 'db', 'orders-db', 'prod-api', 'x.y', 'cache', 'Not An Id', 'other');
const environment = fc.constantFrom('production', 'staging', 'development', 'live', undefined, 'No Id');
const runtime = (name: 'bubblewrap' | 'docker' | 'native') =>
  fc.record({ id: fc.constant(name), available: fc.boolean(), detail: fc.constantFrom('1.2.3', 'not installed') });

/** What settings may refuse an agent to read. */
const refused = fc.uniqueArray(
  fc.constantFrom(
    'reports/**',
    '.env',
    '~/.aws/**',
    '../up/**',
    'a\u202eb',
    `x${'y'.repeat(600)}`,
    '/top',
    'we ird*#.key',
  ),
  { maxLength: 3 },
);

/** Facts of any shape that discovery may bring. */
export const facts: fc.Arbitrary<Facts> = fc.record({
  root: fc.constant('/r'),
  home: fc.constant('/h'),
  project: fc.constantFrom(
    'shop',
    'it\'s "x": #1',
    '- y',
    'a\u001b[31mb',
    'x\ny',
    '',
    '\u202e',
    `glpat-${'0123456789abcdefghij'}`,
  ),
  agents: fc
    .tuple(fc.uniqueArray(fc.constantFrom('claude-code', 'codex', 'opencode'), { maxLength: 3 }), refused)
    .map(([ids, paths]) =>
      ids.map(agent => ({
        refused: paths.map(pattern => ({ pattern, seen: { path: agent } })),
        id: agent,
        title: agent,
        version: undefined,
        binary: undefined,
        settings: [],
        ownSandbox: undefined,
        seen: { path: agent },
      })),
    ),
  systems: fc.uniqueArray(
    fc.record({
      id,
      kind: fc.constantFrom('postgres' as const, 'redis' as const, 'http-api' as const),
      address: fc.constantFrom(
        'db.prod.example.com:5432',
        '127.0.0.1:1',
        'https://api.example.com/',
        undefined,
        'no port',
        'postgres://a:hunter22@db:1/x',
        'a\u202eb:1',
      ),
      environment,
      seen: fc.record({ path: fc.constantFrom('.env.production', 'compose.yaml') }),
    }),
    { selector: one => one.id, maxLength: 4 },
  ),
  environments: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('production', 'staging', 'development', 'No Id'),
      suggested: fc.constantFrom('none' as const, 'read' as const, 'write' as const),
      seen: fc.constant({ path: '.env' }),
    }),
    { selector: one => one.id },
  ),
  envNames: fc.constant([]),
  secretFiles: fc
    .uniqueArray(
      fc.constantFrom(
        '.env',
        'a/key.pem',
        '#x.key',
        'we ird*.key ',
        '.env.local',
        'a/b\nc.pem',
        'k/9f86d081884c7d659a2feaa0c55ad015.pem',
        'r\u202el.key',
      ),
      { maxLength: 5 },
    )
    .map(all => all.map(path => ({ path }))),
  runtimes: fc.tuple(runtime('bubblewrap'), runtime('docker'), runtime('native')).chain(all => fc.subarray(all)),
  git: fc.record({
    present: fc.boolean(),
    defaultBranch: fc.constantFrom('main', 'trunk', undefined),
    remote: fc.constantFrom(
      undefined,
      { name: 'origin', url: 'git@github.com:a/b.git', forge: 'github' as const },
      { name: 'origin', url: 'https://git.example.com/a/b.git', forge: 'gitlab' as const },
      { name: 'origin', url: '/srv/git/x', forge: 'local' as const },
    ),
    hookManager: fc.constantFrom(undefined, { id: 'husky' as const, seen: { path: '.husky' } }),
    hooksPath: fc.constant(undefined),
  }),
  scanners: fc.constantFrom([], [{ id: 'gitleaks' as const, version: '8' }]),
  insideAgent: fc.constant(undefined),
  notes: fc.constant([]),
});

import { setTimeout as pause } from 'node:timers/promises';
import type { Facts } from '../../src/discover/facts.ts';
import { setAside } from '../../src/generate/parts.ts';
import type { Applied, Change, Plan } from '../../src/generate/types.ts';
import type { Fix, Group, Report, Row, SelftestEvent, Verdict } from '../../src/selftest/types.ts';
import type { InitEngine, PlainStep } from '../../src/wizard/types.ts';

/** Everything the screens are driven with in tests: scripted, the same every time, nothing of this machine in it. */
export const FACTS: Facts = {
  root: '/home/ada/code/shop-api',
  home: '/home/ada',
  project: 'shop-api',
  agents: [
    {
      id: 'claude-code',
      title: 'Claude Code',
      version: '2.1.330',
      binary: '/usr/local/bin/claude',
      settings: [{ path: '.claude/settings.json' }],
      ownSandbox: false,
      seen: { path: '/usr/local/bin/claude' },
    },
  ],
  systems: [
    {
      id: 'orders-db',
      kind: 'postgres',
      address: 'db.prod.example.com:5432',
      environment: 'production',
      seen: { path: '.env.production', line: 3 },
    },
    {
      id: 'cache',
      kind: 'redis',
      address: '127.0.0.1:6379',
      environment: 'development',
      seen: { path: 'compose.yaml', line: 14 },
    },
  ],
  environments: [
    { id: 'production', suggested: 'none', seen: { path: '.env.production' } },
    { id: 'development', suggested: 'write', seen: { path: '.env' } },
  ],
  envNames: [],
  secretFiles: [{ path: '.env' }, { path: '.env.production' }],
  runtimes: [
    { id: 'bubblewrap', available: true, detail: '0.11.0' },
    { id: 'docker', available: true, detail: '27.1.1' },
  ],
  git: {
    present: true,
    defaultBranch: 'main',
    remote: { name: 'origin', url: 'git@github.com:ada/shop-api.git', forge: 'github' },
    hookManager: undefined,
    hooksPath: undefined,
  },
  scanners: [{ id: 'gitleaks', version: '8.28.0' }],
  insideAgent: undefined,
  notes: [],
};

interface Sketch {
  target: string;
  attempt?: Row['attempt'];
  group: Group;
  reason: string;
  opens?: string;
  verdict?: Verdict;
  isNew?: boolean;
  fix?: number;
}

const REACHED: Sketch[] = [
  {
    target: '.env.production',
    group: 'production',
    reason: 'opened',
    opens: 'names db.prod.example.com (line 3)',
    fix: 1,
  },
  { target: '~/.aws/credentials', group: 'production', reason: 'opened', opens: 'profiles dev, prod', fix: 1 },
  {
    target: 'db.prod.example.com:5432',
    attempt: 'connect',
    group: 'production',
    reason: 'accepted a connection',
    fix: 2,
    isNew: true,
  },
  { target: '.git/hooks', attempt: 'write', group: 'guard', reason: 'a file was planted', fix: 1 },
  { target: '.claude/settings.json', attempt: 'write', group: 'guard', reason: 'could be rewritten', fix: 1 },
  { target: '~/.ssh/id_ed25519', group: 'secrets', reason: 'opened', fix: 1 },
  { target: '~/.ssh/id_rsa', group: 'secrets', reason: 'opened', fix: 1 },
  { target: '~/.ssh/work', group: 'secrets', reason: 'opened', fix: 1 },
  { target: '~/.config/gh/hosts.yml', group: 'secrets', reason: 'opened', opens: 'GitHub login of ada', fix: 1 },
  { target: '~/code/billing/.env', group: 'secrets', reason: 'opened', opens: 'another repository', fix: 1 },
  { target: 'GITHUB_TOKEN', attempt: 'env', group: 'secrets', reason: 'is in the environment', fix: 1 },
];

function row(sketch: Sketch, verdict: Verdict, vantage: string): Row {
  const expect = verdict === 'works' || verdict === 'broken' ? 'allow' : 'deny';
  const attempt = sketch.attempt ?? 'read';
  return {
    id: `${vantage}:${attempt}:${sketch.target}`,
    safeguard: {
      production: 'ISO-3',
      guard: 'GRD-1',
      'way-out': 'ISO-1',
      secrets: 'SEC-1',
      outside: 'ISO-1',
      'too-tight': 'ISO-1',
    }[sketch.group],
    vantage,
    attempt,
    target: sketch.target,
    expect,
    verdict,
    layer: verdict === 'blocked' ? 'sandbox' : null,
    escape: null,
    reason: verdict === 'blocked' ? 'not there for it, though it is here' : sketch.reason,
    evidence: null,
    controls: [],
    severity: sketch.group === 'production' ? 'critical' : 'high',
    fix: verdict === 'exposed' ? { text: 'hide it in the sandbox', command: 'agent-posture fix sandbox' } : null,
    durationMs: 3,
    group: sketch.group,
    opens: verdict === 'exposed' ? sketch.opens : undefined,
    change: sketch.isNew && verdict === 'exposed' ? { from: 'blocked', isNew: true } : undefined,
  };
}

const WORKS: Sketch[] = [
  'src/index.ts',
  'npm test',
  'node_modules',
  'api.anthropic.com:443',
  'git status',
  'github.com:443',
].map(target => ({ target, group: 'too-tight', reason: 'works' }));
const HELD: Sketch[] = Array.from({ length: 24 }, (_, i) => ({
  target: `~/.config/tool-${i + 1}/credentials`,
  group: 'secrets',
  reason: 'not there for it, though it is here',
}));

export const FIXES: Fix[] = [
  {
    n: 1,
    id: 'sandbox',
    title: 'run it in a bubblewrap box',
    text: 'The agent sees the repository and nothing else of your home. What it may not read is not there.',
    closes: [],
    edits: [{ path: ['isolation', 'runtime'], value: 'bubblewrap' }],
    command: 'agent-posture fix sandbox',
  },
  {
    n: 2,
    id: 'egress',
    title: 'let it reach named hosts only',
    text: 'Connections leave through a proxy that knows the hosts of the posture.',
    closes: [],
    edits: [{ path: ['isolation', 'network'], value: { allow: [] } }],
    command: 'agent-posture fix egress',
  },
];

/** A report over `rows`, counted. */
export function reportOf(rows: Row[], extra: Partial<Report> = {}): Report {
  const count = (verdict: Verdict): number => rows.filter(r => r.verdict === verdict).length;
  return {
    startedAt: '2026-11-23T09:00:00.000Z',
    durationMs: 1_100,
    root: FACTS.root,
    project: FACTS.project,
    posture: null,
    vantages: [
      {
        id: 'host',
        kind: 'host',
        title: 'your shell, no box',
        available: true,
        reason: null,
        agent: null,
        judged: true,
        facts: null,
      },
    ],
    rows,
    summary: {
      exposed: count('exposed'),
      broken: count('broken'),
      blocked: count('blocked'),
      works: count('works'),
      inconclusive: count('inconclusive'),
      skipped: count('skipped'),
    },
    fixes: FIXES.map(fix => ({
      ...fix,
      closes: REACHED.flatMap(sketch =>
        sketch.fix === fix.n ? [`host:${sketch.attempt ?? 'read'}:${sketch.target}`] : [],
      ),
    })),
    baseline: null,
    notes: [],
    subject: { agent: 'Claude Code', version: '2.1.330', driven: false },
    exitCode: 1,
    ...extra,
  };
}

export function beforeReport(): Report {
  return reportOf([
    ...REACHED.map(sketch => row(sketch, 'exposed', 'host')),
    ...HELD.slice(0, 4).map(sketch => row(sketch, 'blocked', 'host')),
    ...WORKS.map(sketch => row(sketch, 'works', 'host')),
  ]);
}

export function afterReport(): Report {
  const left: Sketch = {
    target: '.env in git history',
    group: 'secrets',
    reason: 'came back from a commit',
  };
  return reportOf(
    [
      { ...row(left, 'exposed', 'host'), fix: { text: 'rotate what it holds: history keeps it', command: null } },
      ...[...REACHED, ...HELD].map(sketch => row(sketch, 'blocked', 'host')),
      ...WORKS.map(sketch => row(sketch, 'works', 'host')),
    ],
    {
      durationMs: 1_900,
      fixes: [],
      vantages: [
        {
          id: 'sandbox',
          kind: 'sandbox',
          title: 'bubblewrap box',
          available: true,
          reason: null,
          agent: null,
          judged: true,
          facts: null,
        },
        {
          id: 'host',
          kind: 'host',
          title: 'your shell, no box',
          available: true,
          reason: null,
          agent: null,
          judged: true,
          facts: null,
        },
      ],
    },
  );
}

export const STEPS: PlainStep[] = [
  {
    id: 'systems',
    paths: ['quick', 'whole'],
    title: 'Never touch',
    question: () => 'Which systems must an agent never touch?',
    why: 'The article: "Never, ever point an AI agent toward production databases or live APIs." What is marked here is denied by the network and by every rule, and each try against it is part of the self-test.',
    kind: 'multi',
    choices: ({ facts }) =>
      facts.systems.map(system => ({
        value: system.id,
        label: system.id,
        hint: `${system.kind}, ${system.environment}`,
        seen: system.seen,
      })),
    fallback: () => ['orders-db'],
    validate: answer => (answer.length === 0 ? 'Mark at least one; start with the one that hurts most.' : undefined),
    applies: () => true,
    dependsOn: [],
    edits: () => [],
  },
  {
    id: 'box',
    paths: ['quick', 'whole'],
    title: 'Box',
    question: () => 'How shall the agent be boxed in?',
    why: 'The article: "Before you let any AI agent touch your production code, run it in a sandboxed environment." Rules alone are words: a shell command gets round them. A box takes away what must not be reached.',
    kind: 'select',
    choices: () => [
      { value: 'bubblewrap', label: 'Bubblewrap', hint: '0.11.0 is here; nothing to install' },
      { value: 'docker', label: 'Container', hint: 'Docker 27.1.1; compose file with an egress proxy' },
      { value: 'native', label: "Claude Code's own sandbox", hint: 'its rules: not tried' },
      { value: 'none', label: 'Not now', hint: 'rules only; shell commands get round them' },
    ],
    fallback: () => 'bubblewrap',
    validate: () => undefined,
    applies: () => true,
    dependsOn: ['systems'],
    edits: () => [],
  },
  {
    id: 'protected',
    paths: ['quick', 'whole'],
    title: 'Protected branches',
    question: () => 'Which branches may an agent never push to?',
    why: 'The article: "Use branch protection rules to prevent autonomous agents from pushing directly to main/production branches."',
    kind: 'text',
    choices: () => [],
    fallback: () => 'main, release/*',
    validate: answer => (answer === '' ? 'Name at least one branch, or a pattern such as release/*.' : undefined),
    applies: () => true,
    dependsOn: [],
    edits: () => [],
  },
  {
    id: 'scan',
    paths: ['quick', 'whole'],
    title: 'Scan for secrets',
    question: () => 'Scan commits and pushes for secrets?',
    why: 'The article: "Scan your codebase … to catch leaks before they happen."',
    kind: 'select',
    choices: () => [
      {
        value: 'yes',
        label: 'Yes',
        hint: 'gitleaks 8.28.0 and the built-in engine',
        seen: { path: '/usr/local/bin/gitleaks' },
      },
      { value: 'no', label: 'No' },
    ],
    fallback: () => 'yes',
    validate: () => undefined,
    applies: () => true,
    dependsOn: [],
    edits: () => [],
  },
];

function change(output: string, path: string, after: string, extra: Partial<Change> = {}): Change {
  return { output, state: 'create', path, before: null, after: Buffer.from(after), reason: 'new', ...extra };
}

const SETTINGS_BEFORE = `{
  "permissions": {
    "allow": ["Bash(npm test:*)"]
  }
}
`;
const SETTINGS_AFTER = `{
  "permissions": {
    "allow": ["Bash(npm test:*)"],
    "deny": [
      "Read(./.env*)",
      "Read(~/.ssh/**)",
      "Read(~/.aws/**)",
      "Edit(.claude/**)"
    ]
  },
  "sandbox": { "enabled": true }
}
`;

export const PLAN: Plan = {
  root: FACTS.root,
  changes: [
    change(
      'posture',
      'agent-posture.yaml',
      'version: 1\nproject: shop-api\nagents: [claude-code]\nisolation:\n  runtime: bubblewrap\n',
    ),
    change('claude-code', '.claude/settings.json', SETTINGS_AFTER, {
      state: 'update',
      before: Buffer.from(SETTINGS_BEFORE),
      reason: 'yours kept, 4 deny rules added',
    }),
    change('hooks', '.githooks/pre-commit', '#!/bin/sh\nexec agent-posture scan --staged\n', { executable: true }),
    change('hooks', '.githooks/pre-push', '#!/bin/sh\nexec agent-posture protect --check\n', { executable: true }),
    change('gitignore', '.gitignore', 'node_modules/\n.env\n', {
      state: 'merge',
      before: Buffer.from('node_modules/\n'),
      reason: 'yours kept',
    }),
    change('env-examples', '.env.development.example', 'DATABASE_URL=\n'),
    change('env-examples', '.env.production.example', 'DATABASE_URL=\n'),
    change('gitleaks', '.gitleaks.toml', 'title = "shop-api"\n'),
    change('document', 'docs/security-posture.md', '# What agents may touch\n'),
  ],
  manifest: { before: null, after: Buffer.from('{}') },
  notes: [],
};

const TITLES: Record<string, string> = {
  posture: 'what agents may touch, by name',
  hooks: 'no secret is committed, no protected branch is pushed',
};

export interface DemoOptions {
  /** Milliseconds between two rows. */
  pace?: number;
  resumed?: InitEngine['resumed'];
  /** Called when something happens, so that a test can see it from outside. */
  log?: (what: string) => void;
  /** What applying waits for. */
  applying?: () => Promise<void>;
}

async function play(
  report: Report,
  pace: number,
  onEvent: (event: SelftestEvent) => void,
  signal: AbortSignal,
): Promise<Report> {
  onEvent({
    type: 'planned',
    tries: report.rows.length,
    things: report.rows.length,
    vantages: report.vantages.map(({ id, title }) => ({ id, title })),
  });
  for (const one of report.rows) {
    if (pace > 0) await pause(pace, undefined, { signal });
    signal.throwIfAborted();
    onEvent({ type: 'row', row: one });
  }
  return report;
}

/** An engine that plays the same story every time. */
export function demoEngine({ pace = 0, resumed, log = () => {}, applying }: DemoOptions = {}): InitEngine {
  const stopped = (signal: AbortSignal): void =>
    signal.addEventListener('abort', () => log('test stopped'), { once: true });
  return {
    context: { facts: FACTS, posture: { version: 1, project: FACTS.project } },
    stepsOf: () => STEPS,
    resumed,
    firstTry(onEvent, signal) {
      stopped(signal);
      return play(beforeReport(), pace, onEvent, signal);
    },
    async remember({ answers }) {
      log(`remember ${JSON.stringify(answers)}`);
    },
    async plan({ answers }) {
      log(`plan ${JSON.stringify(answers)}`);
      return PLAN;
    },
    titleOf: output => TITLES[output],
    leaveOut: setAside,
    async apply(plan): Promise<Applied> {
      log('apply begins');
      await applying?.();
      log('apply ends');
      return { written: plan.changes.map(({ path }) => path), conflicts: [], journal: 'j1', notes: [] };
    },
    secondTry(onEvent, signal) {
      stopped(signal);
      return play(afterReport(), pace, onEvent, signal);
    },
    reproduce: ({ answers }) =>
      `agent-posture init --yes${Object.keys(answers).length > 0 ? ' --answer box=bubblewrap' : ''}`,
  };
}

import type { Fix, Report, Row, VantageReport } from '../../src/selftest/types.ts';

/** One judged row; the parts that a test is about are given. */
export function row(part: Partial<Row> & Pick<Row, 'target'>): Row {
  const { vantage = 'host', attempt = 'read', target, escape: way = null } = part;
  return {
    id: `${vantage}:${attempt}:${target}${way ? `#${way}` : ''}`,
    safeguard: 'SEC-1',
    vantage,
    attempt,
    expect: 'deny',
    verdict: 'exposed',
    layer: null,
    escape: way,
    reason: 'opened',
    evidence: { matched: true, size: '<1kB', attested: 'host' },
    controls: [{ kind: 'target', when: 'before', vantage: 'host', outcome: 'done' }],
    severity: 'high',
    fix: null,
    durationMs: 1.4,
    group: 'secrets',
    ...part,
  };
}

export const host: VantageReport = {
  id: 'host',
  kind: 'host',
  title: 'your shell, no box',
  available: true,
  reason: null,
  agent: null,
  judged: true,
  facts: null,
};

export function fix(n: number, id: string, closes: readonly string[]): Fix {
  return { n, id, title: `Close ${id}`, text: 'What it does.', closes, edits: [], command: `agent-posture fix ${id}` };
}

export function report(rows: Row[], part: Partial<Report> = {}): Report {
  const of = (verdict: Row['verdict']) => rows.filter(each => each.verdict === verdict && !each.accepted).length;
  return {
    startedAt: '2026-11-23T10:00:00.000Z',
    durationMs: 2400,
    root: '/home/alice/code/shop-api',
    project: 'shop-api',
    posture: { path: 'agent-posture.yaml', sha256: 'f'.repeat(64) },
    vantages: [host],
    rows,
    summary: {
      exposed: of('exposed'),
      broken: of('broken'),
      blocked: of('blocked'),
      works: of('works'),
      inconclusive: of('inconclusive'),
      skipped: of('skipped'),
    },
    fixes: [],
    baseline: null,
    notes: [],
    subject: { agent: null, version: null, driven: false },
    exitCode: 1,
    ...part,
  };
}

/** The report of the design's screen: nine things reached, two of them production. */
export function shop(): Report {
  const isNew = { from: null, isNew: true } as const;
  const rows = [
    row({
      target: '~/.aws/credentials',
      group: 'production',
      severity: 'critical',
      opens: 'profile "prod"',
      change: isNew,
    }),
    row({
      target: 'db.prod.example.com:5432',
      attempt: 'connect',
      group: 'production',
      reason: 'accepted a connection',
    }),
    row({ target: '.git/hooks', attempt: 'write', group: 'guard', reason: 'a file was planted', safeguard: 'GRD-1' }),
    ...['~/.ssh/id_ed25519', '~/.ssh/id_rsa', '~/.netrc', '~/.npmrc', '~/.pgpass'].map(target => row({ target })),
    row({
      target: 'npm test',
      attempt: 'exec',
      expect: 'allow',
      verdict: 'broken',
      group: 'too-tight',
      reason: 'cannot write node_modules',
    }),
    ...Array.from({ length: 41 }, (_, i) =>
      row({ target: `~/held-${i}`, verdict: 'blocked', layer: 'sandbox', reason: 'permission denied' }),
    ),
    ...Array.from({ length: 6 }, (_, i) =>
      row({ target: `works-${i}`, expect: 'allow', verdict: 'works', reason: 'done' }),
    ),
    ...Array.from({ length: 2 }, (_, i) =>
      row({ target: `10.0.0.${i}:5432`, attempt: 'connect', verdict: 'inconclusive', reason: 'VPN off?' }),
    ),
    ...Array.from({ length: 7 }, (_, i) => row({ target: `~/skipped-${i}`, verdict: 'skipped', reason: 'not here' })),
    row({
      target: '~/.config/gh/hosts.yml',
      accepted: {
        safeguard: 'SEC-1',
        target: '~/.config/gh/hosts.yml',
        reason: 'read-only',
        owner: 'alice',
        until: '2027-01-31',
      },
    }),
  ];
  const closed = rows.filter(each => each.verdict === 'exposed' && !each.accepted && each.attempt !== 'connect');
  return report(rows, {
    fixes: [
      fix(
        1,
        'sandbox',
        closed.map(({ id }) => id),
      ),
      fix(2, 'egress', ['host:connect:db.prod.example.com:5432']),
      { ...fix(3, 'workspace', ['host:exec:npm test']) },
    ],
    baseline: { takenAt: '2026-11-21T08:00:00.000Z' },
    vantages: [{ ...host, title: 'Claude Code 2.1.330, started as you start it' }],
    subject: { agent: 'Claude Code', version: '2.1.330', driven: true },
  });
}

import { createHmac, randomBytes } from 'node:crypto';
import { filePlaces, helperPlaces, socketPlaces } from '../selftest/places/index.ts';
import type { Report, Row } from '../selftest/types.ts';

/** What happened, in words that hold nothing of the machine: a row's own reason may name hosts and files. */
const HAPPENED: Record<Row['attempt'], string> = {
  read: 'opened',
  list: 'its names were listed',
  write: 'was changed, or a file planted',
  env: 'is set',
  connect: 'accepted a connection',
  resolve: 'its name was resolved',
  request: 'answered a request',
  socket: 'answered',
  process: 'another process was read',
  push: 'a push got through',
  exec: 'ran',
};

/** Names that everybody has, and that a reader needs: they are shown as they are. */
const COMMON = [
  ...[
    '~',
    '.',
    '..',
    '.git',
    'hooks',
    'config',
    'objects',
    'HEAD',
    '.env',
    '.env.local',
    '.env.development',
    '.env.staging',
  ],
  ...[
    '.env.production',
    '.env.test',
    '.githooks',
    '.github',
    'workflows',
    '.claude',
    '.codex',
    '.mcp.json',
    'settings.json',
  ],
  ...[
    'settings.local.json',
    'config.toml',
    'CLAUDE.md',
    'AGENTS.md',
    'agent-posture.yaml',
    '.agent-posture',
    'package.json',
  ],
  ...['var', 'run', 'tmp', 'proc', 'etc', 'usr', 'home', 'root', 'dev', 'docker.sock', 'src', 'docs', '.ssh', '.aws'],
  ...['id_rsa', 'id_ed25519', 'id_ecdsa', 'localhost', '127.0.0.1', '::1', 'ref'],
];
const COMMON_VARIABLES =
  /^(AWS|GITHUB|GH|GITLAB|NPM|NODE_AUTH|ANTHROPIC|OPENAI|GEMINI|GOOGLE|AZURE|DATABASE|VAULT|DOCKER|PG|MYSQL|REDIS|SENTRY|STRIPE|SLACK)_?(ACCESS|AUTH|SECRET|SESSION|API|CLIENT|BOT)?_?(KEY|TOKEN|ID|PASSWORD|URL|SECRET|ACCESS_KEY|KEY_ID)$/;

function knownSegments(): Set<string> {
  const paths = [
    ...[...filePlaces, ...socketPlaces].flatMap(place => Object.values(place.paths).flat()),
    ...helperPlaces.flatMap(place => place.argv),
  ];
  return new Set([...COMMON, ...paths.flatMap(path => path.split(/[/\\]/)).filter(part => !/[*?$%]/.test(part))]);
}

/**
 * The report with hosts, names and paths masked: the same name has the same mask throughout, and no two reports share
 * one. What programs everybody has call their files stays readable. Free text (reasons, notes, commands) is replaced.
 */
export function maskReport(report: Report, salt: Buffer = randomBytes(16)): Report {
  const known = knownSegments();
  const mask = (kind: string, name: string) =>
    `${kind}-${createHmac('sha256', salt).update(name).digest('hex').slice(0, 6)}`;
  const maskPath = (path: string) =>
    path
      .split(/([/\\])/)
      .map(part => (part === '' || part === '/' || part === '\\' || known.has(part) ? part : mask('name', part)))
      .join('');
  const maskAddress = (address: string) => {
    const [, host = address, port = ''] =
      /^(.*?)(:\d{1,5})?$/.exec(address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/.*$/, '')) ?? [];
    return `${known.has(host.replace(/^\[|\]$/g, '')) ? host : mask('host', host)}${port}`;
  };
  const target = ({ attempt, target: text }: Row): string => {
    if (attempt === 'env') return COMMON_VARIABLES.test(text) ? text : mask('VARIABLE', text);
    if (attempt === 'connect' || attempt === 'resolve' || attempt === 'request') return maskAddress(text);
    if (attempt === 'exec' || attempt === 'process' || attempt === 'push') return mask(attempt, text);
    return maskPath(text);
  };
  const ids = new Map(
    report.rows.map(row => [
      row.id,
      `${row.vantage}:${row.attempt}:${target(row)}${row.escape ? `#${row.escape}` : ''}`,
    ]),
  );
  return {
    ...report,
    root: mask('repository', report.root),
    project: mask('project', report.project),
    posture: report.posture && { ...report.posture, path: 'agent-posture.yaml', sha256: '' },
    vantages: report.vantages.map(vantage => ({
      ...vantage,
      title:
        vantage.kind === 'host'
          ? 'your shell, no box'
          : vantage.kind === 'agent'
            ? vantage.title
            : vantage.id.startsWith('via:')
              ? 'a box of yours'
              : 'the declared box',
      reason: vantage.available ? null : 'it did not answer',
      facts: null,
    })),
    rows: report.rows.map(row => ({
      ...row,
      id: ids.get(row.id) ?? '',
      target: target(row),
      reason: row.verdict === 'exposed' ? HAPPENED[row.attempt] : row.verdict === 'broken' ? 'did not work' : '',
      opens: undefined,
      // A rule names what it guards, and a call what it reaches for.
      rule: undefined,
      spelling: undefined,
      evidence: null,
      controls: [],
      accepted: row.accepted && { ...row.accepted, target: '', reason: '', owner: '' },
      fix: null,
      unapproved: row.unapproved && 'HASH',
    })),
    fixes: report.fixes.map(fix => ({
      ...fix,
      title: fix.id,
      text: '',
      closes: fix.closes.map(id => ids.get(id) ?? ''),
      edits: undefined,
      command: fix.command === null ? null : `agent-posture fix ${fix.id}`,
    })),
    notes: report.notes.some(note => note.includes('judge integrity not established'))
      ? ['judge integrity not established']
      : [],
  };
}

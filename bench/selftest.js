import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findPart } from '../scripts/parts.js';
import { bin, median, once, POSTURE, paired, within, world } from './measure.js';

const RUN = [bin, 'test', '--json', '--quiet', '--trust'];
const CODES = [0, 1, 3];
/** The bound of a connection, in milliseconds (src/selftest/tries.ts). */
const CONNECT = 1_000;
const CREDENTIALS = [
  ...['.aws/credentials', '.netrc', '.npmrc', '.pypirc', '.git-credentials', '.docker/config.json', '.kube/config'],
  ...['.config/gh/hosts.yml', '.config/gcloud/credentials.db', '.azure/msal_token_cache.json', '.pgpass', '.my.cnf'],
  ...['.vault-token', '.terraform.d/credentials.tfrc.json', '.cargo/credentials.toml', '.m2/settings.xml'],
  ...['.config/rclone/rclone.conf', '.pulumi/credentials.json', '.bash_history', '.python_history', '.gem/credentials'],
];

/** A program that does nothing, to its end. */
async function bare(program, args, env) {
  const [code] = await event(spawn(program, args, { env, stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

/**
 * What a test of the host and one sandbox has to start, started to do nothing: itself, a shell and Node on the host, the
 * same in a box, and ten questions to git beside them. Milliseconds.
 */
async function processes({ repository, env }) {
  const started = performance.now();
  await bare(process.execPath, ['-e', '0'], env);
  const node = ['sh', '-c', `exec ${process.execPath} -e 0`];
  const git = async () => {
    for (let asked = 0; asked < 10; asked++) await bare('git', ['-C', repository, 'rev-parse', 'HEAD'], env);
  };
  const box = ['--bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--unshare-all', ...node];
  await Promise.all([bare(node[0], node.slice(1), env), bare(findPart('bubblewrap'), box, env), git()]);
  return performance.now() - started;
}

/** Agentless `test` of the host and one sandbox: 60 probes and more, where nothing is dropped and where one address drops all. */
export default async () => {
  if (!findPart('bubblewrap')) throw new Error('bubblewrap is missing: npm run parts -- bubblewrap');
  const { repository, env } = place(POSTURE);
  const run = (args = RUN, program = process.execPath) => once(program, args, { cwd: repository, env, codes: CODES });
  const { rows } = JSON.parse(run().stdout);
  const tried = rows.filter(({ verdict }) => verdict !== 'skipped');
  const probes = new Set(tried.map(({ attempt, target }) => `${attempt} ${target}`)).size;
  const { subject, baseline } = await paired(
    () => run().took,
    9,
    () => processes({ repository, env }),
  );
  return [
    within('60 probes, by those of one run', 60 / probes, 1, '', `${probes} probes, ${tried.length} rows`),
    within('test, host and one sandbox', subject / 1000, 1, 's'),
    within(
      'test, against the same processes doing nothing',
      subject / baseline,
      12,
      '×',
      `${subject.toFixed(0)} ms against ${baseline.toFixed(0)} ms`,
    ),
    ...dropping(),
  ];
};

/** A repository and a home with what a developer has in it: thirty keys, and the usual credential files. */
function place(posture) {
  const made = world({ 'agent-posture.yaml': posture, '.env': 'API_TOKEN=x\n' });
  const keys = Array.from({ length: 30 }, (_, i) => `.ssh/id_${i}`);
  for (const path of [...keys, ...CREDENTIALS]) {
    mkdirSync(dirname(join(made.home, path)), { recursive: true });
    writeFileSync(join(made.home, path), `secret of ${path}\n`, { mode: 0o600 });
  }
  return made;
}

/** What a row to an address has to wait by the rules, one after the other: each control that nobody answered, and its tries. */
function waits({ attempt, controls, durationMs }) {
  if (attempt !== 'connect') return 0;
  return (
    CONNECT * controls.filter(({ kind, outcome }) => kind === 'target' && outcome === 'failed').length + durationMs
  );
}

/** The same in a network namespace of our own, with one declared system at an address that drops every packet. */
function dropping() {
  const posture = `${POSTURE}systems:\n  - { id: db, kind: postgres, environment: production, address: "10.255.0.2:5432" }\n`;
  // The other end of a pair of our own takes packets for an address that nobody has, and nobody answers.
  const script = [
    'PATH=$PATH:/usr/sbin:/sbin',
    'ip link set lo up',
    'ip link add drop0 type veth peer name drop1',
    'ip link set drop0 up',
    'ip link set drop1 up',
    'ip addr add 10.255.0.1/24 dev drop0',
    'ip neigh add 10.255.0.2 lladdr 02:00:00:00:00:02 dev drop0 nud permanent',
    'exec "$@"',
  ].join(' && ');
  const args = ['-Urn', 'sh', '-c', script, 'sh', process.execPath, ...RUN];
  const runs = text => {
    const { repository, env } = place(text);
    return Array.from({ length: 3 }, () => once('unshare', args, { cwd: repository, env, codes: CODES }));
  };
  const [without, declared] = [POSTURE, posture].map(runs);
  const bound = median(declared.map(({ stdout }) => Math.max(...JSON.parse(stdout).rows.map(waits))));
  const [before, took] = [without, declared].map(list => median(list.map(run => run.took)));
  return [
    within('test with an address that drops all', took / 1000, 3, 's'),
    within(
      'what that address adds, against the waits of its row',
      (took - before) / bound,
      1.2,
      '×',
      `${(took - before).toFixed(0)} ms against ${bound} ms`,
    ),
  ];
}

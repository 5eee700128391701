import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Facts } from '../../src/discover/facts.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { selftest } from '../../src/selftest/runner.ts';
import { PLAIN_RUN, type Report, type SelftestOptions, type Verdict } from '../../src/selftest/types.ts';

/** A repository and a home with known secrets, and a server that greets: what a box must keep from an agent. */
export interface Lab {
  root: string;
  home: string;
  state: string;
  /** `127.0.0.1:PORT` of a server that says hello as SSH does. */
  server: string;
  facts: Facts;
  posture: Posture;
  /** Files and sockets of the machine itself, which are there or not: a box covers them, so that it is good on every machine. */
  covered: readonly string[];
  close(): Promise<void>;
}

export async function makeLab(): Promise<Lab> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ap-lab-')));
  const [root, home, state] = ['work/repo', 'home', 'state'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, join(home, '.aws'), join(home, '.ssh'), state]) mkdirSync(path, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@example.com', ...args], {
      cwd: root,
      stdio: 'ignore',
    });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(root, 'README.md'), 'lab\n');
  git('add', 'README.md');
  git('commit', '-qm', 'lab');
  writeFileSync(join(root, '.env.production'), 'DATABASE_URL=postgres://u:p@db.prod.example.com/shop\n');
  writeFileSync(join(home, '.aws', 'credentials'), '[prod]\naws_secret_access_key = lab-one\n');
  writeFileSync(join(home, '.ssh', 'id_ed25519'), 'lab key\n');
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.write('SSH-2.0-lab\r\n');
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  layObeyed(root);
  return {
    root,
    home,
    state,
    server: `127.0.0.1:${port}`,
    facts: labFacts(root, home),
    covered: [],
    posture: {
      version: 1,
      project: 'lab',
      systems: [{ id: 'bastion', kind: 'ssh-host', address: `127.0.0.1:${port}` }],
    },
    async close() {
      await closeServer(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise(done => {
    server.close(() => done());
  });
}

export function labFacts(root: string, home: string): Facts {
  return {
    root,
    home,
    project: 'lab',
    agents: [],
    systems: [],
    environments: [],
    envNames: [],
    secretFiles: [{ path: '.env.production' }],
    runtimes: [{ id: 'bubblewrap', available: true, detail: 'lab' }],
    git: {
      present: true,
      defaultBranch: 'main',
      remote: undefined,
      hookManager: undefined,
      hooksPath: undefined,
    },
    scanners: [],
    insideAgent: undefined,
    notes: [],
  };
}

/** Whether bubblewrap boxes can be started here. */
export const hasBox = (() => {
  try {
    execFileSync('bwrap', ['--ro-bind', '/', '/', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** What is wrong with a box. Each removes one protection of the good one. */
export interface Faults {
  /** One file of the home was forgotten. */
  forgotten?: boolean;
  /** A hidden folder is mounted a second time elsewhere. */
  mountedTwice?: boolean;
  network?: boolean;
  hooksWritable?: boolean;
  /** The host's /proc, root, and capabilities. */
  hostProc?: boolean;
  /** Nothing may be written. */
  readOnly?: boolean;
  /** Everything is blocked: an empty folder stands in the repository's place. */
  empty?: boolean;
}

/** The wrapper command of a bubblewrap box around the lab. */
export function boxCommand({ root, home, covered }: Lab, faults: Faults = {}): string {
  const words = ['bwrap', '--die-with-parent', '--ro-bind', '/', '/', '--dev', '/dev'];
  if (faults.hostProc) words.push('--bind', '/proc', '/proc', '--cap-add', 'ALL');
  else
    words.push(
      '--unshare-user',
      '--uid',
      '1000',
      '--gid',
      '1000',
      '--unshare-pid',
      '--proc',
      '/proc',
      '--cap-drop',
      'ALL',
    );
  if (!faults.network) words.push('--unshare-net');
  words.push('--unshare-ipc', '--tmpfs', home, '--setenv', 'HOME', home);
  for (const path of covered) words.push('--ro-bind', '/dev/null', path);
  if (faults.forgotten) words.push('--ro-bind', join(home, '.aws/credentials'), join(home, '.aws/credentials'));
  if (faults.mountedTwice) words.push('--ro-bind', join(home, '.aws'), '/mnt');
  if (faults.empty) return [...words, '--tmpfs', root].join(' ');
  words.push(faults.readOnly ? '--ro-bind' : '--bind', root, root);
  for (const path of OBEYED) words.push('--ro-bind', join(root, path), join(root, path));
  if (!faults.hooksWritable) words.push('--ro-bind', join(root, '.git/hooks'), join(root, '.git/hooks'));
  words.push('--ro-bind', '/dev/null', join(root, '.env.production'));
  return words.join(' ');
}

/** What git obeys beside its hooks: a strict box keeps it from being changed or made. */
export const OBEYED = ['.git/config', '.git/config.worktree', '.git/commondir', '.git/info'] as const;

/** Lays what of it a new repository does not have yet, so that it can be mounted over itself. */
export function layObeyed(root: string): void {
  mkdirSync(join(root, '.git/info'), { recursive: true });
  for (const path of ['.git/config.worktree', '.git/info/attributes']) writeFileSync(join(root, path), '# the lab\n');
  writeFileSync(join(root, '.git/commondir'), '.\n');
}

/** A second name for a file, inside the workspace. */
export function hardLink({ root, home }: Lab): string {
  linkSync(join(home, '.ssh/id_ed25519'), join(root, 'notes.txt'));
  return join(root, 'notes.txt');
}

/** Rows of a report that stand for the same try: there must be none. */
export function doubles({ rows }: Report): string[] {
  const keys = rows.map(row => JSON.stringify([row.vantage, row.attempt, row.target, row.escape]));
  return keys.filter((key, at) => keys.indexOf(key) < at);
}

/** Runs the self-test on a lab; everything is approved. No run may tell of the same try twice. */
export async function tryLab(lab: Lab, options: Partial<SelftestOptions> = {}): Promise<Report> {
  process.env.AGENT_POSTURE_STATE = lab.state;
  const report = await selftest({
    root: lab.root,
    home: lab.home,
    facts: lab.facts,
    posture: {
      path: join(lab.root, 'agent-posture.yaml'),
      text: '',
      sha256: '0',
      posture: lab.posture,
      shared: lab.posture,
      privateIds: new Set(),
    },
    ...PLAIN_RUN,
    approve: async () => true,
    ...options,
  });
  expect(doubles(report)).toEqual([]);
  return report;
}

/** Verdicts of one vantage by attempt, target and way round, of everything that was tried. */
export function verdicts(report: Report, vantage: string): Map<string, Verdict> {
  return new Map(
    report.rows
      .filter(row => row.vantage === vantage && row.verdict !== 'skipped')
      .map(row => [row.id.slice(vantage.length + 1), row.verdict]),
  );
}

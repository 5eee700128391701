import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discover } from '../../src/discover/index.ts';
import { loadPosture } from '../../src/posture/load.ts';
import { selftest } from '../../src/selftest/runner.ts';
import { PLAIN_RUN, type Row, type Verdict } from '../../src/selftest/types.ts';
import { layObeyed, OBEYED } from '../labs/box.ts';
import { type Container, engineMissing, type LabImage, makeImage, startContainer } from '../labs/docker.ts';

/**
 * Docker boxes with known truth. The strict one holds every row below; each other one lacks exactly one protection, and
 * exactly the rows that protection was for turn.
 */
let home: string;
let root: string;
let postgres: Server;
let dead: number;
const containers: Container[] = [];

/** A server that answers a PostgreSQL SSLRequest with "no", as the real one does without certificates. */
function fakePostgres(): Promise<Server> {
  const server = createServer(socket => socket.once('data', () => socket.write('N')).on('error', () => {}));
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const portOf = (server: Server) => (server.address() as { port: number }).port;

async function start(image: LabImage, options: readonly string[], command?: string): Promise<Container> {
  const container = startContainer(image, options, command);
  containers.push(container);
  return container;
}

/** What the strict box is started with. The workspace stands at its real path; hooks and git's configuration are read-only. */
const strict = () => [
  '--network',
  'none',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '-v',
  `${root}:${root}`,
  '-v',
  `${root}/.git/hooks:${root}/.git/hooks:ro`,
  ...OBEYED.flatMap(path => ['-v', `${root}/${path}:${root}/${path}:ro`]),
  '-v',
  `${root}/agent-posture.yaml:${root}/agent-posture.yaml:ro`,
  '-v',
  `/dev/null:${root}/.env:ro`,
  '-w',
  root,
];

async function tryFrom(via: string): Promise<Map<string, Row>> {
  const facts = await discover(root, { home, env: process.env });
  const report = await selftest({
    root,
    home,
    facts,
    posture: await loadPosture(root),
    ...PLAIN_RUN,
    via: [via],
    approve: async () => true,
  });
  return new Map(report.rows.filter(row => row.vantage === 'via:1').map(row => [row.id.slice('via:1:'.length), row]));
}

/** The rows of which the labs speak, and how the strict box leaves them. */
const target = () => `127.0.0.1:${portOf(postgres)}`;
const known = (): Record<string, Verdict> => ({
  'read:.env': 'blocked',
  'read:~/.aws/credentials': 'blocked',
  'read:~/.ssh/id_ed25519': 'blocked',
  'env:LAB_STRIPE_SECRET_KEY': 'blocked',
  'process:other processes': 'blocked',
  'socket:/run/docker.sock': 'blocked',
  [`connect:${target()}`]: 'blocked',
  'write:.git/hooks': 'blocked',
  'write:.git/config': 'blocked',
  'write:.git/config.worktree': 'blocked',
  'write:.git/info/attributes': 'blocked',
  'write:.git/commondir': 'blocked',
  'write:.': 'works',
});

/** A target's verdict as the screen has it: reached when any row of it is. */
function ofTarget(rows: Map<string, Row>, id: string): Verdict | undefined {
  const all = [...rows].filter(([row]) => row === id || row.startsWith(`${id}#`)).map(([, { verdict }]) => verdict);
  return all.includes('exposed') ? 'exposed' : rows.get(id)?.verdict;
}

const verdicts = (rows: Map<string, Row>) =>
  Object.fromEntries(Object.keys(known()).map(id => [id, ofTarget(rows, id)]));

const missing = engineMissing();

describe.skipIf(missing)(`docker boxes${missing ? ` [needs ${missing}]` : ''}`, () => {
  beforeAll(async () => {
    makeImage('agent-posture-lab:node');
    makeImage('agent-posture-lab:busybox');
    home = mkdtempSync(join(tmpdir(), 'lab-home-'));
    root = mkdtempSync(join(tmpdir(), 'lab-root-'));
    mkdirSync(join(home, '.ssh'));
    mkdirSync(join(home, '.aws'));
    writeFileSync(join(home, '.ssh/id_ed25519'), 'a key that is none, for the lab\n', { mode: 0o600 });
    writeFileSync(join(home, '.aws/credentials'), '[dev]\naws_secret_access_key = none\n', { mode: 0o600 });
    execFileSync('git', ['init', '-q', root]);
    mkdirSync(join(root, '.git/hooks'), { recursive: true });
    layObeyed(root);
    writeFileSync(join(root, '.env'), 'LAB_TOKEN=not-a-real-one\n');
    postgres = await fakePostgres();
    writeFileSync(
      join(root, 'agent-posture.yaml'),
      `version: 1\nproject: lab\nsystems:\n  - { id: orders-db, kind: postgres, address: '${target()}' }\nselftest: { outside: [], metadata: off }\n`,
    );
    process.env.LAB_STRIPE_SECRET_KEY = 'value-of-the-lab';
    process.env.AGENT_POSTURE_STATE = join(home, 'state');
  }, 120_000);
  afterAll(() => {
    delete process.env.LAB_STRIPE_SECRET_KEY;
    delete process.env.AGENT_POSTURE_STATE;
    for (const container of containers) container.remove();
    postgres?.close();
    for (const folder of [home, root]) rmSync(folder, { recursive: true, force: true });
  });

  it('the strict box holds everything and lets the work be done', async () => {
    const { via } = await start('agent-posture-lab:node', strict());
    expect(verdicts(await tryFrom(via))).toEqual(known());
  });

  const flips: [
    name: string,
    options: () => string[],
    command: string | undefined,
    flipped: () => Record<string, Verdict>,
  ][] = [
    [
      'docker.sock is mounted',
      () => ['-v', '/run/docker.sock:/var/run/docker.sock'],
      undefined,
      () => ({ 'socket:/run/docker.sock': 'exposed' }),
    ],
    [
      'the home is mounted at another place',
      () => ['-v', `${home}:/backup:ro`],
      undefined,
      () => ({ 'read:~/.aws/credentials': 'exposed', 'read:~/.ssh/id_ed25519': 'exposed' }),
    ],
    [
      "a secret is in process 1's environment",
      () => [],
      'export LAB_STRIPE_SECRET_KEY=value-of-the-lab; exec sleep 1000',
      () => ({ 'env:LAB_STRIPE_SECRET_KEY': 'exposed' }),
    ],
  ];
  it.each(flips)('%s: only its rows turn', async (_name, options, command, flipped) => {
    const { via } = await start('agent-posture-lab:node', [...strict(), ...options()], command);
    expect(verdicts(await tryFrom(via))).toEqual({ ...known(), ...flipped() });
  });

  it('the host network is shared: the address is reached, and nothing else', async () => {
    const { via } = await start(
      'agent-posture-lab:node',
      strict().map(word => (word === 'none' ? 'host' : word)),
    );
    expect(verdicts(await tryFrom(via))).toEqual({ ...known(), [`connect:${target()}`]: 'exposed' });
  });

  it('root with capabilities and the processes of the host: the walls are gone round', async () => {
    const { via } = await start('agent-posture-lab:node', [
      ...strict().filter(
        word => word !== '--cap-drop' && word !== 'ALL' && word !== '--security-opt' && word !== 'no-new-privileges',
      ),
      '--cap-add',
      'SYS_ADMIN',
      '--cap-add',
      'SYS_PTRACE',
      '--cap-add',
      'SYS_CHROOT',
      '--security-opt',
      'seccomp=unconfined',
      '--pid',
      'host',
    ]);
    const rows = await tryFrom(via);
    expect(ofTarget(rows, 'read:~/.ssh/id_ed25519')).toBe('exposed');
    expect(rows.get('read:~/.ssh/id_ed25519')?.verdict).toBe('blocked');
    expect(rows.get('read:~/.ssh/id_ed25519#proc-root')?.verdict).toBe('exposed');
    expect(rows.get('read:~/.ssh/id_ed25519#nsenter')?.verdict).toBe('exposed');
    expect(rows.get('read:.env#umount')?.verdict).toBe('exposed');
    expect(rows.get('process:other processes')?.verdict).toBe('exposed');
  });

  it('one file forgotten: only it turns', async () => {
    const { via } = await start(
      'agent-posture-lab:node',
      strict().filter(
        (word, at, all) => word !== `/dev/null:${root}/.env:ro` && all[at + 1] !== `/dev/null:${root}/.env:ro`,
      ),
    );
    expect(verdicts(await tryFrom(via))).toEqual({ ...known(), 'read:.env': 'exposed' });
  });

  it('hooks left writable: only they turn', async () => {
    const hooks = `${root}/.git/hooks:${root}/.git/hooks:ro`;
    const { via } = await start(
      'agent-posture-lab:node',
      strict().filter((word, at, all) => word !== hooks && all[at + 1] !== hooks),
    );
    expect(verdicts(await tryFrom(via))).toEqual({ ...known(), 'write:.git/hooks': 'exposed' });
  });

  it('the workspace mounted read-only is too tight, not safe', async () => {
    const { via } = await start(
      'agent-posture-lab:node',
      strict().map(word => (word === `${root}:${root}` ? `${root}:${root}:ro` : word)),
    );
    expect((await tryFrom(via)).get('write:.')?.verdict).toBe('broken');
  });

  it('busybox without Node: nothing is called held that could not be tried, and nothing reached is missed', async () => {
    const strictBox = await start('agent-posture-lab:busybox', strict());
    const held = verdicts(await tryFrom(strictBox.via));
    for (const [id, verdict] of Object.entries(known())) expect([verdict, 'inconclusive'], id).toContain(held[id]);
    expect(held['read:~/.ssh/id_ed25519']).toBe('blocked');
    expect(held['write:.']).toBe('works');
    const open = await start('agent-posture-lab:busybox', [...strict(), '-v', `${home}:/backup:ro`]);
    expect(ofTarget(await tryFrom(open.via), 'read:~/.aws/credentials')).toBe('exposed');
  });

  it('a port forwarded to a dead backend is not proven, for it accepts for nobody', async () => {
    const forwarder = createServer(socket => socket.destroy());
    await new Promise<void>(resolve => forwarder.listen(0, '127.0.0.1', resolve));
    dead = portOf(forwarder);
    const path = join(root, 'agent-posture.yaml');
    writeFileSync(
      path,
      `version: 1\nproject: lab\nsystems:\n  - { id: gone, kind: postgres, address: '127.0.0.1:${dead}' }\nselftest: { outside: [], metadata: off }\n`,
    );
    try {
      const { via } = await start(
        'agent-posture-lab:node',
        strict().map(word => (word === 'none' ? 'host' : word)),
      );
      const row = (await tryFrom(via)).get(`connect:127.0.0.1:${dead}`);
      expect(row?.verdict).toBe('inconclusive');
      expect(row?.reason).toMatch(/closed/);
    } finally {
      forwarder.close();
      writeFileSync(
        path,
        `version: 1\nproject: lab\nsystems:\n  - { id: orders-db, kind: postgres, address: '${target()}' }\nselftest: { outside: [], metadata: off }\n`,
      );
    }
  });

  it('a dead container, and one without stdin, give no verdict at all', async () => {
    const gone = await start('agent-posture-lab:node', strict());
    gone.stop();
    const fromTheDead = await tryFrom(gone.via);
    expect(
      [...fromTheDead.values()].filter(({ verdict }) => verdict !== 'inconclusive' && verdict !== 'skipped'),
    ).toEqual([]);
    const deaf = await start('agent-posture-lab:node', strict());
    const fromTheDeaf = await tryFrom(`docker exec ${deaf.name}`);
    expect(
      [...fromTheDeaf.values()].filter(({ verdict }) => verdict !== 'inconclusive' && verdict !== 'skipped'),
    ).toEqual([]);
    expect([...fromTheDeaf.values()].find(({ verdict }) => verdict === 'inconclusive')?.reason).toMatch(/stdin|-i/);
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
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
let strictRows: Map<string, Row>;
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
    strictRows = await tryFrom(via);
    expect(verdicts(strictRows)).toEqual(known());
  });

  /** What comes out otherwise than in the strict box, over all rows, ways round included. */
  async function flips(options: readonly string[], command?: string): Promise<Record<string, string>> {
    const { via } = await start('agent-posture-lab:node', options, command);
    const rows = await tryFrom(via);
    const ids = [...new Set([...rows.keys(), ...strictRows.keys()])].sort();
    const word = (all: Map<string, Row>, id: string) => {
      const verdict = all.get(id)?.verdict;
      // A way round that is not tried, since the target was reached without it, is no row that turned.
      return verdict === undefined || verdict === 'skipped' ? '-' : verdict;
    };
    // Where other processes are seen, those of other tests are seen too: their variables are none of this lab's.
    const own = ids.filter(id => strictRows.has(id) || !/^env:.*#processes$/.test(id));
    const changed = own.filter(id => word(rows, id) !== word(strictRows, id) && word(rows, id) !== '-');
    return Object.fromEntries(changed.map(id => [id, `${word(strictRows, id)} > ${word(rows, id)}`]));
  }

  const reached = (...ids: string[]) => Object.fromEntries(ids.map(id => [id, 'blocked > exposed']));

  const faults: [
    name: string,
    options: () => string[],
    command: string | undefined,
    flipped: () => Record<string, string>,
  ][] = [
    [
      'docker.sock is mounted',
      () => [...strict(), '-v', '/run/docker.sock:/var/run/docker.sock'],
      undefined,
      // There it has another name.
      () => reached('socket:/run/docker.sock#mounts'),
    ],
    [
      'the home is mounted at another place',
      () => [...strict(), '-v', `${home}:/backup:ro`],
      undefined,
      () => reached('read:~/.aws/credentials#mounts', 'read:~/.ssh/id_ed25519#mounts'),
    ],
    [
      "a secret is in process 1's environment",
      strict,
      'export LAB_STRIPE_SECRET_KEY=value-of-the-lab; exec sleep 1000',
      () => reached('env:LAB_STRIPE_SECRET_KEY#init', 'env:LAB_STRIPE_SECRET_KEY#processes'),
    ],
    [
      'the host network is shared',
      () => strict().map(word => (word === 'none' ? 'host' : word)),
      undefined,
      () =>
        reached(
          `connect:${target()}`,
          ...[...strictRows.keys()].filter(
            id => /^(socket:@|connect:)/.test(id) && strictRows.get(id)?.verdict === 'blocked',
          ),
        ),
    ],
  ];
  it.each(faults)('%s: exactly its rows turn', async (_name, options, command, flipped) => {
    expect(await flips(options(), command)).toEqual(flipped());
  });

  it('root with capabilities and the processes of the host: exactly the ways round that they open', async () => {
    const free = strict().filter(word => !['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'].includes(word));
    const caps = ['SYS_ADMIN', 'SYS_PTRACE', 'SYS_CHROOT'].flatMap(cap => ['--cap-add', cap]);
    const turned = await flips([...free, ...caps, '--security-opt', 'seccomp=unconfined', '--pid', 'host']);
    // Of files by other processes, of the mask that can be lifted, of processes themselves; guards stay as they were.
    const files = [...strictRows.keys()].filter(
      id => /^read:[^#]+$/.test(id) && strictRows.get(id)?.verdict === 'blocked',
    );
    const ways = ['proc-root', 'nsenter'];
    // Programs of this machine that are none of the lab's may have variables of their own.
    const ours = Object.entries(turned).filter(([id]) => !/^env:(?!LAB_)/.test(id));
    expect(Object.fromEntries(ours)).toEqual({
      ...reached(...files.flatMap(id => ways.map(way => `${id}#${way}`)), 'read:.env#umount'),
      ...reached('process:other processes', 'env:LAB_STRIPE_SECRET_KEY#processes'),
      ...Object.fromEntries(
        Object.entries(turned).filter(([id]) => /#open-fd$|^env:LAB_STRIPE_SECRET_KEY#init$/.test(id)),
      ),
    });
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

  /** Tries one PostgreSQL server at this port from a container on the host's network. */
  async function rowAt(port: number): Promise<Row | undefined> {
    const path = join(root, 'agent-posture.yaml');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(target(), `127.0.0.1:${port}`));
    try {
      const { via } = await start(
        'agent-posture-lab:node',
        strict().map(word => (word === 'none' ? 'host' : word)),
      );
      return (await tryFrom(via)).get(`connect:127.0.0.1:${port}`);
    } finally {
      writeFileSync(path, before);
    }
  }

  it('a port that is forwarded to a dead server is not proven, for the forwarder accepts for nobody; to a live one it is reached', async () => {
    const closed = await fakePostgres();
    const deadPort = portOf(closed);
    await new Promise(done => closed.close(done));
    const forwardTo = async (port: number) => {
      const forwarder = createServer(client => {
        const behind = connect(port, '127.0.0.1');
        for (const [one, other] of [
          [client, behind],
          [behind, client],
        ] as const)
          one.on('error', () => other.destroy()).on('close', () => other.destroy());
        client.pipe(behind).pipe(client);
      });
      await new Promise<void>(done => forwarder.listen(0, '127.0.0.1', done));
      return forwarder;
    };
    for (const [port, verdict, reason] of [
      [deadPort, 'inconclusive', /closed/],
      [portOf(postgres), 'exposed', /accepted a connection/],
    ] as const) {
      const forwarder = await forwardTo(port);
      try {
        const row = await rowAt(portOf(forwarder));
        expect(row?.verdict).toBe(verdict);
        expect(row?.reason).toMatch(reason);
      } finally {
        forwarder.close();
      }
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

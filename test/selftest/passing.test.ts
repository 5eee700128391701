import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forwarderCommand, startEgress } from '../../src/isolation/egress/index.ts';
import { networkProbes } from '../../src/selftest/probes/network.ts';
import type { Probe } from '../../src/selftest/probes/types.ts';
import { hasBox, type Lab, makeLab } from '../labs/box.ts';
import { tryColumn } from '../labs/column.ts';

const ALLOWED = 'api.allowed.test';

let lab: Lab;
let folder: string;
let outside: Server;
let port: number;
const open = new Set<Socket>();

beforeAll(async () => {
  lab = await makeLab();
  folder = mkdtempSync(join(tmpdir(), 'ap-passing-'));
  // A server outside, as TLS servers are: it answers a hello with an alert, whatever name stands in it.
  outside = createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.from('15030300020228', 'hex')));
  });
  await new Promise<void>(done => outside.listen(0, '127.0.0.1', done));
  port = (outside.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  outside.close();
  rmSync(folder, { recursive: true, force: true });
  await lab.close();
});

/** A proxy with a mistake: it is given the head of a CONNECT, and names whom it connects to. */
function wrongProxy(
  socket: string,
  decide: (target: string, header: string) => string | undefined,
  hello: (bytes: Buffer) => boolean = () => true,
): Promise<Server> {
  const server = createServer(client => {
    open.add(client);
    client.on('error', () => {});
    let head = Buffer.alloc(0);
    let upstream: Socket | undefined;
    client.on('data', part => {
      if (upstream) return;
      head = Buffer.concat([head, part]);
      const text = head.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const [, target = ''] = /^CONNECT (\S+|[^ ]+) HTTP/.exec(text) ?? [];
      const [, header = ''] = /^Host: (.*)\r$/m.exec(text) ?? [];
      const host = decide(target.replace(/:\d+$/, ''), header.replace(/:\d+$/, ''));
      if (host === undefined) return client.end('HTTP/1.1 403 Refused\r\n\r\n');
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      upstream = connect(port, '127.0.0.1');
      open.add(upstream);
      upstream.on('error', () => client.destroy());
      const out = upstream;
      client.once('data', first => {
        if (!hello(first)) return client.destroy();
        out.write(first);
        out.pipe(client);
      });
    });
  });
  return new Promise(done => server.listen(socket, () => done(server)));
}

async function probesOf(): Promise<Probe[]> {
  return networkProbes({
    root: lab.root,
    home: lab.home,
    env: { AGENT_POSTURE_OUTSIDE: `localhost:${port}` },
    facts: lab.facts,
    posture: {
      version: 1,
      project: 'lab',
      isolation: { runtime: 'bubblewrap', network: { allow: ['10.0.0.1', `*.allowed.test:${port}`, ALLOWED] } },
      selftest: { metadata: 'off' },
    },
    deep: false,
    readOnly: false,
    restricted: true,
    note: () => {},
  });
}

/** A box whose only way out is the proxy at this socket. */
const around = (socket: string, proxy = true) => [
  ...[
    'bwrap',
    '--die-with-parent',
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--unshare-user',
    '--uid',
    '1000',
    '--gid',
    '1000',
  ],
  ...['--unshare-pid', '--proc', '/proc', '--unshare-net', '--cap-drop', 'ALL', '--tmpfs', '/tmp'],
  ...['--bind', lab.root, lab.root, '--bind', folder, folder],
  ...(proxy ? ['--setenv', 'https_proxy', 'http://127.0.0.1:3128', ...forwarderCommand(socket, [])] : []),
];

async function verdicts(box: readonly string[], form?: 'sh'): Promise<Record<string, string>> {
  const rows = await tryColumn({ ...lab, box, form }, await probesOf());
  const own = [...rows].filter(([id]) => id.split('#')[0] === `connect:localhost:${port}`);
  return Object.fromEntries(own.map(([id, { verdict }]) => [id.replace(/^[^#]*#?/, '') || 'literal', verdict]));
}

it('passes for a name that is on the list, one below a wildcard too', async () => {
  const probe = (await probesOf()).find(({ target }) => target === `localhost:${port}`);
  expect(probe?.subject).toMatchObject({ kind: 'address', allowed: 'www.allowed.test' });
});

describe.skipIf(!hasBox)('leaving through an allowed host', () => {
  it.each([undefined, 'sh'] as const)('our own proxy refuses each way (form %s)', async form => {
    const socket = join(folder, `ours-${form}`);
    const egress = await startEgress([`*.allowed.test:${port}`, ALLOWED], socket, async () => [
      { address: '127.0.0.1', family: 4 },
    ]);
    try {
      expect(await verdicts(around(socket), form)).toEqual({
        literal: 'blocked',
        'host-header': 'blocked',
        'nul-name': 'blocked',
        'tls-name': 'blocked',
      });
    } finally {
      await egress.close();
    }
  });

  const listed = (name: string) => name.endsWith('.allowed.test');
  const refuse = () => undefined;
  it.each([
    ['believes the Host header', (_: string, header: string) => (listed(header) ? header : undefined), 'host-header'],
    ['cuts the name at a NUL', (target: string) => (listed(target) ? target.split('\0')[0] : undefined), 'nul-name'],
    ['lets bare addresses through', (target: string) => (/^[\d.]+$/.test(target) ? target : undefined), 'literal'],
  ] as const)('a proxy that %s is found out, in each form', async (name, decide, reached) => {
    const socket = join(folder, name.replace(/\W/g, '-'));
    const server = await wrongProxy(socket, decide);
    for (const form of [undefined, 'sh'] as const) {
      const found = await verdicts(around(socket), form);
      expect(found[reached], `${name} ${form}`).toBe('exposed');
      // What was reached directly needs no way round.
      for (const [way, verdict] of Object.entries(found))
        if (way !== reached) expect(verdict, way).toBe(reached === 'literal' ? 'skipped' : 'blocked');
    }
    server.close();
  });

  it('a filter that only looks at the name in the TLS hello is found out', async () => {
    const socket = join(folder, 'hello');
    const server = await wrongProxy(
      socket,
      target => target,
      bytes => bytes.includes('allowed.test'),
    );
    const found = await verdicts(around(socket));
    expect(found).toMatchObject({ 'tls-name': 'exposed' });
    // A tunnel that is opened and then closed says nothing.
    expect(found.literal).toBe('inconclusive');
    server.close();
  });

  it('a proxy that refuses everything holds, and where there is none it is said', async () => {
    const socket = join(folder, 'none');
    const server = await wrongProxy(socket, refuse);
    expect(await verdicts(around(socket))).toMatchObject({ literal: 'blocked', 'host-header': 'blocked' });
    server.close();
    expect(await verdicts(around(socket, false))).toMatchObject({
      literal: 'blocked',
      'host-header': 'skipped',
      'nul-name': 'skipped',
      'tls-name': 'blocked',
    });
  });
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import type { Session } from '../../src/selftest/session/session.ts';
import { challenge as byLines } from '../../src/selftest/tries.ts';
import type { Observation } from '../../src/selftest/wire.ts';
import {
  busyboxOnly,
  challenge,
  cleanUp,
  open,
  programsWithout,
  scratch,
  tryAll,
  tryOne,
  wrapped,
} from './pack-support.ts';

const SECRET = 'hunter2\nwith a second line\n';
const servers: Server[] = [];
const sockets = new Set<Socket>();

function listen(onConnection: (socket: Socket) => void, at: object = { host: '127.0.0.1', port: 0 }): Promise<number> {
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  servers.push(server);
  return new Promise(done => server.listen(at, () => done((server.address() as AddressInfo).port ?? 0)));
}

let scene: string;
let perl: ChildProcess | undefined;
const port: Record<string, number> = {};

beforeAll(async () => {
  scene = scratch();
  writeFileSync(join(scene, 'secret'), SECRET);
  writeFileSync(join(scene, 'decoy'), 'canary-0123456789');
  writeFileSync(join(scene, 'long'), 'x'.repeat(5_000));
  writeFileSync(join(scene, 'locked'), SECRET, { mode: 0o000 });
  writeFileSync(join(scene, 'with space and ü \'"$(id)`'), SECRET);
  mkdirSync(join(scene, 'closed'), { mode: 0o700 });
  writeFileSync(join(scene, 'closed', 'inner'), SECRET);
  mkdirSync(join(scene, 'names'));
  for (const name of ['one', '.two', 'three 3']) writeFileSync(join(scene, 'names', name), '');
  symlinkSync(join(scene, 'secret'), join(scene, 'link'));
  execFileSync('mkfifo', [join(scene, '.env')]);
  chmodSync(join(scene, '.env'), 0o666);

  port.postgres = await listen(socket =>
    socket.once('data', data => socket.end(data.equals(Buffer.from('0000000804d2162f', 'hex')) ? 'S' : '')),
  );
  port.redis = await listen(socket =>
    socket.once('data', data => socket.end(String(data) === 'PING\r\n' ? '+PONG\r\n' : '')),
  );
  port.tls = await listen(socket =>
    socket.once('data', data => socket.end(Buffer.from(data[0] === 22 ? '15030300020228' : '', 'hex'))),
  );
  port.ssh = await listen(socket => socket.write('SSH-2.0-Lab\r\n'));
  port.mysql = await listen(socket => socket.write(Buffer.from('4a0000000a382e302e333600', 'hex')));
  port.silent = await listen(() => {});
  port.closing = await listen(socket => socket.destroy());
  port.wrong = await listen(socket => socket.once('data', () => socket.end('<html>go away</html>')));
  // A port that was free a moment ago.
  const free = createServer();
  port.free = await new Promise(done => free.listen(0, '127.0.0.1', () => done((free.address() as AddressInfo).port)));
  await new Promise(done => free.close(done));

  const web = createHttp((request, response) =>
    response.writeHead(request.method === 'DELETE' ? 403 : 200).end('hello'),
  );
  servers.push(web);
  port.http = await new Promise(done => web.listen(0, '127.0.0.1', () => done((web.address() as AddressInfo).port)));
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      join(scene, 'key.pem'),
      '-out',
      join(scene, 'cert.pem'),
      '-days',
      '2',
      '-subj',
      '/CN=lab',
    ],
    { stdio: 'ignore' },
  );
  const secure = createHttps(
    { key: readFileSync(join(scene, 'key.pem')), cert: readFileSync(join(scene, 'cert.pem')) },
    (_, response) => response.writeHead(204).end(),
  );
  servers.push(secure);
  port.https = await new Promise(done =>
    secure.listen(0, '127.0.0.1', () => done((secure.address() as AddressInfo).port)),
  );
  const proxy = createHttp((_, response) => response.writeHead(403).end());
  proxy.on('connect', (request, socket) => {
    socket.on('error', () => {});
    const to = Number(request.url?.split(':')[1]);
    if (to === port.http) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const onward = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  });
  servers.push(proxy);
  port.proxy = await new Promise(done =>
    proxy.listen(0, '127.0.0.1', () => done((proxy.address() as AddressInfo).port)),
  );

  // SOCKS 5 with a login, and nothing but CONNECT to an IPv4 address.
  port.socks = await listen(socket =>
    socket.once('data', () => {
      socket.write(Buffer.from([5, 2]));
      socket.once('data', login => {
        socket.write(Buffer.from([1, String(login) === '\u0001\u0002me\u0003key' ? 0 : 1]));
        socket.once('data', asked => {
          const to = asked.readUInt16BE(8);
          const say = (code: number) => socket.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
          if (to === port.postgres) return say(2);
          const onward = connect(to, '127.0.0.1', () => {
            say(0);
            onward.pipe(socket).pipe(onward);
          });
          onward.on('error', () => say(5));
        });
      });
    }),
  );

  const agent = (socket: Socket) => socket.once('data', () => socket.end(Buffer.from('000000050c00000000', 'hex')));
  await listen(agent, { path: join(scene, 'agent.sock') });
  chmodSync(join(scene, 'agent.sock'), 0o777);
  if (process.platform === 'linux') {
    // Older Nodes fill an abstract name up to its full length; perl binds exactly what it is told.
    await listen(agent, { path: `\0ap-lab-${process.pid}` });
    perl = spawn(
      'perl',
      [
        '-e',
        'use Socket;$|=1;socket(L,AF_UNIX,SOCK_STREAM,0);bind(L,pack("S",AF_UNIX)."\\0".shift)or die $!;listen(L,9);print "up";while(accept(C,L)){sysread(C,$b,9);syswrite(C,pack("H*","000000050c00000000"));close C}',
        `ap-exact-${process.pid}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise(done => perl?.stdout?.once('data', done));
  }
});

afterAll(async () => {
  perl?.kill('SIGKILL');
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  await cleanUp();
});

interface Form {
  name: string;
  wrapper: readonly string[];
  only?: 'sh';
  busybox?: boolean;
  /** Neither perl nor python3: some things cannot be tried, and the pack must say so. */
  bare?: boolean;
  /** Programs that its PATH does not have. */
  without?: readonly string[];
  /** A folder with another Node. */
  folder?: string;
}

const FORMS: readonly Form[] = [
  { name: 'node', wrapper: [] },
  // Folders of further Nodes, separated by colons: the pack runs in whatever the vantage has.
  ...(process.env.AGENT_POSTURE_TEST_NODES ?? '')
    .split(':')
    .filter(Boolean)
    .map(folder => ({ name: `node in ${folder}`, wrapper: [], folder })),
  { name: 'dash', wrapper: ['dash'], only: 'sh' },
  { name: 'bash', wrapper: ['bash'], only: 'sh' },
  { name: 'dash with python3', wrapper: ['dash'], without: ['node', 'nodejs', 'perl', 'timeout'] },
  { name: 'dash with bash', wrapper: ['dash'], without: ['node', 'nodejs', 'perl', 'python3'], bare: true },
  { name: 'node without perl', wrapper: [], without: ['perl'] },
  { name: 'busybox alone', wrapper: [], busybox: true, bare: true },
];

/** No shell can call a variable this, and npm reads it. */
const ODD = 'npm_config_//registry.example/:_authToken';

describe.each(FORMS)('the pack in $name', form => {
  let session: Session;
  const bare = form.bare === true;
  const isNode = form.name.startsWith('node');

  beforeAll(async () => {
    const env: Record<string, string> = { LAB_VALUE: 'a b\nc', [ODD]: 'odd', HOME: scene, SHELL: '/bin/sh' };
    if (form.folder) env.PATH = `${form.folder}:${process.env.PATH}`;
    if (form.without) env.PATH = programsWithout(form.without);
    if (form.busybox) {
      const path = busyboxOnly();
      session = await open(wrapped([join(path, 'env'), `PATH=${path}`], { env }));
    } else {
      // `dash -s` is what `sh -s` is on Debian: the wrapper takes the place of `sh`.
      const start = wrapped(form.wrapper, { env });
      session = await open(
        words => start(form.wrapper.length > 0 ? words.slice(1) : words),
        form.only ? { form: form.only } : {},
      );
    }
  });

  const read = (name: string, extra: object = { challenge: challenge(SECRET) }): Promise<Observation> =>
    tryOne(session, { op: 'read', way: 'direct', path: join(scene, name), ...extra } as never);

  it('says who and where it is', () => {
    expect(session.facts).toMatchObject({
      form: isNode ? 'node' : 'sh',
      platform: process.platform,
      uid: process.getuid?.() === 0 ? 65_534 : process.getuid?.(),
      cwd: '/',
      home: scene,
      proxies: [],
    });
    expect(Math.abs(session.facts.clock - Date.now() / 1000)).toBeLessThan(100);
    if (process.platform === 'linux') {
      expect(session.facts.namespaces.mnt).toMatch(/^\d+$/);
      expect(session.facts.uidMap).toMatch(/^\d+ \d+ \d+/);
      expect(session.facts.capabilities).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(session.facts.tools).toContain('sh');
  });

  it('compares a real file and brings nothing of it', async () => {
    expect(await read('secret')).toMatchObject({ outcome: 'done', matched: true, size: '<1kB' });
    expect(await read('with space and ü \'"$(id)`')).toMatchObject({ outcome: 'done', matched: true });
    expect(await read('link')).toMatchObject({ outcome: 'done', matched: true });
    const other = await read('decoy');
    expect(other).toMatchObject({ outcome: 'refused', reason: 'masked', matched: false });
    expect(other.brought).toBeUndefined();
  });

  it('knows a copy by a line of it', async () => {
    const path = join(scratch(), 'copied');
    const token = 'token=abcdefgh12345678';
    const wanted = (content: string) => byLines('0123456789abcdef', content);
    const of = async (content: string, original: string) => {
      writeFileSync(path, content, { mode: 0o644 });
      return await tryOne(session, { op: 'read', way: 'direct', path, challenge: wanted(original) });
    };
    const copies = [`${token}\n\n`, `${token}\r\n`, `# a note\n  ${token}`, `x\n${token}`];
    for (const copy of copies) {
      const seen = await of(copy, `[default]\n${token}\nuser=somebody\n`);
      expect(seen).toMatchObject({ outcome: 'done', reason: 'copy', matched: true });
    }
    const mask = '# a note\n[default]\n-----BEGIN OPENSSH PRIVATE KEY-----\nuser=nobody\n';
    const masked = await of(mask, `# a note\n[default]\n-----BEGIN OPENSSH PRIVATE KEY-----\n${token}\n`);
    expect(masked).toMatchObject({ outcome: 'refused', matched: false });
    writeFileSync(path, 'user=nobody\n');
    const [short, env] = await tryAll(session, [
      { op: 'read', way: 'direct', path, challenge: wanted(' user=nobody \n') },
      { op: 'env', name: 'HOME', from: 'own', challenge: wanted(` ${session.facts.home}\n`) },
    ]);
    expect(short).toMatchObject({ outcome: 'done', reason: 'copy' });
    expect(env).toMatchObject({ outcome: 'done', reason: 'copy' });
  });

  it('brings a decoy, and never anything longer than one', async () => {
    expect(await read('decoy', { bring: true })).toMatchObject({ outcome: 'done', brought: 'canary-0123456789' });
    const long = await read('long', { bring: true });
    expect(long).toMatchObject({ outcome: 'refused', reason: 'masked' });
    expect(long.brought).toBeUndefined();
  });

  it('tells why a read was refused, with mode and owner of what refused', async () => {
    expect(await read('nowhere')).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(await read('names')).toMatchObject({ outcome: 'refused', reason: 'EISDIR' });
    expect(await read('secret/inner')).toMatchObject({
      outcome: 'refused',
      reason: !isNode ? expect.stringMatching(/^ENO(TDIR|ENT)$/) : 'ENOTDIR',
    });
    const owner = process.getuid?.();
    expect(await read('locked')).toMatchObject({ outcome: 'refused', reason: 'EACCES', mode: '0', owner });
    if (owner === 0)
      expect(await read('closed/inner')).toMatchObject({
        outcome: 'refused',
        reason: 'EACCES',
        mode: '700',
        owner,
        at: join(scene, 'closed'),
      });
  });

  it('is not stalled by a FIFO in place of a file', async () => {
    const before = Date.now();
    expect(await read('.env')).toMatchObject({ outcome: 'refused', reason: 'ENOTREG' });
    expect(Date.now() - before).toBeLessThan(1_500);
  });

  it('lists names by challenge', async () => {
    const list = (path: string, names: string[]) =>
      tryOne(session, {
        op: 'list',
        path: join(scene, path),
        key: 'k',
        digests: names.map(name => sha256(`k${name}`)),
      });
    expect(await list('names', ['.two'])).toMatchObject({ outcome: 'done', matched: true });
    expect(await list('names', ['other', 'three 3'])).toMatchObject({ outcome: 'done' });
    expect(await list('names', ['other'])).toMatchObject({ outcome: 'refused', reason: 'masked', matched: false });
    expect(await list('nowhere', ['x'])).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    if (process.getuid?.() === 0)
      expect(await list('closed', ['inner'])).toMatchObject({ outcome: 'refused', reason: 'EACCES', mode: '700' });
  });

  it('gives a new file its name once it is whole, and leaves nothing beside it', async () => {
    const folder = join(scene, `whole ${form.name.replaceAll('/', '_')}`);
    mkdirSync(folder, { mode: 0o777 });
    chmodSync(folder, 0o777);
    const path = join(folder, 'commondir');
    // Where a whole file cannot be written beside it, the plain way is still tried: a box may refuse other names only.
    const far = { how: 'create', path, content: 'made', aside: join(folder, 'x'.repeat(300)) } as const;
    expect(await tryOne(session, { op: 'write', ...far })).toMatchObject({ outcome: 'done' });
    expect(readFileSync(path, 'utf8')).toBe('made');
    rmSync(path);
    const near = { ...far, aside: `${path}.aside` };
    expect(await tryOne(session, { op: 'write', ...near })).toMatchObject({ outcome: 'done' });
    expect([readFileSync(path, 'utf8'), statSync(path).nlink]).toEqual(['made', 1]);
    expect(await tryOne(session, { op: 'write', ...near })).toMatchObject({
      outcome: 'error',
      reason: expect.stringContaining('something stands there by now'),
    });
    expect(readdirSync(folder)).toEqual(['commondir']);
    // What a try that was killed has left beside it goes too.
    writeFileSync(`${path}.aside.new`, 'half', { mode: 0o666 });
    expect(await tryOne(session, { op: 'unwrite', ...near })).toMatchObject({ outcome: 'done' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('creates a file and removes it again', async () => {
    const path = join(scene, `new ${form.name.replaceAll('/', '_')}`);
    const deed = { how: 'create', path, content: 'made' } as const;
    expect(await tryOne(session, { op: 'write', ...deed })).toMatchObject({ outcome: 'done' });
    expect(readFileSync(path, 'utf8')).toBe('made');
    expect(await tryOne(session, { op: 'write', ...deed })).toMatchObject({
      outcome: 'error',
      reason: expect.stringContaining('something stands there by now'),
    });
    expect(await tryOne(session, { op: 'unwrite', ...deed })).toMatchObject({ outcome: 'done' });
    expect(existsSync(path)).toBe(false);
    expect(await tryOne(session, { op: 'unwrite', ...deed })).toMatchObject({ outcome: 'none' });
    if (process.getuid?.() === 0)
      expect(await tryOne(session, { op: 'write', ...deed, path: join(scene, 'closed', 'x') })).toMatchObject({
        outcome: 'refused',
        reason: 'EACCES',
        mode: '700',
      });
  });

  it('writes in place without changing a byte', async () => {
    const path = join(scene, `in place ${form.name.replaceAll('/', '_')}`);
    writeFileSync(path, SECRET);
    chmodSync(path, 0o666);
    const before = statSync(path, { bigint: true });
    expect(await tryOne(session, { op: 'write', how: 'in-place', path, content: '' })).toMatchObject({
      outcome: 'done',
    });
    expect(readFileSync(path, 'utf8')).toBe(SECRET);
    const after = statSync(path, { bigint: true });
    expect(after.ino).toBe(before.ino);
    expect(after.mtimeNs).toBeGreaterThan(before.mtimeNs);
    expect(
      await tryOne(session, { op: 'write', how: 'in-place', path: join(scene, 'nowhere'), content: '' }),
    ).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    if (process.getuid?.() === 0)
      expect(
        await tryOne(session, { op: 'write', how: 'in-place', path: join(scene, 'secret'), content: '' }),
      ).toMatchObject({ outcome: 'refused', reason: 'EACCES', mode: '644' });
  });

  it('replaces a file, and puts the very same one back', async () => {
    const folder = join(scene, `replace ${form.name.replaceAll('/', '_')}`);
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const path = join(folder, 'guard');
    writeFileSync(path, SECRET, { mode: 0o666 });
    chmodSync(path, 0o666);
    const { ino } = statSync(path);
    const deed = { how: 'replace', path, aside: join(folder, '.aside'), content: '' } as const;
    expect(await tryOne(session, { op: 'write', ...deed })).toMatchObject({ outcome: 'done' });
    expect(readFileSync(path, 'utf8')).toBe(SECRET);
    expect(statSync(path).ino).not.toBe(ino);
    expect(await tryOne(session, { op: 'unwrite', ...deed })).toMatchObject({ outcome: 'done' });
    expect(statSync(path).ino).toBe(ino);
    expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('guard\n');
  });

  it('renames a folder there and back', async () => {
    const folder = join(scene, `parent ${form.name.replaceAll('/', '_')}`);
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    writeFileSync(join(folder, 'guard'), SECRET);
    const { ino } = statSync(folder);
    const by = async (path: string) =>
      tryOne(session, { op: 'write', how: 'rename-parent', path, aside: `${folder}.aside`, content: '' });
    const allowed = process.getuid?.() !== 0;
    // Somebody else's folder can be renamed by who may write the folder above it.
    expect(await by(folder)).toMatchObject({ outcome: 'done' });
    expect(await by(join(folder, 'guard'))).toMatchObject({ outcome: 'done' });
    expect(statSync(folder).ino).toBe(ino);
    expect(existsSync(`${folder}.aside`)).toBe(false);
    if (!allowed)
      expect(
        await tryOne(session, {
          op: 'write',
          how: 'rename-parent',
          path: join(scene, 'closed', 'sub'),
          aside: join(scene, 'closed', 'aside'),
          content: '',
        }),
      ).toMatchObject({ outcome: 'refused' });
  });

  it('finds a variable whose name a shell does not hand on, or says that it cannot', async () => {
    const [there, missing] = await tryAll(session, [
      { op: 'env', name: ODD, from: 'own', challenge: challenge('odd') },
      { op: 'env', name: `${ODD}-not`, from: 'own' },
    ]);
    const cannot = { outcome: expect.stringMatching(/unable|error/) };
    const behind = isNode && process.platform === 'linux';
    expect(there).toMatchObject(behind ? { outcome: 'done', matched: true } : cannot);
    expect(missing).toMatchObject(behind ? { outcome: 'refused', reason: 'not set' } : cannot);
  });

  it('finds variables, its own sibling among them', async () => {
    const [sibling, value, other, missing, login] = await tryAll(session, [
      { op: 'env', name: session.sibling.name, from: 'own', bring: true },
      { op: 'env', name: 'LAB_VALUE', from: 'own', challenge: challenge('a b\nc') },
      { op: 'env', name: 'LAB_VALUE', from: 'own', challenge: challenge('else') },
      { op: 'env', name: 'LAB_NOT_THERE', from: 'own' },
      { op: 'env', name: 'HOME', from: 'login-shell', bring: true },
    ]);
    expect(sibling).toMatchObject({ outcome: 'done', brought: session.sibling.value, at: 'own' });
    expect(value).toMatchObject({ outcome: 'done', matched: true });
    expect(other).toMatchObject({ outcome: 'refused', reason: 'masked', matched: false });
    expect(missing).toMatchObject({ outcome: 'refused', reason: 'not set' });
    expect(login).toMatchObject({ outcome: 'done', brought: scene, at: 'login-shell' });
  });

  it('finds what another process of the same user carries, and names never values', async () => {
    const child = spawn('sleep', ['30'], {
      env: { PATH: process.env.PATH, AGENT_POSTURE_DECOY: 'decoy-of-a-process', LAB_OTHER: 'x=y' },
      ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
    });
    try {
      const [decoy, other, names] = await tryAll(session, [
        { op: 'env', name: 'AGENT_POSTURE_DECOY', from: 'processes', bring: true },
        { op: 'env', name: 'LAB_OTHER', from: 'processes', challenge: challenge('x=y') },
        { op: 'env-names' },
      ]);
      expect(decoy).toMatchObject({ outcome: 'done', brought: 'decoy-of-a-process', at: `pid ${child.pid}` });
      expect(other).toMatchObject({ outcome: 'done', matched: true, at: `pid ${child.pid}` });
      expect(names?.outcome).toBe('done');
      const seen = names?.names ?? [];
      expect(seen).toContainEqual({ name: 'LAB_VALUE', from: 'own' });
      expect(seen).toContainEqual({ name: 'LAB_OTHER', from: `pid ${child.pid}` });
      expect(seen.some(({ from }) => from === 'login-shell')).toBe(true);
      expect(JSON.stringify(names)).not.toContain('x=y');
      expect(seen.every(({ name }) => !name.includes('='))).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('counts only what a server says', async () => {
    const to = (name: string, greeting: string) =>
      ({ op: 'connect', host: '127.0.0.1', port: port[name], greeting, timeout: 1_500 }) as never;
    const names = ['postgres', 'redis', 'tls', 'ssh', 'mysql', 'http', 'silent', 'closing', 'wrong', 'free'];
    const greetings = ['postgres', 'redis', 'tls', 'ssh', 'mysql', 'http', 'none', 'none', 'postgres', 'none'];
    const results = await tryAll(
      session,
      names.map((name, index) => to(name, greetings[index] as string)),
    );
    expect(Object.fromEntries(names.map((name, index) => [name, results[index]?.outcome]))).toEqual({
      postgres: 'done',
      redis: 'done',
      tls: 'done',
      ssh: 'done',
      mysql: 'done',
      http: 'done',
      silent: 'silent',
      closing: 'closed',
      wrong: 'error',
      free: 'refused',
    });
    expect(results.at(-1)).toMatchObject({ reason: 'ECONNREFUSED', at: '127.0.0.1' });
  });

  it('goes through a proxy', async () => {
    const by = (to: number | undefined, greeting: string) =>
      ({
        op: 'connect',
        host: '127.0.0.1',
        port: to,
        greeting,
        proxy: `127.0.0.1:${port.proxy}`,
        timeout: 2_000,
      }) as never;
    const [reached, forbidden, dead] = await tryAll(session, [
      by(port.redis, 'redis'),
      by(port.http, 'http'),
      by(port.free, 'redis'),
    ]);
    if (bare) expect(reached).toMatchObject({ outcome: 'unable', reason: 'perl or python3' });
    else {
      expect(reached).toMatchObject({ outcome: 'done', at: `proxy 127.0.0.1:${port.proxy}` });
      expect(forbidden).toMatchObject({ outcome: 'refused', reason: 'PROXY_403' });
      expect(dead).toMatchObject({ outcome: 'refused', reason: 'PROXY_502' });
    }
  });

  it('goes through a SOCKS proxy, or says that it cannot', async () => {
    const proxy = `socks5://127.0.0.1:${port.socks}`;
    const env = { HOME: scene, ALL_PROXY: `socks5h://me:key@127.0.0.1:${port.socks}`, HTTPS_PROXY: 'https://far:8443' };
    const inside = await open(wrapped([], { env }), isNode ? {} : { form: 'sh' });
    expect([...inside.facts.proxies].sort()).toEqual(['https://far:8443', proxy]);
    const by = (to: number | undefined) =>
      ({ op: 'connect', host: '127.0.0.1', port: to, greeting: 'redis', proxy }) as never;
    const url = `http://127.0.0.1:${port.http}/x`;
    const seen = await tryAll(inside, [
      by(port.redis),
      by(port.free),
      by(port.postgres),
      { op: 'connect', host: '127.0.0.1', port: 1, greeting: 'redis', proxy: 'https://far:8443' },
    ]);
    await inside.close();
    expect(seen.at(-1)).toMatchObject({ outcome: 'unable', reason: 'a client of https proxies' });
    if (!isNode) {
      expect(seen[0]).toMatchObject({ outcome: 'unable', reason: 'a client of socks5 proxies' });
      return;
    }
    expect(seen[0]).toMatchObject({ outcome: 'done', at: `proxy ${proxy}` });
    expect(seen[1]).toMatchObject({ outcome: 'refused', reason: 'ECONNREFUSED' });
    expect(seen[2]).toMatchObject({ outcome: 'refused', reason: 'PROXY_DENIED' });
    const again = await open(wrapped([], { env }));
    expect(await tryOne(again, { op: 'request', method: 'GET', url, proxy })).toMatchObject({
      outcome: 'done',
      status: 200,
    });
    await again.close();
  });

  it('resolves, requests and listens', async () => {
    const url = `http://127.0.0.1:${port.http}/x`;
    const [name, ok, forbidden, gone, four, six, unix] = await tryAll(session, [
      { op: 'resolve', name: 'localhost' },
      { op: 'request', method: 'GET', url },
      { op: 'request', method: 'DELETE', url },
      { op: 'request', method: 'GET', url: `http://127.0.0.1:${port.free}/` },
      { op: 'listen', family: 'ipv4' },
      { op: 'listen', family: 'ipv6' },
      { op: 'listen', family: 'unix' },
    ]);
    expect(name?.outcome).toBe('done');
    expect(name?.names?.map(entry => entry.name)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]),
    );
    expect(ok).toMatchObject({ outcome: 'done', status: 200 });
    expect(forbidden).toMatchObject(
      form.busybox ? { outcome: 'unable', reason: 'curl' } : { outcome: 'done', status: 403 },
    );
    expect(gone).toMatchObject({ outcome: 'refused', reason: 'ECONNREFUSED' });
    expect(four).toMatchObject({ outcome: 'done' });
    expect(six?.outcome).toBe('done');
    expect(unix).toMatchObject(bare ? { outcome: 'unable' } : { outcome: 'done' });
  });

  it('sends datagrams: an answer, a refusal, no answer, and one to itself', async () => {
    // Version negotiation, and nothing.
    const answering = createSocket('udp4', (_part, from) =>
      answering.send(Buffer.from('8000000000080101010101010101080202020202020202', 'hex'), from.port, from.address),
    );
    const mute = createSocket('udp4');
    for (const socket of [answering, mute]) await new Promise<void>(done => socket.bind(0, '127.0.0.1', done));
    const by = (to: number | undefined) =>
      ({ op: 'connect', host: '127.0.0.1', port: to, greeting: 'quic', timeout: 1_000 }) as never;
    const [answered, gone, silent, own] = await tryAll(session, [
      by(answering.address().port),
      by(port.free),
      by(mute.address().port),
      { op: 'listen', family: 'udp' },
    ]);
    answering.close();
    mute.close();
    if (bare)
      for (const one of [answered, gone, silent, own])
        expect(one).toMatchObject({ outcome: 'unable', reason: 'perl or python3' });
    else {
      expect(answered).toMatchObject({ outcome: 'done', at: '127.0.0.1' });
      expect(gone).toMatchObject({ outcome: 'refused', reason: 'ECONNREFUSED' });
      expect(silent).toMatchObject({ outcome: 'timeout' });
      expect(own).toMatchObject({ outcome: 'done' });
    }
  });

  it('requests over TLS, straight and through a proxy', async () => {
    const to = (extra: object) =>
      ({ op: 'request', method: 'GET', url: `https://127.0.0.1:${port.https}/`, ...extra }) as never;
    const [straight, tunnelled, forbidden] = await tryAll(session, [
      to({}),
      to({ proxy: `127.0.0.1:${port.proxy}` }),
      to({ proxy: `127.0.0.1:${port.proxy}`, url: `https://127.0.0.1:${port.http}/` }),
    ]);
    if (form.busybox) return expect(tunnelled).toMatchObject({ outcome: 'unable', reason: 'curl' });
    expect(straight).toMatchObject({ outcome: 'done', status: 204 });
    expect(tunnelled).toMatchObject({ outcome: 'done', status: 204, at: `proxy 127.0.0.1:${port.proxy}` });
    expect(forbidden).toMatchObject({ outcome: 'refused', reason: 'PROXY_403', status: 403 });
  });

  it('speaks to sockets by path and by abstract name', async () => {
    const [agent, gone, padded, exact, nobody] = await tryAll(session, [
      { op: 'socket', path: join(scene, 'agent.sock'), abstract: false, greeting: 'ssh-agent' },
      { op: 'socket', path: join(scene, 'no.sock'), abstract: false, greeting: 'ssh-agent' },
      { op: 'socket', path: `ap-lab-${process.pid}`, abstract: true, greeting: 'ssh-agent' },
      { op: 'socket', path: `ap-exact-${process.pid}`, abstract: true, greeting: 'ssh-agent' },
      { op: 'socket', path: `ap-nobody-${process.pid}`, abstract: true, greeting: 'ssh-agent' },
    ]);
    expect(agent).toMatchObject(bare ? { outcome: 'unable' } : { outcome: 'done' });
    expect(gone).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    if (process.platform === 'linux')
      for (const one of [padded, exact, nobody])
        expect(one).toMatchObject(
          bare
            ? { outcome: 'unable', reason: 'perl or python3' }
            : one === nobody
              ? { outcome: 'refused', reason: 'ECONNREFUSED' }
              : { outcome: 'done' },
        );
  });

  it('runs a program and keeps its output inside', async () => {
    const run = (argv: string[], extra: object = {}) => ({ op: 'exec', argv, cwd: scene, ...extra }) as never;
    const [ok, input, fails, quiet, missing, slow, nowhere] = await tryAll(session, [
      run(['sh', '-c', 'printf "%s %s" "$LAB_ADDED" "$PWD"'], {
        env: { LAB_ADDED: "it's $HOME" },
        expect: "it's $HOME /",
      }),
      run(['cat'], { input: 'given\nto it', expect: 'to it' }),
      run(['sh', '-c', 'echo no; exit 3'], { expect: 'yes' }),
      run(['true']),
      run(['ap-no-such-program']),
      run(['sleep', '20'], { timeout: 600 }),
      { op: 'exec', argv: ['true'], cwd: join(scene, 'nowhere') },
    ]);
    expect(ok).toMatchObject({ outcome: 'done', code: 0, printed: true, found: true });
    expect(input).toMatchObject({ outcome: 'done', code: 0, found: true });
    expect(fails).toMatchObject({ outcome: 'done', code: 3, printed: true, found: false });
    expect(quiet).toMatchObject({ outcome: 'done', code: 0, printed: false });
    expect(missing).toMatchObject({ outcome: 'unable', reason: 'ap-no-such-program' });
    expect(slow).toMatchObject({ outcome: 'timeout' });
    expect(nowhere).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(JSON.stringify([ok, input, fails])).not.toContain('given');
  });

  it('ends well, with nothing left over', async () => {
    expect(session.failure).toBeUndefined();
    expect(session.notes).toEqual([]);
    await session.close();
    expect(session.failure).toBe('it was closed');
    expect(await tryOne(session, { op: 'listen', family: 'ipv4' })).toMatchObject({
      outcome: 'error',
      reason: 'it was closed',
    });
  });
});

describe('a machine that is short of something', () => {
  it('has no descriptors left: an error, never a refusal', async () => {
    const session = await open(wrapped(['sh', '-c', 'ulimit -n 32; exec "$@"', 'sh']));
    expect(session.facts.form).toBe('node');
    const many = Array.from({ length: 60 });
    const read = { op: 'read', way: 'direct', path: join(scene, 'secret'), challenge: challenge(SECRET) } as const;
    const list = { op: 'list', path: join(scene, 'names'), key: 'k', digests: [sha256('kone')] } as const;
    const connect = { op: 'connect', host: '127.0.0.1', port: port.ssh ?? 0, greeting: 'ssh' } as const;
    const exec = { op: 'exec', argv: ['true'], cwd: '/' } as const;
    const seen = new Set<string>();
    for (const deed of [read, list, connect, exec])
      for (const { outcome, reason } of await tryAll(
        session,
        many.map(() => deed),
      ))
        if (outcome !== 'done') seen.add(`${deed.op} ${outcome} ${reason}`);
    await session.close();
    expect([...seen].sort()).toEqual(['connect', 'exec', 'list', 'read'].map(op => `${op} error EMFILE`));
  });

  it.each([
    ['says so', "echo 'cat: x: Too many open files' >&2; exit 1", 'EMFILE'],
    ['is killed half way', 'printf hun; kill -9 $$', 'unknown'],
  ])('has tools of which each %s: an error, and no other content', async (_name, body, reason) => {
    const bin = scratch();
    for (const tool of ['cat', 'ls']) writeFileSync(join(bin, tool), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const session = await open(wrapped([], { env: { PATH: `${bin}:${process.env.PATH}` } }), { form: 'sh' });
    const seen = await tryAll(session, [
      { op: 'read', way: 'direct', path: join(scene, 'secret'), challenge: challenge(SECRET) },
      { op: 'list', path: join(scene, 'names'), key: 'k', digests: [sha256('kone')] },
    ]);
    await session.close();
    for (const one of seen) {
      expect(one).toMatchObject({ outcome: 'error', reason });
      expect(one.matched).toBeUndefined();
    }
  });
});

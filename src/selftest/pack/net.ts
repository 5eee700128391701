import { createSocket } from 'node:dgram';
import { getServers, lookup } from 'node:dns/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, isIP, type NetConnectOpts, connect as open, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { TryOf } from '../wire.ts';
import { type Context, codeOf, failed, type Result, readText, runProgram, strongest, which, within } from './base.ts';
import { proxyOf } from './facts.ts';
import { images, refusedBy, tableCut } from './proc.ts';
import { connectRequest, formatTarget } from './tunnel.ts';

/** As many bytes of a greeting as are looked at. */
const HEARD = 64;

/** `host:port` or `[v6]:port` in two. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/** The login that the vantage's own environment has for a proxy; it goes to that proxy alone. */
function loginOf(proxy: string, env: Context['env']): { user: string; password: string } | undefined {
  for (const [name, value] of Object.entries(env)) {
    if (!/_proxy$/i.test(name) || proxyOf(value) !== proxy) continue;
    try {
      const { username, password } = new URL(value);
      if (username) return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
    } catch {}
  }
  return undefined;
}

/** The same as a header of HTTP. */
function proxyLogin(proxy: string, env: Context['env']): string {
  const login = loginOf(proxy, env);
  if (!login) return '';
  return `Proxy-Authorization: Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}\r\n`;
}

/** Answers of a SOCKS server (RFC 1928, 6) as the system's own codes. */
const SOCKS: Readonly<Record<number, string>> = {
  2: 'PROXY_DENIED',
  3: 'ENETUNREACH',
  4: 'EHOSTUNREACH',
  5: 'ECONNREFUSED',
};

/** A connection through a SOCKS 5 proxy, which resolves the name itself, or why there is none. */
function socks(proxy: string, target: { host: string; port: number }, { signal, env }: Context) {
  const login = loginOf(proxy, env);
  return new Promise<Socket | Result>(done => {
    const socket = open(splitAddress(proxy.replace(/^\w+:\/\//, '')));
    let heard = Buffer.alloc(0);
    let step: 'method' | 'login' | 'reply' = 'method';
    const stop = () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }));
    const end = (result: Result) => {
      socket.destroy();
      done(result);
    };
    const counted = (text: string) => {
      const bytes = Buffer.from(text).subarray(0, 255);
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    };
    const ask = () => {
      step = 'reply';
      const port = Buffer.from([target.port >> 8, target.port & 255]);
      const address =
        isIP(target.host) === 4
          ? Buffer.from([1, ...target.host.split('.').map(Number)])
          : Buffer.concat([Buffer.from([3]), counted(target.host)]);
      socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address, port]));
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.on('connect', () => socket.write(Buffer.from(login ? [5, 2, 0, 2] : [5, 1, 0])));
    socket.on('error', error => done(failed(error)));
    socket.on('close', () => done({ outcome: 'closed', reason: 'closed at once' }));
    socket.on('data', function take(part: Buffer) {
      heard = Buffer.concat([heard, part]);
      if (heard.length < 2) return;
      if (step === 'method') {
        if (heard[0] !== 5) return end({ outcome: 'error', reason: 'the proxy answered something else' });
        const method = heard[1];
        heard = heard.subarray(2);
        if (method === 0) return ask();
        if (method !== 2 || !login) return end({ outcome: 'refused', reason: 'PROXY_LOGIN' });
        step = 'login';
        socket.write(Buffer.concat([Buffer.from([1]), counted(login.user), counted(login.password)]));
      } else if (step === 'login') {
        if (heard[1] !== 0) return end({ outcome: 'refused', reason: 'PROXY_LOGIN' });
        heard = heard.subarray(2);
        ask();
      } else {
        const code = heard[1] as number;
        if (code !== 0) return end({ outcome: 'refused', reason: SOCKS[code] ?? 'PROXY_FAILED' });
        const length = heard[3] === 1 ? 10 : heard[3] === 4 ? 22 : 7 + (heard[4] ?? 255);
        if (heard.length < length) return;
        socket.removeListener('data', take);
        socket.removeAllListeners('close');
        socket.pause();
        if (heard.length > length) socket.unshift(heard.subarray(length));
        done(socket);
      }
    });
  });
}

const isSocks = (proxy: string) => proxy.startsWith('socks5://');

/** What this program cannot go through is said, so that no refusal beside it counts. */
function untriable(proxy: string | undefined): Result | undefined {
  const scheme = /^(\w+):\/\//.exec(proxy ?? '')?.[1];
  if (scheme === undefined || scheme === 'socks5') return undefined;
  return { outcome: 'unable', reason: `a client of ${scheme} proxies`, at: `proxy ${proxy}` };
}

/** Opens a connection, through a proxy's CONNECT if one is given, says what is to be said, and waits for the answer's first bytes. */
function dial(
  options: NetConnectOpts,
  said: Buffer,
  { deadline, signal, env }: Context,
  via?: { proxy: string; ask: Buffer },
  opened?: Socket,
): Promise<Result> {
  return new Promise(resolve => {
    let connected = opened !== undefined;
    let tunnel = via === undefined;
    let heard = Buffer.alloc(0);
    let soon: NodeJS.Timeout | undefined;
    const socket: Socket = opened ?? open({ ...options, autoSelectFamily: false } as NetConnectOpts);
    const end = (result: Result) => {
      clearTimeout(timer);
      clearTimeout(soon);
      signal.removeEventListener('abort', late);
      socket.destroy();
      resolve(result);
    };
    const answer = () => end({ outcome: 'done', reason: 'answered', heard: heard.subarray(0, HEARD).toString('hex') });
    const late = () =>
      connected && tunnel
        ? end({ outcome: 'silent', reason: 'said nothing' })
        : end({ outcome: 'timeout', reason: 'ETIMEDOUT' });
    const timer = setTimeout(late, Math.max(1, deadline - performance.now() - 20));
    signal.addEventListener('abort', late);
    socket.on('connect', () => {
      connected = true;
      if (via) socket.write(Buffer.concat([via.ask, Buffer.from(`${proxyLogin(via.proxy, env)}\r\n`)]));
      else if (said.length > 0) socket.write(said);
    });
    socket.on('data', part => {
      heard = Buffer.concat([heard, part]);
      if (!tunnel) {
        const at = heard.indexOf('\r\n\r\n');
        if (at < 0) {
          if (heard.length > 16_384) end({ outcome: 'error', reason: 'the proxy answered something else' });
          return;
        }
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(heard.toString('latin1', 0, at))?.[1] ?? 0);
        if (status !== 200)
          return end({ outcome: 'refused', reason: `PROXY_${status || 'ANSWER'}`, status: status || undefined });
        tunnel = true;
        heard = heard.subarray(at + 4);
        if (said.length > 0) socket.write(said);
      }
      if (heard.length >= 16) return answer();
      if (heard.length > 0) soon ??= setTimeout(answer, 40);
    });
    socket.on('error', error => {
      if (heard.length > 0 && tunnel) answer();
      else if (connected) end({ outcome: 'closed', reason: codeOf(error) });
      else end(failed(error));
    });
    socket.on('close', () =>
      heard.length > 0 && tunnel ? answer() : end({ outcome: 'closed', reason: 'closed at once' }),
    );
    if (opened && said.length > 0) socket.write(said);
    if (opened) socket.resume();
  });
}

/** Sends one datagram and waits for one. There is no connection, so silence is no answer at all. */
function ask(host: string, port: number, said: Buffer, { deadline, signal }: Context): Promise<Result> {
  return new Promise(done => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    const end = (result: Result) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', late);
      socket.removeAllListeners('error').on('error', () => {});
      try {
        socket.close();
      } catch {}
      done(result);
    };
    const late = () => end({ outcome: 'timeout', reason: 'ETIMEDOUT' });
    const timer = setTimeout(late, Math.max(1, deadline - performance.now() - 20));
    signal.addEventListener('abort', late);
    socket.on('error', error => end(failed(error)));
    socket.on('message', part =>
      end({ outcome: 'done', reason: 'answered', heard: part.subarray(0, HEARD).toString('hex') }),
    );
    // Connected, so that a refusal comes back, and nobody else's datagram counts.
    socket.connect(port, host, () => socket.send(said));
  });
}

async function addresses(host: string): Promise<string[]> {
  if (isIP(host)) return [host];
  const found = await lookup(host, { all: true, verbatim: true });
  return [...new Set(found.map(({ address }) => address))].slice(0, 16);
}

const bytes = (one: { say?: string }) => Buffer.from(one.say ?? '', 'hex');

/** Connects to a name by every address it has at once, or through a proxy, which resolves it itself. */
export async function connect(
  one: TryOf<'connect'> & { say?: string; ask?: string },
  context: Context,
): Promise<Result> {
  const barred = untriable(one.proxy);
  if (barred) return barred;
  try {
    if (one.proxy && isSocks(one.proxy)) {
      const at = `proxy ${one.proxy}`;
      const opened = await socks(one.proxy, one, context);
      return { ...('outcome' in opened ? opened : await dial(one, bytes(one), context, undefined, opened)), at };
    }
    if (one.proxy) {
      const target = formatTarget(one.host, one.port);
      const ask = one.ask === undefined ? connectRequest(target, target) : Buffer.from(one.ask, 'hex');
      const result = await dial(splitAddress(one.proxy), bytes(one), context, { proxy: one.proxy, ask });
      return { ...result, at: `proxy ${one.proxy}` };
    }
    const all = await addresses(one.host);
    const open = (host: string) =>
      one.greeting === 'quic'
        ? ask(host, one.port, bytes(one), context)
        : dial({ host, port: one.port }, bytes(one), context);
    const results = await Promise.all(all.map(async host => ({ ...(await open(host)), at: host })));
    return strongest(results, { outcome: 'refused', reason: 'ENOTFOUND' });
  } catch (error) {
    return failed(error);
  }
}

/** What an answer's code means (RFC 1035, 4.1.1), in the words of the system's own resolver. */
const RCODES: Readonly<Record<number, string>> = { 0: 'ENODATA', 2: 'ESERVFAIL', 3: 'ENOTFOUND', 5: 'EREFUSED' };

/** Asks each name server by itself. One that says that there is no such name has let nothing through. */
async function askServers(name: string, context: Context): Promise<Result> {
  const id = Buffer.from([Math.floor(Math.random() * 256), Math.floor(Math.random() * 256)]);
  const labels = name.split('.').map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const question = Buffer.concat([
    id,
    Buffer.from('01000001000000000000', 'hex'),
    ...labels,
    Buffer.from('0000010001', 'hex'),
  ]);
  const results = await Promise.all(
    getServers().map(async (server): Promise<Result> => {
      const { host, port } = isIP(server) === 0 ? splitAddress(server) : { host: server, port: 53 };
      const { heard = '', ...result } = await ask(host, port, question, context);
      const answer = Buffer.from(heard, 'hex');
      if (result.outcome !== 'done') return { ...result, at: server };
      if (answer.length < 12 || !answer.subarray(0, 2).equals(id))
        return { outcome: 'error', reason: 'the name server answered something else', at: server };
      const code = (answer[3] ?? 0) & 15;
      return code === 0 && answer.readUInt16BE(6) > 0
        ? { outcome: 'done', reason: 'resolved', at: server }
        : { outcome: 'refused', reason: RCODES[code] ?? 'EREFUSED', at: server };
    }),
  );
  return strongest(results, { outcome: 'none', reason: 'no name server' });
}

export async function resolve({ name, direct }: TryOf<'resolve'>, context: Context): Promise<Result> {
  if (direct) return askServers(name, context);
  try {
    const found = await lookup(name, { all: true, verbatim: true });
    return {
      outcome: 'done',
      reason: 'resolved',
      names: found.slice(0, 50).map(({ address }) => ({ name: address, from: 'resolver' })),
    };
  } catch (error) {
    return failed(error);
  }
}

/**
 * Whether this Node gives an abstract name its own length. Older ones fill it up with NULs, which is another name, and
 * the oldest take the leading NUL for an empty one. What the kernel lists is the truth.
 */
async function exactAbstract(): Promise<boolean> {
  const name = `ap-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const server = createServer();
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen({ path: `\0${name}` }, done);
    });
    return readText('/proc/net/unix').includes(`@${name}\n`);
  } catch {
    return false;
  } finally {
    server.close();
  }
}
let exact: Promise<boolean> | undefined;

/** Connect to an abstract name, as it is and filled up, for a Node that cannot; what is heard is printed as hex. */
const PERL = `use Socket;$SIG{ALRM}=sub{print"silent";exit};alarm shift;my $h=pack("H*",shift);my $s=pack("H*",shift);
for my $n($h,pack("a107",$h)){socket(S,AF_UNIX,SOCK_STREAM,0)or die;connect(S,pack("S",AF_UNIX)."\\0".$n)or next;
syswrite(S,$s);my $r=sysread(S,my $b,64);print $r?"heard ".unpack("H*",$b):"closed";exit}print"refused ".($!+0)`;
const PYTHON = `import socket,sys
h=bytes.fromhex(sys.argv[2]);no=0
for n in (h,h.ljust(107,b"\\0")):
  s=socket.socket(socket.AF_UNIX);s.settimeout(int(sys.argv[1]))
  try:
    s.connect(b"\\0"+n)
  except OSError as e:
    no=e.errno;continue
  try:
    s.sendall(bytes.fromhex(sys.argv[3]));b=s.recv(64);print("heard "+b.hex() if b else "closed")
  except socket.timeout:
    print("silent")
  except OSError:
    print("closed")
  sys.exit()
print("refused",no)`;

async function abstractByTool(name: string, said: string, context: Context): Promise<Result> {
  const seconds = String(Math.max(1, Math.floor((context.deadline - performance.now()) / 1000)));
  const rest = [seconds, Buffer.from(name).toString('hex'), said];
  const perl = which('perl', context.env);
  const python = which('python3', context.env);
  const argv = perl ? [perl, '-e', PERL, ...rest] : python ? [python, '-c', PYTHON, ...rest] : undefined;
  if (!argv) return { outcome: 'unable', reason: 'perl or python3' };
  const ran = await runProgram(argv, { signal: context.signal, env: { ...context.env }, keep: 500 });
  const [word, rest1 = ''] = ran.out.toString().trim().split(' ');
  if (word === 'heard') return { outcome: 'done', reason: 'answered', heard: rest1 };
  if (word === 'closed') return { outcome: 'closed', reason: 'closed at once' };
  if (word === 'silent') return { outcome: 'silent', reason: 'said nothing' };
  const code = { 111: 'ECONNREFUSED', 1: 'EPERM', 13: 'EACCES', 2: 'ENOENT', 97: 'EAFNOSUPPORT' }[Number(rest1)];
  return code ? failed({ code }) : { outcome: 'error', reason: ran.err.slice(0, 200) || `errno ${rest1}` };
}

/** Connects to a socket by its path, by every other place where the same one shows, or by its abstract name. */
export async function socket(one: TryOf<'socket'> & { say?: string }, context: Context): Promise<Result> {
  try {
    if (one.abstract) {
      if (process.platform !== 'linux') return { outcome: 'none', reason: 'no abstract sockets' };
      exact ??= exactAbstract();
      const isExact = await exact;
      const own = { path: `\0${one.path}` };
      const [named, padded] = await Promise.all([
        isExact ? dial(own, bytes(one), context) : abstractByTool(one.path, one.say ?? '', context),
        dial(isExact ? { path: own.path.padEnd(108, '\0') } : own, bytes(one), context),
      ]);
      return ['done', 'silent', 'closed'].includes(padded.outcome) ? padded : named;
    }
    const dialled = await dial({ path: one.path }, bytes(one), context);
    const direct = dialled.reason === 'EACCES' ? { ...dialled, ...refusedBy(one.path) } : dialled;
    if (direct.outcome !== 'refused' || !one.place) return direct;
    const others = images(one.place, one.path);
    const results = await Promise.all(
      others.map(async path => ({ ...(await dial({ path }, bytes(one), context)), at: path })),
    );
    return within(tableCut(), strongest([direct, ...results], direct));
  } catch (error) {
    return failed(error);
  }
}

/** A listener of the pack's own and a connection to it. */
export async function listen({ family }: TryOf<'listen'>, context: Context): Promise<Result> {
  if (family === 'udp') return echo(context);
  if (family !== 'unix') return listenAt({ host: family === 'ipv6' ? '::1' : '127.0.0.1', port: 0 }, context);
  const name = `ap-${process.pid}-${Math.random().toString(36).slice(2)}`;
  if (process.platform === 'win32') return listenAt({ path: `\\\\.\\pipe\\${name}` }, context);
  if (process.platform === 'linux') {
    const abstract = await listenAt({ path: `\0${name}` }, context);
    if (abstract.outcome === 'done') return abstract;
  }
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'ap-'));
    return await listenAt({ path: join(folder, 's') }, context);
  } catch (error) {
    return failed(error);
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
}

/** A datagram to ourselves and back. */
async function echo(context: Context): Promise<Result> {
  const server = createSocket('udp4');
  server.on('error', () => {});
  server.on('message', (_part, { port, address }) => server.send('here', port, address));
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.bind(0, '127.0.0.1', done);
    });
    return await ask('127.0.0.1', server.address().port, Buffer.from('?'), context);
  } catch (error) {
    return failed(error);
  } finally {
    server.close();
  }
}

async function listenAt(place: { host: string; port: number } | { path: string }, context: Context): Promise<Result> {
  const server = createServer(peer => {
    peer.on('error', () => {});
    peer.end('here\n');
  });
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(place, done);
    });
    const address = server.address();
    const target =
      'path' in place || typeof address !== 'object' || !address
        ? place
        : { host: address.address, port: address.port };
    const result = await dial(target, Buffer.alloc(0), context);
    return result.outcome === 'done' ? { outcome: 'done', reason: 'answered' } : result;
  } catch (error) {
    return failed(error);
  } finally {
    server.close();
  }
}

/** Sends the request that the posture names; the status is the effect. Certificates are not what is judged here. */
export async function request(one: TryOf<'request'>, context: Context): Promise<Result> {
  const barred = untriable(one.proxy);
  if (barred) return barred;
  const url = new URL(one.url);
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const [http, https] = await Promise.all([import('node:http'), secure ? import('node:https') : undefined]);
  let stream: Socket | undefined;
  let headers: Record<string, string> = { 'user-agent': 'agent-posture', connection: 'close' };
  let target: Record<string, unknown> = { host, port, path: url.pathname + url.search };
  const at = one.proxy ? `proxy ${one.proxy}` : undefined;
  if (one.proxy && !secure && !isSocks(one.proxy)) {
    const login = /Basic (\S+)/.exec(proxyLogin(one.proxy, context.env))?.[0];
    headers = { ...headers, host: url.host, ...(login ? { 'proxy-authorization': login } : {}) };
    target = { ...splitAddress(one.proxy), path: one.url };
  }
  try {
    if (one.proxy && (secure || isSocks(one.proxy))) {
      const opened = isSocks(one.proxy)
        ? await socks(one.proxy, { host, port }, context)
        : await tunnel(one.proxy, `${url.hostname}:${port}`, context);
      if ('outcome' in opened) return { ...opened, at };
      stream = opened;
    }
    return await new Promise<Result>(done => {
      const sent = (https ?? http).request({
        ...target,
        method: one.method,
        headers,
        agent: false,
        signal: context.signal,
        ...(secure ? { rejectUnauthorized: false, servername: isIP(host) ? '' : host } : {}),
        ...(stream && secure ? { socket: stream, createConnection: undefined } : {}),
        ...(stream && !secure ? { agent: undefined, createConnection: () => stream } : {}),
      } as object);
      // A connection through a proxy was held until somebody listens.
      sent.on('socket', () => stream?.resume());
      sent.on('response', response => {
        response.destroy();
        done({ outcome: 'done', reason: 'answered', status: response.statusCode, at });
      });
      sent.on('error', error => done({ ...failed(error), at }));
      sent.end();
    });
  } catch (error) {
    return { ...failed(error), at };
  } finally {
    stream?.destroy();
  }
}

/** A connection through a proxy's CONNECT, or why there is none. */
function tunnel(proxy: string, target: string, { signal, env }: Context): Promise<Socket | Result> {
  return new Promise(done => {
    const socket = open(splitAddress(proxy));
    let heard = Buffer.alloc(0);
    const stop = () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }));
    signal.addEventListener('abort', stop, { once: true });
    socket.on('connect', () =>
      socket.write(Buffer.concat([connectRequest(target, target), Buffer.from(`${proxyLogin(proxy, env)}\r\n`)])),
    );
    socket.on('error', error => done(failed(error)));
    socket.on('close', () => done({ outcome: 'closed', reason: 'closed at once' }));
    socket.on('data', function take(part: Buffer) {
      heard = Buffer.concat([heard, part]);
      if (heard.indexOf('\r\n\r\n') < 0 && heard.length < 16_384) return;
      socket.removeListener('data', take);
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(heard.toString('latin1'))?.[1] ?? 0);
      if (status === 200) return done(socket);
      socket.destroy();
      done({ outcome: 'refused', reason: `PROXY_${status || 'ANSWER'}`, status: status || undefined });
    });
  });
}

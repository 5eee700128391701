import { lookup as systemLookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { SAY_WHERE_NOT_FOUND } from '../found.ts';
import { isAllowed, mayConnect, parseRules, splitHost } from './rules.ts';

/** Where, inside the box, the forwarder listens. The box has a loopback of its own, so it is free. */
export const FORWARD_PORT = 3128;

const CONNECT_TIMEOUT = 20_000;
const MAX_CONNECTIONS = 512;
/** As many refused hosts are remembered. */
const REFUSED = 50;

/** What was asked for and not let through, `host:port`, with how often: as many as are kept. */
export interface Refused {
  unlisted: ReadonlyMap<string, number>;
  /** Listed by name, and the name leads to an address of an inner network, which is not. */
  inner: ReadonlyMap<string, number>;
}

export interface Egress {
  /** Path of the unix socket on which the proxy listens. */
  socket: string;
  refused: Refused;
  close(): Promise<void>;
}

type Lookup = (name: string) => Promise<readonly { address: string; family: number }[]>;

class Refusal extends Error {
  constructor(
    readonly status: 400 | 403 | 502,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A proxy for a box without a network of its own: HTTP and CONNECT, on a unix socket that only the box is given, to the
 * listed hosts alone. A name is resolved once, and the connection goes to that very address.
 */
export async function startEgress(
  allow: readonly string[],
  socket: string,
  lookup: Lookup = name => systemLookup(name, { all: true }),
): Promise<Egress> {
  const rules = parseRules(allow);
  const refused = { unlisted: new Map<string, number>(), inner: new Map<string, number>() };
  const note = (list: Map<string, number>, asked: string) => {
    if (list.has(asked) || list.size < REFUSED) list.set(asked, (list.get(asked) ?? 0) + 1);
  };
  const open = new Set<Duplex>();
  const track = <S extends Duplex>(stream: S): S => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    stream.on('error', () => stream.destroy());
    return stream;
  };

  /** The address to connect to. Throws Refusal. */
  async function resolve(host: string, port: number): Promise<string> {
    if (!isAllowed(rules, host, port)) {
      note(refused.unlisted, `${host}:${port}`);
      throw new Refusal(403, 'this host is not in isolation.network.allow');
    }
    let addresses: readonly { address: string }[];
    try {
      addresses = isIP(host) ? [{ address: host }] : await lookup(host);
    } catch {
      throw new Refusal(502, 'the name could not be resolved');
    }
    const address = addresses.find(candidate => mayConnect(rules, host, candidate.address, port))?.address;
    if (address === undefined) {
      note(refused.inner, `${host}:${port}`);
      throw new Refusal(403, 'this name leads to an inner address that is not listed itself');
    }
    return address;
  }

  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 0, headersTimeout: 20_000 });
  server.maxConnections = MAX_CONNECTIONS;

  server.on('connect', async (message: IncomingMessage, client: Duplex, head: Buffer) => {
    track(client);
    try {
      const target = splitHost(message.url ?? '');
      if (target?.port === undefined) throw new Refusal(400, 'expected CONNECT host:port');
      const address = await resolve(target.host, target.port);
      const upstream: Socket = track(connect({ host: address, port: target.port, timeout: CONNECT_TIMEOUT }));
      upstream.once('timeout', () => upstream.destroy());
      upstream.once('connect', () => {
        upstream.setTimeout(0);
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        if (head.length > 0) upstream.write(head);
        client.pipe(upstream).pipe(client);
      });
      upstream.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n'));
      upstream.once('close', () => client.end());
      client.once('close', () => upstream.destroy());
    } catch (error) {
      const { status, message: text } = refusalOf(error);
      client.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text) + 1}\r\nConnection: close\r\n\r\n${text}\n`,
      );
    }
  });

  server.on('request', async (message, response) => {
    try {
      const url = URL.canParse(message.url ?? '') ? new URL(message.url ?? '') : undefined;
      const target = url?.protocol === 'http:' ? splitHost(url.host) : undefined;
      if (!url || !target || url.username || url.password) throw new Refusal(400, 'expected a plain http:// address');
      const port = target.port ?? 80;
      const address = await resolve(target.host, port);
      const headers: RequestOptions['headers'] = { ...message.headers, host: url.host };
      for (const name of ['proxy-connection', 'proxy-authorization', 'connection']) delete headers[name];
      const upstream = request({
        host: address,
        port,
        method: message.method,
        path: `${url.pathname}${url.search}`,
        headers,
        timeout: CONNECT_TIMEOUT,
        agent: false,
      });
      upstream.once('socket', stream => track(stream));
      upstream.once('response', answer => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        // An answer that is cut off has to be cut off for the client too: piped, it would be waited for without end.
        pipeline(answer, response, () => {});
      });
      upstream.once('timeout', () => upstream.destroy());
      upstream.once('error', () => {
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      });
      response.once('close', () => upstream.destroy());
      message.pipe(upstream);
    } catch (error) {
      const { status, message: text } = refusalOf(error);
      response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
    }
  });
  server.on('upgrade', (_message, stream) => stream.destroy());
  server.on('connection', stream => track(stream));
  // Said, so that whoever tries can tell a refusal from a proxy that is gone.
  server.on('clientError', (_error, stream) => {
    if (stream.writable) stream.end('HTTP/1.1 400 Refused\r\nConnection: close\r\n\r\n');
    else stream.destroy();
  });

  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(socket, done);
  });
  return {
    socket,
    refused,
    close: () =>
      new Promise(done => {
        server.close(() => done());
        for (const stream of open) stream.destroy();
      }),
  };
}

function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(502, 'the connection failed');
}

/**
 * Ports of this machine that the box may reach, by the list: a client of a database knows no proxy, so they are there as
 * well, at the box's own loopback.
 */
export function ownPorts(allow: readonly string[]): number[] {
  const ports = allow.flatMap(entry => {
    const split = splitHost(entry);
    const own = split && (split.host === 'localhost' || /^127\./.test(split.host));
    return own && split.port !== undefined && split.port !== FORWARD_PORT ? [split.port] : [];
  });
  return [...new Set(ports)];
}

/**
 * Runs in the box: carries each connection to the ports over to the socket, those to a port of this machine by way of
 * CONNECT, and says when it listens.
 */
const FORWARDER = `
const net = require('node:net');
const [ports, path, own] = process.argv.slice(1);
const join = (client, out) => {
  for (const [a, b] of [[client, out], [out, client]]) { a.pipe(b); a.on('error', () => b.destroy()); a.on('close', () => b.destroy()); }
};
const listening = ports.split(',').map(port => {
  const server = net.createServer({ allowHalfOpen: true }, client => join(client, net.connect({ path, allowHalfOpen: true })));
  return new Promise((done, fail) => server.once('error', fail).listen(Number(port), '127.0.0.1', done));
});
for (const to of own.split(',').filter(Boolean)) {
  const served = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => {
    const out = net.connect({ path, allowHalfOpen: true });
    let head = '';
    const told = data => {
      head += data.toString('latin1');
      const end = head.indexOf('\\r\\n\\r\\n');
      if (end < 0 && head.length < 4096) return;
      out.off('data', told);
      if (!/^HTTP\\/1\\.1 200 /.test(head)) { client.destroy(); out.destroy(); return; }
      const rest = head.slice(end + 4);
      if (rest) client.write(Buffer.from(rest, 'latin1'));
      join(client, out);
      client.resume();
    };
    out.on('data', told).on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('error', () => out.destroy()).on('close', () => out.destroy());
    out.write('CONNECT 127.0.0.1:' + to + ' HTTP/1.1\\r\\nHost: 127.0.0.1:' + to + '\\r\\n\\r\\n');
  });
  // A low port cannot be listened at by everybody: that way is missing then, and the proxy's is there.
  listening.push(new Promise(done => served.once('error', done).listen(Number(to), '127.0.0.1', done)));
}
Promise.all(listening).then(() => process.stdout.write('ready\\n'));
// It was started beside the command, and has nothing to do once that is gone.
const beside = process.ppid;
setInterval(() => { if (process.ppid !== beside) process.exit(); }, 500).unref();
process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {});
`;

/**
 * The command with the forwarder started before it, by the Node that runs us: what comes to one of `ports` on loopback goes to
 * the socket. The forwarder keeps none of the command's descriptors, and ends with the box.
 */
export function forwarderCommand(
  socket: string,
  command: readonly string[],
  own: readonly number[] = [],
  ports: readonly number[] = [FORWARD_PORT],
): string[] {
  const script = [
    'pipe=/tmp/.agent-posture-$$',
    'mkfifo -m 600 "$pipe" || exit 125',
    'NODE_OPTIONS= "$1" -e "$2" -- "$3" "$4" "$5" </dev/null >"$pipe" 2>/dev/null &',
    'read -r ready <"$pipe" || ready=',
    'rm -f "$pipe"',
    'shift 5',
    '[ "$ready" = ready ] || { echo "agent-posture: the way to the allowed hosts could not be opened" >&2; exit 125; }',
    'unset pipe ready',
    SAY_WHERE_NOT_FOUND,
    'exec "$@"',
  ].join('\n');
  return [
    '/bin/sh',
    '-c',
    script,
    'sh',
    process.execPath,
    FORWARDER,
    ports.join(','),
    socket,
    own.join(','),
    ...command,
  ];
}

import { isIPv4, isIPv6 } from 'node:net';
import type { SystemKind } from './schema.ts';

/** The port that a kind of system usually listens on, as registered with IANA. */
const USUAL_PORT: Readonly<Partial<Record<SystemKind, number>>> = {
  postgres: 5432,
  mysql: 3306,
  redis: 6379,
  mongodb: 27017,
  queue: 5672,
  kubernetes: 6443,
  'ssh-host': 22,
  email: 587,
  'http-api': 80,
  'object-storage': 80,
  'cloud-account': 443,
  forge: 443,
  payment: 443,
};

/** What the schemes of URLs name: the kind of system, and the port where none is written. */
export const SCHEMES: Readonly<Record<string, readonly [kind: SystemKind, port: number]>> = {
  http: ['http-api', 80],
  https: ['http-api', 443],
  ws: ['http-api', 80],
  wss: ['http-api', 443],
  postgres: ['postgres', 5432],
  postgresql: ['postgres', 5432],
  pgsql: ['postgres', 5432],
  cockroachdb: ['postgres', 26257],
  mysql: ['mysql', 3306],
  mysql2: ['mysql', 3306],
  mariadb: ['mysql', 3306],
  redis: ['redis', 6379],
  rediss: ['redis', 6379],
  valkey: ['redis', 6379],
  mongodb: ['mongodb', 27017],
  'mongodb+srv': ['mongodb', 27017],
  amqp: ['queue', 5672],
  amqps: ['queue', 5671],
  nats: ['queue', 4222],
  kafka: ['queue', 9092],
  smtp: ['email', 25],
  smtps: ['email', 465],
  sqlserver: ['other', 1433],
  mssql: ['other', 1433],
  oracle: ['other', 1521],
  clickhouse: ['other', 9000],
  cassandra: ['other', 9042],
  neo4j: ['other', 7687],
  bolt: ['other', 7687],
  ldap: ['other', 389],
  ldaps: ['other', 636],
  ssh: ['ssh-host', 22],
  sftp: ['ssh-host', 22],
  s3: ['object-storage', 443],
};

/** Where a system is. Hosts are without brackets. */
export type Address =
  | { form: 'tcp'; host: string; port: number }
  | { form: 'url'; url: string; host: string; port: number | undefined }
  | { form: 'unix'; path: string }
  | { form: 'file'; path: string };

const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** Whether a host is a name or an IPv4 or (without brackets) IPv6 address that can exist. */
export function isHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host);
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return (
    host.length <= 253 &&
    host
      .replace(/\.$/, '')
      .split('.')
      .every(label => LABEL.test(label))
  );
}

/** An entry of a list of hosts without its port, for programs that know none. */
export function withoutPort(entry: string): string {
  return entry.replace(/:\d+$/, '');
}

/** `host`, `host:port`, `[v6]` or `[v6]:port` in parts; undefined for anything else. */
export function splitHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [, v6, name, digits] = match;
  const host = v6 ?? name ?? '';
  if (v6 !== undefined && !isIPv6(v6)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host, port };
}

/**
 * A system's address in parts: `host:port`, `[v6]:port`, a URL without user info, `unix:/path`, or a path for sqlite.
 * `problem` says what is wrong, `expected` what would do; neither quotes the address, which may hold a password.
 */
export function readAddress(
  text: string,
  kind: SystemKind,
): { ok: true; address: Address } | { ok: false; problem: string; expected: string } {
  const port = USUAL_PORT[kind] ?? 443;
  const expected =
    kind === 'sqlite'
      ? 'the path of the database file'
      : `host:port such as ${kind === 'http-api' ? 'api' : 'db'}.example.com:${port}, [v6]:port, a URL without user and password, or unix:/path`;
  const wrong = (problem: string) => ({ ok: false, problem, expected }) as const;
  if (text.startsWith('unix:')) {
    const path = text.slice(5);
    return /^\/[^\s]/.test(path)
      ? { ok: true, address: { form: 'unix', path } }
      : wrong('a socket is written unix: and its absolute path');
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      return wrong('this is not a URL');
    }
    if (/:\/\/[^/?#]*@/.test(text)) return wrong('the URL holds a user or a password');
    if (kind === 'sqlite') return wrong('sqlite has no server');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (!isHost(host)) return wrong('the URL has no valid host');
    if (url.port === '0') return wrong('a port is 1 to 65535');
    return { ok: true, address: { form: 'url', url: text, host, port: url.port ? Number(url.port) : undefined } };
  }
  if (kind === 'sqlite') return { ok: true, address: { form: 'file', path: text } };
  const split = splitHostPort(text);
  if (!split)
    return wrong(
      /:\d{1,}$/.test(text) ? 'the host or the port is not valid (ports are 1 to 65535)' : 'this is not an address',
    );
  if (!isHost(split.host)) return wrong('the host is not a valid name or IP address');
  if (split.port === undefined) return wrong('the port is missing');
  return { ok: true, address: { form: 'tcp', host: split.host, port: split.port } };
}

/** The kind of system that a port speaks of, or undefined. */
export function kindOfPort(port: number): SystemKind | undefined {
  const known = [...Object.values(SCHEMES), ...Object.entries(USUAL_PORT)].find(pair => pair.includes(port));
  return known?.[0] as SystemKind | undefined;
}

/**
 * Where to connect to for a system's address, or for a bare host; undefined where it is no valid one, no host's, or its
 * port is not known.
 */
export function endpointOf(
  text: string,
  kind: SystemKind,
): { host: string; port: number; scheme: string | undefined } | undefined {
  const read = readAddress(text, kind);
  const bare = !read.ok && kind !== 'sqlite' ? splitHostPort(text) : undefined;
  const place = read.ok ? read.address : bare && isHost(bare.host) ? bare : undefined;
  if (place === undefined || !('host' in place)) return undefined;
  const { host, port } = place;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  // A parsed URL drops the port that is its scheme's own.
  const known = port ?? (scheme === undefined ? undefined : SCHEMES[scheme]?.[1]) ?? USUAL_PORT[kind];
  return known === undefined ? undefined : { host, port: known, scheme };
}

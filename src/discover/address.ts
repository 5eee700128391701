import type { SystemKind } from '../posture/schema.ts';

/** Where a system is, taken out of a connection text. No user, password, path or parameter of it is kept. */
export interface Address {
  kind: SystemKind;
  /** `host:port`, `[v6]:port`; a file's path for sqlite. */
  address: string;
  host: string;
  /** The database's name, where it is a plain one. */
  database: string | undefined;
}

const SCHEMES: Record<string, readonly [kind: SystemKind, port: number]> = {
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

/** A connection address anywhere in a text: `postgresql+asyncpg://…`, `jdbc:mysql://…`. */
const CONNECTION = /(?:jdbc:)?([a-z][a-z0-9]{1,15})(?:\+[a-z0-9]{1,20})?:\/\/([^\s"'`<>]{1,1000})/gi;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;
/** What examples write in place of a host. */
const PLACEHOLDER = /^(host|hostname|server|your[-_.].*|.*[-_]?placeholder|xxx+|changeme|todo|username|user)$/i;

/** Every database, queue and mail server that a line names by its address. Web addresses are `webAddress`'s business. */
export function connectionAddresses(line: string): Address[] {
  const found: Address[] = [];
  for (const [, scheme = '', rest = ''] of line.slice(0, 4_000).matchAll(CONNECTION)) {
    const known = SCHEMES[scheme.toLowerCase()];
    if (!known) continue;
    const [kind, port] = known;
    const [authority = '', path = ''] = splitOnce(rest, /[/?#;\\]/);
    // A list of hosts (MongoDB, Redis clusters) is one system each.
    for (const part of authority.slice(authority.lastIndexOf('@') + 1).split(','))
      push(found, part, kind, port, databaseName(path));
  }
  return found;
}

function splitOnce(text: string, separator: RegExp): [string, string] {
  const at = text.search(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function databaseName(path: string): string | undefined {
  return /^([A-Za-z][A-Za-z0-9_-]{0,40})(?:[?;&]|$)/.exec(path)?.[1];
}

function push(found: Address[], part: string, kind: SystemKind, usualPort: number, database: string | undefined): void {
  const address = hostAndPort(part, usualPort);
  if (address) found.push({ kind, ...address, database });
}

/** `host`, `host:port`, `[v6]:port` → both parts; undefined when it is no host, or only stands for one. */
export function hostAndPort(text: string, usualPort: number): { host: string; address: string } | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1]?.toLowerCase() ?? '';
  const port = Number(match?.[2] ?? usualPort);
  if (!HOST.test(host) || PLACEHOLDER.test(host) || port < 1 || port > 65_535) return undefined;
  return { host, address: `${host === 'localhost' ? '127.0.0.1' : host}:${port}` };
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)$/i.test(host);
}

/** Hosts of services whose kind is known by their name. */
const SERVICES: readonly [pattern: RegExp, kind: SystemKind][] = [
  [/(^|\.)(stripe|paypal|adyen|braintreegateway|squareup|mollie|razorpay)\.com$/, 'payment'],
  [/(^|\.)(sendgrid|mailgun|postmarkapp|resend|mailchimp|sparkpost)\.(com|net)$/, 'email'],
  [
    /(^|\.)s3([.-][a-z0-9-]+)*\.amazonaws\.com$|(^|\.)(storage\.googleapis|blob\.core\.windows|r2\.cloudflarestorage|digitaloceanspaces|backblazeb2)\.(com|net)$/,
    'object-storage',
  ],
  [/(^|\.)(sqs|sns|kinesis)\.[a-z0-9-]+\.amazonaws\.com$/, 'queue'],
];

/** Names of variables that hold addresses of one's own pages, not of a system. */
const OWN_PAGES =
  /(^|_)(SITE|APP|CDN|ASSETS?|STATIC|DOCS?|HOME(PAGE)?|CALLBACK|REDIRECT|CORS|ORIGINS?|FRONTEND|CLIENT|WEB|LOGO|PROXY|NEXTAUTH)(_|$)/;

/** The service behind a web address that a variable holds; undefined for addresses on this machine and one's own pages. */
export function webAddress(name: string, value: string): Address | undefined {
  if (!/^https?:\/\//i.test(value) || OWN_PAGES.test(name) || /^(NEXT_PUBLIC|VITE|REACT_APP|GATSBY)_/.test(name))
    return undefined;
  const authority = splitOnce(value.replace(/^https?:\/\//i, ''), /[/?#\\]/)[0];
  const place = hostAndPort(authority.slice(authority.lastIndexOf('@') + 1), /^https/i.test(value) ? 443 : 80);
  if (!place || isLoopback(place.host) || !place.host.includes('.')) return undefined;
  const kind = SERVICES.find(([pattern]) => pattern.test(place.host))?.[1] ?? 'http-api';
  return { kind, ...place, database: undefined };
}

import { isHost, SCHEMES, splitHostPort } from '../posture/address.ts';
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

/** A connection address anywhere in a text: `postgresql+asyncpg://…`, `jdbc:mysql://…`. */
const CONNECTION = /(?:jdbc:)?([a-z][a-z0-9]{1,15})(?:\+[a-z0-9]{1,20})?:\/\/([^\s"'`<>]{1,1000})/gi;
/** What examples write in place of a host. */
const PLACEHOLDER = /^(host|hostname|server|your[-_.].*|.*[-_]?placeholder|xxx+|changeme|todo|username|user)$/i;

/** Every database, queue and mail server that a line names by its address. Web addresses are `webAddress`'s business. */
export function connectionAddresses(line: string): Address[] {
  const found: Address[] = [];
  for (const [, scheme = '', rest = ''] of line.slice(0, 4_000).matchAll(CONNECTION)) {
    const known = SCHEMES[scheme.toLowerCase()];
    if (!known || known[0] === 'http-api') continue;
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
  const split = splitHostPort(text);
  const host = split?.host.toLowerCase() ?? '';
  const port = split?.port ?? usualPort;
  if (!isHost(host) || PLACEHOLDER.test(host) || port < 1 || port > 65_535) return undefined;
  const named = host === 'localhost' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return { host, address: `${named}:${port}` };
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

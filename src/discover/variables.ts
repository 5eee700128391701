import { basename } from 'node:path';
import { SCHEMES } from '../posture/address.ts';
import { environmentOf } from '../posture/environment.ts';
import type { SystemKind } from '../posture/schema.ts';
import { connectionAddresses } from './address.ts';
import { assignments } from './env-file.ts';
import { environmentOfFile } from './environments.ts';
import { databaseKind, type Mention, slug, usesOf } from './mention.ts';
import { isOrmFile } from './orm.ts';
import { isEnvironmentFile } from './secret-files.ts';
import { isSpringFile } from './spring.ts';

/** What a variable that holds an address is of, by the words before its ending. */
const KINDS: readonly [name: RegExp, kind: SystemKind][] = [
  [/(^|_)(POSTGRES(QL)?|PG)_(URL|URI|DSN)$/, 'postgres'],
  [/(^|_)(MYSQL|MARIADB)_(URL|URI|DSN)$/, 'mysql'],
  [/(^|_)(REDIS|VALKEY)_(URL|URI|DSN|REST_URL)$/, 'redis'],
  [/(^|_)MONGO(DB)?_(URL|URI|DSN)$/, 'mongodb'],
  [/(^|_)(CLOUDAMQP|AMQP|RABBITMQ|NATS)_(URL|URI|DSN)$|(^|_)KAFKA_(BROKERS?|BOOTSTRAP_SERVERS|URL)$/, 'queue'],
  [/(^|_)(SMTP|MAILER)_(URL|URI|DSN)$/, 'email'],
  [/(^|_)(DATABASE|DB|DIRECT|ELASTIC(SEARCH)?|OPENSEARCH|CLICKHOUSE|NEO4J|CASSANDRA)_(URL|URI|DSN)$/, 'other'],
  [/_(API|SERVICE|GATEWAY|BACKEND)_(BASE_)?(URL|URI|ENDPOINT)$/, 'http-api'],
];
/** Addresses that a browser is told, and those that other tools set. */
const PUBLIC = /^(NEXT_PUBLIC|VITE|REACT_APP|GATSBY|EXPO_PUBLIC|NUXT_PUBLIC|PUBLIC)_/;

const kindOf = (name: string): SystemKind | undefined =>
  PUBLIC.test(name) ? undefined : KINDS.find(([pattern]) => pattern.test(name))?.[1];

/** What stands for a value that everybody fills in: nothing, `<url>`, `your-…`, `changeme`, a variable. */
const PLACEHOLDER =
  /^$|^<[^<>]*>$|^\$\{?\w+\}?$|^\[[^\]]*\]$|^(your|my|some)[-_ ]|change[-_]?me|^x{3,}$|^(todo|tbd|fixme|placeholder|\.{3})$/i;

const SCHEMA = /(^|\/)schema\.prisma$|(^|\/)prisma\/[\w-]+\.prisma$/;
const SETTINGS = /(^|\/)config\/database\.ya?ml$|(^|\/)settings(_\w+)?\.py$|(^|\/)settings\/[\w-]+\.py$/;

/** Whether a file names variables that hold addresses. */
export const namesVariables = (path: string): boolean =>
  isEnvironmentFile(path) ||
  SCHEMA.test(path) ||
  SETTINGS.test(path) ||
  // Every application of Laravel has the same lines for each database that it could use.
  (isOrmFile(path) && !path.endsWith('.php')) ||
  isSpringFile(path);

/** Systems by the variables that would hold their addresses: left empty in an example, or read by what speaks to a database. */
export function variableUses(path: string, text: string): Mention[] {
  return isEnvironmentFile(path) ? fromEnvironment(path, text) : fromCode(path, text);
}

function fromEnvironment(path: string, text: string): Mention[] {
  return [...assignments(text)].flatMap(({ name, value, line }) => {
    const kind = kindOf(name);
    const scheme = SCHEMES[/^([a-z][a-z0-9+]{1,20}):\/\//i.exec(value)?.[1]?.toLowerCase() ?? '']?.[0];
    // `postgres://user:password@host:5432/db` is an example of an address, and tells the kind.
    const stands = scheme !== undefined && scheme !== 'http-api' && connectionAddresses(value).length === 0;
    if (kind === undefined || !(stands || PLACEHOLDER.test(value))) return [];
    return [variable(name, stands ? scheme : kind, path, line)];
  });
}

/** `process.env.X`, `env("X")`, `ENV["X"]`, `ENV.fetch("X")`, `os.environ["X"]`, `${X}` of properties. */
const READ =
  /(?:process\.env\.|\benv\(\s*["']|ENV(?:\.fetch)?[[(]\s*["']|environ(?:\.get)?[[(]\s*["']|\$\{)([A-Z][A-Z0-9_]{2,60})/g;
const KIND_TOLD = /^[ \t]*["']?(?:provider|dialect|client|type|adapter|driver)["']?\s*[:=]\s*["']?([a-z0-9_-]{2,20})/im;

function fromCode(path: string, text: string): Mention[] {
  const told = KIND_TOLD.exec(text.slice(0, 100_000))?.[1] ?? '';
  const database = /postgres|^pg|mysql|maria|mongo|cockroach/.test(told) ? databaseKind(told, 0)[0] : undefined;
  const found = new Map<string, Mention>();
  for (const [index, full] of text.split(/\r?\n/).entries()) {
    // An address that is taken where the variable is not set is told by the file's own reader.
    if (/^\s*(\/\/|#)/.test(full) || connectionAddresses(full).length > 0) continue;
    for (const [, name = ''] of full.slice(0, 1_000).matchAll(READ)) {
      const kind = kindOf(name);
      if (kind === undefined || found.has(name)) continue;
      found.set(name, variable(name, kind === 'other' ? (database ?? kind) : kind, path, index + 1));
    }
  }
  return [...found.values()];
}

function variable(name: string, kind: SystemKind, path: string, line: number): Mention {
  const called = slug(name.replace(/_(BASE_)?(URL|URI|DSN|REST_URL|ENDPOINT)$/, '')) || kind;
  const environment = environmentOfFile(path) ?? environmentOf(basename(path)) ?? environmentOf(name);
  return { ...usesOf(kind, called, { path, line }, environment), variable: name };
}

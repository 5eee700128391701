import { basename } from 'node:path';
import { environmentOf } from '../posture/environment.ts';
import type { SystemKind } from '../posture/schema.ts';
import { type Address, connectionAddresses, isLoopback } from './address.ts';
import { environmentOfFile } from './environments.ts';
import type { Seen } from './facts.ts';
import { isExample } from './secret-files.ts';

/** A system as one file names it, before ids are given and doubles are joined. */
export interface Mention {
  kind: SystemKind;
  address: string | undefined;
  /** What to call it: a database, a service of compose, a context. */
  name: string | undefined;
  environment: string | undefined;
  seen: Seen;
  /** From an example: whatever else names the same address is the better witness. */
  example: boolean;
  /** The variable that holds, or would hold, its address. */
  variable?: string | undefined;
}

export function mention(path: string, line: number, address: Address, hints: readonly (string | undefined)[]): Mention {
  return {
    kind: address.kind,
    address: address.address,
    name: address.database,
    environment: ownEnvironment(path, guess(address.host, [...hints, basename(path), address.database])),
    seen: { path, line },
    example: isExample(path),
  };
}

/**
 * The first name that speaks of an environment decides. This machine and one-word hosts of compose are development, but
 * for what a production file names: a tunnel to production ends on this machine too.
 */
function guess(host: string, hints: readonly (string | undefined)[]): string | undefined {
  const told = [isLoopback(host) ? undefined : host, ...hints].flatMap(name =>
    name === undefined ? [] : (environmentOf(name) ?? []),
  )[0];
  if (isLoopback(host)) return told === 'production' || told === 'staging' ? told : 'development';
  return told ?? (/[.:]/.test(host) ? undefined : 'development');
}

/** What a file calls the environment that was guessed: `.env.prod-eu` is for `prod-eu`. */
export function ownEnvironment(path: string, guessed: string | undefined): string | undefined {
  const own = environmentOfFile(path);
  return own !== undefined && guessed !== undefined && environmentOf(own) === guessed ? own : guessed;
}

/** The kind of a database by its client's name or its port. */
export function databaseKind(client: string, port: number): readonly [SystemKind, number] {
  if (/mysql|maria/i.test(client) || port === 3306) return ['mysql', 3306];
  if (/mssql|sqlsrv|sqlserver/i.test(client) || port === 1433) return ['other', 1433];
  if (/mongo/i.test(client) || port === 27017) return ['mongodb', 27017];
  return ['postgres', 5432];
}

/** Every connection address in lines that are no comments. */
export function readLines(path: string, text: string): Mention[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, index) =>
      /^\s*(\/\/|#|--)/.test(line)
        ? []
        : connectionAddresses(line).map(address => mention(path, index + 1, address, [path])),
    );
}

/** Images of servers that a compose file starts, with the port inside. */
export const IMAGES: readonly [pattern: RegExp, kind: SystemKind, port: number][] = [
  [/(^|[/-])(postgres|postgis|pgvector|timescaledb|cockroach)/, 'postgres', 5432],
  [/(^|[/-])(mysql|mariadb|percona)/, 'mysql', 3306],
  [/(^|[/-])(redis|valkey|keydb|dragonfly)/, 'redis', 6379],
  [/(^|[/-])mongo/, 'mongodb', 27017],
  [/(^|[/-])rabbitmq/, 'queue', 5672],
  [/(^|[/-])nats/, 'queue', 4222],
  [/(^|[/-])(cp-)?kafka|redpanda/, 'queue', 9092],
  [/(^|[/-])minio/, 'object-storage', 9000],
  [/(^|[/-])localstack/, 'cloud-account', 4566],
  [/(^|[/-])(mailhog|mailpit|maildev)/, 'email', 1025],
  [/(^|[/-])(elasticsearch|opensearch)/, 'other', 9200],
  [/(^|[/-])clickhouse/, 'other', 8123],
];

/** What an id is made of: lower case, one word, at most 60 characters; '' where nothing is left. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 60);
}

/** A system that a file uses by name alone. */
export function usesOf(kind: SystemKind, name: string, seen: Seen, environment?: string | undefined): Mention {
  return { kind, address: undefined, name, environment, seen, example: false };
}

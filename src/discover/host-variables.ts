import type { SystemKind } from '../posture/schema.ts';
import { type Address, hostAndPort } from './address.ts';
import { databaseKind } from './mention.ts';

/** `X_HOST`, `XHOST` or `X_SERVER` with its port beside it, by the word before it. */
const HOST_VARIABLES: readonly [pattern: RegExp, kind: SystemKind, port: number][] = [
  [/^(?:(.*)_)?(?:PG|POSTGRES|POSTGRESQL)_?(?:HOST|SERVER)$/, 'postgres', 5432],
  [/^(?:(.*)_)?(?:MYSQL|MARIADB)_?(?:HOST|SERVER)$/, 'mysql', 3306],
  [/^(?:(.*)_)?(?:REDIS|VALKEY)_?(?:HOST|SERVER)$/, 'redis', 6379],
  [/^(?:(.*)_)?MONGO(?:DB)?_?(?:HOST|SERVER)$/, 'mongodb', 27017],
  [/^(?:(.*)_)?(?:RABBITMQ|AMQP)_?(?:HOST|SERVER)$/, 'queue', 5672],
  [/^(?:(.*)_)?(?:SMTP|MAIL)_?(?:HOST|SERVER)$/, 'email', 587],
];
const DATABASE_HOST = /^(?:(.*)_)?(?:DB|DATABASE)_?(?:HOST|SERVER)$/;

/** The server that a variable names by its host alone, with the port and name that stand in those beside it. */
export function hostVariable(name: string, value: string, all: ReadonlyMap<string, string>): Address | undefined {
  const known = HOST_VARIABLES.find(([pattern]) => pattern.test(name));
  const generic = known === undefined && DATABASE_HOST.test(name);
  if (!known && !generic) return undefined;
  const beside = (word: string) => all.get(name.replace(/(HOST|SERVER)$/, word));
  const port = Number(beside('PORT'));
  const client = `${beside('CONNECTION') ?? ''}${beside('CLIENT') ?? ''}`;
  const [kind, usual] = known ? ([known[1], known[2]] as const) : databaseKind(client, port);
  const place = hostAndPort(value, port || usual);
  const database = /^[A-Za-z][\w-]{0,40}$/.exec(beside('NAME') ?? beside('DATABASE') ?? '')?.[0];
  return place && { kind, ...place, database };
}

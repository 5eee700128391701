import { basename } from 'node:path';
import { isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { environmentOf } from '../posture/environment.ts';
import type { SystemKind } from '../posture/schema.ts';
import { type Address, connectionAddresses, hostAndPort, isLoopback, webAddress } from './address.ts';
import { assignments } from './env-file.ts';
import type { Seen, SystemFact } from './facts.ts';
import { isEnvironmentFile, isExample } from './secret-files.ts';

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
}

type Reader = (path: string, text: string) => Mention[];

/** Kinds of file that name systems, in the order in which they are asked for a path. */
const READERS: readonly [matches: (path: string) => boolean, read: Reader][] = [
  [isEnvironmentFile, readEnvironmentFile],
  [path => /^(docker-)?compose([._-][\w.-]+)?\.ya?ml$/i.test(basename(path)), readCompose],
  [path => /(^|\/)config\/database\.ya?ml$/.test(path), readRailsDatabase],
  [path => /(^|\/)settings(_[\w]+)?\.py$|(^|\/)settings\/[\w-]+\.py$/.test(path), readDjangoSettings],
  [
    path =>
      /^(schema\.prisma|drizzle\.config\.\w+|ormconfig\.\w+|data-?source\.[jt]s|typeorm\.config\.\w+|knexfile\.\w+|sequelize\.config\.\w+|alembic\.ini|application([.-][\w-]+)?\.(properties|ya?ml)|bootstrap([.-][\w-]+)?\.ya?ml|appsettings(\.[\w-]+)?\.json|terraform\.tfvars|[\w.-]+\.auto\.tfvars|serverless\.ya?ml|wrangler\.(toml|jsonc?)|fly\.toml|render\.yaml|values([.-][\w-]+)?\.ya?ml|mix\.exs|(dev|test|prod|runtime|config)\.exs|nuxt\.config\.\w+|config\.(json|ya?ml|toml)|(default|development|staging|production|test)\.(json|ya?ml|toml))$/i.test(
        basename(path),
      ),
    readLines,
  ],
];

/** Whether a file is one of those that name systems. */
export function namesSystems(path: string): boolean {
  return READERS.some(([matches]) => matches(path));
}

/** The systems that a file names: hosts and ports only, never a user, password or parameter. */
export function mentionsIn(path: string, text: string): Mention[] {
  return READERS.find(([matches]) => matches(path))?.[1](path, text) ?? [];
}

function mention(path: string, line: number, address: Address, hints: readonly (string | undefined)[]): Mention {
  return {
    kind: address.kind,
    address: address.address,
    name: address.database,
    environment: guess(address.host, [...hints, basename(path), address.database]),
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

function readEnvironmentFile(path: string, text: string): Mention[] {
  const all = [...assignments(text)];
  const byName = new Map(all.map(({ name, value }) => [name, value]));
  return all.flatMap(({ name, value, line }) => {
    const found = connectionAddresses(value);
    const web = found.length === 0 ? webAddress(name, value) : undefined;
    const pair = hostVariable(name, value, byName);
    const live = liveKey(name, value);
    return [...found, web, pair, live]
      .filter(address => address !== undefined)
      .map(address => ({
        ...mention(path, line, address, [name]),
        ...(address === live ? { environment: 'production' } : {}),
      }));
  });
}

function hostVariable(name: string, value: string, all: ReadonlyMap<string, string>): Address | undefined {
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

/** The kind of a database by its client's name or its port. */
function databaseKind(client: string, port: number): readonly [SystemKind, number] {
  if (/mysql|maria/i.test(client) || port === 3306) return ['mysql', 3306];
  if (/mssql|sqlsrv|sqlserver/i.test(client) || port === 1433) return ['other', 1433];
  if (/mongo/i.test(client) || port === 27017) return ['mongodb', 27017];
  return ['postgres', 5432];
}

/** Stripe's live keys say by their first letters that they move real money. */
function liveKey(name: string, value: string): Address | undefined {
  return /STRIPE/.test(name) && /^[sr]k_live_/.test(value)
    ? { kind: 'payment', address: 'api.stripe.com:443', host: 'api.stripe.com', database: 'stripe' }
    : undefined;
}

function readLines(path: string, text: string): Mention[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, index) =>
      /^\s*(\/\/|#|--)/.test(line)
        ? []
        : connectionAddresses(line).map(address => mention(path, index + 1, address, [path])),
    );
}

/** Django's `DATABASES`: ENGINE, HOST and PORT as literals near each other. */
function readDjangoSettings(path: string, text: string): Mention[] {
  const found = readLines(path, text);
  let engine = '';
  let name: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const literal =
      /['"](ENGINE|NAME|HOST)['"]\s*:\s*(?:[\w.]+\([^'"]{0,20}['"][A-Z_]{1,60}['"]\s*,\s*(?:default\s*=\s*)?)?['"]([^'"]{1,200})['"]/.exec(
        line.slice(0, 500),
      );
    if (!literal) continue;
    const [, key, value = ''] = literal;
    if (key === 'ENGINE') [engine, name] = [value, undefined];
    else if (key === 'NAME') name = value;
    else if (engine !== '' && !/sqlite/.test(engine)) {
      const [kind, usual] = databaseKind(engine, 0);
      const port = Number(
        /['"]PORT['"]\s*:\s*['"]?(\d{1,5})/.exec(
          text
            .split(/\r?\n/)
            .slice(index, index + 4)
            .join('\n'),
        )?.[1] ?? usual,
      );
      const place = hostAndPort(value, port);
      if (place)
        found.push(
          mention(path, index + 1, { kind, ...place, database: /^[A-Za-z][\w-]{0,40}$/.exec(name ?? '')?.[0] }, []),
        );
    }
  }
  return found;
}

/** A YAML document that cannot be made to grow: undefined where it does not parse to a mapping. */
function yamlMap(text: string, lines: LineCounter): YAMLMap | undefined {
  try {
    const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent', uniqueKeys: false, merge: true });
    return isMap(document.contents) ? document.contents : undefined;
  } catch {
    // Nested so deep that the parser gave up.
    return undefined;
  }
}

const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : '');
const lineOf = (pair: Pair, lines: LineCounter): number =>
  isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : 1;
const textAt = (map: YAMLMap, key: string): string | undefined => {
  const value = map.get(key);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

/** Images of servers that a compose file starts, with the port inside. */
const IMAGES: readonly [pattern: RegExp, kind: SystemKind, port: number][] = [
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

/** Servers of a compose file whose port is published: they are reached at this machine. */
function readCompose(path: string, text: string): Mention[] {
  const lines = new LineCounter();
  const services = yamlMap(text, lines)?.get('services');
  if (!isMap(services)) return [];
  return services.items.flatMap((pair): Mention[] => {
    if (!isMap(pair.value)) return [];
    const image =
      textAt(pair.value, 'image')
        ?.toLowerCase()
        .replace(/[@:][^/]*$/, '') ?? keyOf(pair).toLowerCase();
    const server = IMAGES.find(([pattern]) => pattern.test(image));
    if (!server) return [];
    const [, kind, inner] = server;
    const port = publishedPort(pair.value.get('ports'), inner);
    if (port === undefined) return [];
    return [
      {
        kind,
        address: `127.0.0.1:${port}`,
        name: keyOf(pair),
        environment: 'development',
        seen: { path, line: lineOf(pair, lines) },
        example: isExample(path),
      },
    ];
  });
}

function publishedPort(ports: unknown, inner: number): number | undefined {
  const items = typeof ports === 'object' && ports !== null && 'items' in ports ? (ports.items as unknown[]) : [];
  for (const item of items) {
    if (isMap(item)) {
      if (Number(textAt(item, 'target')) === inner) return portNumber(textAt(item, 'published'));
    } else if (isScalar(item)) {
      // `5432:5432`, `127.0.0.1:5433:5432`, `${PORT:-5433}:5432/tcp`
      const written = String(item.value).replace(/\$\{[A-Z_0-9]+:?-(\d{1,5})\}/gi, '$1');
      const match = /(?:^|:)(\d{1,5}):(\d{1,5})(?:\/tcp)?$/.exec(written);
      if (match && Number(match[2]) === inner) return portNumber(match[1]);
    }
  }
  return undefined;
}

function portNumber(text: string | undefined): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Rails' database.yml: one section an environment. ERB is not run; what it would fill in is unknown. */
function readRailsDatabase(path: string, text: string): Mention[] {
  const lines = new LineCounter();
  const found = readLines(path, text);
  const sections = yamlMap(
    text.replace(/<%.*?%>/gs, part => part.replace(/[^\n]/g, ' ')),
    lines,
  );
  for (const pair of sections?.items ?? []) {
    if (!isMap(pair.value)) continue;
    const host = textAt(pair.value, 'host');
    const [kind, usual] = databaseKind(textAt(pair.value, 'adapter') ?? '', 0);
    const place = host === undefined ? undefined : hostAndPort(host, Number(textAt(pair.value, 'port')) || usual);
    if (place)
      found.push(
        mention(
          path,
          lineOf(pair, lines),
          { kind, ...place, database: /^[A-Za-z][\w-]{0,40}$/.exec(textAt(pair.value, 'database') ?? '')?.[0] },
          [keyOf(pair)],
        ),
      );
  }
  return found;
}

/** Clusters of a kubeconfig, by the names of the contexts that lead to them. */
export function kubeMentions(path: string, text: string): Mention[] {
  const lines = new LineCounter();
  const config = yamlMap(text, lines);
  const named = (key: string) => {
    const list = config?.get(key);
    return typeof list === 'object' && list !== null && 'items' in list
      ? (list.items as unknown[]).filter(item => isMap(item))
      : [];
  };
  const servers = new Map(
    named('clusters').map(item => {
      const cluster = item.get('cluster');
      return [textAt(item, 'name'), isMap(cluster) ? textAt(cluster, 'server') : undefined];
    }),
  );
  return named('contexts')
    .slice(0, 50)
    .flatMap((item): Mention[] => {
      const name = textAt(item, 'name');
      const context = item.get('context');
      if (name === undefined || !isMap(context)) return [];
      const server = servers.get(textAt(context, 'cluster')) ?? '';
      const authority = /^https?:\/\/([^/?#]+)/.exec(server)?.[1] ?? '';
      const place = hostAndPort(authority.slice(authority.lastIndexOf('@') + 1), 443);
      const line = item.range ? lines.linePos(item.range[0]).line : undefined;
      return [
        {
          kind: 'kubernetes',
          address: place?.address,
          name,
          environment: environmentOf(name) ?? (place && isLoopback(place.host) ? 'development' : undefined),
          seen: { path, line },
          example: false,
        },
      ];
    });
}

/** Accounts of AWS by the names of their profiles. */
export function awsMentions(path: string, text: string): Mention[] {
  return text.split(/\r?\n/).flatMap((line, index): Mention[] => {
    const name = /^\[(?:profile\s+)?([\w.@-]{1,60})\]\s*$/.exec(line)?.[1];
    return name === undefined
      ? []
      : [
          {
            kind: 'cloud-account',
            address: undefined,
            name: `aws-${name}`,
            environment: environmentOf(name),
            seen: { path, line: index + 1 },
            example: false,
          },
        ];
  });
}

/** One fact a system: doubles joined by address (by name without one), each with an id of its own. */
export function systemFacts(mentions: readonly Mention[]): SystemFact[] {
  const services = new Set(mentions.filter(({ address }) => address?.startsWith('127.0.0.1:')).map(({ name }) => name));
  const joined = new Map<string, Mention>();
  // Examples last: they only count for what nothing else names.
  for (const one of [...mentions].sort((a, b) => Number(a.example) - Number(b.example))) {
    // `db:5432` is what compose's own services call the server that is found as 127.0.0.1 here.
    if (one.address && services.has(one.address.replace(/:\d+$/, ''))) continue;
    const key = one.address ?? `${one.kind} ${one.name}`;
    const known = joined.get(key);
    if (!known) joined.set(key, { ...one });
    else {
      known.environment ??= one.environment;
      known.name ??= one.name;
      if (known.kind === 'other' || known.kind === 'http-api') known.kind = one.kind;
    }
  }
  const taken = new Set<string>();
  return [...joined.values()].map(one => ({
    id: freshId(one, taken),
    kind: one.kind,
    address: one.address,
    environment: one.environment,
    seen: one.seen,
  }));
}

/** An id that says what it is (`orders-production`), lower case, and not given yet. */
function freshId({ name, kind, address, environment }: Mention, taken: Set<string>): string {
  const host = kind === 'http-api' ? address?.replace(/:\d+$/, '') : undefined;
  const base = slug(name ?? host ?? kind) || kind;
  const told = environmentOf(base) !== undefined || environment === undefined || environment === 'development';
  const wanted = told ? base : `${base}-${environment}`;
  let id = wanted;
  for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 60);
}

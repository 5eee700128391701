import { basename, dirname, posix } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type YAMLMap } from 'yaml';
import { environmentOf } from '../posture/environment.ts';
import type { SystemKind } from '../posture/schema.ts';
import { type Address, connectionAddresses, hostAndPort, isLoopback, webAddress } from './address.ts';
import { assignments } from './env-file.ts';
import { environmentId } from './environments.ts';
import type { SystemFact } from './facts.ts';
import { hostVariable } from './host-variables.ts';
import { isClusterFile, isManifest, readClusterFile } from './kubernetes.ts';
import { databaseKind, IMAGES, type Mention, mention, readLines, slug } from './mention.ts';
import { isOrmFile, readOrmFile } from './orm.ts';
import { isEnvironmentFile, isExample } from './secret-files.ts';
import { isSpringFile, readSpringFile } from './spring.ts';
import { keyOf, lineOf, textAt, yamlMap } from './yaml.ts';

export { isClusterFile };

type Reader = (path: string, text: string) => Mention[];

/** Files of settings in which a system is named by its address, if at all. */
const CONFIGURATION =
  /^(schema\.prisma|alembic\.ini|appsettings(\.[\w-]+)?\.json|terraform\.tfvars|[\w.-]+\.auto\.tfvars|serverless\.ya?ml|wrangler\.(toml|jsonc?)|fly\.toml|render\.yaml|values([.-][\w-]+)?\.ya?ml|mix\.exs|(dev|test|prod|runtime|config)\.exs|nuxt\.config\.\w+|config\.(json|ya?ml|toml)|(default|development|staging|production|test)\.(json|ya?ml|toml))$/i;
const isConfiguration = (path: string): boolean => CONFIGURATION.test(basename(path));

/** Kinds of file that name systems, in the order in which they are asked for a path. */
const READERS: readonly [matches: (path: string) => boolean, read: Reader][] = [
  [isEnvironmentFile, readEnvironmentFile],
  [path => /^(docker-)?compose([._-][\w.-]+)?\.ya?ml$/i.test(basename(path)), readCompose],
  [isOrmFile, readOrmFile],
  [isSpringFile, readSpringFile],
  [path => /(^|\/)config\/database\.ya?ml$/.test(path), readRailsDatabase],
  [path => /(^|\/)settings(_[\w]+)?\.py$|(^|\/)settings\/[\w-]+\.py$/.test(path), readDjangoSettings],
  [isClusterFile, readOfCluster],
  [isConfiguration, readLines],
];

/** A folder for a cluster has other files too. */
function readOfCluster(path: string, text: string): Mention[] {
  if (isManifest(text)) return readClusterFile(path, text);
  return isConfiguration(path) ? readLines(path, text) : [];
}

/** Whether a file is one of those that name systems. */
export function namesSystems(path: string): boolean {
  return READERS.some(([matches]) => matches(path));
}

/** The systems that a file names: hosts and ports only, never a user, password or parameter. */
export function mentionsIn(path: string, text: string): Mention[] {
  return READERS.find(([matches]) => matches(path))?.[1](path, text) ?? [];
}

/** The systems that the variables of a file name by their values. */
export function readEnvironmentFile(path: string, text: string): Mention[] {
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
        variable: name,
        ...(address === live ? { environment: 'production' } : {}),
      }));
  });
}

/** Stripe's live keys say by their first letters that they move real money. */
function liveKey(name: string, value: string): Address | undefined {
  return /STRIPE/.test(name) && /^[sr]k_live_/.test(value)
    ? { kind: 'payment', address: 'api.stripe.com:443', host: 'api.stripe.com', database: 'stripe' }
    : undefined;
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

/** Servers of a compose file whose port is published, which are reached at this machine, and those elsewhere that its services are told of. */
function readCompose(path: string, text: string): Mention[] {
  const lines = new LineCounter();
  const services = yamlMap(text, lines)?.get('services');
  if (!isMap(services)) return [];
  const own = new Set(services.items.map(keyOf));
  const servers = services.items.flatMap((pair): Mention[] => {
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
  const told = services.items.flatMap((pair): Mention[] =>
    (isMap(pair.value) ? variablesOf(pair.value) : []).flatMap(({ name, value, offset }) =>
      connectionAddresses(value)
        // In a container, localhost is the container.
        .filter(({ host }) => !own.has(host) && !isLoopback(host) && host.includes('.'))
        .map(address => mention(path, lines.linePos(offset).line, address, [name])),
    ),
  );
  return [...servers, ...told];
}

/** What a service of compose is given as `environment`, a mapping or a list of `NAME=value`. */
function variablesOf(service: YAMLMap): { name: string; value: string; offset: number }[] {
  const environment = service.get('environment');
  if (isMap(environment))
    return environment.items.flatMap(pair =>
      isScalar(pair.key) && isScalar(pair.value)
        ? [{ name: keyOf(pair), value: String(pair.value.value), offset: pair.key.range?.[0] ?? 0 }]
        : [],
    );
  return (isSeq(environment) ? environment.items : []).flatMap(item => {
    const [, name, value] = isScalar(item) ? (/^(\w{1,200})=(.*)$/s.exec(String(item.value)) ?? []) : [];
    return name !== undefined && value !== undefined && isScalar(item)
      ? [{ name, value, offset: item.range?.[0] ?? 0 }]
      : [];
  });
}

/** The files of variables that a compose file gives its services, relative to the repository: https://docs.docker.com/reference/compose-file/services/#env_file */
export function variableFiles(path: string, text: string): string[] {
  if (!/^(docker-)?compose([._-][\w.-]+)?\.ya?ml$/i.test(basename(path)) || !text.includes('env_file')) return [];
  const services = yamlMap(text, new LineCounter())?.get('services');
  const named = (isMap(services) ? services.items : []).flatMap(({ value }) => {
    const files = isMap(value) ? value.get('env_file') : undefined;
    return (isSeq(files) ? files.items : [files]).map(item =>
      isMap(item) ? textAt(item, 'path') : isScalar(item) ? String(item.value) : item,
    );
  });
  return [...new Set(named.flatMap(file => (typeof file === 'string' ? posix.join(dirname(path), file) : [])))];
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
          environment: environmentId(name) ?? (place && isLoopback(place.host) ? 'development' : undefined),
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
            environment: environmentId(name),
            seen: { path, line: index + 1 },
            example: false,
          },
        ];
  });
}

/**
 * One fact a system: doubles joined by address, or without one by name, each with an id of its own. What has no address
 * comes last, and only counts where nothing with one can be meant.
 */
export function systemFacts(mentions: readonly Mention[]): SystemFact[] {
  const placed = mentions.filter(({ address }) => address !== undefined);
  const services = new Set(placed.filter(({ address }) => address?.startsWith('127.0.0.1:')).map(({ name }) => name));
  const known = joiner();
  // Examples last: they only count for what nothing else names.
  for (const one of [...placed].sort((a, b) => Number(a.example) - Number(b.example))) {
    // `db:5432` is what compose's own services call the server that is found as 127.0.0.1 here.
    if (services.has(one.address?.replace(/:\d+$/, ''))) continue;
    known.add(one.address ?? '', one);
  }
  for (const one of mentions)
    if (one.address === undefined && !isPlaced(one, placed, mentions))
      known.add(one.variable ? `$${one.variable}` : `${one.kind} ${one.name} ${one.environment}`, one);
  const taken = new Set<string>();
  return known.all().map(one => ({
    id: freshId(one, taken),
    kind: one.kind,
    address: one.address,
    environment: one.environment,
    seen: one.seen,
  }));
}

function joiner() {
  const joined = new Map<string, Mention>();
  return {
    add(key: string, one: Mention) {
      const known = joined.get(key);
      if (!known) joined.set(key, { ...one });
      else {
        known.environment ??= one.environment;
        known.name ??= one.name;
        if (known.kind === 'other' || known.kind === 'http-api') known.kind = one.kind;
      }
    },
    all: () => [...joined.values()],
  };
}

const DATABASES: readonly SystemKind[] = ['postgres', 'mysql', 'mongodb', 'sqlite', 'other'];

/** Whether a system that is named without an address is one that is found with it, or by a name that says more. */
function isPlaced(one: Mention, placed: readonly Mention[], all: readonly Mention[]): boolean {
  const { kind, name, variable } = one;
  if (variable !== undefined)
    return placed.some(
      other =>
        other.variable === variable ||
        // `DATABASE_URL=` beside `DB_HOST=…` is the other way to say the same.
        (/^(database|db)$/.test(name ?? '') && other.seen.path === one.seen.path && DATABASES.includes(other.kind)),
    );
  if (name === undefined) return false;
  return (
    placed.some(other => other.kind === kind && other.address?.includes(name)) ||
    all.some(other => other.kind === kind && other.name?.startsWith(`${name}-`))
  );
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

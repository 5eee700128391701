import { basename } from 'node:path';
import { environmentOf } from '../posture/environment.ts';
import { hostAndPort } from './address.ts';
import { databaseKind, type Mention, mention, readLines } from './mention.ts';

const NAMES =
  /^(drizzle\.config\.\w+|ormconfig\.\w+|(app-?)?data-?source\.[jt]s|typeorm\.config\.\w+|knexfile\.\w+|(sequelize|database)\.config\.\w+)$/i;

/** Whether a file tells Drizzle, TypeORM, Knex, Sequelize or Laravel where the database is. */
export const isOrmFile = (path: string): boolean =>
  NAMES.test(basename(path)) || /(^|\/)config\/(config\.js(on)?|database\.(php|[jt]s|json))$/.test(path);

/** `host: 'db'`, `"host": "db"`, `'host' => env('DB_HOST', 'db')`, and the same for what stands beside it. */
const LITERAL =
  /^\s*["']?(host|port|type|client|dialect|driver|database)["']?\s*(?::|=>)\s*(env\(\s*["']\w{1,60}["']\s*,\s*)?(?:["']([^"'\s]{1,253})["']|(\d{1,5}))/;
/** The section that is named for an environment: `production: {`. */
const SECTION = /^\s*["']?([\w-]{1,40})["']?\s*(?::|=>)\s*[{[]\s*$/;
/** Lines round a host in which its kind and port are looked for. */
const NEAR = 8;

/** The databases that such a file names by literals, beside those in connection addresses. */
export function readOrmFile(path: string, text: string): Mention[] {
  const lines = text.split(/\r?\n/).map(line => line.slice(0, 500));
  const literals = lines.map(line => {
    const [, key, fallback, quoted, digits] = LITERAL.exec(line) ?? [];
    return key === undefined ? undefined : { key, value: quoted ?? digits ?? '', fallback: fallback !== undefined };
  });
  let section: string | undefined;
  const found = lines.flatMap((line, index): Mention[] => {
    const named = SECTION.exec(line)?.[1];
    if (named !== undefined && environmentOf(named) !== undefined) section = named;
    const host = literals[index];
    // What Laravel's own file falls back to says nothing of where the database is.
    if (host?.key !== 'host' || (host.fallback && /^(127\.|localhost)/.test(host.value))) return [];
    const near = (key: string) => nearest(literals, index, key);
    const port = Number(near('port'));
    const [kind, usual] = databaseKind(near('client') ?? near('dialect') ?? near('driver') ?? near('type') ?? '', port);
    const place = hostAndPort(host.value, port || usual);
    const database = /^[A-Za-z][\w-]{0,40}$/.exec(near('database') ?? '')?.[0];
    return place ? [mention(path, index + 1, { kind, ...place, database }, [section])] : [];
  });
  return [...readLines(path, text), ...found];
}

/** The value of a key on the line nearest to `at` that has it. */
function nearest(
  literals: readonly ({ key: string; value: string } | undefined)[],
  at: number,
  key: string,
): string | undefined {
  for (let distance = 1; distance <= NEAR; distance++)
    for (const index of [at + distance, at - distance]) if (literals[index]?.key === key) return literals[index].value;
  return undefined;
}

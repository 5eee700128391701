import { basename, dirname, join } from 'node:path';
import { readNow, statsOf } from '../base/files.ts';
import { patternOfPath } from '../posture/patterns.ts';
import type { DataFact } from './facts.ts';
import { slug } from './mention.ts';
import { isExample, isTestData } from './secret-files.ts';
import type { Entry } from './walk.ts';

type Kind = DataFact['kind'];

/** Words in a name or folder that say that a file came out of a system that is in use. */
const TAKEN_OUT =
  /(^|[^a-z])(dumps?|backups?|exports?|extracts?|snapshots?|prod(uction)?|customers?|users|patients)([^a-z]|$)/;

/** What the ending of a name says, and the size below which such a file is more likely a sample than data. */
const ENDINGS: readonly [pattern: RegExp, kind: Kind, least: number][] = [
  [/\.(pg)?dump(\.(gz|bz2|xz|zst))?$|\.(bson|rdb)(\.gz)?$|\.sql\.(gz|bz2|xz|zst|zip)$/, 'dump', 1],
  // A schema or a migration is small, and its name says nothing of where it came from.
  [/\.sql$/, 'dump', 1_000_000],
  [/\.(bak|mdf|mdb|accdb)$/, 'dump', 100_000],
  [/\.(parquet|avro|orc|feather|arrow)$/, 'export', 1],
  [/\.(csv|tsv|jsonl|ndjson)(\.(gz|bz2|xz|zst))?$/, 'export', 10_000],
  [/\.(xlsx|xlsm|xlsb|xls|ods|numbers)$/, 'spreadsheet', 1],
  [/\.(sqlite3?|db3?|s3db)$/, 'sqlite', 1],
  [/\.(tar|tar\.\w{2,3}|tgz|zip|7z)$/, 'dump', Number.POSITIVE_INFINITY],
];

/** Folders whose tables and statements come with the source: migrations, texts in other languages, documents. */
const OF_SOURCE = /(^|\/)(migrations?|migrate|i18n|l10n|locales?|translations?|docs?|documentation|seeds?|seeders)\//;

const CANDIDATES = 5_000;
const FACTS = 30;
/** More groups of one kind than this below a top folder are told as one. */
const GROUPS = 8;

interface Found {
  path: string;
  kind: Kind;
  bytes: number;
}

interface Group extends Omit<DataFact, 'id'> {
  /** The folder the files are in or below. */
  folder: string;
}

/**
 * Data in files, a fact a folder and ending: what a name promises is held against the size, and for databases against the
 * first bytes. Ignored files count, for that is where exports are kept.
 */
export function dataFiles(root: string, entries: readonly Entry[]): { data: DataFact[]; notes: string[] } {
  const named = entries.flatMap(({ path, link }) => {
    const kind = link ? undefined : ENDINGS.find(([pattern]) => pattern.test(path.toLowerCase()));
    return kind === undefined || isSample(path) ? [] : [{ path, ending: kind }];
  });
  const found = named.slice(0, CANDIDATES).flatMap(({ path, ending: [, kind, least] }): Found[] => {
    const bytes = statsOf(join(root, path))?.size ?? 0;
    const enough = bytes >= (TAKEN_OUT.test(path.toLowerCase()) ? 1 : least);
    return enough && (kind !== 'sqlite' || isSqlite(join(root, path))) ? [{ path, kind, bytes }] : [];
  });
  const groups = joined(found).sort((a, b) => b.bytes - a.bytes);
  const taken = new Set<string>();
  return {
    data: groups.slice(0, FACTS).map(({ folder, ...group }) => ({ id: freshId(folder, group, taken), ...group })),
    notes: [
      ...(named.length > CANDIDATES
        ? [`more than ${CANDIDATES} files look like data: the rest was not looked at`]
        : []),
      ...(groups.length > FACTS ? [`data lies in more than ${FACTS} places: the smaller ones are not named`] : []),
    ],
  };
}

function isSample(path: string): boolean {
  const lower = path.toLowerCase();
  return isTestData(lower) || isExample(path) || OF_SOURCE.test(lower);
}

/** https://www.sqlite.org/fileformat.html: the first sixteen bytes of every database that is not empty or encrypted. */
function isSqlite(path: string): boolean {
  const file = readNow(path, 16);
  return file.ok && file.data.toString('latin1') === 'SQLite format 3\0';
}

/** What a name ends with, `.gz` and the like included. */
const endingOf = (path: string): string => /\.[a-z]\w{0,9}(\.(gz|bz2|xz|zst|zip))?$/i.exec(basename(path))?.[0] ?? '';

function joined(found: readonly Found[]): Group[] {
  const byFolder = grouped(found, ({ path, kind }) => `${kind} ${dirname(path)} ${endingOf(path)}`);
  const wide = grouped(byFolder, ([first]) => `${first?.kind} ${topOf(first?.path ?? '')}`);
  return wide.flatMap(groups =>
    groups.length > GROUPS
      ? grouped(groups.flat(), ({ path }) => endingOf(path)).map(files =>
          group(files, topOf(files[0]?.path ?? ''), true),
        )
      : groups.map(files => group(files, dirname(files[0]?.path ?? ''), false)),
  );
}

const topOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '.');

function grouped<T>(all: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const known = groups.get(key(one));
    if (known) known.push(one);
    else groups.set(key(one), [one]);
  }
  return [...groups.values()];
}

function group(files: readonly Found[], folder: string, below: boolean): Group {
  const [first] = files as [Found];
  const base = folder === '.' ? '' : `/${literal(folder)}`;
  const pattern =
    files.length === 1 ? `/${literal(first.path)}` : `${base}/${below ? '**/' : ''}*${literal(endingOf(first.path))}`;
  return {
    folder,
    kind: first.kind,
    files: [pattern],
    count: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    seen: { path: first.path },
  };
}

/** A path as a gitignore pattern that stands for it alone; a character that no line of such a file holds is any one. */
function literal(path: string): string {
  return patternOfPath(path).replace(/\p{C}/gu, '?');
}

function freshId(folder: string, { kind, count, seen }: Omit<DataFact, 'id'>, taken: Set<string>): string {
  const place = folder === '.' || count === 1 ? basename(seen.path) : basename(folder);
  const base = slug(`${place.slice(0, place.length - endingOf(place).length) || place}-${kind}`) || kind;
  let id = base;
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
  taken.add(id);
  return id;
}

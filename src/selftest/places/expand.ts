import { readdirSync, type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import type { FilePlace, Platform, SocketPlace } from './types.ts';

/** Whose machine a place is looked for on. */
export interface PlaceContext {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: Platform;
}

/** The most files that one pattern is expanded to, and entries that are looked at in one folder. */
const MATCHES = 100;
const ENTRIES = 5_000;

/** Where a variable's folder is when the variable is not set. A thief looks in both, so both are expanded. */
const FOLDERS: Record<string, string> = {
  XDG_CONFIG_HOME: '~/.config',
  XDG_DATA_HOME: '~/.local/share',
  XDG_STATE_HOME: '~/.local/state',
  XDG_CACHE_HOME: '~/.cache',
  APPDATA: '~/AppData/Roaming',
  LOCALAPPDATA: '~/AppData/Local',
  PROGRAMDATA: 'C:/ProgramData',
  GNUPGHOME: '~/.gnupg',
  CLAUDE_CONFIG_DIR: '~/.claude',
  CODEX_HOME: '~/.codex',
  DOCKER_CONFIG: '~/.docker',
  CARGO_HOME: '~/.cargo',
  CLOUDSDK_CONFIG: '~/.config/gcloud',
  AZURE_CONFIG_DIR: '~/.azure',
  GRADLE_USER_HOME: '~/.gradle',
};

/** Variables that hold several files, split as PATH is. */
const LISTS = new Set(['KUBECONFIG']);

/** A path of the table as absolute paths or patterns: `~`, `$NAME/…`, `%NAME%\…` filled in. Empty where its variable is not set and has no default. */
export function expandPath(path: string, { home, env, platform }: PlaceContext): string[] {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const match = /^(?:\$([A-Z][A-Z0-9_]*)|%([A-Z][A-Z0-9_]*)%)(?:[/\\](.*))?$/.exec(path);
  const inHome = (text: string) => (text === '~' || text.startsWith('~/') ? join(home, text.slice(1)) : join(text));
  if (!match) return [inHome(path)];
  const name = (match[1] ?? match[2]) as string;
  const set = env[name];
  const fallback = name === 'XDG_RUNTIME_DIR' ? runtimeFolder(platform) : FOLDERS[name];
  const folders = [set !== undefined && isAbsolute(set) ? set : undefined, fallback && inHome(fallback)];
  return [...new Set(folders.filter(folder => folder !== undefined))].map(folder => join(folder, match[3] ?? ''));
}

function runtimeFolder(platform: Platform): string | undefined {
  return platform === 'linux' && process.getuid ? `/run/user/${process.getuid()}` : undefined;
}

/** The absolute paths and patterns of a place, whether they exist or not: what is named when nothing is there. Pure but for the user's id. */
export function placePatterns(place: FilePlace, context: PlaceContext): string[] {
  const written = (place.paths[context.platform] ?? []).flatMap(path =>
    path.startsWith('!') ? [] : expandPath(path, context),
  );
  return [...new Set([...fromVariable(place.variable, context), ...written])];
}

function fromVariable(variable: string | undefined, { home, env, platform }: PlaceContext): string[] {
  const value = variable === undefined ? undefined : env[variable];
  if (variable === undefined || !value) return [];
  const { isAbsolute, delimiter, join } = platform === 'win32' ? win32 : posix;
  return (
    (LISTS.has(variable) ? value.split(delimiter) : [value])
      // Kerberos writes the kind of a cache before its path.
      .map(path => path.replace(/^FILE:/, ''))
      .map(path => (path.startsWith('~/') ? join(home, path.slice(2)) : path))
      .filter(path => isAbsolute(path) && !/[\0*?]/.test(path))
      .slice(0, MATCHES)
  );
}

/** The files (or folders, for `list`) of a place that exist here, absolute and sorted, at most 100 a pattern. */
export function expandPlace(place: FilePlace, context: PlaceContext): string[] {
  const excluded = (place.paths[context.platform] ?? [])
    .filter(path => path.startsWith('!'))
    .map(path => matcher(path.slice(1)));
  const wanted = (stats: Stats) => stats.isDirectory() === (place.attempt === 'list');
  const found = placePatterns(place, context).map(pattern => expandGlob(pattern, context.platform, wanted));
  const { basename } = context.platform === 'win32' ? win32 : posix;
  return [...new Set(found.flat())].filter(path => !excluded.some(test => test.test(basename(path)))).sort();
}

/** The sockets of a place that exist here. Abstract ones are read from /proc/net/unix. */
export async function expandSocket(
  place: SocketPlace,
  context: PlaceContext,
): Promise<{ path: string; abstract: boolean }[]> {
  const value = place.variable === undefined ? undefined : context.env[place.variable];
  const named = value === undefined ? [] : socketOfVariable(value);
  const written = place.paths[context.platform] ?? [];
  const patterns = written.filter(path => !path.startsWith('@')).flatMap(path => expandPath(path, context));
  const paths = [...named, ...patterns].flatMap(path => expandGlob(path, context.platform, stats => stats.isSocket()));
  const abstract = written.filter(path => path.startsWith('@'));
  const names = abstract.length > 0 ? await abstractNames(abstract.map(path => matcher(path.slice(1)))) : [];
  return [
    ...[...new Set(paths)].sort().map(path => ({ path, abstract: false })),
    ...names.map(path => ({ path, abstract: true })),
  ];
}

/** `unix:///path`, `unix:path=/path,guid=…;…` (D-Bus), or a bare absolute path with what tmux adds after a comma. */
function socketOfVariable(value: string): string[] {
  const dbus = [...value.matchAll(/unix:path=([^,;]+)/g)].map(match => match[1] as string);
  if (dbus.length > 0) return dbus;
  const path = value.replace(/^unix:(\/\/)?/, '').replace(/,.*$/s, '');
  return path.startsWith('/') ? [path] : [];
}

async function abstractNames(tests: readonly RegExp[]): Promise<string[]> {
  const table = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  // Older Nodes fill an abstract name up with NULs, shown as `@`, when they listen, and when they connect.
  const names = table.split('\n').flatMap(line => /\s@(\S+)$/.exec(line)?.[1]?.replace(/@+$/, '') ?? []);
  return [...new Set(names)].filter(name => tests.some(test => test.test(name))).slice(0, MATCHES);
}

/** A name's pattern with `*` and `?` as a regular expression. Runs of `*` count as one, so that it cannot be made slow. */
function matcher(pattern: string): RegExp {
  const source = pattern
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`);
}

/**
 * Absolute paths that match, level by level: a `*` never crosses a separator, and no folder is walked below it. There are
 * hundreds of places and few of them are there: one look after the other takes a tenth of the time of many at once.
 */
function expandGlob(pattern: string, platform: Platform, wanted: (stats: Stats) => boolean): string[] {
  const { join, parse } = platform === 'win32' ? win32 : posix;
  const { root } = parse(pattern);
  // Most name one place.
  if (!/[*?]/.test(pattern)) return isWanted(pattern, wanted) ? [pattern] : [];
  let level = [root];
  for (const part of pattern.slice(root.length).split(/[/\\]/).filter(Boolean)) {
    if (!/[*?]/.test(part)) {
      level = level.map(folder => join(folder, part));
      continue;
    }
    const test = matcher(part);
    const next: string[] = [];
    for (const folder of level) {
      const names = namesIn(folder);
      next.push(
        ...names
          .slice(0, ENTRIES)
          .filter(name => test.test(name))
          .sort()
          .map(name => join(folder, name)),
      );
      if (next.length >= MATCHES) break;
    }
    level = next.slice(0, MATCHES);
  }
  return level.filter(path => isWanted(path, wanted));
}

function isWanted(path: string, wanted: (stats: Stats) => boolean): boolean {
  const stats = statsOf(path);
  return stats !== undefined && wanted(stats);
}

function namesIn(folder: string): string[] {
  // Most are not there, and an exception takes longer than a look.
  if (!statsOf(folder)?.isDirectory()) return [];
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

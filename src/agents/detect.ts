import { dirname, join, sep } from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { findProgram } from '../base/exec.ts';
import { displayPath, isThere, placeWithin, readBounded, realPathOf } from '../base/files.ts';
import type { AgentFact, Seen } from '../discover/facts.ts';
import type { DetectContext } from './types.ts';

/** A settings file that was found, in the order of `Traces.settings`. */
export interface SettingsFile {
  path: string;
  text: string;
}

/** Where an agent shows itself. Paths are repository-relative, `~/…`, or absolute. */
export interface Traces {
  id: string;
  title: string;
  /** Names of its command line program, or places outside PATH (`~/…`) where its installer lays it; the first found wins. */
  programs: readonly string[];
  /** Another program has the same name: it only counts with a known package or another trace. */
  ambiguous?: boolean;
  /** npm packages that carry it: the version is theirs. */
  packages: readonly string[];
  /** A variable that moves its folder in the home. */
  folder?: { variable: string; usually: string };
  /** Its settings, in the order in which later ones win. */
  settings: readonly string[];
  /** Other files or folders that show that it is used. */
  traces?: readonly string[];
  /** Whether its own sandbox is on by these settings. Absent: that cannot be told. */
  ownSandbox?: (settings: readonly SettingsFile[], env: DetectContext['env']) => boolean | undefined;
}

const SETTINGS_LIMIT = 1_000_000;

/** Finds one agent by its traces. Its program is looked for outside the repository, and never run. */
export async function detectAgent(agent: Traces, context: DetectContext): Promise<AgentFact | undefined> {
  const { root, home } = context;
  const settings = await readSettings(agent, context);
  const trace = await firstTrace(agent, context);
  const program = agent.programs
    .map(name => findProgram(name.startsWith('~/') ? join(home, name.slice(2)) : name, [root]))
    .find(path => path !== undefined);
  const version = program === undefined ? undefined : await installedVersion(program, agent.packages);
  const binary = agent.ambiguous && version === undefined && trace === undefined ? undefined : program;
  const first = settings[0]?.path ?? trace;
  const seen: Seen | undefined =
    binary !== undefined
      ? { path: displayPath(binary, { root, home }) }
      : first === undefined
        ? undefined
        : { path: first };
  if (seen === undefined) return undefined;
  return {
    id: agent.id,
    title: agent.title,
    version: binary === undefined ? undefined : version,
    binary,
    settings: settings.map(({ path }) => ({ path })),
    ownSandbox: agent.ownSandbox?.(settings, context.env),
    seen,
  };
}

/** The absolute place of a path of the table; undefined where a link leads out of the repository. */
async function placeOf(
  path: string,
  { folder }: Traces,
  { root, home, env }: DetectContext,
): Promise<string | undefined> {
  const moved = folder && env[folder.variable];
  if (folder && moved && (path === folder.usually || path.startsWith(`${folder.usually}/`)))
    return join(moved, path.slice(folder.usually.length));
  if (path.startsWith('~/')) return join(home, path.slice(2));
  if (path.startsWith('/')) return path;
  return placeWithin(root, path).catch(() => undefined);
}

async function readSettings(agent: Traces, context: DetectContext): Promise<SettingsFile[]> {
  const found: SettingsFile[] = [];
  for (const path of agent.settings) {
    const place = await placeOf(path, agent, context);
    const file = place === undefined ? undefined : await readBounded(place, SETTINGS_LIMIT);
    if (file?.ok && !file.truncated) found.push({ path, text: file.data.toString('utf8') });
  }
  return found;
}

async function firstTrace(agent: Traces, context: DetectContext): Promise<string | undefined> {
  for (const path of agent.traces ?? []) {
    const place = await placeOf(path, agent, context);
    if (place !== undefined && isThere(place)) return path;
  }
  return undefined;
}

/** Folders below which installers keep each version in a folder or file of its name. */
const VERSIONED = /[/\\](?:versions|Cellar[/\\][^/\\]+|Caskroom[/\\][^/\\]+)[/\\](\d{1,4}\.\d+\.\d+[\w.-]*)(?:[/\\]|$)/;

/** The version that the program's real place tells: its package.json when that is one of `packages`, or a folder of the version's name. */
async function installedVersion(program: string, packages: readonly string[]): Promise<string | undefined> {
  const real = realPathOf(program);
  let folder = dirname(real);
  for (let level = 0; level < 6 && folder !== dirname(folder); level++, folder = dirname(folder)) {
    const file = await readBounded(join(folder, 'package.json'), 200_000);
    const found = file.ok ? readJson(file.data.toString('utf8')) : undefined;
    const { name, version } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
    if (typeof name === 'string' && packages.includes(name) && typeof version === 'string') return version.slice(0, 60);
    if (folder.endsWith(`${sep}node_modules`)) break;
  }
  return VERSIONED.exec(real)?.[1];
}

/**
 * JSON with comments: by Node itself where it is plain, as it mostly is, which loads no parser. Undefined where it is nested
 * deeper than it can be read.
 */
function readJson(text: string): unknown {
  for (const parse of [JSON.parse, parseJson])
    try {
      return parse(text) as unknown;
    } catch {}
  return undefined;
}

/** The value at a path of keys in JSON with comments; undefined where it is not there or the text is no JSON. */
export function jsonValue(text: string, ...path: string[]): unknown {
  let value = readJson(text);
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  return value;
}

/** The last value at a path that any of the settings sets. */
export function lastJsonValue(files: readonly SettingsFile[], ...path: string[]): unknown {
  return files.map(({ text }) => jsonValue(text, ...path)).findLast(value => value !== undefined);
}

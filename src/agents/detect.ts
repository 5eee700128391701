import { join } from 'node:path';
import { findProgram } from '../base/exec.ts';
import { displayPath, isThere, placeWithin, readBounded } from '../base/files.ts';
import { installedVersion, readJson } from '../base/installed.ts';
import type { AgentFact, Seen, SettingsScope } from '../discover/facts.ts';
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
  /** Its distribution on PyPI, and its Debian package. */
  python?: string;
  debian?: string;
  /** A variable that moves its folder in the home. */
  folder?: { variable: string; usually: string };
  /** Its settings, in the order in which later ones win. */
  settings: readonly string[];
  /** Other files or folders that show that it is used. */
  traces?: readonly string[];
  /** Whether its own sandbox is on by these settings. Absent: that cannot be told. */
  ownSandbox?: (settings: readonly SettingsFile[], env: DetectContext['env']) => boolean | undefined;
  /** What one of these settings refuses it to read, as gitignore patterns or `~/…`. Absent: that cannot be told. */
  refused?: (text: string) => readonly string[];
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
  const { packages: npm, python, debian } = agent;
  const names = { npm, ...(python ? { python } : {}), ...(debian ? { debian } : {}) };
  const version = program === undefined ? undefined : await installedVersion(program, names, context.thorough);
  const binary = agent.ambiguous && version === undefined && trace === undefined ? undefined : program;
  const first = settings[0]?.path ?? trace;
  const seen: Seen | undefined =
    binary !== undefined
      ? { path: displayPath(binary, { root, home }) }
      : first === undefined
        ? undefined
        : { path: first };
  if (seen === undefined) return undefined;
  const refused = settings.flatMap(({ path, text }) =>
    (agent.refused?.(text) ?? []).map(pattern => ({ pattern, seen: { path } })),
  );
  return {
    id: agent.id,
    title: agent.title,
    version: binary === undefined ? undefined : version,
    binary,
    settings: settings.map(({ path }) => ({ path, scope: scopeOf(path) })),
    ownSandbox: agent.ownSandbox?.(settings, context.env),
    ...(refused.length > 0 ? { refused } : {}),
    seen,
  };
}

/** Whom a settings file of the table is for, by where it lies. */
function scopeOf(path: string): SettingsScope {
  if (path.startsWith('/')) return 'managed';
  if (path.startsWith('~/')) return 'user';
  return /\.local\.\w+$/.test(path) ? 'local' : 'project';
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

import { join } from 'node:path';
import { findProgram } from '../base/exec.ts';
import { displayPath, isThere, placeWithin, readBounded } from '../base/files.ts';
import { installedVersion } from '../base/installed.ts';
import type { AgentFact, Seen, SettingsScope } from '../discover/facts.ts';
import type { AgentDefinition, DetectContext, SettingsFile, Traces } from './types.ts';

const SETTINGS_LIMIT = 1_000_000;

/**
 * What of an agent is on this machine or in this repository, by its traces; undefined where nothing is. Its program is looked
 * for outside the repository, and never run.
 */
export async function detect(
  { id, title, traces }: AgentDefinition,
  context: DetectContext,
): Promise<AgentFact | undefined> {
  const { root, home } = context;
  const settings = await readSettings(traces, context);
  const trace = await firstTrace(traces, context);
  const program = traces.programs
    .map(name => findProgram(name.startsWith('~/') ? join(home, name.slice(2)) : name, [root]))
    .find(path => path !== undefined);
  const { packages: npm, python, debian } = traces;
  const names = { npm, ...(python ? { python } : {}), ...(debian ? { debian } : {}) };
  const version = program === undefined ? undefined : await installedVersion(program, names, context.thorough);
  const binary = traces.ambiguous && version === undefined && trace === undefined ? undefined : program;
  const first = settings[0]?.path ?? trace;
  const seen: Seen | undefined =
    binary !== undefined
      ? { path: displayPath(binary, { root, home }) }
      : first === undefined
        ? undefined
        : { path: first };
  if (seen === undefined) return undefined;
  const refused = settings.flatMap(({ path, text }) =>
    (traces.refused?.(text) ?? []).map(pattern => ({ pattern, seen: { path } })),
  );
  return {
    id,
    title,
    version: binary === undefined ? undefined : version,
    binary,
    settings: settings.map(({ path }) => ({ path, scope: scopeOf(path) })),
    ownSandbox: traces.ownSandbox?.(settings, context.env),
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

async function readSettings(traces: Traces, context: DetectContext): Promise<SettingsFile[]> {
  const found: SettingsFile[] = [];
  for (const path of traces.settings) {
    const place = await placeOf(path, traces, context);
    const file = place === undefined ? undefined : await readBounded(place, SETTINGS_LIMIT);
    if (file?.ok && !file.truncated) found.push({ path, text: file.data.toString('utf8') });
  }
  return found;
}

async function firstTrace(traces: Traces, context: DetectContext): Promise<string | undefined> {
  for (const path of traces.others ?? []) {
    const place = await placeOf(path, traces, context);
    if (place !== undefined && isThere(place)) return path;
  }
  return undefined;
}

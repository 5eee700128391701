import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram } from '../base/exec.ts';
import { displayPath, readBounded } from '../base/files.ts';
import type { AgentFact, Seen } from '../discover/facts.ts';
import type { DetectContext } from './types.ts';

/** Where an agent shows itself. Paths are repository-relative, or `~/…`. */
export interface Traces {
  id: string;
  title: string;
  /** Names of its command line program, first found wins. */
  programs: readonly string[];
  /** Names of the npm packages that carry it: the version is theirs. */
  packages: readonly string[];
  /** Its settings, in the order in which later ones win. */
  settings: readonly string[];
  /** Other files or folders that show that it is used here or installed. */
  traces?: readonly string[];
  /** Whether its own sandbox is on by the settings that exist, later ones winning. Absent: it has none that can be read. */
  ownSandbox?: (settings: readonly { path: string; text: string }[]) => boolean | undefined;
}

const SETTINGS_LIMIT = 1_000_000;

/** Detects one agent by its traces. The program is looked for on PATH outside the repository, and never run. */
export async function detectAgent(
  { id, title, programs, packages, settings, traces = [], ownSandbox }: Traces,
  context: DetectContext,
): Promise<AgentFact | undefined> {
  const { root, home } = context;
  const place = (path: string) => (path.startsWith('~/') ? join(home, path.slice(2)) : join(root, path));
  const found: { path: string; text: string }[] = [];
  for (const path of settings) {
    const file = await readBounded(place(path), SETTINGS_LIMIT);
    if (file.ok && !file.truncated) found.push({ path, text: file.data.toString('utf8') });
  }
  const binary = programs.map(name => findProgram(name, [root])).find(path => path !== undefined);
  const trace = await firstPresent(traces, place);
  const seen: Seen | undefined =
    binary !== undefined
      ? { path: displayPath(binary, { root, home }) }
      : found[0]
        ? { path: found[0].path }
        : trace === undefined
          ? undefined
          : { path: trace };
  if (seen === undefined) return undefined;
  return {
    id,
    title,
    version: binary === undefined ? undefined : await packagedVersion(binary, packages),
    binary,
    settings: found.map(({ path }) => ({ path })),
    ownSandbox: ownSandbox?.(found),
    seen,
  };
}

async function firstPresent(paths: readonly string[], place: (path: string) => string): Promise<string | undefined> {
  const { lstat } = await import('node:fs/promises');
  for (const path of paths) {
    const stats = await lstat(place(path)).catch(() => undefined);
    if (stats) return path;
  }
  return undefined;
}

/** The version in the package.json that the program's real file belongs to, when that package is one of `packages`. */
async function packagedVersion(binary: string, packages: readonly string[]): Promise<string | undefined> {
  let folder = dirname(await realpath(binary).catch(() => binary));
  for (let level = 0; level < 6 && folder !== dirname(folder); level++, folder = dirname(folder)) {
    const file = await readBounded(join(folder, 'package.json'), 200_000);
    if (!file.ok) continue;
    try {
      const { name, version } = JSON.parse(file.data.toString('utf8')) as { name?: unknown; version?: unknown };
      if (typeof name === 'string' && packages.includes(name) && typeof version === 'string') return version;
    } catch {}
  }
  return undefined;
}

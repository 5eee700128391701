import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findProgram } from '../../base/exec.ts';
import { displayPath } from '../../base/files.ts';
import { expandPath } from '../places/expand.ts';
import { laterPlaces } from '../places/later.ts';
import type { LaterPlace, Platform } from '../places/types.ts';
import { NOT_HERE, type Probe, type ProbeContext } from './types.ts';

type Where = Pick<ProbeContext, 'home' | 'env'>;

/** Write tries on what something outside the box runs later: services, startup files, the crontab. */
export async function laterProbes(
  context: ProbeContext,
  places: readonly LaterPlace[] = laterPlaces,
): Promise<Probe[]> {
  const found = await Promise.all(places.map(place => placeProbes(place, context)));
  return [...found.flat(), crontabProbe(context)];
}

/** The folders in which a try may have left a file. */
export async function laterFolders(where: Where, places: readonly LaterPlace[] = laterPlaces): Promise<string[]> {
  const wanted = places.flatMap(place => pathsOf(place.folders, where));
  return (await Promise.all(wanted.map(nearestFolder))).filter(folder => folder !== undefined);
}

function pathsOf(paths: LaterPlace['folders'], { home, env }: Where): string[] {
  const platform = process.platform as Platform;
  return [...new Set((paths?.[platform] ?? []).flatMap(path => expandPath(path, { home, env, platform })))];
}

async function placeProbes(place: LaterPlace, context: ProbeContext): Promise<Probe[]> {
  const { root, home } = context;
  const folders = pathsOf(place.folders, context);
  const files = pathsOf(place.files, context);
  const probe = (path: string, subject: Probe['subject']): Probe => ({
    safeguard: 'ISO-1',
    attempt: 'write',
    target: displayPath(path, { root, home }),
    expect: 'deny',
    severity: place.severity,
    group: 'way-out',
    opens: place.opens,
    subject,
    origin: 'later',
  });
  const all = [...folders, ...files];
  const needed = await Promise.all((place.needs ?? []).map(isThere));
  if (needed.length > 0 && !needed.includes(true))
    return all.slice(0, 1).map(path => probe(path, { kind: 'skip', why: place.without ?? NOT_HERE }));
  const inFolders = folders.map(async (path): Promise<Probe[]> => {
    // Whoever may write the folder above can make the one that is missing.
    const folder = place.writable ? ((await isThere(path)) ? path : undefined) : await nearestFolder(path);
    if (folder === undefined) return [];
    if (place.writable && !(await mayWrite(folder)))
      return [probe(path, { kind: 'skip', why: 'you cannot write there yourself' })];
    return [probe(path, { kind: 'guard', path: folder, how: 'create', folder: true, rounds: [] })];
  });
  const inFiles = files.map(async (path): Promise<Probe[]> => {
    const stats = await stat(path).catch(() => undefined);
    return stats?.isFile() && stats.size > 0
      ? [probe(path, { kind: 'guard', path, how: 'in-place', folder: false, rounds: [] })]
      : [];
  });
  const probes = (await Promise.all([...inFolders, ...inFiles])).flat();
  return probes.length > 0 ? probes : all.slice(0, 1).map(path => probe(path, { kind: 'skip', why: NOT_HERE }));
}

/** A line in the user's own crontab, through the program that everybody may use for it. */
function crontabProbe({ root, readOnly }: ProbeContext): Probe {
  const program = findProgram('crontab', [root]);
  return {
    safeguard: 'ISO-1',
    attempt: 'write',
    target: 'crontab',
    expect: 'deny',
    severity: 'critical',
    group: 'way-out',
    opens: 'programs started outside the box, within a minute',
    subject:
      program === undefined
        ? { kind: 'skip', why: 'no cron here' }
        : readOnly
          ? { kind: 'skip', why: 'read-only try: nothing is written' }
          : { kind: 'crontab', program },
    origin: 'later',
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function nearestFolder(path: string): Promise<string | undefined> {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    const stats = await stat(at).catch(() => undefined);
    if (stats) return stats.isDirectory() ? at : undefined;
  }
  return undefined;
}

import { constants } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readBounded } from '../base/files.ts';
import { shellQuote } from '../base/text.ts';
import { decodePosture, tooLarge } from './decode.ts';
import type { Overlay } from './schema.ts';
import { spliceYaml } from './splice.ts';

export const OVERLAY_FILE = 'overlay.yaml';

type Parts = { systems?: unknown; data?: unknown; environments?: unknown };

/** `over` laid over `under`: lists by id, entry by entry and key by key; new ids at the end. Neither is changed. */
export function mergeOverlay<T extends Parts>(under: T, over: Parts): T {
  const byId = (name: 'systems' | 'data') => {
    const extra = (over[name] ?? []) as { id: string }[];
    const list = [...((under[name] ?? []) as { id: string }[])];
    const places = new Map(list.map(({ id }, index) => [id, index]));
    for (const entry of extra) {
      const place = places.get(entry.id);
      if (place === undefined) list.push(entry);
      else list[place] = { ...list[place], ...entry };
    }
    return extra.length > 0 ? { [name]: list } : {};
  };
  const extra = (over.environments ?? {}) as Record<string, object>;
  const merged = { ...((under.environments ?? {}) as Record<string, object>) };
  for (const [name, entry] of Object.entries(extra)) merged[name] = { ...merged[name], ...entry };
  return {
    ...under,
    ...byId('systems'),
    ...byId('data'),
    ...(Object.keys(extra).length > 0 ? { environments: merged } : {}),
  };
}

/** The overlay's path and text, or undefined without one. UserError where others could read or have written it. */
export async function readOverlay(stateFolder: string): Promise<{ path: string; text: string } | undefined> {
  const path = join(stateFolder, OVERLAY_FILE);
  const read = await readBounded(path);
  if (!read.ok) {
    if (read.reason === 'ENOENT' || read.reason === 'ENOTDIR') return undefined;
    throw new UserError({
      what: `the private part of the posture cannot be read (${read.reason})`,
      where: { path },
      expected: 'a file of yours',
      next: 'mend or remove it: without it, what it protects would be left out',
    });
  }
  if (read.truncated) throw tooLarge(path, read.stats.size);
  const others = constants.S_IRWXG | constants.S_IRWXO;
  if (process.platform !== 'win32' && (read.stats.mode & others) !== 0)
    throw new UserError({
      what: 'the private part of the posture is open to other users of this machine',
      where: { path },
      expected: 'mode 0600',
      next: `chmod 600 ${shellQuote(path)}`,
    });
  if (process.getuid && read.stats.uid !== process.getuid())
    throw new UserError({
      what: 'the private part of the posture belongs to another user',
      where: { path },
      expected: 'a file of yours',
      next: 'remove it, and write your own',
    });
  return { path, text: decodePosture(read.data, path) };
}

const FRESH = [
  '# The private part of the posture: what should not stand in the repository. Merged with agent-posture.yaml when it is',
  '# read; no generated file holds any of it.',
  'version: 1',
  '',
].join('\n');

/** The text of the private part with other systems; every comment stays. UserError where it is written in a way that cannot be edited. */
export function overlayText(text: string | undefined, systems: Overlay['systems'], path: string): string {
  const edited = spliceYaml(text ?? FRESH, [{ path: ['systems'], value: systems?.length ? systems : undefined }]);
  if (edited !== undefined) return edited;
  throw new UserError({
    what: 'the private part of the posture is written in a way that cannot be changed in place',
    where: { path },
    expected: 'plain "key: value" lines and "- " lists',
    next: 'write it so, or make the change by hand',
  });
}

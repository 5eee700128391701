import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { UserError } from '../base/errors.ts';
import { placeWithin, readBounded } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { type LoadedPosture, POSTURE_FILE } from './model.ts';
import { type Posture, postureSchema } from './schema.ts';

/** Reads a posture's text. `path` is what errors name. Throws UserError with every problem, in the file's order. */
export function parsePosture(text: string, path: string): Posture {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { path, line, column: col };
  };
  if (document.errors.length > 0)
    throw new UserError(document.errors.map(error => ({ what: error.message, where: at(error.pos[0]) })));
  const result = postureSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!result.success) {
    throw new UserError(
      result.error.issues.map(issue => {
        const node = document.getIn(issue.path as (string | number)[], true) as { range?: [number] } | undefined;
        return { what: `${issue.path.join('.')}: ${issue.message}`, where: at(node?.range?.[0] ?? 0) };
      }),
    );
  }
  return result.data;
}

/**
 * The posture of the repository at `root`, with the private overlay from `stateFolder` merged in. Undefined when there is
 * no file; UserError for everything that is wrong with it.
 */
export async function loadPosture(
  root: string,
  _options: { stateFolder?: string | undefined } = {},
): Promise<LoadedPosture | undefined> {
  const path = await placeWithin(await realpath(root), POSTURE_FILE);
  const read = await readBounded(path);
  if (!read.ok) {
    if (read.reason === 'ENOENT') return undefined;
    throw new UserError({ what: `cannot be read: ${read.reason}`, where: { path: POSTURE_FILE } });
  }
  const text = read.data.toString('utf8');
  const posture = parsePosture(text, POSTURE_FILE);
  return {
    path: join(root, POSTURE_FILE),
    text,
    sha256: sha256(read.data),
    posture,
    shared: posture,
    privateIds: new Set(),
  };
}

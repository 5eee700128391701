import { realpath } from 'node:fs/promises';
import type * as z from 'zod/mini';
import { type Problem, UserError } from '../base/errors.ts';
import { placeWithin, readBounded } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { checkMeaning } from './check.ts';
import { decodePosture, tooLarge } from './decode.ts';
import { explainIssues } from './explain.ts';
import { type Migrations, migrate, POSTURE_VERSION } from './migrate.ts';
import { type LoadedPosture, POSTURE_FILE } from './model.ts';
import { mergeOverlay, readOverlay } from './overlay.ts';
import { type Overlay, overlaySchema, type Posture, postureSchema } from './schema.ts';
import { inFileOrder, readTree, shown, type Tree } from './tree.ts';

/**
 * Reads a posture's text. `path` is what errors name. Throws one UserError with every problem, in the file's order; the
 * text of an older version is brought up to the current one first, in memory.
 */
export function parsePosture(text: string, path: string, migrations?: Migrations): Posture {
  const { tree, problems } = read(migrate(text, migrations), path);
  const result = judge(postureSchema, tree, problems);
  problems.push(...checkMeaning(tree));
  return settle(result, problems);
}

/** Reads the overlay's text and lays it over `shared`. Throws UserError with places in the overlay. */
function applyOverlay(
  shared: Posture,
  text: string,
  path: string,
): { posture: Posture; overlay: Overlay; privateIds: ReadonlySet<string> } {
  const { tree, problems } = read(migrate(text), path);
  const overlay = judge(overlaySchema, tree, problems);
  const merged = overlay ? mergeOverlay(shared, overlay) : undefined;
  problems.push(...checkMeaning(tree, merged ?? tree.data));
  const result = merged ? postureSchema.safeParse(merged) : undefined;
  // The file's own part is valid by itself, so what is wrong now is an entry of the overlay that is not whole.
  for (const issue of result?.error?.issues ?? []) {
    const [section = '', index] = issue.path;
    const id = section === 'systems' || section === 'data' ? merged?.[section]?.[Number(index)]?.id : undefined;
    const place = (section === 'systems' ? overlay?.systems : overlay?.data)?.findIndex(entry => entry.id === id) ?? -1;
    problems.push({
      what: `${shown(id ?? String(section))}: "${String(issue.path.at(-1))}" is missing or not valid, and the shared posture does not have it`,
      where: tree.locate(place < 0 ? [String(section)] : [String(section), place]),
      expected: 'whole entries, or the id of one in the shared posture with what is to be changed',
      next: 'where the shared posture no longer has it, take the entry out of this file',
    });
  }
  const posture = settle(result?.success ? result.data : undefined, problems);
  const own = overlay as Overlay;
  return {
    posture,
    overlay: own,
    privateIds: new Set([...(own.systems ?? []), ...(own.data ?? [])].map(({ id }) => id)),
  };
}

/**
 * The posture of the repository at `root`, with the private overlay from `stateFolder` merged in. Undefined when there is
 * no file; UserError for everything that is wrong with it.
 */
export async function loadPosture(
  root: string,
  { stateFolder }: { stateFolder?: string | undefined } = {},
): Promise<LoadedPosture | undefined> {
  const path = await placeWithin(await realpath(root), POSTURE_FILE);
  const file = await readBounded(path);
  if (!file.ok) {
    if (file.reason === 'ENOENT') return undefined;
    throw new UserError({
      what: READ_FAILURES[file.reason] ?? `cannot be read (${file.reason})`,
      where: { path: POSTURE_FILE },
      expected: 'a file that you can read',
      next: 'mend it, or move it away and run: agent-posture init',
    });
  }
  if (file.truncated) throw tooLarge(POSTURE_FILE, file.stats.size);
  const text = decodePosture(file.data, POSTURE_FILE);
  const shared = parsePosture(text, POSTURE_FILE);
  const overlay = stateFolder === undefined ? undefined : await readOverlay(stateFolder);
  const laid = overlay && applyOverlay(shared, overlay.text, overlay.path);
  return {
    path,
    text,
    sha256: sha256(file.data),
    posture: laid?.posture ?? shared,
    shared,
    privateIds: laid?.privateIds ?? new Set<string>(),
    ...(laid && overlay ? { overlay: { ...overlay, says: laid.overlay } } : {}),
  };
}

const READ_FAILURES: Record<string, string> = {
  EACCES: 'this user may not read it',
  EISDIR: 'this is a folder',
  'not-a-file': 'this is not a regular file',
};

function read(text: string, path: string): { tree: Tree; problems: Problem[] } {
  const tree = readTree(text, path);
  const problems = [...tree.problems];
  if (!tree.readable) throw new UserError(inFileOrder(problems));
  if (tree.data === null && problems.length === 0)
    throw new UserError({
      what: 'the posture is empty',
      where: { path },
      expected: 'at least version: 1 and project: a name',
      next: 'write them, or delete the file and run: agent-posture init',
    });
  const version = isRecord(tree.data) ? tree.data.version : undefined;
  // Of another version nothing else can be judged.
  if (typeof version === 'number' && version !== POSTURE_VERSION)
    throw new UserError({
      what: `this posture has version ${version}`,
      where: tree.locate(['version']),
      expected: `version ${POSTURE_VERSION}, which is what this agent-posture reads`,
      next:
        Number.isInteger(version) && version > POSTURE_VERSION
          ? 'use a newer agent-posture: npx agent-posture@latest'
          : `write version: ${POSTURE_VERSION}`,
    });
  return { tree, problems };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function judge<T>(schema: z.ZodMiniType<T>, tree: Tree, problems: Problem[]): T | undefined {
  const result = schema.safeParse(tree.data);
  if (result.success) return result.data;
  // Where the reader of the tree has refused a value already, its absence is no second problem.
  const told = new Set(problems.map(({ where }) => `${where?.line}:${where?.column}`));
  for (const problem of explainIssues(schema, result.error.issues, tree))
    if (!told.has(`${problem.where?.line}:${problem.where?.column}`)) problems.push(problem);
  return undefined;
}

function settle<T>(result: T | undefined, problems: readonly Problem[]): T {
  if (problems.length > 0) throw new UserError(inFileOrder(problems));
  if (result === undefined) throw new Error('a posture was refused without a reason');
  return result;
}

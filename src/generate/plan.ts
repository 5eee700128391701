import { realpath } from 'node:fs/promises';
import { UserError } from '../base/errors.ts';
import { plainStep } from '../base/files.ts';
import type { Posture } from '../posture/schema.ts';
import { decideBlocks } from './block.ts';
import type { Decision, Piece, Situation } from './decision.ts';
import { type Look, look } from './disk.ts';
import { isInterrupted, recover } from './journal.ts';
import { decideKeys } from './keys.ts';
import { knows, type Ledger, readLedger } from './ledger.ts';
import { acquireLock } from './lock.ts';
import { type Entry, isOwnPath, type Manifest, readManifest, unpack, writeManifest } from './manifest.ts';
import { prepareMeaning } from './meaning.ts';
import { type Move, movedFrom, planMove } from './moved.ts';
import { decideOwned } from './owned.ts';
import { BESIDE, MANIFEST_PATH } from './paths.ts';
import { differs, pinned } from './pin.ts';
import { readSetting, type Setting } from './settings.ts';
import type { Change, ExtraFile, Output, Plan, RenderContext, Rendered } from './types.ts';

export interface PlanOptions {
  /** The repository's state folder. Without it nothing is known to be ours, so nothing is ever taken away. */
  stateFolder?: string | undefined;
  /** Puts back what was removed or loosened by hand. */
  restore?: boolean;
  /** Ids of outputs; the others stay as they are. */
  only?: readonly string[] | undefined;
  /** Files that go into the same plan and the same undo: the posture. */
  extra?: readonly ExtraFile[];
  /** For looking only: where there is no manifest, the pinned one says what was laid. */
  fromPin?: boolean;
  /** For the ends of accepted rows. */
  now?: Date;
}

type FileRendering = Exclude<Rendered, { mode: 'git-config' }>;
type AnyPiece = Piece<FileRendering, Entry>;

/**
 * What has to be done so that the repository has what the outputs render: a function of the disk, the manifest and the
 * renderings. Changes nothing, except that the leavings of an interrupted run are put back first. Throws UserError for
 * a damaged manifest, an unknown id in `only`, or another run that is writing.
 */
export async function planGeneration(
  context: RenderContext,
  outputs: readonly Output[],
  options: PlanOptions = {},
): Promise<Plan> {
  const root = await realpath(context.root);
  const notes = options.stateFolder ? await recoverIfInterrupted(options.stateFolder) : [];
  const selected = select(outputs, options.only);
  const [seen, ledger, known] = await Promise.all([
    manifestOnDisk(root).catch(orRefusal),
    readLedger(options.stateFolder, root),
    pinned(root, options.stateFolder),
  ]);
  if (seen instanceof UserError && !(options.fromPin && known)) throw seen;
  const before = seen instanceof UserError ? null : seen;
  const { manifest, read } = whichManifest(before, known, options.fromPin === true, notes);
  const laid = (path: string) => {
    const entry = manifest.files.find(file => file.path === path && file.mode === 'owned');
    return entry?.mode === 'owned' ? unpack(entry.baseline) : undefined;
  };
  const own: RenderContext = { ...context, settings: ledger.git, laid };
  const isSelected = (id: string) => options.only === undefined || selected.some(output => output.id === id);

  const pieces = new Map<string, AnyPiece[]>();
  const put = (path: string, piece: AnyPiece) => pieces.set(path, [...(pieces.get(path) ?? []), piece]);
  const settings: { output: Output; key: string; value: string }[] = [];
  const moves: Move[] = [];
  for (const output of selected)
    for (const rendering of output.render(own)) {
      if (rendering.mode === 'git-config') {
        settings.push({ output, key: rendering.key, value: rendering.value });
        continue;
      }
      if (!isOwnPath(rendering.path))
        throw new Error(`${output.id} renders to a path it may not have: ${rendering.path}`);
      const entry = entryOf(manifest.files, outputs, output, rendering);
      const before = entry ?? movedFrom(manifest.files, output, rendering);
      if (rendering.mode === 'owned' && before?.mode === 'owned' && before.path !== rendering.path)
        moves.push({ output, rendering, entry: before });
      else put(rendering.path, { output, rendering, entry });
    }
  const accepted = acceptedPaths(context.posture, options.now ?? new Date());
  const rest = (path: string) => ({
    restore: options.restore === true,
    accepted: accepted.has(path),
    knows: (entry: Entry) => knows(ledger, entry),
  });
  const moved: NonNullable<Awaited<ReturnType<typeof planMove>>>[] = [];
  const leaves = new Set<Entry>();
  for (const move of moves) {
    const plan = await planMove(root, move, rest(move.rendering.path));
    if (!plan) put(move.rendering.path, { ...move, entry: undefined });
    else {
      moved.push(plan);
      leaves.add(move.entry);
    }
  }
  for (const entry of manifest.files) {
    if (leaves.has(entry)) continue;
    const taken = pieces.get(entry.path)?.some(piece => piece.entry === entry);
    if (!taken && isSelected(entry.output)) put(entry.path, { output: undefined, rendering: undefined, entry });
  }

  const decided = await Promise.all([...pieces].map(([path, list]) => decidePath(root, path, list, rest(path))));
  const next: Manifest = {
    version: 1,
    files: [
      ...manifest.files.filter(entry => !isSelected(entry.output)),
      ...[...decided, ...moved].flatMap(({ entries }) => entries),
    ],
  };
  const changes = [
    ...(await Promise.all((options.extra ?? []).map(file => planExtra(root, file)))),
    ...[...decided, ...moved].flatMap(({ changes: list }) => list),
    ...(await planSettings(root, settings, ledger, options.only === undefined, options.restore === true)),
  ];
  // What goes with this plan was there when outputs were rendered: those that name it are rendered once more without.
  const gone = new Set(changes.flatMap(({ state, path }) => (state === 'delete' ? [path] : [])));
  if (!context.gone && context.facts.agents.some(({ settings: found }) => found.some(({ path }) => gone.has(path))))
    return planGeneration({ ...context, gone }, outputs, options);
  for (const output of selected)
    for (const { path, weaker } of output.overrules?.(own) ?? [])
      if (!accepted.has(path)) await addOverruled(root, changes, output.id, path, weaker);
  return {
    root,
    changes,
    base: manifest,
    manifest: { before, after: next.files.length === 0 ? null : writeManifest(next, { data: read, manifest }) },
    notes: [
      ...notes,
      ...moved.flatMap(({ notes: said }) => said),
      ...selected.flatMap(output => output.notes?.(own) ?? []),
    ],
  };
}

/** What the manifest knows of a file, also where an earlier version had it under the name of an output that is no more. */
function entryOf(
  files: readonly Entry[],
  outputs: readonly Output[],
  { id }: Output,
  { mode, path }: FileRendering,
): Entry | undefined {
  const here = files.filter(entry => entry.path === path && entry.mode === mode);
  return here.find(({ output }) => output === id) ?? here.find(({ output }) => !outputs.some(one => one.id === output));
}

function orRefusal(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

/**
 * What a plan starts from: the manifest on the disk; for one that cannot be read, the pinned one, which is then written in
 * its place. `read`: the bytes that may stay.
 */
function whichManifest(
  before: Buffer | null,
  known: Manifest | undefined,
  fromPin: boolean,
  notes: string[],
): { manifest: Manifest; read: Buffer | null } {
  if (before === null && fromPin && known) return { manifest: known, read: null };
  try {
    const manifest = readManifest(before);
    const how = before !== null && known && differs(known, manifest);
    if (how)
      notes.push(`${MANIFEST_PATH} was changed since this program last wrote or took it: ${how}. It counts as it is.`);
    return { manifest, read: before };
  } catch (error) {
    if (!(error instanceof UserError) || !known) throw error;
    notes.push(`${MANIFEST_PATH} cannot be read: what this program last wrote or took here goes in its place`);
    return { manifest: known, read: null };
  }
}

async function recoverIfInterrupted(stateFolder: string): Promise<string[]> {
  if (!(await isInterrupted(stateFolder))) return [];
  const release = await acquireLock(stateFolder);
  try {
    return await recover(stateFolder, plainStep);
  } finally {
    await release();
  }
}

function select(outputs: readonly Output[], only: readonly string[] | undefined): readonly Output[] {
  if (only === undefined) return outputs;
  const unknown = only.find(id => !outputs.some(output => output.id === id));
  if (unknown !== undefined)
    throw new UserError({
      what: `there is no output ${unknown}`,
      expected: `one of ${outputs.map(({ id }) => id).join(', ')}`,
    });
  return outputs.filter(({ id }) => only.includes(id));
}

async function manifestOnDisk(root: string): Promise<Buffer | null> {
  const seen = await look(root, MANIFEST_PATH);
  if (!('refused' in seen)) return seen.file?.data ?? null;
  throw new UserError({
    what: `the manifest of generated files cannot be used: ${seen.refused}`,
    where: { path: MANIFEST_PATH },
    expected: 'a regular file, or none',
    next: 'remove what stands in its place and run again',
  });
}

/** Guard files whose edits the posture takes on: `accepted` rows for GRD-1 that have not ended. */
function acceptedPaths(posture: Posture, now: Date): ReadonlySet<string> {
  const today = now.toISOString().slice(0, 10);
  return new Set(
    (posture.accepted ?? [])
      .filter(({ safeguard, until }) => safeguard === 'GRD-1' && until >= today)
      .map(({ target }) => target.replace(/^\.\//, '')),
  );
}

async function decidePath(
  root: string,
  path: string,
  pieces: readonly AnyPiece[],
  rest: Pick<Situation, 'restore' | 'accepted' | 'knows'>,
): Promise<{ changes: Change[]; entries: Entry[] }> {
  const output = [...new Set(pieces.map(piece => piece.output?.id ?? piece.entry?.output ?? ''))].join(', ');
  const [seen, seenBeside] = await Promise.all([look(root, path), look(root, path + BESIDE)]);
  const leave = ({ refused: reason, closed }: Extract<Look, { refused: string }>) => {
    const asked = pieces.some(({ rendering }) => rendering);
    const state = asked ? 'refused' : 'unchanged';
    const change: Change = { output, state, path, before: null, after: null, reason, ...(closed ? { closed } : {}) };
    return { changes: [change], entries: asked ? pieces.flatMap(({ entry }) => entry ?? []) : [] };
  };
  if ('refused' in seen) return leave(seen);
  if ('refused' in seenBeside) return leave({ ...seenBeside, refused: `${path}${BESIDE}: ${seenBeside.refused}` });
  const differs = pieces.some(
    ({ rendering }) => rendering?.mode === 'owned' && seen.file?.data.toString('utf8') !== rendering.content,
  );
  if (differs && seen.file) await prepareMeaning(path);
  const situation: Situation = { path, disk: seen.file, beside: seenBeside.file, ...rest };
  const { state, after, executable, reason, line, entries } = decide(pieces, situation);
  const before = seen.file?.data ?? null;
  const change: Change = { output, state, path, before, after, executable, reason, line };
  if (state === 'conflict')
    return {
      changes: [{ ...change, beside: { path: path + BESIDE, before: seenBeside.file?.data ?? null } }],
      entries,
    };
  const stale = leftBeside(pieces, situation, output);
  return { changes: stale ? [change, stale] : [change], entries };
}

/** Ours beside a file, no longer needed now that the conflict is settled. An edited one is not ours any more. */
function leftBeside(pieces: readonly AnyPiece[], { path, beside }: Situation, output: string): Change | undefined {
  const ours = pieces.some(
    ({ rendering }) => beside && rendering?.mode === 'owned' && beside.data.equals(Buffer.from(rendering.content)),
  );
  const offered = pieces.some(({ entry }) => entry?.mode === 'owned' && entry.offered);
  if (!beside || !ours || !offered) return undefined;
  return {
    output,
    state: 'delete',
    path: path + BESIDE,
    before: beside.data,
    after: null,
    reason: 'settled, so the copy beside it goes',
  };
}

function decide(pieces: readonly AnyPiece[], situation: Situation): Decision {
  const live = pieces.filter(({ rendering }) => rendering);
  const modes = new Set(
    (live.length > 0 ? live : pieces).map(({ rendering, entry }) => rendering?.mode ?? entry?.mode),
  );
  const [mode] = modes;
  if (modes.size > 1 || (mode === 'owned' && live.length > 1))
    throw new Error(`several outputs claim ${situation.path} in ways that do not go together`);
  // An entry of another mode is from a time when the file was handled otherwise: what is asked now starts afresh.
  const fitting = pieces.filter(({ rendering, entry }) => rendering !== undefined || entry?.mode === mode);
  const of = <M extends Entry['mode']>(): Piece<Extract<Rendered, { mode: M }>, Extract<Entry, { mode: M }>>[] =>
    fitting as Piece<Extract<Rendered, { mode: M }>, Extract<Entry, { mode: M }>>[];
  if (mode === 'block') return decideBlocks(of<'block'>(), situation);
  if (mode === 'keys') return decideKeys(of<'keys'>(), situation);
  const [first] = of<'owned'>().sort((a, b) => Number(b.rendering !== undefined) - Number(a.rendering !== undefined));
  if (!first) throw new Error(`nothing is known about ${situation.path}`);
  return decideOwned(first, situation);
}

async function planExtra(root: string, { output, path, content, reason }: ExtraFile): Promise<Change> {
  const seen = await look(root, path);
  if ('refused' in seen) return { output, state: 'refused', path, before: null, after: null, reason: seen.refused };
  const before = seen.file?.data ?? null;
  const after = Buffer.from(content);
  const state = before === null ? 'create' : before.equals(after) ? 'unchanged' : 'update';
  return { output, state, path, before, after, reason: state === 'unchanged' ? 'up to date' : reason };
}

/** Settings of `.git/config` are this clone's alone, so it is the ledger, not the manifest, that knows ours. */
async function planSettings(
  root: string,
  wanted: readonly { output: Output; key: string; value: string }[],
  ledger: Ledger,
  whole: boolean,
  restore: boolean,
): Promise<Change[]> {
  const changes: Change[] = [];
  const base = (key: string) => ({ path: `git config ${key}`, before: null, after: null });
  for (const { output, key, value } of wanted) {
    const now = await readSetting(root, key);
    const rest = { output: output.id, ...base(key) };
    if ('refused' in now) {
      changes.push({ ...rest, state: 'refused', reason: now.refused });
      continue;
    }
    const ours = Object.hasOwn(ledger.git, key) ? ledger.git[key] : undefined;
    const set = (state: Change['state'], reason: string, after: string | null = value) =>
      changes.push({ ...rest, state, reason, gitConfig: { key, before: now.value, after } });
    if (now.instead && now.instead.value !== value) changes.push(overruled(output.id, key, value, now));
    else if (now.value === value) set('unchanged', 'up to date');
    else if (ours === undefined && now.value === null) set('create', 'new');
    else if (now.value === ours) set('update', 'follows the posture');
    else if (restore && ours !== undefined) set('update', 'put back');
    else if (ours !== undefined && output.guard)
      set('loosened', now.value === null ? 'it was unset' : 'it was set to something else', now.value);
    else if (now.value === null) set('create', 'was missing, set again');
    else set('conflict', `it is already set to ${now.value}; ours would be ${value}`, now.value);
  }
  for (const [key, value] of whole ? Object.entries(ledger.git) : []) {
    if (wanted.some(setting => setting.key === key)) continue;
    const now = await readSetting(root, key);
    if ('refused' in now || now.value !== value) continue;
    if (now.instead) {
      changes.push(overruled('git', key, value, now));
      continue;
    }
    const gitConfig = { key, before: value, after: null };
    changes.push({ output: 'git', state: 'delete', reason: 'no longer asked for', ...base(key), gitConfig });
  }
  return changes;
}

/** Says of a file, ours or not, that something in it switches off what an output lays. Only a person can take it out. */
async function addOverruled(
  root: string,
  changes: Change[],
  output: string,
  path: string,
  weaker: (text: string) => string | undefined,
): Promise<void> {
  const seen = await look(root, path);
  if ('refused' in seen || !seen.file) return;
  const { data } = seen.file;
  const reason = weaker(data.toString('utf8'));
  if (reason === undefined) return;
  const at = changes.findIndex(change => change.path === path && !change.beside);
  const there = changes[at];
  if (there?.state === 'loosened') changes[at] = { ...there, reason: `${there.reason}; ${reason}` };
  else if (there?.state === 'unchanged') changes[at] = { ...there, state: 'loosened', byHand: true, reason };
  // What else becomes of the file goes on.
  else changes.push({ output, state: 'loosened', path, before: data, after: data, byHand: true, reason });
}

/** A value that git does not obey, as a file that its configuration leads to has the last word. */
function overruled(
  output: string,
  key: string,
  value: string,
  now: Extract<Setting, { value: string | null }>,
): Change {
  const { value: other, from } = now.instead ?? { value: '', from: '' };
  return {
    output,
    state: 'loosened',
    path: `git config ${key}`,
    before: null,
    after: null,
    gitConfig: { key, before: now.value, after: now.value },
    byHand: true,
    reason: `${from} sets it to ${other}, and git obeys that instead of ${value}: take it out there`,
  };
}

import { realpath } from 'node:fs/promises';
import { UserError } from '../base/errors.ts';
import type { Posture } from '../posture/schema.ts';
import type { Situation } from './decision.ts';
import { look } from './disk.ts';
import { knows } from './ledger.ts';
import { type Entry, isOwnPath, type Manifest, unpack, writeManifest } from './manifest.ts';
import { type Move, movedFrom, planMove } from './moved.ts';
import { baseOf, recoverIfInterrupted } from './plan-base.ts';
import { type AnyPiece, decidePath, type FileRendering, planExtra } from './plan-path.ts';
import { planSettings, type WantedSetting } from './plan-settings.ts';
import type { Change, ExtraFile, Output, Plan, RenderContext } from './types.ts';

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
  const recovered = options.stateFolder ? await recoverIfInterrupted(options.stateFolder) : [];
  const selected = select(outputs, options.only);
  const base = await baseOf(root, options.stateFolder, options.fromPin === true);
  const { manifest, ledger } = base;
  const own: RenderContext = { ...context, settings: ledger.git, laid: path => laidIn(manifest, path) };
  const isSelected = (id: string) => options.only === undefined || selected.some(output => output.id === id);
  const accepted = acceptedPaths(context.posture, options.now ?? new Date());
  const rest = (path: string): Rest => ({
    restore: options.restore === true,
    accepted: accepted.has(path),
    knows: entry => knows(ledger, entry),
  });

  const { pieces, settings, moves } = askedBy(selected, own, outputs, manifest.files);
  const moved: Moved[] = [];
  for (const move of moves) {
    const plan = await planMove(root, move, rest(move.rendering.path));
    if (plan) moved.push({ ...plan, entry: move.entry });
    else put(pieces, move.rendering.path, { ...move, entry: undefined });
  }
  // What nothing asks for any more.
  for (const entry of manifest.files) {
    const taken =
      moved.some(move => move.entry === entry) || pieces.get(entry.path)?.some(piece => piece.entry === entry);
    if (!taken && isSelected(entry.output)) put(pieces, entry.path, { output: undefined, rendering: undefined, entry });
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
    return withNotes(recovered, await planGeneration({ ...context, gone }, outputs, options));
  for (const output of selected)
    for (const { path, weaker } of output.overrules?.(own) ?? [])
      if (!accepted.has(path)) await addOverruled(root, changes, output.id, path, weaker);
  return {
    root,
    changes,
    base: manifest,
    manifest: {
      before: base.before,
      after: next.files.length === 0 ? null : writeManifest(next, { data: base.read, manifest }),
    },
    notes: [
      ...recovered,
      ...base.notes,
      ...moved.flatMap(({ notes: said }) => said),
      ...selected.flatMap(output => output.notes?.(own) ?? []),
    ],
  };
}

/** What was put back was put back once, and is told whichever rendering the plan is of. */
function withNotes(notes: readonly string[], plan: Plan): Plan {
  return { ...plan, notes: [...notes, ...plan.notes] };
}

type Rest = Pick<Situation, 'restore' | 'accepted' | 'knows'>;
type Moved = NonNullable<Awaited<ReturnType<typeof planMove>>> & Pick<Move, 'entry'>;
type Pieces = Map<string, AnyPiece[]>;

/** What the outputs ask for: of files, by their paths; of git; and what lies where an earlier version laid it. */
function askedBy(
  selected: readonly Output[],
  context: RenderContext,
  outputs: readonly Output[],
  files: readonly Entry[],
): { pieces: Pieces; settings: WantedSetting[]; moves: Move[] } {
  const pieces: Pieces = new Map();
  const settings: WantedSetting[] = [];
  const moves: Move[] = [];
  for (const output of selected)
    for (const rendering of output.render(context)) {
      if (rendering.mode === 'git-config') {
        settings.push({ output, key: rendering.key, value: rendering.value });
        continue;
      }
      if (!isOwnPath(rendering.path))
        throw new Error(`${output.id} renders to a path it may not have: ${rendering.path}`);
      const entry = entryOf(files, outputs, output, rendering);
      const before = entry ?? movedFrom(files, output, rendering);
      if (rendering.mode === 'owned' && before?.mode === 'owned' && before.path !== rendering.path)
        moves.push({ output, rendering, entry: before });
      else put(pieces, rendering.path, { output, rendering, entry });
    }
  return { pieces, settings, moves };
}

function put(pieces: Pieces, path: string, piece: AnyPiece): void {
  pieces.set(path, [...(pieces.get(path) ?? []), piece]);
}

/** Our text of a whole file of ours, as the manifest has it. */
function laidIn(manifest: Manifest, path: string): string | undefined {
  const entry = manifest.files.find(file => file.path === path && file.mode === 'owned');
  return entry?.mode === 'owned' ? unpack(entry.baseline) : undefined;
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

/** Guard files whose edits the posture takes on: `accepted` rows for GRD-1 that have not ended. */
function acceptedPaths(posture: Posture, now: Date): ReadonlySet<string> {
  const today = now.toISOString().slice(0, 10);
  return new Set(
    (posture.accepted ?? [])
      .filter(({ safeguard, until }) => safeguard === 'GRD-1' && until >= today)
      .map(({ target }) => target.replace(/^\.\//, '')),
  );
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
  // Two agents can read one file, and say the same of it.
  if (there?.state === 'loosened' && there.reason.includes(reason)) return;
  if (there?.state === 'loosened') changes[at] = { ...there, reason: `${there.reason}; ${reason}` };
  else if (there?.state === 'unchanged') changes[at] = { ...there, state: 'loosened', byHand: true, reason };
  // What else becomes of the file goes on.
  else changes.push({ output, state: 'loosened', path, before: data, after: data, byHand: true, reason });
}

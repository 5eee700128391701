import { decideBlocks } from './block.ts';
import type { Decision, Piece, Situation } from './decision.ts';
import { type Look, look } from './disk.ts';
import { decideKeys } from './keys.ts';
import type { Entry } from './manifest.ts';
import { prepareMeaning } from './meaning.ts';
import { decideOwned } from './owned.ts';
import { BESIDE } from './paths.ts';
import type { Change, ExtraFile, Rendered } from './types.ts';

export type FileRendering = Exclude<Rendered, { mode: 'git-config' }>;
export type AnyPiece = Piece<FileRendering, Entry>;

/** What becomes of one path, by all that is asked of it and was. */
export async function decidePath(
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

/** A file that is no output goes in as it is. */
export async function planExtra(root: string, { output, path, content, reason }: ExtraFile): Promise<Change> {
  const seen = await look(root, path);
  if ('refused' in seen) return { output, state: 'refused', path, before: null, after: null, reason: seen.refused };
  const before = seen.file?.data ?? null;
  const after = Buffer.from(content);
  const state = before === null ? 'create' : before.equals(after) ? 'unchanged' : 'update';
  return { output, state, path, before, after, reason: state === 'unchanged' ? 'up to date' : reason };
}

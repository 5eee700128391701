import { UserError } from '../base/errors.ts';
import { KEPT_EDITS } from './changes.ts';
import { commentStyle } from './comments.ts';
import { baseline, type Decision, hashOf, isExecutable, type Piece, type Situation, worst } from './decision.ts';
import { decode } from './decode.ts';
import { comesFirst, findBlocks, isMarker, putBlock, takeBlock } from './formats/blocks.ts';
import { FormatProblem } from './formats/types.ts';
import { restoreLines, takeLinesBack } from './lines.ts';
import { type EntryOf, unpack } from './manifest.ts';
import { mergeLines } from './owned.ts';
import { linesToWrite, standingLines, withStanding } from './standing.ts';
import type { ChangeState, Rendered } from './types.ts';

type BlockRendering = Extract<Rendered, { mode: 'block' }>;
type BlockPiece = Piece<BlockRendering, EntryOf<'block'>>;

interface Outcome {
  state: ChangeState;
  reason: string;
  line?: number | undefined;
  text: string;
  entry: EntryOf<'block'> | undefined;
}

/** Decides about a file that others write too and that has lines of ours between marker comments. Pure. */
export function decideBlocks(pieces: readonly BlockPiece[], at: Situation): Decision {
  const original = at.disk ? decode(at.disk.data) : '';
  const before = at.disk?.data ?? null;
  const entriesBefore = pieces.flatMap(({ entry }) => entry ?? []);
  const refuse = (reason: string, line?: number): Decision => ({
    state: 'refused',
    after: before,
    reason,
    line,
    entries: entriesBefore,
  });
  if (original === undefined) return refuse('it is not UTF-8 text');
  const outcomes: Outcome[] = [];
  let text = original;
  try {
    for (const piece of pieces) {
      const outcome = decideBlock(piece, at, text);
      outcomes.push(outcome);
      text = outcome.text;
    }
  } catch (error) {
    if (error instanceof FormatProblem) return refuse(error.message, error.line);
    throw error;
  }
  const state = worst(outcomes.map(outcome => outcome.state));
  const said = outcomes.filter(outcome => outcome.state === state);
  const reason = [...new Set(said.map(outcome => outcome.reason))].join('; ');
  const line = said.find(outcome => outcome.line !== undefined)?.line;
  if (state === 'loosened') return { state, after: before, reason, line, entries: entriesBefore };
  if (state === 'conflict') {
    const entries = outcomes.flatMap((outcome, index) =>
      outcome.state === 'conflict' ? (outcome.entry ?? []) : (pieces[index]?.entry ?? []),
    );
    return { state, after: Buffer.from(text), reason, line, entries };
  }
  const entries = outcomes.flatMap(outcome => outcome.entry ?? []);
  const emptied =
    entries.length === 0 && entriesBefore.some(entry => entry.created) && text.replace('\ufeff', '') === '';
  if (emptied && text !== original) return { state: 'delete', after: null, reason, entries };
  const after = at.disk === null && entries.length === 0 ? null : Buffer.from(text);
  const written = after !== null && !(before !== null && after.equals(before));
  const ours = at.disk === null || entries.some(entry => entry.created);
  const executable = (ours && pieces.some(({ rendering }) => rendering?.executable)) || undefined;
  if (executable && state === 'unchanged' && at.disk && !isExecutable(at.disk))
    return { state: 'update', after: at.disk.data, executable, reason: 'made executable', entries };
  // Somebody's own script that has our call and is not run: it may be switched off on purpose, but then so are we.
  const off = state === 'unchanged' && pieces.some(({ rendering }) => rendering?.needsBit);
  if (off && at.disk && !isExecutable(at.disk) && !at.accepted) {
    if (at.restore)
      return { state: 'update', after: at.disk.data, executable: true, reason: 'made executable', entries };
    return {
      state: 'loosened',
      after: before,
      reason: 'it is not executable, so git does not call it',
      entries: entriesBefore,
    };
  }
  return {
    state,
    after,
    executable,
    reason,
    line,
    entries: written ? entries.map(entry => ({ ...entry, sha256: hashOf(after) })) : entries,
  };
}

function decideBlock({ rendering, entry, output }: BlockPiece, at: Situation, text: string): Outcome {
  const blocks = findBlocks(text);
  const asked = rendering?.lines ?? (entry ? unpack(entry.baseline).split('\n') : []);
  const standing = isIgnoreList(at.path) ? standingLines(text, blocks, asked) : NONE;
  const unchanged = (reason: string, kept: EntryOf<'block'> | undefined): Outcome => ({
    state: 'unchanged',
    reason,
    text,
    entry: kept,
  });
  if (!rendering || !output) {
    if (!entry) return unchanged('', undefined);
    const block = blocks.find(found => found.output === entry.output);
    if (!block) return unchanged('no longer asked for, and not there', undefined);
    const ours = unpack(entry.baseline);
    // What was left out because its owner had it may be gone by now.
    const written = linesToWrite(
      ours.split('\n'),
      isIgnoreList(at.path) ? new Set(ours.split('\n')) : NONE,
      block.lines,
    );
    if (block.lines.join('\n') !== written.join('\n'))
      return unchanged('no longer asked for; kept, because it has edits of yours', undefined);
    if (!at.knows(entry))
      return unchanged('no longer asked for; kept, because it was not written from this machine', undefined);
    return {
      state: at.disk ? 'update' : 'unchanged',
      reason: 'our lines are no longer asked for',
      text: takeBlock(text, entry.output, entry.glue === true),
      entry: undefined,
    };
  }
  checkLines(rendering);
  const { comment, lines, first = false } = rendering;
  const wanted = lines.join('\n');
  const block = blocks.find(found => found.output === output.id);
  const next: EntryOf<'block'> = {
    output: output.id,
    template: output.templateVersion,
    path: at.path,
    mode: 'block',
    comment,
    sha256: entry?.sha256 ?? hashOf(at.disk?.data ?? Buffer.alloc(0)),
    baseline: baseline(wanted, entry?.baseline),
    ...(entry?.created || at.disk === null ? { created: true as const } : {}),
    ...(entry?.glue ? { glue: true as const } : {}),
  };
  const write = (state: ChangeState, content: readonly string[], reason: string): Outcome => {
    const left = linesToWrite(content, standing, block?.lines ?? []);
    const put = putBlock(text, output.id, comment, left, first);
    return { state, reason, text: put.text, entry: put.glue ? { ...next, glue: true } : next };
  };
  const guarded = output.guard && !at.accepted;
  const resolved = at.beside === null ? entry?.offered : undefined;
  const conflict = (reason: string): Outcome => {
    const outcome = write('conflict', lines, reason);
    const kept = entry ?? next;
    return { ...outcome, entry: { ...kept, offered: baseline(wanted, entry?.offered) } };
  };

  if (!block) {
    if (at.disk === null) return write('create', lines, entry ? 'was missing, written again' : 'new');
    if (entry && guarded && !at.restore) return { state: 'loosened', reason: 'our lines were taken out', text, entry };
    return write('update', lines, entry ? 'our lines were missing, written again' : 'our lines added, yours kept');
  }
  const base = entry && unpack(resolved ?? entry.baseline);
  const theirs = withStanding(block.lines, (base ?? wanted).split('\n'), standing).join('\n');
  // A call behind other lines is dead where one of them ends the script, or has read what the call is about.
  const late = first && !comesFirst(text, output.id);
  if (late && guarded && !at.restore && entry?.template === output.templateVersion)
    return {
      state: 'loosened',
      reason: 'lines of yours stand before our call, and may keep it from being reached',
      line: block.line,
      text,
      entry,
    };
  const reads = (text: string) => theirs === text || (comment === '<!--' && words(theirs) === words(text));
  if (reads(wanted))
    return late
      ? write('update', lines, 'our call comes first now, so that nothing keeps it from being reached')
      : unchanged('up to date', next);
  if (base === undefined) {
    if (at.restore) return write('update', lines, 'put back');
    return conflict('its block is not as we write it');
  }
  if (reads(base)) return write('update', lines, 'follows the posture');
  const style = commentStyle(at.path, rendering.executable === true);
  const restored = guarded ? restoreLines(base, theirs, { style, harmless: harmlessIn(at.path) }) : theirs;
  if (restored !== theirs) {
    if (at.restore) {
      const put = takeLinesBack(wanted, base, restored) ?? wanted;
      return write('update', put.split('\n'), 'put back: lines in our block were changed');
    }
    return {
      state: 'loosened',
      reason:
        standing === NONE ? 'lines in our block were changed' : 'our lines, or yours that stood for them, were changed',
      line: block.line + 1 + firstDifference(block.lines, linesToWrite(restored.split('\n'), standing, block.lines)),
      text,
      entry,
    };
  }
  if (wanted === base) return unchanged(KEPT_EDITS, next);
  const merged = mergeLines(theirs, base, wanted);
  if (merged !== undefined) return write('merge', merged.split('\n'), KEPT_EDITS);
  return conflict('your edits and the new version change the same lines');
}

const NONE: ReadonlySet<string> = new Set();

function isIgnoreList(path: string): boolean {
  return path.endsWith('ignore');
}

/** A text as a reader of Markdown sees it: where its lines break, and how far they stand in, is a formatter's to say. */
function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Of a list of what is ignored, only a line with a `!` takes something out again. */
function harmlessIn(path: string): ((line: string) => boolean) | undefined {
  return isIgnoreList(path) ? line => !line.trimStart().startsWith('!') : undefined;
}

function firstDifference(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((line, at) => line !== b[at]);
  return index < 0 ? a.length : index;
}

function checkLines({ path, lines }: BlockRendering): void {
  for (const line of lines) {
    if (/[\r\n]/.test(line)) throw new Error(`a line for ${path} has a line break in it`);
    if (isMarker(line))
      throw new UserError({
        what: `a value of the posture would be read as the end of our own lines: ${line.trim()}`,
        where: { path },
        expected: 'values that do not look like the marker comments of agent-posture',
        next: 'change that value in the posture',
      });
  }
}

import { diffArrays } from 'diff';
import { diff3Merge } from 'node-diff3';
import { plural } from '../base/text.ts';
import { KEPT_EDITS } from './changes.ts';
import { type CommentStyle, commentStyle, isEffective } from './comments.ts';
import { baseline, type Decision, hashOf, isExecutable, type Piece, type Situation } from './decision.ts';
import { decode } from './decode.ts';
import { lineEnding } from './formats/values.ts';
import { putIntoScript, restoreLines, takeLinesBack } from './lines.ts';
import { type EntryOf, unpack } from './manifest.ts';
import { meansTheSame } from './meaning.ts';
import type { Rendered } from './types.ts';

type OwnedRendering = Extract<Rendered, { mode: 'owned' }>;
type OwnedPiece = Piece<OwnedRendering, EntryOf<'owned'>>;

/** Decides about a file that is wholly ours. Pure. */
export function decideOwned(piece: OwnedPiece, at: Situation): Decision {
  const { rendering, entry, output } = piece;
  if (!rendering || !output)
    return entry ? leave(entry, at) : { state: 'unchanged', after: null, reason: '', entries: [] };

  const { disk } = at;
  const { executable } = rendering;
  const wanted = Buffer.from(rendering.content);
  const entryWith = (text: string, sha: string): EntryOf<'owned'> => ({
    output: output.id,
    template: output.templateVersion,
    path: at.path,
    mode: 'owned',
    sha256: sha,
    baseline: baseline(text, entry?.baseline),
    ...(disk && (entry === undefined || entry.had) ? { had: true as const } : {}),
  });
  const write = (state: 'create' | 'update' | 'merge', after: Buffer, reason: string): Decision => ({
    state,
    after,
    executable,
    reason,
    entries: [entryWith(rendering.content, hashOf(after))],
  });
  const stay = (
    state: 'unchanged' | 'loosened',
    reason: string,
    entries: EntryOf<'owned'>[],
    line?: number,
  ): Decision => ({
    state,
    after: disk?.data ?? null,
    reason,
    line,
    entries,
  });
  const keptEntries = entry ? [entry] : [];

  if (!disk) return write('create', wanted, entry ? 'was missing, written again' : 'new');

  const raw = decode(disk.data);
  const crlf = raw !== undefined && !executable && lineEnding(raw) === '\r\n';
  const theirs = crlf ? raw.replaceAll('\r\n', '\n') : raw;
  const encode = (text: string) => Buffer.from(crlf ? text.replaceAll('\n', '\r\n') : text);
  const lostBit = executable === true && !isExecutable(disk);
  const guarded = output.guard && !at.accepted;
  const bit = 'it is no longer executable, so it is not run';

  if (theirs === rendering.content) {
    const settled = entry && !entry.offered && unpack(entry.baseline) === rendering.content;
    const entries = [entryWith(rendering.content, settled ? entry.sha256 : hashOf(disk.data))];
    if (!lostBit) return stay('unchanged', entry ? 'up to date' : 'already as it should be', entries);
    if (guarded && entry && !at.restore) return stay('loosened', bit, keptEntries);
    return { state: 'update', after: disk.data, executable, reason: 'made executable', entries };
  }

  const conflict = (reason: string): Decision => {
    const laid = at.beside && entry?.offered && hashOf(at.beside.data) === entry.offered.sha256;
    const edited = at.beside && !laid && !at.beside.data.equals(wanted);
    return {
      state: 'conflict',
      after: edited ? (at.beside?.data ?? null) : wanted,
      executable,
      reason: edited ? `${reason}; ours beside it was edited, so it is left` : reason,
      entries: [
        {
          ...entryWith(base ?? rendering.content, entry?.sha256 ?? hashOf(disk.data)),
          offered: { sha256: hashOf(wanted), baseline: baseline(rendering.content, entry?.offered?.baseline) },
        },
      ],
    };
  };

  const resolved = entry?.offered !== undefined && at.beside === null;
  const base = entry && unpack(resolved && entry.offered ? entry.offered.baseline : entry.baseline);
  if (base === undefined && rendering.yields) return stay('unchanged', 'yours serves as well', []);
  if (base === undefined) return conflict('a file of this name was there before');
  if (theirs === undefined) return conflict('the file is no longer text');
  if (entry?.offered && !resolved) return conflict('not settled yet');

  if (lostBit && guarded && !at.restore) return stay('loosened', bit, keptEntries);
  if (theirs === base) return write('update', encode(rendering.content), reasonOfUpdate(entry, output.templateVersion));

  const asMeant = meansTheSame(at.path, theirs, base);
  if (guarded && !asMeant) {
    const weaker = weakening(base, theirs, commentStyle(at.path, executable === true));
    if (weaker && at.restore) {
      const restored = restoreGuard(base, theirs, rendering, commentStyle(at.path, executable === true));
      return restored === undefined
        ? conflict('it guards less than it should, and cannot be put back')
        : write('update', encode(restored), `put back: ${weaker.reason}`);
    }
    if (weaker) return stay('loosened', weaker.reason, keptEntries, weaker.line);
  }
  if (rendering.content === base) {
    const entries = [entryWith(base, resolved ? hashOf(disk.data) : (entry?.sha256 ?? hashOf(disk.data)))];
    if (lostBit) return { state: 'update', after: disk.data, executable, reason: 'made executable', entries };
    return stay('unchanged', asMeant ? 'formatted otherwise, means the same' : KEPT_EDITS, entries);
  }
  const isExample = /(?:^|\/)\.env[^/]*$/.test(at.path);
  const ours = isExample ? withoutTheirNames(rendering.content, theirs, base) : rendering.content;
  const merged = mergeLines(theirs, base, ours);
  if (merged !== undefined) return write('merge', encode(merged), KEPT_EDITS);
  if (asMeant && meansTheSame(at.path, theirs, base, 'without comments'))
    return write('update', encode(rendering.content), reasonOfUpdate(entry, output.templateVersion));
  return conflict('your edits and the new version change the same lines');
}

/** The file with what guards in it put back, in its new version, and with the edits that do no harm. */
function restoreGuard(
  base: string,
  theirs: string,
  { content, executable }: OwnedRendering,
  style: CommentStyle,
): string | undefined {
  if (theirs.trim() === '') return content;
  const restored = restoreLines(base, executable ? theirs.replaceAll('\r\n', '\n') : theirs, { style });
  return weakening(base, restored, style) ? content : takeLinesBack(content, base, restored);
}

function reasonOfUpdate(entry: EntryOf<'owned'> | undefined, template: number): string {
  return entry && entry.template < template ? 'newer template' : 'follows the posture';
}

/** The posture no longer asks for the file. */
function leave(entry: EntryOf<'owned'>, at: Situation): Decision {
  const keep = (reason: string): Decision => ({
    state: 'unchanged',
    after: at.disk?.data ?? null,
    reason,
    entries: [],
  });
  if (!at.disk) return keep('no longer asked for, and not there');
  const text = decode(at.disk.data)?.replaceAll('\r\n', '\n');
  if (text !== unpack(entry.baseline).replaceAll('\r\n', '\n'))
    return keep('no longer asked for; kept, because it has edits of yours');
  if (entry.had) return keep('no longer asked for; kept, because it was there before');
  if (!at.knows(entry))
    return keep('no longer asked for; kept, because it was not written from this machine: remove it yourself');
  return { state: 'delete', after: null, reason: 'no longer asked for', entries: [] };
}

/** The three-way merge on lines, or undefined where both changed the same ones. */
export function mergeLines(theirs: string, base: string, ours: string): string | undefined {
  const regions = diff3Merge(theirs.split('\n'), base.split('\n'), ours.split('\n'), { excludeFalseConflicts: true });
  const lines: string[] = [];
  for (const region of regions) {
    if (!region.ok) return undefined;
    for (const line of region.ok) lines.push(line);
  }
  return lines.join('\n');
}

const ASSIGNED = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=/;

/** Of an example of variables: ours without the names that somebody has added by hand, so that none stands there twice. */
function withoutTheirNames(ours: string, theirs: string, base: string): string {
  const name = (line: string) => ASSIGNED.exec(line)?.[1];
  const names = (text: string) => new Set(text.split('\n').flatMap(line => name(line) ?? []));
  const before = names(base);
  const added = new Set([...names(theirs)].filter(each => !before.has(each)));
  return ours
    .split('\n')
    .filter(line => !added.has(name(line) ?? ''))
    .join('\n');
}

/**
 * Why an edit of a guard may leave less of it, or undefined. Comments and blank lines do not count, nor lines after
 * the last of ours in a script: by then it has done its work. Everything else may, and is for a person to judge.
 */
export function weakening(
  base: string,
  theirs: string,
  style: CommentStyle,
): { reason: string; line: number | undefined } | undefined {
  const ours = effective(base, style);
  const now = effective(theirs, style);
  if (ours.length > 0 && now.length === 0) return { reason: 'it was emptied', line: 1 };
  const parts = diffArrays(
    ours.map(({ text }) => text),
    now.map(({ text }) => text),
  );
  const gone = parts.filter(({ removed }) => removed).flatMap(({ value }) => value);
  let at = 0;
  const added: { line: number; last: boolean }[] = [];
  parts.forEach((part, index) => {
    if (part.removed) return;
    if (part.added) added.push({ line: now[at]?.line ?? 1, last: index === parts.length - 1 });
    at += part.value.length;
  });
  if (gone.length > 0)
    return {
      reason: `${plural(gone.length, 'line')} of it gone or changed: ${gone[0]?.trim().slice(0, 60)}`,
      line: added[0]?.line,
    };
  const put = style === 'script' ? putIntoScript(base, theirs) : undefined;
  if (put !== undefined) return { reason: 'lines were added that may undo it', line: put };
  const before = added.find(({ last }) => !(style === 'script' && last));
  return before && { reason: 'lines were added that may undo it', line: before.line };
}

function effective(text: string, style: CommentStyle): { text: string; line: number }[] {
  return text
    .split('\n')
    .flatMap((line, index, all) =>
      isEffective(line, index, style, all[index - 1]) ? [{ text: line.replace(/[ \t]+$/, ''), line: index + 1 }] : [],
    );
}

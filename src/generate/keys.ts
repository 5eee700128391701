import { plural } from '../base/text.ts';
import { type Decision, hashOf, type Piece, type Situation } from './decision.ts';
import { decode } from './decode.ts';
import { applyEdits, formats } from './formats/index.ts';
import { extrasOf } from './formats/json.ts';
import { type Edit, FormatProblem, type KeyPath, type Parsed } from './formats/types.ts';
import {
  applyToValue,
  blockedAt,
  canonical,
  isTable,
  kindOf,
  missingContainers,
  plain,
  same,
  valueAt,
} from './formats/values.ts';
import type { ClaimEntry, EntryOf } from './manifest.ts';
import type { Claim, Rendered } from './types.ts';

type KeysRendering = Extract<Rendered, { mode: 'keys' }>;
type KeysPiece = Piece<KeysRendering, EntryOf<'keys'>>;

interface Loss {
  reason: string;
  path: KeyPath;
}

/** What is collected while the claims are gone through. `model` is what the file will mean so far. */
interface Work {
  parsed: Parsed;
  model: unknown;
  edits: Edit[];
  losses: Loss[];
  said: string[];
  kept: string[];
}

class Refused extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/** Decides about a file with keys that others write too and that has keys or list elements of ours in it. Pure. */
export function decideKeys(pieces: readonly KeysPiece[], at: Situation): Decision {
  const before = at.disk?.data ?? null;
  const entriesBefore = pieces.flatMap(({ entry }) => entry ?? []);
  const stay = (state: 'refused' | 'loosened', reason: string, line?: number): Decision => ({
    state,
    after: before,
    reason,
    line,
    entries: entriesBefore,
  });
  const format = formats[pieces[0]?.rendering?.format ?? pieces[0]?.entry?.format ?? 'json'];
  const text = at.disk ? decode(at.disk.data) : '';
  if (text === undefined) return stay('refused', 'it is not UTF-8 text');
  let work: Work;
  let edited = text;
  const entries: EntryOf<'keys'>[] = [];
  try {
    const parsed = format.parse(text);
    if (!isTable(parsed.value)) return stay('refused', `it holds ${kindOf(parsed.value)}, where keys are expected`, 1);
    for (const { rendering } of pieces) {
      const odd = rendering && stumbling(text, rendering);
      if (odd) return stay('refused', odd.reason, odd.line);
    }
    work = { parsed, model: parsed.value, edits: [], losses: [], said: [], kept: [] };
    const asked = new ByPath(pieces.flatMap(({ rendering }) => rendering?.claims ?? []));
    for (const piece of pieces) {
      const claims = piece.rendering ? claimAll(work, piece, at) : undefined;
      if (piece.entry) releaseAll(work, piece.entry, piece.rendering?.claims ?? [], asked, at);
      if (!claims || !piece.output || !piece.rendering) continue;
      entries.push({
        output: piece.output.id,
        template: piece.output.templateVersion,
        path: at.path,
        mode: 'keys',
        format: piece.rendering.format,
        sha256: piece.entry?.sha256 ?? hashOf(before ?? Buffer.alloc(0)),
        claims,
        ...(piece.entry?.created || before === null ? { created: true as const } : {}),
      });
    }
    if (work.losses.length === 0) edited = applyEdits(format, text, work.edits);
  } catch (error) {
    if (error instanceof FormatProblem) return stay('refused', `${error.message} (column ${error.column})`, error.line);
    if (error instanceof Refused) return stay('refused', error.message, error.line);
    throw error;
  }
  const [loss] = work.losses;
  if (loss)
    return stay('loosened', work.losses.map(({ reason }) => reason).join('; '), work.parsed.position(loss.path).line);

  const gone = entries.length === 0;
  // What others have put into a file of ours meanwhile is theirs, in whatever run of ours it was seen last.
  const hollow = /^\s*(?:\{\s*\}\s*)?$/.test(edited);
  if (gone && before !== null && hollow && entriesBefore.some(entry => entry.created))
    if (entriesBefore.every(entry => at.knows(entry)))
      return { state: 'delete', after: null, reason: 'no longer asked for', entries };
  if (work.edits.length === 0)
    return { state: 'unchanged', after: before, reason: work.kept.join('; ') || 'up to date', entries };
  const after = Buffer.from(edited);
  const hash = hashOf(after);
  return {
    state: before === null ? 'create' : 'update',
    after,
    reason:
      before === null && entriesBefore.length === 0
        ? 'new'
        : before === null
          ? 'was missing, written again'
          : `${work.said.join('; ')}; the rest kept`,
    entries: entries.map(entry => ({ ...entry, sha256: hash })),
  };
}

/** Why the program that reads a file would leave out all of it, our keys too; undefined where it reads it. */
function stumbling(text: string, { reader }: KeysRendering): { reason: string; line: number } | undefined {
  const odd = reader && extrasOf(text).find(({ kind }) => reader.stumbles.includes(kind));
  if (!odd) return undefined;
  const reason = `it holds ${odd.kind} (column ${odd.column}), and ${reader.title} then takes nothing of the file, its denials included`;
  return { reason, line: odd.line };
}

/** Looks after every claim of one output, and returns how the manifest is to know them. */
function claimAll(work: Work, { rendering, entry, output }: KeysPiece, at: Situation): ClaimEntry[] {
  const claims = rendering?.claims ?? [];
  const missing =
    entry?.claims.every(claim => {
      const now = valueAt(work.parsed.value, claim.path);
      return claim.elements
        ? !Array.isArray(now) || !claim.elements.some(element => now.some(other => same(other, element)))
        : now === undefined;
    }) ?? false;
  const known = new ByPath(entry?.claims ?? []);
  return claims.map(claim => {
    const old = known.like(claim);
    const guarded = (claim.guard ?? output?.guard ?? false) && !at.accepted;
    const blocked = blockedAt(work.model, claim.path);
    if (blocked)
      throw new Refused(
        `${named(blocked)} is ${kindOf(valueAt(work.model, blocked))}, where a table is needed`,
        work.parsed.position(blocked).line,
      );
    return 'value' in claim
      ? claimValue(work, claim, old, guarded, missing, at)
      : claimElements(work, claim, old, guarded, missing, at);
  });
}

/** Claims by their path: settings have hundreds, and each is looked for in every plan. */
class ByPath<C extends Claim | ClaimEntry> {
  private readonly lists = new Map<string, C[]>();

  constructor(claims: readonly C[]) {
    for (const claim of claims) this.lists.set(JSON.stringify(claim.path), [...this.at(claim.path), claim]);
  }

  at(path: KeyPath): readonly C[] {
    return this.lists.get(JSON.stringify(path)) ?? [];
  }

  /** The claim that is about the same: the same path, and like `claim` a value or elements. */
  like(claim: Claim | ClaimEntry): C | undefined {
    return this.at(claim.path).find(other => 'value' in other === 'value' in claim);
  }
}

type Guarded = { guarded: boolean; missing: boolean; at: Situation };

function claimValue(
  work: Work,
  claim: Extract<Claim, { value: unknown }>,
  old: ClaimEntry | undefined,
  guarded: Guarded['guarded'],
  missing: Guarded['missing'],
  at: Situation,
): ClaimEntry {
  const now = valueAt(work.model, claim.path);
  const value = plain(claim.value);
  const made = old?.made ?? missingContainers(work.model, claim.path, false);
  const next = (had: boolean): ClaimEntry => ({
    path: [...claim.path],
    ...(claim.guard === undefined ? {} : { guard: claim.guard }),
    value,
    ...(had ? { had: true as const } : {}),
    ...(made > 0 ? { made } : {}),
  });
  const set = (words: string) => {
    edit(work, { kind: 'set', path: claim.path, value });
    work.said.push(`${words} ${named(claim.path)}`);
    return next(false);
  };
  if (same(now, value)) return next(old ? old.had === true : true);
  if (!old) {
    if (now === undefined || guarded) return set('sets');
    work.kept.push(`yours kept: ${named(claim.path)}`);
    return next(true);
  }
  if (same(now, old.value)) return set('sets');
  if (guarded && at.disk && (now !== undefined || old.value !== undefined)) {
    if (at.restore) return set('puts back');
    work.losses.push({
      reason: now === undefined ? `${named(claim.path)} is gone` : `${named(claim.path)} is no longer as it was set`,
      path: claim.path,
    });
    return next(old.had === true);
  }
  if (now === undefined && missing) return set('puts back');
  work.kept.push(`yours kept: ${named(claim.path)}`);
  return next(old.had === true);
}

function claimElements(
  work: Work,
  claim: Extract<Claim, { elements: readonly unknown[] }>,
  old: ClaimEntry | undefined,
  guarded: Guarded['guarded'],
  missing: Guarded['missing'],
  at: Situation,
): ClaimEntry {
  const now = valueAt(work.model, claim.path) ?? [];
  if (!Array.isArray(now))
    throw new Refused(
      `${named(claim.path)} is ${kindOf(now)}, where a list is needed`,
      work.parsed.position(claim.path).line,
    );
  const has = (items: readonly unknown[], element: unknown) => items.some(other => same(other, element));
  const elements = distinct(claim.elements.map(plain));
  const before = old?.elements ?? [];
  const hadBefore = Array.isArray(old?.had) ? old.had : [];
  const made = old?.made ?? missingContainers(work.model, claim.path, true);
  const lost = elements.filter(element => !has(now, element) && has(before, element));
  const fresh = elements.filter(element => !has(now, element) && !has(before, element));
  const had = elements.filter(element => has(hadBefore, element) || (has(now, element) && !has(before, element)));
  const put = [...fresh];
  if (lost.length > 0) {
    if ((guarded && at.restore) || at.disk === null || (missing && !guarded)) {
      put.push(...lost);
      work.said.push(`puts ${lost.length} back into ${named(claim.path)}`);
    } else if (guarded)
      work.losses.push({
        reason: `${plural(lost.length, 'rule')} gone from ${named(claim.path)}: ${lost.slice(0, 3).map(short).join(', ')}${lost.length > 3 ? ' …' : ''}`,
        path: claim.path,
      });
    else work.kept.push(`yours kept: ${named(claim.path)}`);
  }
  if (fresh.length > 0) work.said.push(`adds ${fresh.length} to ${named(claim.path)}`);
  const ordered = elements.filter(element => has(put, element));
  if (ordered.length > 0) edit(work, { kind: 'add', path: claim.path, elements: ordered });
  return {
    path: [...claim.path],
    ...(claim.guard === undefined ? {} : { guard: claim.guard }),
    elements,
    ...(had.length > 0 ? { had } : {}),
    ...(made > 0 ? { made } : {}),
  };
}

/** Takes out what the entry claims and nobody asks for any more: only what we put there, and only as we put it. */
function releaseAll(
  work: Work,
  entry: EntryOf<'keys'>,
  claims: readonly Claim[],
  asked: ByPath<Claim>,
  at: Situation,
): void {
  const own = new ByPath(claims);
  const left: { path: KeyPath; made: number }[] = [];
  for (const old of entry.claims) {
    const claim = own.like(old);
    if (claim && 'value' in claim) continue;
    const now = valueAt(work.model, old.path);
    if (old.elements) {
      const wanted = asked.at(old.path).flatMap(other => ('elements' in other ? other.elements : []));
      const had = Array.isArray(old.had) ? old.had : [];
      const gone = old.elements.filter(
        element =>
          Array.isArray(now) &&
          now.some(other => same(other, element)) &&
          ![...wanted, ...had].some(other => same(other, element)),
      );
      if (gone.length === 0) continue;
      if (!at.knows(entry)) {
        work.kept.push(
          `${plural(gone.length, 'rule')} no longer asked for kept in ${named(old.path)}, not written from this machine`,
        );
        continue;
      }
      edit(work, { kind: 'drop', path: old.path, elements: gone });
      work.said.push(`takes ${gone.length} out of ${named(old.path)}`);
      if (!claim) left.push({ path: old.path, made: old.made ?? 0 });
    } else if (now !== undefined && same(now, old.value) && old.had !== true) {
      if (asked.at(old.path).length > 0) continue;
      if (!at.knows(entry)) {
        work.kept.push(`${named(old.path)} is no longer asked for; kept, not written from this machine`);
        continue;
      }
      edit(work, { kind: 'remove', path: old.path });
      work.said.push(`takes ${named(old.path)} out`);
      left.push({ path: old.path.slice(0, -1), made: old.made ?? 0 });
    }
  }
  // The first claim in a container is the one that made it, and the container is empty only once the last is gone.
  for (const { path, made } of left.reverse()) prune(work, path, made);
}

/** Removes up to `count` containers of ours that are empty now, from the inside out. */
function prune(work: Work, path: KeyPath, count: number): void {
  for (let at = path, left = count; left > 0 && at.length > 0; at = at.slice(0, -1), left--) {
    const value = valueAt(work.model, at);
    const empty = Array.isArray(value) ? value.length === 0 : isTable(value) && Object.keys(value).length === 0;
    if (!empty) return;
    edit(work, { kind: 'remove', path: at });
  }
}

function edit(work: Work, step: Edit): void {
  work.edits.push(step);
  work.model = applyToValue(work.model, step);
}

function distinct(values: readonly unknown[]): unknown[] {
  const seen = new Set<string>();
  return values.filter(value => !seen.has(canonical(value)) && seen.add(canonical(value)));
}

function named(path: KeyPath): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

import { isDeepStrictEqual } from 'node:util';
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { encodeBlock, encodeFlow, encodeInline, encodeItem, encodePair, encodeScalar } from './encode.ts';
import { keyOf, type Path } from './tree.ts';

/**
 * Edits of a YAML text that leave every byte outside the edited value as it is. The library's own printer reflows the
 * whole file, so values are cut out and put in by their places in the source instead.
 */

interface Source {
  text: string;
  root: Node | null;
  /** Found when they are first asked for: in a long file it takes a while. */
  readonly comments: Comment[];
  eol: string;
  /** Top-level keys in the order in which new ones are put among them. */
  order: readonly string[];
}

interface Comment {
  start: number;
  end: number;
}

interface Token {
  type: string;
  offset: number;
  source: string;
}

/** One replacement: `[from, to)` by `by`. */
interface Splice {
  from: number;
  to: number;
  by: string;
}

type Operation =
  | { kind: 'replace'; path: Path; value: unknown }
  | { kind: 'insert'; path: Path; value: unknown }
  | { kind: 'remove'; path: Path };

function textsOf(text: string, comments: readonly Comment[]): string[] {
  return comments.map(({ start, end }) => text.slice(start, end).trimEnd());
}

function findComments(text: string): Comment[] {
  const found: Comment[] = [];
  let offset = 0;
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // Marks of the lexer itself (document, end of flow, scalar follows) take no room in the source.
    if (lexeme === '\u0002' || lexeme === '\u0018' || lexeme === '\u001f') {
      scalar = lexeme === '\u001f';
      continue;
    }
    if (!scalar && lexeme.startsWith('#')) found.push({ start: offset, end: offset + lexeme.length });
    scalar = false;
    offset += lexeme.length;
  }
  return found;
}

function open(text: string, order: readonly string[]): Source {
  const document = parseDocument(text, {
    keepSourceTokens: true,
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
  });
  const [error] = document.errors;
  if (error) throw error;
  let comments: Comment[] | undefined;
  return {
    text,
    root: isEmptyNode(document.contents) ? null : (document.contents as Node | null),
    get comments() {
      comments ??= findComments(text);
      return comments;
    },
    eol: text.includes('\r\n') ? '\r\n' : '\n',
    order,
  };
}

/** The plain value of a node. */
function plain(node: unknown): unknown {
  if (isMap(node)) {
    const result: Record<string, unknown> = Object.create(null);
    for (const pair of node.items) {
      const key = keyOf(pair);
      if (key !== undefined) result[key] = plain(pair.value);
    }
    return { ...result };
  }
  if (isSeq(node)) return node.items.map(plain);
  return isScalar(node) ? node.value : null;
}

// ---- What is to be done, from the values alone

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, withoutUndefined(member)]])),
  );
}

function child(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string | number, unknown>)[step];
}

/** The steps that set `path` to `wanted` (undefined: remove it) in a text whose value is `data`. */
function operations(data: unknown, path: Path, wanted: unknown): Operation[] {
  let at = data;
  for (const [depth, step] of path.entries()) {
    const way = path.slice(0, depth);
    const next = child(at, step);
    if (next === undefined) {
      if (wanted === undefined) return [];
      const value = path
        .slice(depth + 1)
        .reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), wanted);
      if (at === null && depth > 0)
        return [{ kind: 'replace', path: way, value: typeof step === 'number' ? [value] : { [step]: value } }];
      if (Array.isArray(at) ? step !== at.length : typeof step !== 'string' || (at !== null && !isMapping(at)))
        throw new TypeError(`nothing can be set at ${[...path].join('.')}`);
      return [{ kind: 'insert', path: path.slice(0, depth + 1), value }];
    }
    at = next;
  }
  return wanted === undefined ? [{ kind: 'remove', path }] : difference(at, wanted, path);
}

/** The steps from one value to another. What is new goes in before what is old goes out, so that no list is ever empty between. */
function difference(from: unknown, to: unknown, path: Path): Operation[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (isMapping(from) && isMapping(to)) {
    const steps: Operation[] = [];
    for (const [key, value] of Object.entries(to))
      if (Object.hasOwn(from, key)) steps.push(...difference(from[key], value, [...path, key]));
      else steps.push({ kind: 'insert', path: [...path, key], value });
    for (const key of Object.keys(from))
      if (!Object.hasOwn(to, key)) steps.push({ kind: 'remove', path: [...path, key] });
    return steps;
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length > 0 && to.length > 0)
    return listDifference(from, to, path);
  return [{ kind: 'replace', path, value: to }];
}

function listDifference(from: readonly unknown[], to: readonly unknown[], path: Path): Operation[] {
  const steps: Operation[] = [];
  const kept = new Map(common(from.map(identity), to.map(identity)).map(([old, now]) => [now, old]));
  const work = from.map((_, index): number | 'new' => index);
  let place = 0;
  for (const [now, value] of to.entries()) {
    const old = kept.get(now);
    if (old === undefined) {
      steps.push({ kind: 'insert', path: [...path, place], value });
      work.splice(place, 0, 'new');
      place++;
    } else {
      const at = work.indexOf(old);
      steps.push(...difference(from[old], value, [...path, at]));
      place = at + 1;
    }
  }
  const stay = new Set(kept.values());
  for (let index = work.length - 1; index >= 0; index--) {
    const old = work[index];
    if (typeof old === 'number' && !stay.has(old)) steps.push({ kind: 'remove', path: [...path, index] });
  }
  return steps;
}

/** What makes an element of a list the same one: its id, or all of it. */
function identity(value: unknown): string {
  const id = child(value, 'id');
  return typeof id === 'string' ? `id ${id}` : `value ${JSON.stringify(value)}`;
}

/** A longest common subsequence, as pairs of positions. */
function common(from: readonly string[], to: readonly string[]): [number, number][] {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head++;
  let tail = 0;
  while (tail < from.length - head && tail < to.length - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++;
  const a = from.slice(head, from.length - tail);
  const b = to.slice(head, to.length - tail);
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const cell = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (table[i] as Uint32Array)[j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
  const pairs: [number, number][] = Array.from({ length: head }, (_, index) => [index, index]);
  for (let i = 0, j = 0; i < a.length && j < b.length; )
    if (a[i] === b[j]) pairs.push([head + i++, head + j++]);
    else if (cell(i + 1, j) >= cell(i, j + 1)) i++;
    else j++;
  for (let index = tail; index > 0; index--) pairs.push([from.length - index, to.length - index]);
  return pairs;
}

// ---- Where things stand in the source

interface Place {
  /** The collections on the way, the outermost first, the one that holds the place last. */
  parents: (YAMLMap | YAMLSeq)[];
  index: number;
  node: Node | undefined;
}

function find(source: Source, path: Path): Place {
  const parents: (YAMLMap | YAMLSeq)[] = [];
  let node: Node | null | undefined = source.root;
  let index = -1;
  for (const step of path) {
    if (isMap(node)) {
      parents.push(node);
      index = node.items.findIndex(pair => keyOf(pair) === String(step));
      const value: unknown = node.items[index]?.value;
      node = isNode(value) ? value : undefined;
    } else if (isSeq(node)) {
      parents.push(node);
      index = Number(step);
      const item: unknown = node.items[index];
      node = isNode(item) ? item : undefined;
    } else throw new TypeError(`nothing stands at ${path.join('.')}`);
  }
  return { parents, index, node: node ?? undefined };
}

function start(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

function end(node: unknown): number {
  return (isNode(node) ? node.range?.[1] : undefined) ?? 0;
}

function tokensOf(container: YAMLMap | YAMLSeq, index: number): { start: Token[]; sep: Token[] } {
  const own = (container.items[index] as { srcToken?: { start?: Token[]; sep?: Token[] } } | undefined)?.srcToken;
  const list = (container.srcToken as { items?: { start?: Token[]; sep?: Token[] }[] } | undefined)?.items;
  const item = isMap(container) ? own : list?.[index];
  return { start: item?.start ?? [], sep: item?.sep ?? [] };
}

/** Where the sign before a value ends: the colon of a pair, the dash of an item. */
function signEnd(container: YAMLMap | YAMLSeq, index: number): number | undefined {
  const { start: before, sep } = tokensOf(container, index);
  const sign = isMap(container)
    ? sep.find(({ type }) => type === 'map-value-ind')
    : before.find(({ type }) => type === 'seq-item-ind');
  return sign ? sign.offset + 1 : undefined;
}

function isEmptyNode(node: unknown): boolean {
  return !isNode(node) || !node.range || node.range[0] === node.range[1];
}

/** Where an entry of a block begins: its key, or its dash. */
function entryStart(container: YAMLMap | YAMLSeq, index: number): number {
  return isMap(container) ? start((container.items[index] as Pair).key) : (signEnd(container, index) ?? 1) - 1;
}

/** Where the last character of an entry of a block ends, comments behind it left out. */
function entryEnd(source: Source, container: YAMLMap | YAMLSeq, index: number): number {
  const value: unknown = isMap(container) ? (container.items[index] as Pair).value : container.items[index];
  if (!isEmptyNode(value)) return contentEnd(source, value as Node);
  return signEnd(container, index) ?? (isMap(container) ? end((container.items[index] as Pair).key) : 0);
}

function contentEnd(source: Source, node: Node): number {
  if ((isMap(node) || isSeq(node)) && !node.flow) return entryEnd(source, node, node.items.length - 1);
  const to = end(node);
  const block = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
  return block ? source.text.slice(0, to).replace(/\r?\n$/, '').length : to;
}

/** The end of the line at `offset`, before its line break. */
function lineEnd({ text }: Source, offset: number): number {
  const feed = text.indexOf('\n', offset);
  if (feed < 0) return text.length;
  return feed > offset && text[feed - 1] === '\r' ? feed - 1 : feed;
}

function lineStart({ text }: Source, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Past the line break at `offset`, if there is one. */
function pastBreak({ text }: Source, offset: number): number {
  return offset + (/^\r?\n/.exec(text.slice(offset, offset + 2))?.[0].length ?? 0);
}

function column(source: Source, offset: number): number {
  return offset - lineStart(source, offset);
}

function commentsIn(source: Source, from: number, to: number): { offset: number; text: string }[] {
  return source.comments
    .filter(({ start: at }) => at >= from && at < to)
    .map(({ start: at, end: till }) => ({ offset: at, text: source.text.slice(at, till).trimEnd() }));
}

// ---- The steps, as splices

function splicesFor(source: Source, operation: Operation): Splice[] {
  if (operation.kind === 'remove') return remove(source, operation.path);
  return operation.kind === 'insert'
    ? insert(source, operation.path, operation.value)
    : replace(source, operation.path, operation.value);
}

/** Comments that stood where something is taken out inside brackets: kept, each ending its line. `outer`: the outermost brackets. */
function commentLines(source: Source, outer: Node, from: number, to: number): string {
  const pad = ' '.repeat(Math.max(leading(source, from), column(source, start(outer))));
  return commentsIn(source, from, to)
    .map(({ text }) => ` ${text}${source.eol}${pad}`)
    .join('');
}

/** The number of spaces that the line at `offset` begins with. */
function leading(source: Source, offset: number): number {
  return /^ */.exec(source.text.slice(lineStart(source, offset)))?.[0].length ?? 0;
}

function replace(source: Source, path: Path, value: unknown): Splice[] {
  const { parents, index, node } = find(source, path);
  const container = parents.at(-1);
  if (!container) throw new TypeError('the whole file cannot be replaced');
  const present = isEmptyNode(node) ? undefined : node;
  const sign = signEnd(container, index);

  const outer = parents.find(parent => parent.flow);
  if (outer) {
    if (!present) {
      const at = sign ?? end((container.items[index] as Pair).key);
      return [{ from: at, to: at, by: `${sign === undefined ? ':' : ''} ${encodeFlow(value)}` }];
    }
    const [from, to] = [start(present), end(present)];
    return [{ from, to, by: `${encodeFlow(value)}${commentLines(source, outer, from, to)}` }];
  }

  const signed = sign ?? 0;
  const till = present ? contentEnd(source, present) : signed;
  const inline = encodeInline(value);
  const onLine =
    present &&
    !source.text.slice(signed, start(present)).includes('\n') &&
    commentsIn(source, signed, till).length === 0;
  const flowing =
    present && (isScalar(present) ? !present.type?.startsWith('BLOCK') : (present as YAMLMap).flow === true);
  if (inline !== undefined && onLine && flowing) return [{ from: start(present), to: till, by: inline }];

  const from = signed;
  const to = lineEnd(source, till);
  const inner = column(source, entryStart(container, index)) + 2;
  const pad = source.eol + ' '.repeat(inner);
  const kept = commentsIn(source, from, to);
  const first = kept[0] && kept[0].offset < lineEnd(source, signed) ? kept.shift() : undefined;
  const comments = `${first ? ` ${first.text}` : ''}${kept.map(({ text }) => pad + text).join('')}`;
  if (inline !== undefined) return [{ from, to, by: ` ${inline}${comments}` }];
  const lines = encodeBlock(value, inner);
  const compact = isSeq(container) && comments === '' && isMapping(value);
  const block = compact ? ` ${lines.join(source.eol).trimStart()}` : source.eol + lines.join(source.eol);
  return [{ from, to, by: comments + block }];
}

function insert(source: Source, path: Path, value: unknown): Splice[] {
  const step = path.at(-1) as string | number;
  const way = path.slice(0, -1);
  const { parents, node } = find(source, way);
  if (!node) {
    if (way.length > 0) return replace(source, way, typeof step === 'number' ? [value] : { [step]: value });
    const { text, eol } = source;
    const broken = text === '' || text.endsWith('\n') ? '' : eol;
    return [{ from: text.length, to: text.length, by: broken + [...encodePair(String(step), value, 0), ''].join(eol) }];
  }
  const collection = node as YAMLMap | YAMLSeq;
  const inFlow = parents.some(parent => parent.flow);
  if (collection.flow) {
    const alone = collection.items.length === 0;
    // An empty pair of brackets is no style that somebody chose: what does not fit a line gets lines of its own.
    const wanted = typeof step === 'number' ? [value] : { [step]: value };
    if (alone && !inFlow && way.length > 0 && encodeInline(wanted) === undefined) return replace(source, way, wanted);
    const entry = typeof step === 'number' ? encodeFlow(value) : `${encodeScalar(step, true)}: ${encodeFlow(value)}`;
    return insertFlow(source, collection, typeof step === 'number' ? step : collection.items.length, entry);
  }
  return insertBlock(source, collection, step, value, way.length === 0);
}

function insertFlow(source: Source, collection: YAMLMap | YAMLSeq, index: number, entry: string): Splice[] {
  const { text } = source;
  const from = start(collection) + 1;
  const close = end(collection) - 1;
  const count = collection.items.length;
  if (count === 0) {
    const comment = commentsIn(source, from, close).at(-1);
    if (comment) {
      const at = lineEnd(source, comment.offset);
      return [{ from: at, to: at, by: `${source.eol}${' '.repeat(column(source, from - 1))}${entry}` }];
    }
    return [{ from, to: close, by: isMap(collection) ? ` ${entry} ` : entry }];
  }
  const startOf = (at: number) => {
    const item = collection.items[at];
    return start(isMap(collection) ? (item as Pair).key : item);
  };
  if (index < count) return [{ from: startOf(index), to: startOf(index), by: `${entry}, ` }];
  const last = entryEndFlow(collection, count - 1);
  const comma = commaAfter(source, last, close);
  const rest = comma === undefined ? last : comma + 1;
  const lineOfLast = lineStart(source, startOf(count - 1));
  const ownLine = text.slice(lineOfLast, startOf(count - 1)).trim() === '' && lineOfLast > from;
  if (ownLine && lineEnd(source, rest) < close) {
    const at = lineEnd(source, rest);
    const pad = source.eol + ' '.repeat(column(source, startOf(count - 1)));
    return comma === undefined
      ? [
          { from: last, to: last, by: ',' },
          { from: at, to: at, by: pad + entry },
        ]
      : [{ from: at, to: at, by: `${pad}${entry},` }];
  }
  return [{ from: rest, to: rest, by: comma === undefined ? `, ${entry}` : ` ${entry},` }];
}

function entryEndFlow(collection: YAMLMap | YAMLSeq, index: number): number {
  const item: unknown = collection.items[index];
  if (!isMap(collection)) return end(item);
  const { key, value } = item as Pair;
  return isEmptyNode(value) ? (signEnd(collection, index) ?? end(key)) : end(value);
}

/** The comma between two places, if there is one outside a comment. */
function commaAfter(source: Source, from: number, to: number): number | undefined {
  for (let at = from; at < to; at++) {
    const comment = source.comments.find(({ start: begin, end: till }) => at >= begin && at < till);
    if (comment) at = comment.end - 1;
    else if (source.text[at] === ',') return at;
  }
  return undefined;
}

function insertBlock(
  source: Source,
  collection: YAMLMap | YAMLSeq,
  step: string | number,
  value: unknown,
  top: boolean,
): Splice[] {
  const { eol, text } = source;
  const indent = column(source, entryStart(collection, 0));
  const lines = typeof step === 'number' ? encodeItem(value, indent) : encodePair(step, value, indent);
  if (step === 0) {
    const at = entryStart(collection, 0);
    const pad = ' '.repeat(indent);
    return [{ from: at, to: at, by: `${lines.join(eol).trimStart()}${eol}${pad}` }];
  }
  const before =
    typeof step === 'number' ? step - 1 : top ? neighbour(source, collection, step) : collection.items.length - 1;
  const at = lineEnd(source, entryEnd(source, collection, before));
  const past = pastBreak(source, at);
  // In a file of others the line would stay when the key goes again.
  const blank = top && source.order.length > 0 && separated(source, collection) ? eol : '';
  const body = lines.join(eol);
  return past > at
    ? [{ from: past, to: past, by: `${blank}${body}${eol}` }]
    : [{ from: text.length, to: text.length, by: `${eol}${blank}${body}` }];
}

/** The top-level key after which a new one goes. */
function neighbour(source: Source, map: YAMLMap | YAMLSeq, key: string): number {
  const rank = (name: string | undefined) => (name === undefined ? -1 : source.order.indexOf(name));
  const own = rank(key);
  const places = map.items.map(item => rank(keyOf(item as Pair)));
  const before = places.findLastIndex(place => place >= 0 && place < own);
  return own < 0 || before < 0 ? map.items.length - 1 : before;
}

/** Whether this file parts its top-level keys by empty lines. */
function separated(source: Source, map: YAMLMap | YAMLSeq): boolean {
  if (map.items.length < 3) return map.items.length === 2 && source.text.includes('\n\n');
  const last = map.items.length - 1;
  const between = source.text.slice(entryEnd(source, map, last - 1), entryStart(map, last));
  return /\n[ \t]*\r?\n/.test(between);
}

function remove(source: Source, path: Path): Splice[] {
  const { parents, index } = find(source, path);
  const container = parents.at(-1);
  if (!container) throw new TypeError('the whole file cannot be removed');
  const outer = parents.find(parent => parent.flow);
  if (outer) return removeFlow(source, outer, container, index);
  const from = entryStart(container, index);
  const till = lineEnd(source, entryEnd(source, container, index));
  const atStart = source.text.slice(lineStart(source, from), from).trim() === '';
  const pad = ' '.repeat(column(source, from));

  if (container.items.length === 1) {
    const empty = isMap(container) ? '{}' : '[]';
    if (path.length > 1) return replace(source, path.slice(0, -1), isMap(container) ? {} : []);
    const kept = commentsIn(source, from, till).map(({ text }) => text + source.eol);
    return [{ from, to: till, by: `${kept.join('')}${empty}` }];
  }
  if (atStart) {
    const kept = commentsIn(source, from, till).map(({ text }) => pad + text + source.eol);
    return [{ from: lineStart(source, from), to: pastBreak(source, till), by: kept.join('') }];
  }
  // The first entry on the line of a dash: the next one moves up to it.
  const next = entryStart(container, index + 1);
  const kept = commentsIn(source, from, next).map(({ text }) => text + source.eol + pad);
  return [{ from, to: next, by: kept.join('') }];
}

function removeFlow(source: Source, outer: Node, container: YAMLMap | YAMLSeq, index: number): Splice[] {
  const startOf = (at: number) => start(isMap(container) ? (container.items[at] as Pair).key : container.items[at]);
  const count = container.items.length;
  let from = startOf(index);
  let to = entryEndFlow(container, index);
  if (index < count - 1) to = startOf(index + 1);
  else if (index > 0) from = entryEndFlow(container, index - 1);
  else {
    const comma = commaAfter(source, to, end(container) - 1);
    if (comma !== undefined) to = comma + 1;
    if (commentsIn(source, start(container), end(container)).length === 0)
      [from, to] = [start(container) + 1, end(container) - 1];
  }
  return [{ from, to, by: commentLines(source, outer, from, to) }];
}

function cut(text: string, splices: readonly Splice[]): string {
  let result = text;
  // From the end, so that places stay true; of two at one place the first comes first in the text.
  for (const { from, to, by } of [...splices].reverse().sort((a, b) => b.from - a.from))
    result = result.slice(0, from) + by + result.slice(to);
  return result;
}

/** The value with the changes made: what the text must mean afterwards. It keeps its type where the changes keep to that. */
export function withEdits<T>(data: T, edits: readonly { path: Path; value: unknown }[]): T {
  return edits.reduce<unknown>((before, { path, value }) => applied(before, path, withoutUndefined(value)), data) as T;
}

function applied(data: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(data) && typeof step === 'number') {
    const copy: unknown[] = [...data];
    if (rest.length === 0 && value === undefined) copy.splice(step, 1);
    else if (value !== undefined || step < copy.length) copy[step] = applied(copy[step], rest, value);
    return copy;
  }
  if (value === undefined && (!isMapping(data) || !Object.hasOwn(data, step))) return data;
  if (typeof step === 'number') return [applied(undefined, rest, value)];
  const base = isMapping(data) ? data : {};
  // Without a prototype, so that `__proto__` is a key like any other.
  const copy: Record<string, unknown> = Object.assign(Object.create(null), base);
  const next = applied(Object.hasOwn(base, step) ? base[step] : undefined, rest, value);
  if (next === undefined) delete copy[step];
  else copy[step] = next;
  return { ...copy };
}

/**
 * A YAML text with values set or removed. Throws when the text is no YAML, or (`undefined` is returned) when the outcome,
 * read again, is not exactly what was asked for with every comment still there.
 */
export function spliceYaml(
  text: string,
  edits: readonly { path: Path; value: unknown }[],
  order: readonly string[] = [],
): string | undefined {
  let source = open(text, order);
  const comments = textsOf(text, source.comments).sort();
  let data = plain(source.root);
  for (const { path, value } of edits) {
    const wanted = withoutUndefined(value);
    for (const operation of operations(data, path, wanted))
      source = open(cut(source.text, splicesFor(source, operation)), order);
    data = applied(data, path, wanted);
  }
  const faithful =
    isDeepStrictEqual(plain(source.root), data) &&
    isDeepStrictEqual(textsOf(source.text, source.comments).sort(), comments);
  return faithful ? source.text : undefined;
}

import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Edit, type Format, FormatProblem, type KeyPath, type Parsed } from './types.ts';
import { escapeOdd, lineColumn, lineEnding, plain, same, spaceBefore, table } from './values.ts';

/** YAML, edited by splicing at the places that the parser gives: `toString` of a document would change other bytes. */
export const yaml: Format = { id: 'yaml', title: 'YAML', parse };

interface Source {
  text: string;
  document: Document.Parsed;
}

type Found = { pair: Pair; index: number; map: YAMLMap };

function parse(whole: string): Parsed {
  const bom = whole.startsWith('\ufeff') ? '\ufeff' : '';
  const source = load(whole.slice(bom.length));
  const value = meaning(source);
  return {
    value: value ?? table(),
    position: path => lineColumn(source.text, offsetOf(source, path)),
    edit: edit => bom + change(source, edit),
  };
}

function load(text: string): Source {
  const fail = (message: string, offset: number): never => {
    const { line, column } = lineColumn(text, offset);
    throw new FormatProblem(message, line, column);
  };
  try {
    const documents = parseAllDocuments(text, {
      keepSourceTokens: true,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'silent',
    });
    if ('empty' in documents) return { text, document: new Document(null) as unknown as Document.Parsed };
    const [document, second] = documents;
    for (const { errors } of documents)
      for (const error of errors) fail(`not valid YAML: ${error.message.split('\n')[0]}`, error.pos[0]);
    if (second) fail('several documents in one file are not edited here', second.range[0]);
    if (!document) throw new Error('no document');
    return { text, document };
  } catch (error) {
    if (error instanceof RangeError) fail('nested too deeply', 0);
    throw error;
  }
}

function meaning({ document }: Source): unknown {
  try {
    return plain(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError)
      throw new FormatProblem(`not usable YAML: ${error.message}`, 1, 1);
    throw error;
  }
}

// --- where things stand -----------------------------------------------------------------------------------------

function root({ document }: Source): Node | null {
  const node = document.contents as Node | null;
  return node?.range ? node : null;
}

function findPair(node: unknown, key: string): Found | undefined {
  if (!isMap(node)) return undefined;
  const index = node.items.findIndex(({ key: own }) => isScalar(own) && String(own.value) === key);
  const pair = node.items[index];
  return pair ? { pair, index, map: node } : undefined;
}

function find(source: Source, path: KeyPath): Found | undefined {
  let node: unknown = root(source);
  let found: Found | undefined;
  for (const key of path) {
    found = findPair(node, key);
    if (!found) return undefined;
    node = found.pair.value;
  }
  return found;
}

function offsetOf(source: Source, path: KeyPath): number {
  for (let length = path.length; length > 0; length--) {
    const found = find(source, path.slice(0, length));
    if (found) return rangeOf(found.pair.key)[0];
  }
  return 0;
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = (node as ParsedNode).range;
  if (!range) throw new Error('a parsed node without a place');
  return [range[0], range[1]];
}

/** The end of what a node or pair says, without the blank lines and comments after it. */
function endOf(node: unknown): number {
  if (isPair(node)) {
    const value = node.value as Node | null;
    if (value && rangeOf(value)[1] > rangeOf(value)[0]) return endOf(value);
    return colonOf(node) + 1;
  }
  if (isCollection(node) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1));
  return rangeOf(node)[1];
}

/** Where a pair's `:` stands; its key's end where it has none. */
function colonOf(pair: Pair): number {
  const token = pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
  return token?.offset ?? rangeOf(pair.key)[1] - 1;
}

/** The offset after the line on which `offset` lies, or `offset` itself where it is already the start of one. */
function afterLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function splice(text: string, from: number, to: number, put: string): string {
  return text.slice(0, from) + put + text.slice(to);
}

/** Puts whole lines after the line of `offset`, with a line break before them where the text ends without one. */
function putLines(text: string, offset: number, lines: readonly string[]): string {
  const eol = lineEnding(text);
  const at = afterLine(text, offset);
  const open = at > 0 && text[at - 1] !== '\n';
  const put = lines.join(eol);
  return splice(text, at, at, open ? eol + put : put + eol);
}

// --- encoding ---------------------------------------------------------------------------------------------------

/** A value on one line: JSON, which is YAML too. */
function flow(value: unknown): string {
  return escapeOdd(JSON.stringify(value), 'long');
}

/** Text that every reader takes for text, whatever its version of YAML, as long as it is no word such as `yes`. */
function isWordy(text: string): boolean {
  return /^[A-Za-z_./][A-Za-z0-9_./ -]*$/.test(text) && !text.endsWith(' ');
}

/** A value as block lines, indented by `indent`; text that a YAML 1.1 reader would take for something else is quoted. */
function block(value: unknown, indent: string): string[] {
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && !isWordy(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0, indent: 2, flowCollectionPadding: false });
  return escapeOdd(text, 'long')
    .trimEnd()
    .split('\n')
    .map(line => (line === '' ? line : indent + line));
}

// --- editing ----------------------------------------------------------------------------------------------------

function change(source: Source, edit: Edit): string {
  const found = find(source, edit.path);
  if (edit.kind === 'remove') return found ? removePair(source, edit.path, found) : source.text;
  if (edit.kind === 'drop') return found ? drop(source, edit.path, edit.elements) : source.text;
  if (edit.kind === 'add') {
    if (!found) return insert(source, edit.path, edit.elements);
    const list = found.pair.value;
    if (list === null || (isScalar(list) && list.value === null))
      return replace(source, edit.path, found.pair, edit.elements);
    if (!isSeq(list)) refuse(source, edit.path, 'this list is a reference to another and is not edited here');
    checkPlain(source, edit.path, list);
    return append(source, found, list, edit.elements);
  }
  return found ? replace(source, edit.path, found.pair, edit.value) : insert(source, edit.path, edit.value);
}

function refuse(source: Source, path: KeyPath, message: string): never {
  const { line, column } = lineColumn(source.text, offsetOf(source, path));
  throw new FormatProblem(message, line, column);
}

/** An anchor on a value makes it speak for other places too: it is not edited. */
function checkPlain(source: Source, path: KeyPath, node: unknown): void {
  const anchored = (isScalar(node) || isCollection(node)) && (node.anchor !== undefined || node.tag !== undefined);
  if (anchored && (node.anchor !== undefined || hasTag(source, node)))
    refuse(source, path, 'a value with an anchor or a tag is not edited here');
}

function hasTag({ text }: Source, node: Node): boolean {
  const start = rangeOf(node)[0];
  return /![^\s]*\s+$/.test(text.slice(lineStart(text, start), start));
}

function replace(source: Source, path: KeyPath, pair: Pair, value: unknown): string {
  const { text } = source;
  const old = pair.value as Node | null;
  if (!isAlias(old)) checkPlain(source, path, old);
  const empty = !old || rangeOf(old)[1] === rangeOf(old)[0];
  if (empty) {
    const at = colonOf(pair) + 1;
    return splice(text, at, at, ` ${flow(value)}`);
  }
  const from = rangeOf(old)[0];
  const to = endOf(old);
  const blockScalar = isScalar(old) && (old.type === 'BLOCK_LITERAL' || old.type === 'BLOCK_FOLDED');
  return splice(text, from, to, blockScalar && text[to - 1] === '\n' ? flow(value) + lineEnding(text) : flow(value));
}

/** Adds a key that is missing, and the tables on the way to it. */
function insert(source: Source, path: KeyPath, value: unknown): string {
  const { text } = source;
  let home: unknown = root(source);
  let depth = 0;
  for (; depth < path.length - 1; depth++) {
    const found = findPair(home, path[depth] ?? '');
    if (!found) break;
    if (isAlias(found.pair.value)) refuse(source, path, 'a reference to another table is not edited here');
    const inner = found.pair.value as Node | null;
    const isNull = !inner || (isScalar(inner) && inner.value === null);
    if (isNull) return replace(source, path.slice(0, depth + 1), found.pair, nest(path.slice(depth + 1), value));
    home = inner;
  }
  const key = path[depth] ?? '';
  const inner = nest(path.slice(depth + 1), value);
  const isNull = home === null || (isScalar(home) && home.value === null);
  if (isNull) {
    if (isScalar(home) && rangeOf(home)[1] > rangeOf(home)[0])
      refuse(source, path, 'a file that holds only null is not edited here');
    return putLines(text, text.length, block(table([[key, inner]]), ''));
  }
  if (!isMap(home)) throw new Error('the parent of a key is not a table');
  checkPlain(source, path, home);
  if (home.flow) return appendFlow(text, home, [`${flow(key)}: ${flow(inner)}`]);
  const last = home.items.at(-1);
  const column = columnOf(text, home);
  if (!last || column === undefined) refuse(source, path, 'a table written in this way is not edited here');
  return putLines(text, endOf(last), block(table([[key, inner]]), column));
}

/** The white space before the keys of a block table; undefined where its first key stands behind something else. */
function columnOf(text: string, map: YAMLMap): string | undefined {
  const first = map.items[0];
  if (!first) return undefined;
  const start = rangeOf(first.key)[0];
  const before = text.slice(lineStart(text, start), start);
  return /^ *$/.test(before) ? before : undefined;
}

function nest(path: KeyPath, value: unknown): unknown {
  return [...path].reverse().reduce((inner, key) => table([[key, inner]]), value);
}

function append(source: Source, found: Found, list: YAMLSeq, elements: readonly unknown[]): string {
  const { text } = source;
  if (list.flow) return appendFlow(text, list, elements.map(flow));
  const last = list.items.at(-1);
  const column = dashColumn(text, list);
  if (!last || column === undefined) return replace(source, [], found.pair, elements);
  const lines = elements.flatMap(element =>
    block(element, `${column}  `).map((line, index) => (index === 0 ? `${column}- ${line.trimStart()}` : line)),
  );
  return putLines(text, endOf(last), lines);
}

/** The white space before the dashes of a block list. */
function dashColumn(text: string, list: YAMLSeq): string | undefined {
  const start = dashOf(list, 0);
  if (start === undefined) return undefined;
  const before = text.slice(lineStart(text, start), start);
  return /^ *$/.test(before) ? before : undefined;
}

function dashOf(list: YAMLSeq, index: number): number | undefined {
  const token = list.srcToken;
  if (token?.type !== 'block-seq') return undefined;
  return token.items[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset;
}

function appendFlow(text: string, list: YAMLMap | YAMLSeq, put: readonly string[]): string {
  const [from, to] = rangeOf(list);
  const last = list.items.at(-1);
  if (!last) return splice(text, from + 1, to - 1, put.join(', '));
  const end = endOf(last);
  const { comma } = separators(text, end, to - 1);
  return comma === undefined
    ? splice(text, end, end, `, ${put.join(', ')}`)
    : splice(text, comma + 1, comma + 1, ` ${put.join(', ')},`);
}

/** The comma between `from` and `until`, comments left out. */
function separators(text: string, from: number, until: number): { comma: number | undefined } {
  for (let at = from; at < until; at++) {
    if (text[at] === ',') return { comma: at };
    if (text[at] === '#') while (at < until && text[at] !== '\n') at++;
  }
  return { comma: undefined };
}

function removePair(source: Source, path: KeyPath, { pair, index, map }: Found): string {
  const { text } = source;
  if (map.flow) return cutFlow(text, map, index);
  if (map.items.length === 1) {
    const outer = path.length > 1 ? find(source, path.slice(0, -1)) : undefined;
    return cutLast(source, path, outer, rangeOf(pair.key)[0], endOf(pair), '{}');
  }
  const start = rangeOf(pair.key)[0];
  if (columnOf(text, map) === undefined && index === 0)
    refuse(source, path, 'a key written in this place is not removed here');
  return cutLines(text, start, endOf(pair));
}

/** Takes whole lines out; a comment behind what is taken stays, on a line of its own. */
function cutLines(text: string, start: number, end: number): string {
  const from = lineStart(text, start);
  const to = afterLine(text, end);
  const comment = end < to ? /^[ \t]+(#[^\r\n]*)/.exec(text.slice(end, to))?.[1] : undefined;
  if (!comment) return splice(text, from, to, '');
  return splice(text, start, text.indexOf(comment, end), '');
}

/** The only key or element goes: an empty table or list in brackets stays in its place. */
function cutLast(
  source: Source,
  path: KeyPath,
  outer: Found | undefined,
  start: number,
  end: number,
  empty: '{}' | '[]',
): string {
  const { text } = source;
  const before = lineStart(text, start);
  const own = /^ *$/.test(text.slice(before, start));
  if (!own) refuse(source, path, 'a value written in this place is not removed here');
  const cut = cutLines(text, start, end);
  if (!outer) return cut;
  const at = colonOf(outer.pair) + 1;
  return splice(cut, at, at, ` ${empty}`);
}

function cutFlow(text: string, list: YAMLMap | YAMLSeq, index: number): string {
  const item = list.items[index];
  const next = list.items[index + 1];
  const previous = list.items[index - 1];
  const startOf = (node: unknown) => rangeOf(isPair(node) ? node.key : node)[0];
  let from = startOf(item);
  let to = endOf(item);
  const close = rangeOf(list)[1] - 1;
  const { comma } = separators(text, to, next ? startOf(next) : close);
  let result = text;
  if (comma !== undefined) {
    if (text.slice(to, comma).trim() === '') to = comma + 1;
    else result = splice(result, comma, comma + 1, '');
  }
  const before = spaceBefore(text, from);
  const space = to + (/^[ \t]*/.exec(text.slice(to))?.[0].length ?? 0);
  if (before.ownLine ? /^\r?\n/.test(text.slice(space)) : !next) from -= before.length;
  else to = space;
  result = splice(result, from, to, '');
  if (comma === undefined && previous) {
    const separator = separators(text, endOf(previous), startOf(item)).comma;
    if (separator !== undefined) result = splice(result, separator, separator + 1, '');
  }
  return result;
}

function drop(source: Source, path: KeyPath, elements: readonly unknown[]): string {
  let current = source;
  for (const element of elements) {
    const found = find(current, path);
    const list = found?.pair.value;
    if (!found || !isSeq(list)) refuse(current, path, 'this list is a reference to another and is not edited here');
    checkPlain(current, path, list);
    const index = list.items.findIndex(item => same(plain((item as Node).toJS(current.document)), element));
    if (index < 0) continue;
    current = load(cutElement(current, path, found, list, index));
  }
  return current.text;
}

function cutElement(source: Source, path: KeyPath, found: Found, list: YAMLSeq, index: number): string {
  if (list.flow) return cutFlow(source.text, list, index);
  const start = dashOf(list, index);
  if (start === undefined) refuse(source, path, 'a list written in this way is not edited here');
  const item = list.items[index];
  const value = item as Node | null;
  const end = value && rangeOf(value)[1] > rangeOf(value)[0] ? endOf(value) : start + 1;
  if (list.items.length === 1) return cutLast(source, path, found, start, end, '[]');
  return cutLines(source.text, start, end);
}

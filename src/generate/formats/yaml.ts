import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  type Node,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { spliceYaml } from '../../posture/splice.ts';
import { type Edit, type Format, FormatProblem, type KeyPath, type Parsed } from './types.ts';
import { lineColumn, plain, same, table, valueAt } from './values.ts';

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

/** More brackets than anybody opens within each other, those in texts included. */
const DEEPEST = 400;

/** Where more are open than that; undefined where never. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > DEEPEST) return index;
  }
  return undefined;
}

function load(text: string): Source {
  const fail = (message: string, offset: number): never => {
    const { line, column } = lineColumn(text, offset);
    throw new FormatProblem(message, line, column);
  };
  // The library goes down with each bracket; close to the end of the stack Node itself ends, instead of throwing.
  const deep = tooDeep(text);
  if (deep !== undefined) fail('nested too deeply', deep);
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
      for (const { message, pos } of errors)
        fail(/call stack/.test(message) ? 'nested too deeply' : `not valid YAML: ${message.split('\n')[0]}`, pos[0]);
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

// --- editing ----------------------------------------------------------------------------------------------------

function change(source: Source, edit: Edit): string {
  checkWay(source, edit.path);
  const steps = stepsOf(valueAt(meaning(source), edit.path), edit);
  let text: string | undefined;
  try {
    text = spliceYaml(source.text, steps);
  } catch (error) {
    // What no longer parses, or cannot be reached, is the same fault as what means something else.
    if (!(error instanceof TypeError) && !(error instanceof Error && error.name === 'YAMLParseError')) throw error;
  }
  if (text === undefined) return refuse(source, edit.path, 'a value written in this way is not edited here');
  return edit.kind === 'remove' && edit.path.length === 1 ? withoutEmptyRoot(source, text) : text;
}

/** An edit as values to set, the last place of a list first, so that the others stay true. */
function stepsOf(now: unknown, edit: Edit): { path: (string | number)[]; value: unknown }[] {
  const path = [...edit.path];
  if (edit.kind === 'set') return [{ path, value: edit.value }];
  if (edit.kind === 'remove') return [{ path, value: undefined }];
  if (edit.kind === 'add') {
    if (!Array.isArray(now)) return [{ path, value: edit.elements }];
    return edit.elements.map((value, index) => ({ path: [...path, now.length + index], value }));
  }
  const list = Array.isArray(now) ? now : [];
  const places = new Set<number>();
  for (const element of edit.elements) {
    const place = list.findIndex((other, index) => !places.has(index) && same(other, element));
    if (place >= 0) places.add(place);
  }
  return [...places].sort((a, b) => b - a).map(place => ({ path: [...path, place], value: undefined }));
}

function refuse(source: Source, path: KeyPath, message: string): never {
  const { line, column } = lineColumn(source.text, offsetOf(source, path));
  throw new FormatProblem(message, line, column);
}

/** A value that speaks for other places too, or that a program reads in its own way, is not edited. */
function checkWay(source: Source, path: KeyPath): void {
  const top = root(source);
  if (isScalar(top) && rangeOf(top)[1] > rangeOf(top)[0])
    refuse(source, path, 'a file that holds only null is not edited here');
  const values = path.map((_, depth) => find(source, path.slice(0, depth + 1))?.pair.value);
  for (const node of [top, ...values]) {
    if (isAlias(node)) refuse(source, path, 'a reference to another value is not edited here');
    if ((isScalar(node) || isCollection(node)) && (node.anchor !== undefined || node.tag !== undefined))
      refuse(source, path, 'a value with an anchor or a tag is not edited here');
  }
}

/** The text without the empty brackets that stand for a table whose last key was taken out of a file of blocks. */
function withoutEmptyRoot(before: Source, text: string): string {
  const was = root(before);
  const now = root(load(text));
  if (!isMap(was) || was.flow || !isMap(now) || now.items.length > 0) return text;
  const [from, to] = rangeOf(now);
  return text.slice(0, from) + text.slice(to).replace(/^[ \t]*\r?\n/, '');
}

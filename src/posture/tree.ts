import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { Position, Problem } from '../base/errors.ts';
import { oneLine, truncate } from '../base/text.ts';
import { knownSecretShape, knownSecrets, SECRET_ADVICE, secretShape } from './secrets.ts';

export type Path = readonly (string | number)[];

/** A file as plain data, with a place for everything in it. */
export interface Tree {
  data: unknown;
  problems: Problem[];
  /** Whether `data` can be judged: false after an error of syntax. */
  readable: boolean;
  /** Where the value at a path stands, or its key; the nearest parent where there is none. */
  locate(path: Path, part?: 'key' | 'value'): Position;
}

/** More problems than these are not listed: the first ones explain the rest. */
export const MOST_PROBLEMS = 50;
const DEEPEST = 30;
const BOM = '\ufeff';
const KEYS_REFUSED = new Set(['__proto__', 'constructor', 'prototype']);
/** Text that may have more than one line. */
const FREE_TEXT = new Set(['project', 'note', 'reason', 'by', 'sql']);

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u;
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const HIDDEN = /[\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff\u{e0000}-\u{e007f}]/u;

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The first character of a text that a reader cannot see or that reorders what he sees, in words; or undefined. */
export function unseenCharacter(text: string): { index: number; what: string } | undefined {
  for (const [expression, what] of [
    [CONTROL, 'a control character'],
    [DIRECTION, 'a mark that changes the direction of text'],
    [HIDDEN, 'an invisible character'],
  ] as const) {
    const match = expression.exec(text);
    if (match) return { index: match.index, what: `${what} (${codePoint(match[0])})` };
  }
  return undefined;
}

/** A value as it may be shown in an error: on one line, short, and not at all if it looks like a secret. */
export function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = String(value);
  if (secretShape(text)) return 'a value not shown here';
  return typeof value === 'string' ? `"${truncate(oneLine(text), 40)}"` : text;
}

/** What no posture may have in any place. */
const UNSEEN = new RegExp(
  `${CONTROL.source}|\\r(?!\\n)|${DIRECTION.source}|[\\u2028\\u2029\\u{e0000}-\\u{e007f}]`,
  'gu',
);

/** Problems of the bytes themselves: unseen characters, conflict markers, known tokens anywhere, comments included. */
function textProblems(text: string, at: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  for (const match of text.matchAll(/^(?:<{7}|>{7})(?: .*)?\r?$/gm))
    problems.push({
      what: `an unresolved git conflict (${match[0].slice(0, 7)})`,
      where: at(match.index),
      expected: 'one version of these lines',
      next: 'resolve the conflict, then run again',
    });
  for (const match of text.matchAll(UNSEEN)) {
    const what = unseenCharacter(match[0])?.what ?? 'a carriage return without a line feed (U+000D)';
    problems.push({
      what,
      where: at(match.index),
      expected: 'text that shows what it is',
      next: 'delete the character',
    });
    if (problems.length >= MOST_PROBLEMS) break;
  }
  for (const { offset, shape } of knownSecrets(text))
    problems.push({
      what: `this looks like ${shape}`,
      where: at(offset),
      expected: 'names, never values',
      next: SECRET_ADVICE,
    });
  return problems;
}

/** YAML's own complaint, without a word of the file in it. */
function syntaxProblem(message: string): string {
  const plain = oneLine(message).replace(/: ?["'`].*$/, '');
  return /duplicate|unique/i.test(plain) ? plain : `not valid YAML: ${truncate(plain, 160)}`;
}

/** The texts without a problem that were read last: a command reads the same one to load it, to change it and to judge the change. */
const recent: { text: string; data: unknown }[] = [];
const REMEMBERED = 2;

/** Reads YAML as this program allows it: one document of mappings, lists and scalars; no anchors, tags, merges or directives. */
export function readTree(text: string, path: string): Tree {
  const known = recent.find(one => one.text === text);
  const tree = known ? undefined : readNodes(text, path);
  if (tree && tree.problems.length > 0) return tree;
  const { data } = known ?? tree ?? { data: null };
  remember(text, data);
  // Places are asked for only where something is wrong, and the nodes that know them are large.
  let places: Tree['locate'] | undefined;
  const locate: Tree['locate'] = (way, part) => {
    places ??= readNodes(text, path).locate;
    return places(way, part);
  };
  return { data, problems: [], readable: true, locate };
}

function remember(text: string, data: unknown): void {
  if (recent.some(one => one.text === text)) return;
  recent.unshift({ text, data });
  recent.splice(REMEMBERED);
}

/** Reads the text whole, with a place for everything in it. */
function readNodes(text: string, path: string): Tree {
  const source = text.startsWith(BOM) ? text.slice(1) : text;
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    // Its own check compares every key with every other; ours below is linear and says where the first one is.
    uniqueKeys: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, source.length));
    return { path, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const root = document.contents as Node | null;
  const locate: Tree['locate'] = (way, part = 'value') => at(offsetOf(root, way, part));

  const problems = textProblems(source, at);
  if (problems.some(({ what }) => what.includes('git conflict')))
    return { data: undefined, problems, readable: false, locate };

  const directive = /^%/m.exec(source);
  if (directive && (source.includes('\n---') || source.startsWith('---')) && directive.index <= source.search(/^---/m))
    problems.push({
      what: 'a YAML directive',
      where: at(directive.index),
      expected: 'YAML 1.2 without directives',
      next: 'delete the line',
    });
  for (const error of document.errors)
    problems.push(
      error.code === 'MULTIPLE_DOCS'
        ? {
            what: 'a second YAML document begins here',
            where: at(error.pos[0]),
            expected: 'one document',
            next: 'delete the line --- and what does not belong to the posture',
          }
        : { what: syntaxProblem(error.message), where: at(error.pos[0]) },
    );
  if (document.errors.length > 0) return { data: undefined, problems, readable: false, locate };

  const report = (node: Node | null | undefined, problem: Omit<Problem, 'where'>) =>
    problems.push({ ...problem, where: at(node?.range?.[0] ?? 0) });
  const checkText = (value: string, node: Node, name: string | undefined) => {
    const raw = node.range ? source.slice(node.range[0], node.range[1]) : '';
    const unseen = unseenCharacter(value);
    if (unseen && !(CONTROL.test(raw) || DIRECTION.test(raw)))
      report(node, {
        what: `${name === undefined ? 'a key' : `"${name}"`} holds ${unseen.what}`,
        expected: 'text that shows what it is',
        next: 'delete the character',
      });
    if (name !== undefined && !FREE_TEXT.has(name) && /[\r\n\t]/.test(value))
      report(node, { what: `"${name}" holds a line break or a tab`, expected: 'one line of text' });
    const shape = secretShape(value);
    // The known shapes were found in the bytes already, unless the way it is written hid them.
    if (shape && knownSecretShape(raw) === undefined)
      report(node, { what: `this looks like ${shape}`, expected: 'names, never values', next: SECRET_ADVICE });
  };
  const refuseExtras = (node: Node) => {
    // The range of a node begins behind its anchor and tag.
    const mark = (sign: string) => {
      let offset = Math.max(0, source.lastIndexOf(sign, node.range?.[0]));
      while (source[offset - 1] === '!') offset--;
      return at(offset);
    };
    if ('anchor' in node && node.anchor)
      problems.push({
        what: 'an anchor (&)',
        where: mark(`&${node.anchor}`),
        expected: 'plain values: a posture is read by people, who should see each value where it counts',
        next: 'write the value out where it is used',
      });
    if (node.tag)
      problems.push({ what: 'a YAML tag (!)', where: mark('!'), expected: 'plain values', next: 'delete the tag' });
  };

  const toData = (node: Node | null | undefined, name: string | undefined, depth: number): unknown => {
    if (!node) return null;
    if (isAlias(node)) {
      report(node, {
        what: 'an alias (*)',
        expected: 'plain values: aliases are not followed',
        next: 'write the value out, or put it in quotes if it is text',
      });
      return null;
    }
    refuseExtras(node);
    if (isScalar(node)) {
      if (typeof node.value === 'string') checkText(node.value, node, name ?? 'value');
      return typeof node.value === 'bigint' ? Number(node.value) : node.value;
    }
    if (depth > DEEPEST) {
      report(node, { what: `nested deeper than ${DEEPEST} levels` });
      return null;
    }
    if (isSeq(node)) return node.items.map(item => (isNode(item) ? toData(item, name, depth + 1) : null));
    if (!isMap(node)) return null;
    const result: Record<string, unknown> = {};
    const firsts = new Map<string, number>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = keyOf(pair);
      if (key === undefined) {
        report(isNode(pair.key) ? pair.key : node, { what: 'a key that is not text', expected: 'a name' });
        continue;
      }
      if (isNode(pair.key)) {
        refuseExtras(pair.key);
        checkText(key, pair.key, undefined);
      }
      if (key === '<<') {
        report(pair.key, { what: 'a merge key (<<)', expected: 'plain values', next: 'write the values out' });
        continue;
      }
      if (KEYS_REFUSED.has(key)) {
        report(pair.key, { what: `the key "${key}" is never allowed`, next: 'choose another name' });
        continue;
      }
      const first = firsts.get(key);
      if (first !== undefined) {
        report(pair.key, {
          what: `the key ${shown(key)} is here twice; the first is in line ${at(first).line}`,
          expected: 'each key once',
        });
        continue;
      }
      firsts.set(key, pair.key.range?.[0] ?? 0);
      result[key] = toData(pair.value, key, depth + 1);
    }
    return result;
  };
  return { data: toData(root, undefined, 0), problems, readable: true, locate };
}

/** A pair's key as text; undefined for keys that are no name. */
export function keyOf(pair: Pair): string | undefined {
  if (!isScalar(pair.key)) return undefined;
  const { value } = pair.key;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(pair.key.source ?? value) : undefined;
}

function offsetOf(root: Node | null, path: Path, part: 'key' | 'value'): number {
  let node: Node | null | undefined = root;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(item => keyOf(item) === String(step));
      if (!pair) return offset;
      const key = isNode(pair.key) ? pair.key : undefined;
      const value: Node | undefined = isNode(pair.value) ? pair.value : undefined;
      const empty = !value?.range || value.range[0] === value.range[1];
      offset = (part === 'key' && last) || empty ? (key?.range?.[0] ?? offset) : (value?.range?.[0] ?? offset);
      node = value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (!isNode(item)) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

/** Problems in the order of the file, at most `MOST_PROBLEMS`, each place and sentence once. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  const sorted = problems
    .filter(({ what, where }) => {
      const key = `${where?.path}:${where?.line}:${where?.column}:${what}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
  const rest = sorted.length - MOST_PROBLEMS;
  return rest > 0 ? [...sorted.slice(0, MOST_PROBLEMS), { what: `and ${rest} more problems` }] : sorted;
}

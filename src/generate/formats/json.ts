import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { JsonExtra } from '../../agents/reader.ts';
import { type Edit, type Format, FormatProblem, type KeyPath, type Parsed } from './types.ts';
import { escapeOdd, lineColumn, lineEnding, same, spaceBefore, table } from './values.ts';

/** JSON with comments and trailing commas, edited in place. */
export const json: Format = { id: 'json', title: 'JSON', parse };

/** From how many characters on what is added to a list on one line gets lines of its own. */
const LONG = 80;

/** jsonc-parser's SyntaxKind, whose const enum cannot be imported. */
const TOKEN = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  comma: 5,
  lineComment: 12,
  blockComment: 13,
  lineBreak: 14,
  space: 15,
  end: 17,
} as const;
const TRIVIA: ReadonlySet<number> = new Set([TOKEN.lineComment, TOKEN.blockComment, TOKEN.lineBreak, TOKEN.space]);

const WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'an unknown word',
  InvalidNumberFormat: 'not a number',
  PropertyNameExpected: 'a key in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing brace is missing',
  CloseBracketExpected: 'a closing bracket is missing',
  EndOfFileExpected: 'something stands after the end',
  InvalidCommentToken: 'a comment is not allowed here',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a text is not closed',
  UnexpectedEndOfNumber: 'a number is cut off',
  InvalidUnicode: 'a wrong \\u escape',
  InvalidEscapeCharacter: 'a wrong escape',
  InvalidCharacter: 'a control character in a text',
};

function parse(whole: string): Parsed {
  const bom = whole.startsWith('\ufeff') ? '\ufeff' : '';
  const text = whole.slice(bom.length);
  const fail = (message: string, offset: number): never => {
    const { line, column } = lineColumn(text, offset);
    throw new FormatProblem(message, line, column);
  };
  const deep = tooDeep(text);
  if (deep !== undefined) fail(`nested deeper than ${DEEPEST} levels`, deep);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  checkDuplicates(root, fail);
  const [first] = errors;
  if (first)
    fail(`not valid JSON: ${WORDS[printParseErrorCode(first.error)] ?? 'it cannot be read here'}`, first.offset);
  const value = root ? valueOfNode(root) : table();
  return {
    value,
    position: path => lineColumn(text, nearest(root, path)?.offset ?? 0),
    edit: edit => bom + applySplices(text, splices(text, root, edit)),
  };
}

/** What stands in a text beside JSON as RFC 8259 has it, each kind where it is first. */
export function extrasOf(whole: string): { kind: JsonExtra; line: number; column: number }[] {
  const marked = whole.startsWith('\ufeff');
  const text = marked ? whole.slice(1) : whole;
  const found = new Map<JsonExtra, number>(marked ? [['a byte order mark', 0]] : []);
  const add = (kind: JsonExtra, offset: number) => found.has(kind) || found.set(kind, offset);
  const scanner = createScanner(text, false);
  let comma: number | undefined;
  for (let kind: number = scanner.scan(); kind !== TOKEN.end; kind = scanner.scan()) {
    const at = scanner.getTokenOffset();
    if (kind === TOKEN.lineComment || kind === TOKEN.blockComment) add('a comment', at);
    else if (comma !== undefined && (kind === TOKEN.closeBrace || kind === TOKEN.closeBracket))
      add('a trailing comma', comma);
    if (kind === TOKEN.comma) comma = at;
    else if (!TRIVIA.has(kind)) comma = undefined;
  }
  return [...found].map(([kind, offset]) => ({ kind, ...lineColumn(text, offset) }));
}

/** Settings have a handful; what goes through a file level by level must not run out of stack. */
const DEEPEST = 200;

/** Where a text goes deeper than that, or undefined. */
function tooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let kind: number = scanner.scan(); kind !== TOKEN.end; kind = scanner.scan()) {
    if (kind === TOKEN.openBrace || kind === TOKEN.openBracket) depth++;
    if (kind === TOKEN.closeBrace || kind === TOKEN.closeBracket) depth--;
    if (depth > DEEPEST) return scanner.getTokenOffset();
  }
  return undefined;
}

function checkDuplicates(node: Node | undefined, fail: (message: string, offset: number) => never): void {
  const seen = new Set<string>();
  for (const child of node?.children ?? []) {
    if (node?.type === 'object') {
      const key = child.children?.[0];
      if (key && seen.has(key.value)) fail(`the key ${JSON.stringify(key.value)} stands here twice`, key.offset);
      if (key) seen.add(key.value);
    }
    checkDuplicates(child, fail);
  }
}

function valueOfNode(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOfNode);
  if (node.type === 'object')
    return table(
      (node.children ?? []).map(({ children }) => [children?.[0]?.value, children?.[1] && valueOfNode(children[1])]),
    );
  return node.value;
}

function property(node: Node | undefined, key: string): Node | undefined {
  return node?.type === 'object' ? node.children?.find(child => child.children?.[0]?.value === key) : undefined;
}

function nearest(root: Node | undefined, path: KeyPath): Node | undefined {
  let at = root;
  for (const key of path) {
    const next = property(at, key)?.children?.[1];
    if (!next) break;
    at = next;
  }
  return at;
}

interface Splice {
  from: number;
  to: number;
  text: string;
}

function applySplices(text: string, list: readonly Splice[]): string {
  return [...list]
    .sort((a, b) => b.from - a.from)
    .reduce((result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to), text);
}

function splices(text: string, root: Node | undefined, edit: Edit): Splice[] {
  if (!root) {
    const eol = lineEnding(text);
    const glue = text === '' || text.endsWith('\n') ? '' : eol;
    if (edit.kind === 'remove' || edit.kind === 'drop') return [];
    const value = edit.kind === 'set' ? edit.value : edit.elements;
    const body = render(nest(edit.path, value), '  ', '', eol);
    return [{ from: text.length, to: text.length, text: glue + body + eol }];
  }
  let at = root;
  for (const [index, key] of edit.path.entries()) {
    const found = property(at, key);
    const value = found?.children?.[1];
    const last = index === edit.path.length - 1;
    if (!found || !value) {
      if (edit.kind === 'remove' || edit.kind === 'drop') return [];
      const inner = nest(edit.path.slice(index + 1), edit.kind === 'set' ? edit.value : edit.elements);
      return insert(text, root, at, indent => [`${render(key, '', '', '\n')}: ${body(text, root, inner, indent)}`]);
    }
    const isNull = value.type === 'null' && (edit.kind === 'set' || edit.kind === 'add');
    if (isNull) {
      const inner = nest(edit.path.slice(index + 1), edit.kind === 'set' ? edit.value : edit.elements);
      const put = body(text, root, inner, indentAt(text, found.offset));
      return [{ from: value.offset, to: value.offset + value.length, text: put }];
    }
    if (!last) {
      at = value;
      continue;
    }
    if (edit.kind === 'remove') return remove(text, at, at.children?.indexOf(found) ?? -1);
    if (edit.kind === 'set')
      return [
        {
          from: value.offset,
          to: value.offset + value.length,
          text: body(text, root, edit.value, indentAt(text, found.offset)),
        },
      ];
    if (edit.kind === 'add')
      return insert(text, root, value, indent => edit.elements.map(element => body(text, root, element, indent)));
    return drop(text, value, edit.elements);
  }
  throw new Error('an edit needs a path');
}

/** Drops go one by one, each on the text that the one before left. */
function drop(text: string, list: Node, elements: readonly unknown[]): Splice[] {
  const children = list.children ?? [];
  const gone = new Set<number>();
  for (const element of elements) {
    const index = children.findIndex((child, at) => !gone.has(at) && same(valueOfNode(child), element));
    if (index >= 0) gone.add(index);
  }
  const start = list.offset;
  let piece = text.slice(start, start + list.length);
  for (const index of [...gone].sort((a, b) => b - a)) {
    const node = parseTree(piece, [], { allowTrailingComma: true });
    if (node) piece = applySplices(piece, remove(piece, node, index));
  }
  return [{ from: start, to: start + list.length, text: piece }];
}

function nest(path: KeyPath, value: unknown): unknown {
  return [...path].reverse().reduce((inner, key) => table([[key, inner]]), value);
}

/** The value as JSON, its second and later lines indented by `indent`. */
function render(value: unknown, unit: string, indent: string, eol: string): string {
  return escapeOdd(JSON.stringify(value, null, unit), 'pair')
    .split('\n')
    .join(eol + indent);
}

function body(text: string, root: Node, value: unknown, indent: string): string {
  return render(value, unitOf(text, root), indent, lineEnding(text));
}

/** One level of indentation, as the first key of the file has it. */
function unitOf(text: string, root: Node): string {
  const first = root.children?.[0];
  const found = first ? indentAt(text, first.offset) : '';
  return found === '' || found.length > 10 ? '  ' : found;
}

/** The white space at the start of the line on which `offset` lies. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
}

/** What stands between `from` and the container's end: its comma, and where the last comment ends. */
function tail(text: string, from: number, until: number): { comma: number | undefined; end: number } {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  let comma: number | undefined;
  let end = from;
  for (;;) {
    const kind: number = scanner.scan();
    const start = scanner.getTokenOffset();
    if (kind === TOKEN.end || start >= until) break;
    if (kind === TOKEN.comma) comma = start;
    if (kind === TOKEN.comma || kind === TOKEN.lineComment || kind === TOKEN.blockComment)
      end = start + scanner.getTokenLength();
  }
  return { comma, end };
}

function insert(text: string, root: Node, container: Node, items: (indent: string) => string[]): Splice[] {
  const eol = lineEnding(text);
  const close = container.offset + container.length - 1;
  const last = container.children?.at(-1);
  const outer = indentAt(text, container.offset);
  if (!last) {
    const indent = outer + unitOf(text, root);
    const { end } = tail(text, container.offset + 1, close);
    const put = items(indent)
      .map(item => eol + indent + item)
      .join(',');
    const rest = text.slice(end, close);
    return [{ from: end, to: close, text: put + (rest.includes('\n') ? rest : eol + outer) }];
  }
  const lastEnd = last.offset + last.length;
  const { comma, end } = tail(text, lastEnd, close);
  const many = text.slice(end, close).includes('\n');
  if (!many) {
    const put = items(outer).join(', ');
    if (put.length > LONG && end === (comma === undefined ? lastEnd : comma + 1)) {
      const indent = outer + unitOf(text, root);
      const lines = items(indent).map(item => eol + indent + item);
      const start = comma === undefined ? `,${lines.join(',')}` : lines.map(line => `${line},`).join('');
      return [{ from: end, to: close, text: `${start}${eol}${outer}` }];
    }
    return comma === undefined
      ? [{ from: lastEnd, to: lastEnd, text: `, ${put}` }]
      : [{ from: comma + 1, to: comma + 1, text: ` ${put},` }];
  }
  const indent = indentAt(text, last.offset);
  const lines = items(indent).map(item => eol + indent + item);
  if (comma !== undefined) return [{ from: end, to: end, text: lines.map(line => `${line},`).join('') }];
  if (end === lastEnd) return [{ from: end, to: end, text: `,${lines.join(',')}` }];
  return [
    { from: lastEnd, to: lastEnd, text: ',' },
    { from: end, to: end, text: lines.join(',') },
  ];
}

/** Takes out one child with its comma, and its line where it had one of its own. Comments stay. */
function remove(text: string, container: Node, index: number): Splice[] {
  const children = container.children ?? [];
  const child = children[index];
  if (!child) return [];
  const close = container.offset + container.length - 1;
  const next = children[index + 1];
  const previous = children[index - 1];
  const end = child.offset + child.length;
  const { comma } = tail(text, end, next ? next.offset : close);
  const from = child.offset;
  const cuts: Splice[] = [];
  let after = end;
  if (comma !== undefined && text.slice(end, comma).trim() === '') after = comma + 1;
  else if (comma !== undefined) cuts.push({ from: comma, to: comma + 1, text: '' });
  else if (previous) {
    const before = tail(text, previous.offset + previous.length, from).comma;
    if (before !== undefined) cuts.push({ from: before, to: before + 1, text: '' });
  }
  const space = spaceBefore(text, from);
  const spaceAfter = /^[ \t]*/.exec(text.slice(after))?.[0].length ?? 0;
  const ends = /^(?:\r?\n|$)/.test(text.slice(after + spaceAfter));
  if (
    children.length === 1 &&
    text.slice(container.offset + 1, from).trim() === '' &&
    text.slice(after, close).trim() === ''
  )
    return [{ from: container.offset + 1, to: close, text: '' }];
  if (space.ownLine ? ends : !next) cuts.push({ from: from - space.length, to: after, text: '' });
  else cuts.push({ from, to: after + spaceAfter, text: '' });
  return mergeCuts(cuts);
}

/** Cuts that touch or overlap as one, so that they can be applied from the end. */
function mergeCuts(cuts: readonly Splice[]): Splice[] {
  const merged: Splice[] = [];
  for (const cut of [...cuts].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && cut.from <= last.to) last.to = Math.max(last.to, cut.to);
    else merged.push({ ...cut });
  }
  return merged;
}

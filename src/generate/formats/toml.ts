import { parse as parseToml, TomlError } from 'smol-toml';
import { type Edit, type Format, FormatProblem, type KeyPath, type Parsed } from './types.ts';
import { escapeOdd, isTable, lineColumn, lineEnding, plain, same, spaceBefore, valueAt } from './values.ts';

/** TOML, edited in place: smol-toml says what it means, and the scanner here says where each value stands. */
export const toml: Format = { id: 'toml', title: 'TOML', parse };

/** A value in the text. */
interface Node {
  from: number;
  to: number;
  /** Of a list. */
  items?: Node[];
  /** Of an inline table: relative keys. */
  entries?: { path: string[]; from: number; value: Node }[];
}

/** `key = value` in a section. `path` is from the root; `from` and `to` are its line's start and the end of its value. */
interface Statement {
  path: string[];
  section: number;
  from: number;
  value: Node;
}

/** `[table]` or `[[table]]`; the first one is the root, without a header. */
interface Section {
  path: string[];
  from: number;
  /** After the header's line, its line break included. */
  body: number;
  list: boolean;
}

interface Layout {
  sections: Section[];
  statements: Statement[];
}

function parse(whole: string): Parsed {
  const bom = whole.startsWith('\ufeff') ? '\ufeff' : '';
  const text = whole.slice(bom.length);
  const value = meaning(text);
  const layout = scan(text);
  return {
    value,
    position: path => lineColumn(text, nearest(layout, path)),
    edit: edit => bom + change(text, edit),
  };
}

function meaning(text: string): unknown {
  try {
    return plain(parseToml(text));
  } catch (error) {
    if (error instanceof TomlError)
      throw new FormatProblem(
        `not valid TOML: ${error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')}`,
        error.line,
        error.column,
      );
    if (error instanceof RangeError) throw new FormatProblem('nested too deeply', 1, 1);
    throw error;
  }
}

// --- where things stand; the text is valid here -----------------------------------------------------------------

function scan(text: string): Layout {
  const sections: Section[] = [{ path: [], from: 0, body: 0, list: false }];
  const statements: Statement[] = [];
  const counts = new Map<string, number>();
  let at = 0;
  while (at < text.length) {
    const start = at;
    at = skipBlank(text, at);
    const character = text[at];
    if (character === undefined || character === '\n' || character === '\r' || character === '#') {
      at = nextLine(text, at);
    } else if (character === '[') {
      const list = text[at + 1] === '[';
      const key = scanKey(text, at + (list ? 2 : 1));
      const path = addressed(key.path, counts, list);
      at = nextLine(text, key.to + (list ? 2 : 1));
      sections.push({ path, from: start, body: at, list });
    } else {
      const key = scanKey(text, at);
      const value = scanValue(text, skipBlank(text, key.to + 1));
      const section = sections.length - 1;
      statements.push({ path: [...(sections[section]?.path ?? []), ...key.path], section, from: start, value });
      at = nextLine(text, value.to);
    }
  }
  return { sections, statements };
}

/** A path in which each list of tables carries the number of the table in it, so that no claim can mean it. */
function addressed(path: readonly string[], counts: Map<string, number>, list: boolean): string[] {
  const full: string[] = [];
  for (const [index, part] of path.entries()) {
    full.push(part);
    const key = full.join('\0');
    if (list && index === path.length - 1) counts.set(key, (counts.get(key) ?? 0) + 1);
    const count = counts.get(key);
    if (count !== undefined) full.push(`\0${count}`);
  }
  return full;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (text[at] !== '#') return at;
    while (at < text.length && text[at] !== '\n') at++;
  }
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}

/** A dotted key, up to the `=` or `]` after it. */
function scanKey(text: string, from: number): { path: string[]; to: number } {
  const path: string[] = [];
  let at = skipBlank(text, from);
  for (;;) {
    const start = at;
    if (text[at] === '"' || text[at] === "'") {
      at = scanString(text, at);
      path.push(Object.keys(parseToml(`${text.slice(start, at)}=1`))[0] ?? '');
    } else {
      while (/[A-Za-z0-9_-]/.test(text[at] ?? '')) at++;
      path.push(text.slice(start, at));
    }
    at = skipBlank(text, at);
    if (text[at] !== '.') return { path, to: at };
    at = skipBlank(text, at + 1);
  }
}

function scanString(text: string, from: number): number {
  const quote = text[from] ?? '"';
  const long = quote.repeat(3);
  const escapes = quote === '"';
  if (text.startsWith(long, from)) {
    let at = from + 3;
    while (at < text.length && !text.startsWith(long, at)) at += escapes && text[at] === '\\' ? 2 : 1;
    at += 3;
    // Up to two more quotes belong to the text.
    for (let more = 0; more < 2 && text[at] === quote; more++) at++;
    return at;
  }
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += escapes && text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function scanValue(text: string, from: number): Node {
  const first = text[from];
  if (first === '"' || first === "'") return { from, to: scanString(text, from) };
  if (first === '[') {
    const items: Node[] = [];
    let at = skipSpace(text, from + 1);
    while (at < text.length && text[at] !== ']') {
      const item = scanValue(text, at);
      items.push(item);
      at = skipSpace(text, item.to);
      if (text[at] === ',') at = skipSpace(text, at + 1);
    }
    return { from, to: at + 1, items };
  }
  if (first === '{') {
    const entries: NonNullable<Node['entries']> = [];
    let at = skipSpace(text, from + 1);
    while (at < text.length && text[at] !== '}') {
      const key = scanKey(text, at);
      const value = scanValue(text, skipSpace(text, key.to + 1));
      entries.push({ path: key.path, from: at, value });
      at = skipSpace(text, value.to);
      if (text[at] === ',') at = skipSpace(text, at + 1);
    }
    return { from, to: at + 1, entries };
  }
  let to = from;
  while (to < text.length && !/[,\]}#\r\n]/.test(text[to] ?? '')) to++;
  while (/[ \t]/.test(text[to - 1] ?? '')) to--;
  return { from, to };
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.length <= path.length && start.every((part, index) => part === path[index]);
}

function nearest({ sections, statements }: Layout, path: KeyPath): number {
  for (let length = path.length; length > 0; length--) {
    const start = path.slice(0, length);
    const statement = statements.find(found => startsWith(found.path, start));
    const section = sections.find((found, index) => index > 0 && startsWith(found.path, start));
    const offsets = [statement?.value.from, section?.from].filter(offset => offset !== undefined);
    if (offsets.length > 0) return Math.min(...offsets);
  }
  return 0;
}

// --- encoding ---------------------------------------------------------------------------------------------------

function encode(value: unknown): string {
  if (typeof value === 'string') return escapeOdd(JSON.stringify(value), 'long');
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(', ')}]`;
  if (isTable(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `${encodeKey(key)} = ${encode(inner)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  throw new Error(`TOML has no way to write ${value === null ? 'null' : typeof value}`);
}

function encodeKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : encode(key);
}

function encodePath(path: KeyPath): string {
  return path.map(encodeKey).join('.');
}

// --- editing ----------------------------------------------------------------------------------------------------

function splice(text: string, from: number, to: number, put: string): string {
  return text.slice(0, from) + put + text.slice(to);
}

function refuse(text: string, layout: Layout, path: KeyPath, message: string): never {
  const { line, column } = lineColumn(text, nearest(layout, path));
  throw new FormatProblem(message, line, column);
}

function change(text: string, edit: Edit): string {
  const layout = scan(text);
  const now = valueAt(meaning(text), edit.path);
  const found = locate(layout, edit.path);
  if (edit.kind === 'add') {
    if (now === undefined) return set(text, layout, edit.path, edit.elements);
    if (!found?.node.items) refuse(text, layout, edit.path, 'a list made of [[sections]] is not edited here');
    return append(text, found.node, found.node.items, edit.elements.map(encode));
  }
  if (edit.kind === 'drop') {
    if (now === undefined) return text;
    if (!found?.node.items) refuse(text, layout, edit.path, 'a list made of [[sections]] is not edited here');
    return drop(text, edit.path, Array.isArray(now) ? now : [], edit.elements);
  }
  if (edit.kind === 'remove') return now === undefined ? text : remove(text, layout, edit.path, now);
  return set(text, layout, edit.path, edit.value);
}

/** Where a value stands by itself, as a statement or in an inline table; undefined for tables made of sections. */
function locate(
  { statements }: Layout,
  path: KeyPath,
): { statement: Statement; node: Node; parent?: Node; index?: number } | undefined {
  for (const statement of statements) {
    if (!startsWith(path, statement.path)) continue;
    let node = statement.value;
    let rest = path.slice(statement.path.length);
    let parent: Node | undefined;
    let index: number | undefined;
    while (rest.length > 0) {
      const at: number = node.entries?.findIndex(entry => startsWith(rest, entry.path)) ?? -1;
      const entry = node.entries?.[at];
      if (!entry) break;
      parent = node;
      index = at;
      rest = rest.slice(entry.path.length);
      node = entry.value;
    }
    if (rest.length === 0) return { statement, node, ...(parent && index !== undefined ? { parent, index } : {}) };
  }
  return undefined;
}

/** The inline table into which a missing key belongs, and the keys that are left. */
function inlineHome({ statements }: Layout, path: KeyPath): { node: Node; rest: KeyPath } | undefined {
  for (let length = path.length - 1; length > 0; length--) {
    const found = locate({ sections: [], statements }, path.slice(0, length));
    if (found?.node.entries) return { node: found.node, rest: path.slice(length) };
  }
  return undefined;
}

function set(text: string, layout: Layout, path: KeyPath, value: unknown): string {
  const found = locate(layout, path);
  if (found) return splice(text, found.node.from, found.node.to, encode(value));
  const now = valueAt(meaning(text), path);
  if (Array.isArray(now)) refuse(text, layout, path, 'a list made of [[sections]] is not edited here');
  if (isTable(now)) {
    if (!isTable(value)) refuse(text, layout, path, 'a table made of [sections] is not replaced here');
    let result = text;
    for (const key of Object.keys(now))
      if (!Object.hasOwn(value, key)) result = change(result, { kind: 'remove', path: [...path, key] });
    for (const [key, inner] of Object.entries(value))
      if (!same(now[key], inner)) result = change(result, { kind: 'set', path: [...path, key], value: inner });
    return result;
  }
  const home = inlineHome(layout, path);
  if (home) {
    const { node, rest } = home;
    const put = `${encodePath(rest)} = ${encode(value)}`;
    const last = node.entries?.at(-1)?.value;
    if (!last) return splice(text, node.from, node.to, `{ ${put} }`);
    return splice(text, last.to, last.to, `, ${put}`);
  }
  return insertStatement(text, layout, path, value);
}

function insertStatement(text: string, { sections, statements }: Layout, path: KeyPath, value: unknown): string {
  const eol = lineEnding(text);
  const parent = path.slice(0, -1);
  const line = (key: KeyPath) => `${encodePath(key)} = ${encode(value)}`;
  const after = (statement: Statement, put: string) => {
    const indent = /^[ \t]*/.exec(text.slice(statement.from))?.[0] ?? '';
    const at = nextLine(text, statement.value.to);
    return text[at - 1] === '\n' ? splice(text, at, at, indent + put + eol) : splice(text, at, at, eol + indent + put);
  };
  // Keys that are already written with dots are joined by more of them: a header would define the table twice.
  const sibling =
    parent.length === 0
      ? undefined
      : statements.findLast(
          found =>
            found.path.length > parent.length &&
            startsWith(found.path, parent) &&
            (sections[found.section]?.path.length ?? 0) < parent.length,
        );
  if (sibling) return after(sibling, line(path.slice(sections[sibling.section]?.path.length ?? 0)));
  const index = sections.findIndex(
    (section, at) =>
      !section.list &&
      section.path.length === parent.length &&
      startsWith(section.path, parent) &&
      (at > 0 || parent.length === 0),
  );
  const section = sections[index];
  if (!section) {
    const glue = text === '' || text.endsWith('\n') ? '' : eol;
    const gap = text.trim() === '' ? '' : eol;
    return `${text}${glue}${gap}[${encodePath(parent)}]${eol}${line([path.at(-1) ?? ''])}${eol}`;
  }
  const last = statements.findLast(found => found.section === index);
  const put = line([path.at(-1) ?? '']);
  if (last) return after(last, put);
  if (index === 0) {
    // Before the first section, but after a heading comment that stands apart.
    const heading = /^(?:[ \t]*#[^\n]*\n)+(?:[ \t]*\r?\n)+/.exec(text)?.[0].length ?? 0;
    const rest = text.slice(heading);
    return text.slice(0, heading) + put + eol + (rest.trim() === '' ? rest : eol + rest);
  }
  return text[section.body - 1] === '\n'
    ? splice(text, section.body, section.body, put + eol)
    : splice(text, section.body, section.body, eol + put);
}

function append(text: string, node: Node, items: readonly Node[], put: readonly string[]): string {
  const eol = lineEnding(text);
  const last = items.at(-1);
  const close = node.to - 1;
  if (!last) {
    const inside = text.slice(node.from + 1, close);
    if (inside.trim() === '') return splice(text, node.from + 1, close, put.join(', '));
    return splice(text, close, close, `${put.join(', ')}${eol}`);
  }
  const { comma, end } = tail(text, last.to, close);
  if (!text.slice(end, close).includes('\n'))
    return comma === undefined
      ? splice(text, last.to, last.to, `, ${put.join(', ')}`)
      : splice(text, comma + 1, comma + 1, ` ${put.join(', ')},`);
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', last.from - 1) + 1))?.[0] ?? '';
  const lines = put.map(item => eol + indent + item);
  if (comma !== undefined) return splice(text, end, end, lines.map(item => `${item},`).join(''));
  return splice(splice(text, end, end, lines.join(',')), last.to, last.to, ',');
}

/** The comma after an item, and where the last comment before `until` ends. */
function tail(text: string, from: number, until: number): { comma: number | undefined; end: number } {
  let comma: number | undefined;
  let end = from;
  for (let at = from; at < until; at++) {
    if (text[at] === ',') {
      comma = at;
      end = at + 1;
    } else if (text[at] === '#') {
      while (at < until && text[at] !== '\n') at++;
      end = text[at - 1] === '\r' ? at - 1 : at;
    }
  }
  return { comma, end };
}

function drop(text: string, path: KeyPath, now: readonly unknown[], elements: readonly unknown[]): string {
  const gone = new Set<number>();
  for (const element of elements) {
    const index = now.findIndex((other, at) => !gone.has(at) && same(other, element));
    if (index >= 0) gone.add(index);
  }
  let result = text;
  for (const index of [...gone].sort((a, b) => b - a)) {
    const node = locate(scan(result), path)?.node;
    if (node?.items) result = cutItem(result, node, node.items, index);
  }
  return result;
}

/** Takes out one item of a list or entry of an inline table, with one comma; comments stay. */
function cutItem(text: string, node: Node, items: readonly Pick<Node, 'from' | 'to'>[], index: number): string {
  const item = items[index];
  if (!item) return text;
  const next = items[index + 1];
  const previous = items[index - 1];
  const close = node.to - 1;
  const { comma } = tail(text, item.to, next?.from ?? close);
  let to = item.to;
  let result = text;
  let from = item.from;
  if (comma !== undefined && text.slice(item.to, comma).trim() === '') to = comma + 1;
  else if (comma !== undefined) result = splice(result, comma, comma + 1, '');
  const before = spaceBefore(text, from);
  const space = skipBlank(text, to);
  if (before.ownLine ? /^\r?\n/.test(text.slice(space)) : !next) from -= before.length;
  else to = space;
  result = splice(result, from, to, '');
  if (comma === undefined && previous) {
    const separator = tail(text, previous.to, item.from).comma;
    if (separator !== undefined) result = splice(result, separator, separator + 1, '');
  }
  return result;
}

function remove(text: string, layout: Layout, path: KeyPath, now: unknown): string {
  const found = locate(layout, path);
  if (found?.parent?.entries && found.index !== undefined) {
    const items = found.parent.entries.map(({ from, value }) => ({ from, to: value.to }));
    const result = cutItem(text, found.parent, items, found.index);
    return result;
  }
  if (found) {
    const { from, value } = found.statement;
    const end = nextLine(text, value.to);
    const comment = /^[ \t]*(#[^\r\n]*)/.exec(text.slice(value.to))?.[1];
    if (!comment) {
      // A key that stood apart at the top leaves no second blank line behind.
      const apart = /(?:^|\n\r?\n)$/.test(text.slice(0, from));
      const blank = /^\r?\n/.exec(text.slice(end))?.[0].length ?? 0;
      return splice(text, from, apart ? end + blank : end, '');
    }
    return splice(text, skipBlank(text, from), text.indexOf(comment, value.to), '');
  }
  if (!isTable(now)) refuse(text, layout, path, 'a list made of [[sections]] is not edited here');
  let result = text;
  for (const key of Object.keys(now)) result = change(result, { kind: 'remove', path: [...path, key] });
  const header = scan(result).sections.findLast(
    ({ path: other, list }, index) => index > 0 && !list && other.length === path.length && startsWith(other, path),
  );
  if (!header) return result;
  const before = result.slice(0, header.from);
  const last = result.slice(header.body).trim() === '';
  return (last ? before.replace(/\r?\n(\r?\n)$/, '$1') : before) + result.slice(header.body);
}

import type { Edit, KeyPath } from './types.ts';

type Table = Record<string, unknown>;

/** Whether it is a table: an object that is neither a list nor a date. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A table without a prototype, in which `__proto__` is a key like any other. */
export function table(entries: Iterable<readonly [string, unknown]> = []): Table {
  const made = Object.create(null) as Table;
  for (const [key, value] of entries) made[key] = value;
  return made;
}

/** A copy in which every table is without a prototype. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (isTable(value)) return table(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}

/** Text that is equal exactly for values that mean the same, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Date) return `date:${value.toISOString()}`;
  if (typeof value === 'bigint') return String(value);
  if (isTable(value))
    return `{${Object.keys(value)
      .sort()
      .map(key => `${JSON.stringify(key)}:${canonical(value[key])}`)
      .join(',')}}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `number:${value}`;
  return JSON.stringify(value) ?? 'undefined';
}

/** Whether two values mean the same: what equal canonical texts say, without the texts, as whole files are compared. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'string' || typeof b === 'string') return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((element, index) => same(element, b[index]));
  if (isTable(a) && isTable(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return canonical(a) === canonical(b);
}

/** The value at a path, or undefined where there is none. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let at = root;
  for (const key of path) {
    if (!isTable(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** The start of `path` (itself left out) whose value is neither a table nor missing or null; undefined when none is. */
export function blockedAt(root: unknown, path: KeyPath): KeyPath | undefined {
  for (let length = 0; length < path.length; length++) {
    const value = valueAt(root, path.slice(0, length));
    if (value === undefined || value === null) return undefined;
    if (!isTable(value)) return path.slice(0, length);
  }
  return undefined;
}

/** How many tables (and the list itself, for elements) an edit would have to make. */
export function missingContainers(root: unknown, path: KeyPath, list: boolean): number {
  let count = 0;
  for (let length = 1; length <= path.length - (list ? 0 : 1); length++)
    if (valueAt(root, path.slice(0, length)) === undefined) count++;
  return count;
}

/** What a value is called in a sentence. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  if (isTable(value)) return 'a table';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

/** What the file must mean after an edit: the model against which the edited text is checked. */
export function applyToValue(root: unknown, edit: Edit): unknown {
  const whole = root ?? table();
  if (!isTable(whole)) throw new Error('the root is not a table');
  // Only the tables on the way are made anew: all else is shared, and never changed.
  const copy = table(Object.entries(whole));
  const key = edit.path.at(-1);
  if (key === undefined) throw new Error('an edit needs a path');
  let parent = copy;
  for (const part of edit.path.slice(0, -1)) {
    const next = (Object.hasOwn(parent, part) ? parent[part] : undefined) ?? table();
    if (!isTable(next)) throw new Error(`${part} is not a table`);
    const own = table(Object.entries(next));
    parent[part] = own;
    parent = own;
  }
  if (edit.kind === 'set') parent[key] = plain(edit.value);
  else if (edit.kind === 'remove') delete parent[key];
  else {
    const list = (Object.hasOwn(parent, key) ? parent[key] : undefined) ?? [];
    if (!Array.isArray(list)) throw new Error(`${key} is not a list`);
    if (edit.kind === 'add') parent[key] = [...list, ...edit.elements.map(plain)];
    else {
      const rest = [...list];
      for (const element of edit.elements) {
        const index = rest.findIndex(other => same(other, element));
        if (index >= 0) rest.splice(index, 1);
      }
      parent[key] = rest;
    }
  }
  return copy;
}

/** Characters that reorder, hide or act on text. */
const ODD = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/**
 * Writes odd characters as `\uXXXX`, and those beyond four digits as two of them (JSON) or as `\UXXXXXXXX` (TOML and
 * YAML). Only for text in which they can stand nowhere but inside double quotes.
 */
export function escapeOdd(text: string, beyond: 'pair' | 'long'): string {
  const hex = (code: number, width: number) => code.toString(16).padStart(width, '0');
  return text.replace(ODD, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xffff && beyond === 'long') return `\\U${hex(code, 8)}`;
    return Array.from({ length: character.length }, (_, index) => `\\u${hex(character.charCodeAt(index), 4)}`).join('');
  });
}

/** Line and column, both from 1, of an offset in a text. */
export function lineColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}

/** The line ending that a text uses: that of its first line. */
export function lineEnding(text: string): '\n' | '\r\n' {
  const at = text.indexOf('\n');
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n';
}

/**
 * How much white space before `offset` goes when what stands there is taken out: back to the line break where it has a
 * line to itself, else the blanks in its line.
 */
export function spaceBefore(text: string, offset: number): { length: number; ownLine: boolean } {
  const before = /(\r?\n)?[ \t]*$/.exec(text.slice(0, offset))?.[0] ?? '';
  return { length: before.length, ownLine: before.includes('\n') };
}

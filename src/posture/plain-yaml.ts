/**
 * A reader for the YAML that most postures are written in: mappings and lists in blocks, values on one line, text bare
 * or in quotes without escapes, printable. It builds no nodes and keeps no places, so that a posture of 10,000 entries
 * costs milliseconds. It never judges: what it does not know for certain is left to the whole reader (`readTree`), which
 * says what is wrong and where. A property test holds the two to the same values.
 */

/** Thrown for text that is not of this plain kind. */
const NOT_PLAIN = new Error('not plain');

/** Keys as people write them. A word that YAML reads as something else is none. */
const KEY = /([A-Za-z_][\w.-]{0,99})|"([^"\\]{1,99})"|'([^']{1,99})'/y;
const DOUBLE = /"([^"\\]*)"/y;
const SINGLE = /'([^']*)'/y;
/** Text without quotes: no sign of structure in it, and a colon only inside a word. */
const BARE = /[A-Za-z0-9_./~+$(](?:[\w./~+$()=@;<>?^|!%&*\\-]|:(?=[\w./])| (?=[\w./~+$()=@-]))*/y;
/** The end of a line, with or without a comment. */
const END = / *(?:(?<= )#.*)?$/y;
/** What the core schema of YAML takes for something else than text, and a little more. */
const SPECIAL = /^(?:~|null|true|false|0x[\da-f]+|0o[0-7]+|[-+]?\.(?:inf|nan)|[-+]?\.?\d[\d.]*(?:e[-+]?\d+)?)$/i;
const WHOLE = /^(?:0|[1-9]\d{0,14})$/;
const REFUSED = new Set(['__proto__', 'constructor', 'prototype', '<<']);
const DEEPEST = 20;
/** Columns: longer lines are rare, and not for expressions that may go back over them. */
const LONGEST = 5_000;

/** A line with something on it: what stands after the blanks it begins with. */
interface Line {
  indent: number;
  text: string;
}

/**
 * The value of a text of the plain kind; undefined for any other. `harmless` is asked about every text and key in it, and
 * where it says no the text is not of the plain kind either.
 */
export function readPlainYaml(text: string, harmless: (word: string) => boolean): { data: unknown } | undefined {
  if (/\t|\r(?!\n)/.test(text)) return undefined;
  try {
    return { data: new Reader(text, harmless).read() };
  } catch (error) {
    if (error === NOT_PLAIN) return undefined;
    throw error;
  }
}

class Reader {
  readonly #lines: Line[] = [];
  readonly #harmless: (word: string) => boolean;
  readonly #seen = new Set<string>();
  #at = 0;

  constructor(text: string, harmless: (word: string) => boolean) {
    this.#harmless = harmless;
    for (const line of text.split(/\r?\n/)) {
      if (line.length > LONGEST) throw NOT_PLAIN;
      const indent = line.search(/[^ ]/);
      if (indent >= 0 && line[indent] !== '#') this.#lines.push({ indent, text: line.slice(indent) });
    }
  }

  read(): unknown {
    if (this.#lines[0]?.indent !== 0) throw NOT_PLAIN;
    const data = this.#mapping(0, 0);
    if (this.#at < this.#lines.length) throw NOT_PLAIN;
    return data;
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (isItem(line)) break;
      const { text } = line;
      const { key, next } = this.#key(text, 0, result);
      this.#at++;
      result[key] = this.#ends(text, next) ? this.#below(indent, depth + 1) : this.#rest(text, next, indent);
    }
    return result;
  }

  /** What stands in the lines under a key: a mapping, a list (which may stand no deeper than its key), or nothing. */
  #below(indent: number, depth: number): unknown {
    const line = this.#lines[this.#at];
    if (depth > DEEPEST) throw NOT_PLAIN;
    if (line === undefined || line.indent < indent) return null;
    if (isItem(line)) return this.#list(line.indent, depth);
    return line.indent === indent ? null : this.#whole(this.#mapping(line.indent, depth), indent);
  }

  #list(indent: number, depth: number): unknown[] {
    const result: unknown[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && isItem(line); line = this.#lines[this.#at]) {
      const inner = line.text.slice(2).trimStart();
      if (startsPair(inner)) {
        // The first pair stands behind the dash: the line is read again as one of a mapping that begins there.
        const column = indent + line.text.length - inner.length;
        this.#lines[this.#at] = { indent: column, text: inner };
        result.push(this.#mapping(column, depth + 1));
        if ((this.#lines[this.#at]?.indent ?? 0) > indent) throw NOT_PLAIN;
      } else {
        this.#at++;
        result.push(this.#rest(inner, 0, indent));
      }
    }
    return result;
  }

  /** A value, refused where lines behind it go on deeper than the mapping it is in, as those of a text over lines do. */
  #whole<T>(value: T, indent: number): T {
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) throw NOT_PLAIN;
    return value;
  }

  /** The value in the rest of a line. */
  #rest(text: string, from: number, indent: number): unknown {
    const { value, next } = this.#value(text, from, 0);
    if (!this.#ends(text, next)) throw NOT_PLAIN;
    return this.#whole(value, indent);
  }

  #ends(text: string, from: number): boolean {
    END.lastIndex = from;
    return END.test(text);
  }

  /** The key at `from`, its colon, and the blanks behind. */
  #key(text: string, from: number, into: Record<string, unknown>): { key: string; next: number } {
    KEY.lastIndex = from;
    const match = KEY.exec(text);
    const key = match?.[1] ?? match?.[2] ?? match?.[3];
    if (key === undefined || (match?.[1] !== undefined && SPECIAL.test(key))) throw NOT_PLAIN;
    if (REFUSED.has(key) || Object.hasOwn(into, key)) throw NOT_PLAIN;
    this.#word(key);
    const colon = KEY.lastIndex;
    const behind = text[colon + 1];
    if (text[colon] !== ':' || (behind !== ' ' && behind !== undefined)) throw NOT_PLAIN;
    return { key, next: blanks(text, colon + 1) };
  }

  #value(text: string, from: number, depth: number): { value: unknown; next: number } {
    const sign = text[from];
    if (depth > DEEPEST) throw NOT_PLAIN;
    if (sign === '[') return this.#brackets(text, from, depth);
    if (sign === '{') return this.#braces(text, from, depth);
    if (sign === '"' || sign === "'") {
      const form = sign === '"' ? DOUBLE : SINGLE;
      form.lastIndex = from;
      const value = form.exec(text)?.[1];
      // Two of the single quotes stand for one, and the text goes on behind them.
      if (value === undefined || text[form.lastIndex] === sign) throw NOT_PLAIN;
      return { value: this.#word(value), next: form.lastIndex };
    }
    BARE.lastIndex = from;
    const bare = BARE.exec(text)?.[0];
    if (bare === undefined) throw NOT_PLAIN;
    return { value: SPECIAL.test(bare) ? special(bare) : this.#word(bare), next: BARE.lastIndex };
  }

  #brackets(text: string, from: number, depth: number): { value: unknown[]; next: number } {
    const list: unknown[] = [];
    let at = blanks(text, from + 1);
    while (text[at] !== ']') {
      const { value, next } = this.#value(text, at, depth + 1);
      list.push(value);
      at = separator(text, next, ']');
    }
    return { value: list, next: at + 1 };
  }

  #braces(text: string, from: number, depth: number): { value: Record<string, unknown>; next: number } {
    const map: Record<string, unknown> = {};
    let at = blanks(text, from + 1);
    while (text[at] !== '}') {
      const { key, next: behind } = this.#key(text, at, map);
      const { value, next } = this.#value(text, behind, depth + 1);
      map[key] = value;
      at = separator(text, next, '}');
    }
    return { value: map, next: at + 1 };
  }

  #word(word: string): string {
    if (!this.#seen.has(word)) {
      if (!this.#harmless(word)) throw NOT_PLAIN;
      this.#seen.add(word);
    }
    return word;
  }
}

function isItem({ text }: Line): boolean {
  return text.startsWith('- ');
}

function startsPair(text: string): boolean {
  KEY.lastIndex = 0;
  return KEY.test(text) && text[KEY.lastIndex] === ':' && [' ', undefined].includes(text[KEY.lastIndex + 1]);
}

function blanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return at;
}

/** Past the comma behind a member of a flow collection, or at the sign that closes it. */
function separator(text: string, from: number, close: string): number {
  const at = blanks(text, from);
  if (text[at] === close) return at;
  if (text[at] !== ',') throw NOT_PLAIN;
  const next = blanks(text, at + 1);
  if (text[next] === close) throw NOT_PLAIN;
  return next;
}

function special(bare: string): unknown {
  if (bare === 'true' || bare === 'false') return bare === 'true';
  if (WHOLE.test(bare)) return Number(bare);
  throw NOT_PLAIN;
}

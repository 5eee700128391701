/** A simple command of a shell's text: its words, and by what it is joined to its neighbours. */
export interface SimpleCommand {
  words: readonly string[];
  /** `&&`, `||`, `|`, `;` … ; empty at either end. */
  before: string;
  after: string;
}

/** Stands in a word for what only a shell could tell. */
export const EXPANDED = '\0';

/** Behind these, what follows is the command. */
const PREFIXES = /^(?:if|then|elif|else|while|until|do|!|\{|time|exec|nohup|builtin)$/;
/** Words of the language that begin no command of a program. */
const KEYWORDS = /^(?:for|case|select|function|fi|done|esac|in|\}|\]\]|\[\[)$/;

/**
 * The simple commands of a shell's text, those within `$(…)` before the one in which they stand. It is a reader's view of it, for
 * what a hook leans on: a document that is given on the spot (`<<`) ends it, and patterns of `case` are none.
 */
export function simpleCommands(text: string): SimpleCommand[] {
  return new Reader(text).all();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #found: SimpleCommand[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  all(): SimpleCommand[] {
    while (this.#at < this.#text.length) {
      this.#list('');
      this.#at++;
    }
    return this.#found;
  }

  /** Commands up to `end`, which is left to be read; with an empty one up to a `)` that nothing opened, whose command is none. */
  #list(end: '' | ')' | '`'): void {
    let words: string[] = [];
    let word: string | undefined;
    let before = '';
    const flush = (after: string) => {
      if (word !== undefined) words.push(word);
      const own = withoutPrefixes(words);
      if (own.length > 0) this.#found.push({ words: own, before, after });
      before = after;
      words = [];
      word = undefined;
    };
    for (; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text[this.#at] as string;
      if (sign === ')' || (sign === '`' && end === '`')) {
        if (end === '') [words, word] = [[], undefined];
        flush('');
        return;
      }
      if (sign === '\\') word = (word ?? '') + (this.#text[++this.#at] ?? '').replace('\n', '');
      else if (sign === "'") word = (word ?? '') + this.#single();
      else if (sign === '"') word = (word ?? '') + this.#double();
      else if (sign === '`' || this.#text.startsWith('$(', this.#at)) word = (word ?? '') + this.#inner();
      else if (sign === '#' && word === undefined) this.#skip(/\n|$/g, -1);
      else if (sign === '<' || sign === '>') {
        if (this.#text.startsWith('<<', this.#at)) {
          this.#at = this.#text.length;
          break;
        }
        if (/^\d+$/.test(word ?? '')) word = undefined;
        if (word !== undefined) words.push(word);
        word = undefined;
        this.#skip(/[<>]+[&|]?\s*(?:\d+-?|-|(?:[^\s;|&()<>"'`]|"[^"]*"|'[^']*')*)/y);
      } else if (sign === '(') {
        // A function that is written here is no program.
        if (word !== undefined) [words, word] = [[], undefined];
        else flush('');
        this.#at++;
        this.#list(')');
      } else if (/[;|&\n]/.test(sign)) {
        const [joined = sign] = /^(?:&&|\|\||;;|\|&|[;|&\n])/.exec(this.#text.slice(this.#at)) ?? [];
        this.#at += joined.length - 1;
        flush(joined);
      } else if (/\s/.test(sign)) {
        if (word !== undefined) words.push(word);
        word = undefined;
      } else word = (word ?? '') + sign;
    }
    flush('');
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    const inside = this.#text.slice(this.#at + 1, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end;
    return inside;
  }

  #double(): string {
    let inside = '';
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#at++) {
      const sign = this.#text[this.#at] as string;
      if (sign === '\\') inside += this.#text[++this.#at] ?? '';
      else if (sign === '`' || this.#text.startsWith('$(', this.#at)) inside += this.#inner();
      else inside += sign;
    }
    return inside;
  }

  /** What is put in the place of `$(…)` or of a text between backquotes, whose commands are read too. */
  #inner(): string {
    if (this.#text.startsWith('$((', this.#at)) this.#skip(/\)\)|$/g, 1);
    else if (this.#text[this.#at] === '`') {
      this.#at++;
      this.#list('`');
    } else {
      this.#at += 2;
      this.#list(')');
    }
    return EXPANDED;
  }

  /** Up to what matches from here on; the sign that is read next is the one behind `at`. */
  #skip(what: RegExp, more = 0): void {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text);
    if (found) this.#at = Math.max(this.#at, what.sticky ? what.lastIndex - 1 : found.index + more);
  }
}

function withoutPrefixes(words: readonly string[]): string[] {
  let own = [...words];
  while (own[0] !== undefined && (PREFIXES.test(own[0]) || /^\w+\+?=/.test(own[0]))) own = own.slice(1);
  if (own[0] === 'env') {
    own = own.slice(1);
    while (own[0] !== undefined && /^(?:-|\w+=)/.test(own[0])) own = own.slice(1);
  }
  if (own[0] === 'timeout') own = own.slice(own.findIndex((word, index) => index > 0 && /^\d/.test(word)) + 1);
  return own[0] === undefined || KEYWORDS.test(own[0]) ? [] : own;
}

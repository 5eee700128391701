/** Sequences that a terminal obeys: CSI, OSC and the other string commands, and two-byte escapes. */
const TERMINAL =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][\s\S]*?(?:\u0007|\u001b\\|$)|\u001b[ -/]*[0-~]?|\u009b[0-?]*[ -/]*[@-~]/g;
/** C0 and C1 controls but tab and line feed. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Marks that reorder or hide text: bidirectional controls, zero-width characters, the BOM, tags, line separators. */
const INVISIBLE = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/** Text from outside, safe for a terminal or a log: no escapes, controls, bidirectional or invisible marks. */
export function sanitize(text: string): string {
  return text.replace(TERMINAL, '').replace(CONTROL, '').replace(INVISIBLE, '');
}

/** As `sanitize`, and on one line. */
export function oneLine(text: string): string {
  return sanitize(text.replace(/[\r\n\t]+/g, ' ')).trim();
}

/** At most `width` characters, the end replaced by an ellipsis. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Quotes one word for a POSIX shell. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as a person would type it. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** Inert in Markdown: what would be markup, a mention, a link or HTML is escaped. */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()#+!|<>~]/g, String.raw`\$&`)
    .replaceAll('@', '@\u2060');
}

/**
 * A line that no CI reads as a workflow command: the tokens themselves are broken by a word joiner, since blanks before
 * `::` are trimmed, and `##[…]`, `##vso[…]` and `##teamcity[…]` are found anywhere in a line.
 */
export function escapeCi(line: string): string {
  return line.replace(/^([\s\u200b-\u200f\u2060\ufeff]*:):/u, '$1\u2060:').replace(/#(?=#[a-z]*\[)/gi, '#\u2060');
}

/** JSON text that no CI reads as a workflow command: what such a token is made of is written as its escape. */
export function escapeCiJson(text: string): string {
  return text.replace(/##(?=[a-z]*\[)/gi, '#\\u0023').replace(/^(\s*):(?=:)/gm, '$1\\u003a');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a, b and c`. */
export function list(items: readonly string[], conjunction = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`;
}

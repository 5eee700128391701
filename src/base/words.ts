import { UserError } from './errors.ts';

/**
 * Splits a command into words as a POSIX shell does: blanks separate, single quotes keep all, double quotes keep all but
 * the backslash's escapes, a backslash keeps the next character. Nothing is expanded. What only a shell could carry out
 * (`;`, `|`, `&`, `<`, `>`, `$NAME`, `$(…)`, backquotes, line ends) is a UserError where it is not quoted, and so is an open quote.
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  const refuse = (what: string) =>
    new UserError({
      what: `${what} in the command: ${JSON.stringify(command)}`,
      expected: 'a program and its arguments',
      next: "quote it, or give the whole to a shell: sh -c '…'",
    });
  for (let at = 0; at < command.length; at++) {
    const character = command[at] as string;
    if (character === '\0') throw refuse('a NUL byte');
    if (quote === "'") {
      if (character === "'") quote = undefined;
      else word += character;
    } else if (character === '\\') {
      const next = command[++at];
      if (next === undefined) throw refuse('a backslash at the end');
      if (next === '\n') continue;
      word = (word ?? '') + (quote === '"' && !'$`"\\'.includes(next) ? `\\${next}` : next);
    } else if (quote === '"') {
      if (character === '"') quote = undefined;
      else if (expands(command, at)) throw refuse('something to be expanded');
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) {
      throw refuse('a comment');
    } else if (';|&<>\n()'.includes(character)) {
      throw refuse(`${JSON.stringify(character)}`);
    } else if (expands(command, at)) {
      throw refuse('something to be expanded');
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote) throw refuse(`an open ${quote}`);
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw refuse('nothing');
  return words;
}

function expands(command: string, at: number): boolean {
  return command[at] === '`' || /^\$[\w{(@*#?$!-]/.test(command.slice(at, at + 2));
}

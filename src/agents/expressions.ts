import {
  type CharacterSet,
  DEEP,
  expressionSet,
  expressionText,
  holds,
  type Pattern,
  readPattern,
  type Speller,
  spelled,
} from '../posture/patterns.ts';

/**
 * Regular expressions (the part that JavaScript, Rust and RE2 share) that find a path or a push in what an agent's tool is
 * given, for agents whose rules are such expressions. What they look at is a text, so there are ways round them: a variable,
 * a link, an interpreter. No group is repeated, since some agents refuse that as too slow.
 */

/** Characters that a shell or JSON may set before a path: none that belongs to a name, or an escaped line end. */
const BEFORE = String.raw`(?:^|[^\w.-]|\\[nrt])`;
const AFTER = String.raw`(?:$|[^\w.-])`;

/** Text as it stands in an expression over JSON, where quotes and backslashes are escaped once more. */
const literal = (text: string) => expressionText(JSON.stringify(text).slice(1, -1));

/** A set over JSON, where a quote and a backslash are two characters. */
function setOf(set: CharacterSet): string | undefined {
  const quoted = ['"', '\\'].filter(character => holds(set, character)).map(literal);
  const all = [expressionSet(set, '"\\\0'), ...quoted].filter(one => one !== undefined);
  return all.length === 0 ? undefined : `(?:${all.join('|')})`;
}

/** In a command a name ends at blanks and quotes; in an argument, where the argument does. */
const IN_COMMAND: Speller = { text: literal, any: String.raw`[^/\s"']*`, one: '[^/]', set: setOf };
const IN_ARGUMENT: Speller = { text: literal, any: String.raw`[^/\0]*`, one: String.raw`[^/\0]`, set: setOf };

/** Whether an expression for this glob can be made at all: some programs take none that is very long. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return text.length < 1500;
  } catch {
    return false;
  }
}

/** What finds the names of a pattern, behind whatever stands before them; undefined where they name nothing. */
function bodyOf(pattern: Pattern, speller: Speller): string | undefined {
  const parts = pattern.parts[0] === DEEP ? pattern.parts.slice(1) : pattern.parts;
  const within = parts.at(-1) === DEEP;
  const names = spelled(within ? parts.slice(0, -1) : parts, speller);
  if (names === undefined || names.length === 0) return undefined;
  const inner = names
    .map((name, at) => (name === DEEP ? String.raw`(?:[^\0]*/|)` : `${name}${at < names.length - 1 ? '/' : ''}`))
    .join('');
  return `${pattern.home ? '/' : ''}${inner}${within ? '/' : ''}`;
}

/** Where the name that was looked for ends in an argument: blanks behind it are dropped by some tools. */
const END = String.raw`\s*(?:[/"\0]|\\\\|$)`;

/** What leads to a path: to one from the root, as far as its text tells where that is, or to one in any folder. */
const FROM_ROOT = String.raw`(?:\s*[./]*|\s*(?:/|[A-Za-z]:)[^\0]*[/\\]|[^\0]*\.\.[/\\](?:[^\0]*[/\\]|))`;
const ANYWHERE = String.raw`(?:\s*|[^\0]*[/\\])`;

/**
 * Finds the path in the JSON of a tool's argument with this name, however it is led up to; where that is always `rooted`, a
 * path from the root, nothing leads to one. `\0` parts arguments where an agent sets it. Undefined where no expression does.
 */
export function inArgument(name: string, line: string, rooted = false): string | undefined {
  const pattern = readPattern(line);
  const body = pattern && bodyOf(pattern, IN_ARGUMENT);
  if (body === undefined) return undefined;
  const lead = pattern?.parts[0] === DEEP ? ANYWHERE : rooted ? '' : FROM_ROOT;
  const end = pattern?.parts.at(-1) === DEEP ? '' : END;
  const text = `"${name}":"${pattern?.home ? String.raw`[^\0]*` : lead}${body}${end}`;
  return isExpression(text) ? text : undefined;
}

function inText(line: string): string | undefined {
  const pattern = readPattern(line);
  const body = pattern && bodyOf(pattern, IN_COMMAND);
  if (body === undefined) return undefined;
  const end = pattern?.parts.at(-1) === DEEP ? '' : pattern?.folder ? String.raw`(?:/|["\0]|$)` : AFTER;
  const text = `${pattern?.home ? '' : BEFORE}${body}${end}`;
  return isExpression(text) ? text : undefined;
}

/**
 * Finds the path in a command, from whatever folder it is said. Undefined for patterns that are plain words, such as
 * `secrets`: commands say those for other reasons too.
 */
export function inCommand(line: string): string | undefined {
  if (!/[./]/.test(line.replace(/^~\//, '/').replace(/\/+$/, '/').replace(/\*+/g, ''))) return undefined;
  return inText(line);
}

const WRITERS = [
  'tee',
  'cp',
  'mv',
  'ln',
  'rm',
  'dd',
  'install',
  'truncate',
  'chmod',
  'patch',
  'rsync',
  'touch',
  'mkdir',
];

/** Finds a command that writes to anything by a usual tool or by redirection. */
export const WRITES = String.raw`(?:>|\b(?:${WRITERS.join('|')})\b|\bsed\b.*\s-\w*i)`;

/** Finds a command that writes so to the path. */
export function writesInCommand(line: string): string | undefined {
  const text = inText(line);
  return text && `${WRITES}[^;&|]*${text}`;
}

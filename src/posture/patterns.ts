import ignore, { type Ignore } from 'ignore';

/**
 * A posture's patterns in gitignore syntax, read as this machine's file names are: upper and lower case are one on macOS
 * and Windows, and two elsewhere. The box, the outputs and the self-test all read them by this.
 */
export function patternRules(patterns: readonly string[], platform: NodeJS.Platform = process.platform): Ignore {
  return ignoreRules(patterns.map(ignoreLine), platform);
}

/** The same for the lines of an ignore file as they stand there, with their comments. */
export function ignoreRules(lines: readonly string[], platform: NodeJS.Platform = process.platform): Ignore {
  const ignorecase = platform === 'darwin' || platform === 'win32';
  return ignore({ ignorecase, allowRelativePaths: false }).add([...lines]);
}

/** A line of an ignore file that means the pattern and nothing else: blanks at its end count, `#` at its start is no comment. */
export function ignoreLine(pattern: string): string {
  return pattern
    .replace(/(\\.)| +$/gs, (found, pair?: string) => pair ?? '\\ '.repeat(found.length))
    .replace(/^#/, String.raw`\#`);
}

/** One of these characters, or with `not` any other one; never a `/`. */
export interface CharacterSet {
  kind: 'set';
  not: boolean;
  ranges: readonly (readonly [from: string, to: string])[];
}

/** What a name in a pattern is made of: text that stands for itself, `*`, `?`, or a set of characters. */
export type Token = { kind: 'text'; text: string } | { kind: 'any' } | { kind: 'one' } | CharacterSet;

/** `**` between slashes: any folders, none too; at the end of a pattern, whatever lies within. */
export const DEEP = '**';

export type Part = typeof DEEP | readonly Token[];

/** A pattern in gitignore syntax, read once for all that say it in syntaxes of their own. */
export interface Pattern {
  /** `!`: what it matches is not meant after all. */
  exception: boolean;
  /** `~/…`: from the home rather than from the root. */
  home: boolean;
  /** Of a path from there; where the pattern may match in any folder, the first is `**`. */
  parts: readonly Part[];
  /** Only folders: it ended in `/`. */
  folder: boolean;
}

/** The classes of characters that have names, as git knows them: https://git-scm.com/docs/gitignore and wildmatch.c there. */
const CLASSES: Readonly<Record<string, CharacterSet['ranges']>> = {
  alnum: [
    ['0', '9'],
    ['A', 'Z'],
    ['a', 'z'],
  ],
  alpha: [
    ['A', 'Z'],
    ['a', 'z'],
  ],
  blank: [
    [' ', ' '],
    ['\t', '\t'],
  ],
  cntrl: [
    ['\u0001', '\u001f'],
    ['\u007f', '\u007f'],
  ],
  digit: [['0', '9']],
  graph: [['!', '~']],
  lower: [['a', 'z']],
  print: [[' ', '~']],
  punct: [
    ['!', '.'],
    [':', '@'],
    ['[', '`'],
    ['{', '~'],
  ],
  space: [
    [' ', ' '],
    ['\t', '\r'],
  ],
  upper: [['A', 'Z']],
  xdigit: [
    ['0', '9'],
    ['A', 'F'],
    ['a', 'f'],
  ],
};

/** The set that begins at `start`, which is a `[`, and where it ends; undefined where nothing closes it. */
function setAt(characters: readonly string[], start: number): { set: CharacterSet; end: number } | undefined {
  let at = start + 1;
  const not = characters[at] === '!' || characters[at] === '^';
  if (not) at++;
  const ranges: (readonly [string, string])[] = [];
  for (let first = true; characters[at] !== ']' || first; first = false) {
    if (at >= characters.length) return undefined;
    if (characters[at] === '[' && characters[at + 1] === ':') {
      const close = characters.indexOf(']', at + 2);
      const name = characters.slice(at + 2, close - 1).join('');
      if (close > 0 && characters[close - 1] === ':') {
        const known = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
        if (known === undefined) return undefined;
        ranges.push(...known);
        at = close + 1;
        continue;
      }
    }
    const from = characters[characters[at] === '\\' ? ++at : at] ?? '';
    at++;
    const isRange = characters[at] === '-' && at + 1 < characters.length && characters[at + 1] !== ']';
    if (isRange) at++;
    const to = isRange ? (characters[characters[at] === '\\' ? ++at : at] ?? '') : from;
    if (isRange) at++;
    if (from <= to) ranges.push([from, to]);
  }
  return { set: { kind: 'set', not, ranges }, end: at };
}

/** The tokens of a whole pattern, with runs of stars and slashes apart; undefined where it can match nothing. */
function tokensOf(text: string): ({ kind: 'stars'; count: number } | { kind: 'slash' } | Token)[] | undefined {
  const characters = [...text];
  const tokens: ({ kind: 'stars'; count: number } | { kind: 'slash' } | Token)[] = [];
  const addText = (character: string) => {
    const last = tokens.at(-1);
    if (last?.kind === 'text') last.text += character;
    else tokens.push({ kind: 'text', text: character });
  };
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    const last = tokens.at(-1);
    if (character === '/') tokens.push({ kind: 'slash' });
    else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '*' && last?.kind === 'stars') last.count++;
    else if (character === '*') tokens.push({ kind: 'stars', count: 1 });
    else if (character === '[') {
      const found = setAt(characters, at);
      if (found === undefined || (found.set.ranges.length === 0 && !found.set.not)) return undefined;
      tokens.push(found.set);
      at = found.end;
    } else if (character === '\\') {
      const next = characters[++at];
      if (next === undefined) return undefined;
      addText(next);
    } else addText(character);
  }
  return tokens;
}

/**
 * A pattern read as git reads one (https://git-scm.com/docs/gitignore), but that blanks at its end count and `#` begins no
 * comment. Undefined for what matches no file: a set without an end, a backslash with nothing behind it, `.` or `..` as a
 * name, nothing at all.
 */
export function readPattern(pattern: string): Pattern | undefined {
  const exception = pattern.startsWith('!');
  const said = exception ? pattern.slice(1) : pattern;
  const home = said.startsWith('~/');
  const tokens = tokensOf(home ? said.slice(1) : said);
  if (tokens === undefined) return undefined;
  const folder = tokens.at(-1)?.kind === 'slash';
  while (tokens.at(-1)?.kind === 'slash') tokens.pop();
  const anchored = tokens.some(({ kind }) => kind === 'slash');
  const parts: Part[] = anchored ? [] : [DEEP];
  let name: Token[] = [];
  const endName = (isDeep: boolean) => {
    if (isDeep && parts.at(-1) !== DEEP) parts.push(DEEP);
    else if (!isDeep && name.length > 0) parts.push(name);
    name = [];
  };
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'slash') endName(false);
    else if (token.kind !== 'stars') name.push(token);
    else {
      const alone = (neighbour?: { kind: string }) => neighbour === undefined || neighbour.kind === 'slash';
      const isDeep = anchored && token.count > 1 && alone(tokens[at - 1]) && alone(tokens[at + 1]);
      if (isDeep) endName(true);
      else name.push({ kind: 'any' });
    }
  }
  endName(false);
  if (tokens.length === 0 || parts.some(part => /^\.\.?$/.test(plainName(part) ?? ''))) return undefined;
  // What lies within, but folders alone.
  if (folder && parts.at(-1) === DEEP) parts.push([{ kind: 'any' }]);
  return { exception, home, parts, folder };
}

/** The name that a part stands for alone; undefined where it stands for several. */
function plainName(part: Part): string | undefined {
  if (part === DEEP) return undefined;
  return part.every(token => token.kind === 'text')
    ? part.map(token => (token.kind === 'text' ? token.text : '')).join('')
    : undefined;
}

/** The path, from the root or the home, that a pattern stands for alone, be it in any folder; undefined where there are more. */
export function plainPath({ parts }: Pattern): string | undefined {
  const names = (parts[0] === DEEP ? parts.slice(1) : parts).map(plainName);
  return names.includes(undefined) ? undefined : names.join('/');
}

/** Whether a pattern is no more than stars, slashes and `?`, so that it names nothing. */
export function isNameless({ parts }: Pattern): boolean {
  return parts.every(part => part === DEEP || part.every(({ kind }) => kind === 'any' || kind === 'one'));
}

/** A path as a pattern that stands for it alone, be it in any folder where it is a mere name. */
export function patternOfPath(path: string): string {
  return path
    .replace(/[\\*?[]/g, String.raw`\$&`)
    .replace(/^[!#]/, String.raw`\$&`)
    .replace(/ $/, String.raw`\ `);
}

/** How a syntax says each token, or undefined where it cannot. */
export interface Speller {
  text(text: string): string | undefined;
  any: string;
  one: string;
  set(set: CharacterSet): string | undefined;
}

/** The parts by a speller, `**` as it is; undefined where one of them cannot be said. */
export function spelled(parts: readonly Part[], speller: Speller): string[] | undefined {
  const names = parts.map(part => {
    if (part === DEEP) return DEEP;
    const tokens = part.map(token => {
      if (token.kind === 'text') return speller.text(token.text);
      return token.kind === 'set' ? speller.set(token) : speller[token.kind];
    });
    return tokens.includes(undefined) ? undefined : tokens.join('');
  });
  return names.includes(undefined) ? undefined : (names as string[]);
}

/** A set in brackets as every syntax reads it; undefined for a set with a character that means something else in some. */
export function bracketed({ not, ranges }: CharacterSet, negation: '!' | '^' | undefined): string | undefined {
  const ends = ranges.flat();
  if ((not && negation === undefined) || ends.some(end => /[\\[\]^!/\p{C}]/u.test(end))) return undefined;
  const isDash = (range: readonly [string, string]) => range[0] === '-' && range[1] === '-';
  if (ranges.some(range => !isDash(range) && range.includes('-')) || ranges.length === 0) return undefined;
  const said = ranges.filter(range => !isDash(range)).map(([from, to]) => (from === to ? from : `${from}-${to}`));
  return `[${not ? negation : ''}${said.join('')}${ranges.some(isDash) ? '-' : ''}]`;
}

/** For syntaxes without sets: a pattern for each character of them; undefined where that is too many. */
export function withoutSets(pattern: Pattern, most = 64): Pattern[] | undefined {
  let found: Part[][] = [[]];
  for (const part of pattern.parts) {
    let names: Token[][] = [[]];
    for (const token of part === DEEP ? [] : part) {
      const each = token.kind === 'set' ? charactersOf(token, most) : [token];
      if (each === undefined || names.length * each.length > most) return undefined;
      names = names.flatMap(name => each.map(one => [...name, one]));
    }
    if (found.length * names.length > most) return undefined;
    found = found.flatMap(parts => (part === DEEP ? [[...parts, DEEP]] : names.map(name => [...parts, name])));
  }
  return found.map(parts => ({ ...pattern, parts }));
}

function charactersOf({ not, ranges }: CharacterSet, most: number): Token[] | undefined {
  if (not) return undefined;
  const found = new Set<string>();
  for (const [from, to] of ranges) {
    const [first, last] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
    if (last - first >= most) return undefined;
    for (let point = first; point <= last; point++) found.add(String.fromCodePoint(point));
  }
  found.delete('/');
  return found.size > most ? undefined : [...found].map(text => ({ kind: 'text', text }));
}

/**
 * For syntaxes whose star crosses folders: the parts with each `**` before a name once left out and once as a star, at the end
 * as a star. Undefined where that is too many.
 */
export function withoutDeep(parts: readonly Part[], most = 16): (readonly Token[])[][] | undefined {
  let found: (readonly Token[])[][] = [[]];
  for (const [at, part] of parts.entries()) {
    const star: readonly Token[] = [{ kind: 'any' }];
    if (part !== DEEP) found = found.map(names => [...names, part]);
    else if (at === parts.length - 1) found = found.map(names => [...names, star]);
    else found = found.flatMap(names => [names, [...names, star]]);
    if (found.length > most) return undefined;
  }
  return found;
}

/** Text in a regular expression, where it stands for itself. */
export function expressionText(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** A set in a regular expression (JavaScript, RE2), without `/` and what else is `apart`; undefined where nothing is left. */
export function expressionSet({ not, ranges }: CharacterSet, apart = ''): string | undefined {
  const kept = not ? ranges : [...`/${apart}`].reduce(without, ranges);
  const said = [...(not ? [...`/${apart}`].map(one => [one, one] as const) : []), ...kept].map(([from, to]) =>
    from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`,
  );
  return said.length === 0 ? undefined : `[${not ? '^' : ''}${said.join('')}]`;
}

const escaped = (character: string) => character.replace(/[\\^\][-]/, String.raw`\$&`);

/** The ranges without one character. */
function without(ranges: CharacterSet['ranges'], character: string): CharacterSet['ranges'] {
  const point = character.codePointAt(0) ?? 0;
  return ranges.flatMap(([from, to]) => {
    if (character < from || character > to) return [[from, to] as const];
    const [before, after] = [String.fromCodePoint(Math.max(point - 1, 0)), String.fromCodePoint(point + 1)];
    return [...(from < character ? [[from, before] as const] : []), ...(character < to ? [[after, to] as const] : [])];
  });
}

/** Whether a set holds a character. */
export const holds = ({ not, ranges }: CharacterSet, character: string): boolean =>
  ranges.some(([from, to]) => from <= character && character <= to) !== not;

/** Whether there can be a path that both patterns match. */
export function mayMeet(one: Pattern, other: Pattern): boolean {
  const isDeep = (part: Part) => part === DEEP;
  const whole = ({ parts }: Pattern): readonly Part[] =>
    parts.at(-1) === DEEP ? [...parts, [{ kind: 'any' }]] : parts;
  return one.home === other.home && meet(whole(one), whole(other), isDeep, namesMeet);
}

function namesMeet(one: Part, other: Part): boolean {
  const characters = (part: Part): Token[] =>
    part === DEEP
      ? []
      : part.flatMap(token =>
          token.kind === 'text' ? [...token.text].map((text): Token => ({ kind: 'text', text })) : [token],
        );
  return meet(characters(one), characters(other), ({ kind }) => kind === 'any', charactersMeet);
}

function charactersMeet(one: Token, other: Token): boolean {
  if (one.kind === 'text' && other.kind === 'text') return one.text === other.text;
  if (one.kind === 'set' && other.kind === 'text') return holds(one, other.text);
  if (one.kind === 'text' && other.kind === 'set') return holds(other, one.text);
  // Two sets are taken to share a character.
  return true;
}

/** Whether two sequences, in which some elements stand for any number of others, can be the same. */
function meet<T>(
  one: readonly T[],
  other: readonly T[],
  isStar: (element: T) => boolean,
  same: (a: T, b: T) => boolean,
): boolean {
  // From the end: whether what is left of both can be the same.
  let below: boolean[] = [];
  for (let i = one.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = other.length; j >= 0; j--) {
      const [a, b] = [one[i], other[j]];
      if (a === undefined && b === undefined) row[j] = true;
      else if ((a !== undefined && isStar(a)) || (b !== undefined && isStar(b)))
        row[j] = below[j] === true || row[j + 1] === true;
      else row[j] = a !== undefined && b !== undefined && same(a, b) && below[j + 1] === true;
    }
    below = row;
  }
  return below[0] === true;
}

/** Whether a pattern hides something, and not all there is. */
export function hidesSome(pattern: string): boolean {
  const read = readPattern(pattern);
  const isAnything = (part: Part) => part === DEEP || part.every(({ kind }) => kind === 'any');
  return read !== undefined && !read.exception && !read.parts.every(isAnything);
}

/** Whether what a pattern means is hidden already by others, by the same words or because a file that it means is. */
export function hides(hide: readonly string[], pattern: string): boolean {
  if (hide.includes(pattern)) return true;
  const example = pattern.replace(/\*+/g, 'x').replace(/\/+$/, '/x');
  if (pattern.startsWith('~/'))
    return hide.some(one => one.startsWith('~/') && `${example}/`.startsWith(`${one.replace(/\/+(?:\*\*)?$/, '')}/`));
  const path = example.replace(/^\/+/, '');
  const rules = patternRules(hide.filter(one => !one.startsWith('~')));
  return path !== '' && !/(^|\/)\.\.?(\/|$)/.test(path) && rules.ignores(path);
}

const ONE_OF_THEM: Speller = {
  text: text => text,
  any: 'x',
  one: 'x',
  set: set => [...'xa0_-.', ...set.ranges.map(([from]) => from)].find(character => holds(set, character)),
};

/** A path that the pattern means, `~/…` for one of the home; undefined where it means none. */
export function exampleOf(line: string): string | undefined {
  const pattern = readPattern(line);
  const within = pattern?.folder || pattern?.parts.at(-1) === DEEP;
  const names = pattern && spelled(pattern.parts, ONE_OF_THEM)?.filter(name => name !== DEEP);
  return names && [...(pattern.home ? ['~'] : []), ...names, ...(within ? ['x'] : [])].join('/');
}

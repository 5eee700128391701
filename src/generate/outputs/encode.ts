import {
  bracketed,
  DEEP,
  expressionSet,
  expressionText,
  type Pattern,
  type Speller,
  spelled,
  withoutDeep,
} from '../../posture/patterns.ts';

/** One word for a POSIX shell, always quoted. NUL cannot be said in a shell and is left out. */
export function shellWord(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;
}

const CASE: Speller = {
  text: shellWord,
  any: '*',
  one: '?',
  // What else could stand there would end the word.
  set: set => (set.ranges.flat().every(end => /^[\w.,:=@%+-]$/.test(end)) ? bracketed(set, '!') : undefined),
};

/** The `case` patterns for a pattern, without what lies below; a star crosses folders in them. Undefined where there are none. */
export function shellPatterns({ parts }: Pattern): string[] | undefined {
  const all = withoutDeep(parts)?.map(names => spelled(names, CASE)?.join('/'));
  return all === undefined || all.includes(undefined) ? undefined : (all as string[]);
}

/** Text in a compose file, where `$NAME` would be replaced from the environment. */
export function composeText(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Text in devcontainer.json, where `${…}` would be replaced and nothing escapes it. */
export function devcontainerText(text: string): string {
  return text.replaceAll('${', '$ {');
}

/** Text as code in Markdown, on one line: within, nothing is markup, a mention or an import. */
export function markdownCode(text: string): string {
  return `\`${text.replace(/[`\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim() || ' '}\``;
}

/** Text in a comment on one line of any format. */
export function commentText(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

const EXPRESSION: Speller = { text: expressionText, any: '[^/]*', one: '[^/]', set: set => expressionSet(set) };

/** A regular expression (RE2) for a pattern, over paths from the root. */
export function pathExpression({ parts, folder }: Pattern): string | undefined {
  const within = parts.at(-1) === DEEP;
  const names = spelled(within ? parts.slice(0, -1) : parts, EXPRESSION);
  if (names === undefined) return undefined;
  const inner = names.map((name, at) => (name === DEEP ? (at === 0 ? '' : '(?:.*/)?') : `${name}/`)).join('');
  const start = names[0] === DEEP ? '(?:^|/)' : '^';
  return `${start}${within || folder ? inner : `${inner.slice(0, -1)}(?:/|$)`}`;
}

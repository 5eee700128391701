import { secretLookingName } from '../base/secret-names.ts';
import { isPlaceholder, secretSpans } from '../posture/secrets.ts';
import { decode } from './decode.ts';

/** What stands for a value in everything that is shown. */
export const MASK = '(value not shown)';

const STRING = String.raw`"""[\s\S]{0,4000}?"""|'''[\s\S]{0,4000}?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'`;
const LIST = String.raw`\[[^\][]{0,4000}\]`;
const BARE = String.raw`[^\s"',;{}[\]#|>&*!][^\s,;}\]]*`;
/** A name and what stands before its value, as JSON, TOML, YAML, shells and dotenv files have it. */
const NAME = /(?<![\w.-])(["']?)([A-Za-z_][\w.-]{0,200})\1[ \t]*(?:=>|:=|=|:)\s*/g;
const VALUE = new RegExp(String.raw`${STRING}|${LIST}|[|>][+-]?[ \t]*(?=\n)|${BARE}`, 'y');
/** The value behind a flag in a list of arguments. */
const ARGUMENT = new RegExp(
  String.raw`["']--?[\w-]{0,60}(?:token|secret|password|passwd|api-?key|auth)[\w-]{0,20}["']\s*,\s*(${STRING})`,
  'gid',
);
/** Tables whose values may be anything, and often are secrets whatever their names: up to their end. */
const TABLES: readonly [begins: RegExp, inner: RegExp][] = [
  [/["']?\b(?:env|(?:http_)?headers)["']?[ \t]*[:=]\s*\{/g, /^[^{}]{0,100000}/],
  [/^\[[^\]\n]*\b(?:env|(?:http_)?headers)["']?\][^\n]*\n/gm, /^(?:(?![ \t]*\[)[^\n]*(?:\n|(?![\s\S]))){0,1000}/],
];
/** The same in YAML: the lines that are further in. */
const YAML_TABLE =
  /^([ \t]*)(?:- )?(?:env|environment|headers):[ \t]*\n((?:\1[ \t]+[^\n]*(?:\n|(?![\s\S]))|[ \t]*\n){1,1000})/gm;
const INNER = new RegExp(String.raw`[:=]\s*(${STRING}|${BARE})`, 'gd');

type Spans = { from: number; to: number }[];

/** What is the value of a secret by its name or its shape. */
function secretsIn(text: string): Spans {
  const spans: Spans = secretSpans(text);
  for (const { 0: head, 2: name = '', index } of text.matchAll(NAME)) {
    if (!secretLookingName(name)) continue;
    const from = index + head.length;
    VALUE.lastIndex = from;
    const value = VALUE.exec(text)?.[0] ?? '';
    if (!isValue(value) || (/env|var/i.test(name) && /^[A-Z][A-Z0-9_]*$/.test(bare(value)))) continue;
    const to = from + value.length;
    spans.push({ from, to: /^[|>]/.test(value) ? blockBehind(text, index, to) : to });
  }
  for (const match of text.matchAll(ARGUMENT)) {
    const [from, to] = match.indices?.[1] ?? [0, 0];
    if (isValue(match[1] ?? '')) spans.push({ from, to });
  }
  return spans;
}

/** What may be one, by the table that it stands in. */
function tableValues(text: string): Spans {
  const spans: Spans = [];
  for (const [begins, inner] of TABLES)
    for (const { 0: head, index } of text.matchAll(begins)) {
      const start = index + head.length;
      spans.push(...innerSpans(inner.exec(text.slice(start, start + 100_000))?.[0] ?? '', start));
    }
  for (const match of text.matchAll(YAML_TABLE))
    spans.push(...innerSpans(match[2] ?? '', match.index + match[0].length - (match[2] ?? '').length));
  return spans;
}

function innerSpans(text: string, start: number): Spans {
  return [...text.matchAll(INNER)].flatMap(match => {
    const [from, to] = match.indices?.[1] ?? [0, 0];
    const value = bare(match[1] ?? '');
    return value.length >= 6 && isValue(value) ? [{ from: start + from, to: start + to }] : [];
  });
}

/** The end of the lines behind `to` that are further in than the line of `at`: a block of YAML. */
function blockBehind(text: string, at: number, to: number): number {
  const line = text.slice(text.lastIndexOf('\n', at) + 1, at);
  const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0;
  const rest = new RegExp(String.raw`^\n(?:[ \t]{${indent + 1},}[^\n]*(?:\n|(?![\s\S]))|[ \t]*\n){0,1000}`).exec(
    text.slice(to, to + 100_000),
  );
  return to + (rest?.[0].length ?? 0);
}

function bare(value: string): string {
  return value.replace(/^("""|'''|["'])([\s\S]*)\1$/, '$2');
}

/** Neither a placeholder, nor a number as limits are, nor a pattern as our own scripts have them. */
function isValue(value: string): boolean {
  const text = bare(value).trim();
  return !isPlaceholder(text) && !/^\d{1,7}$/.test(text) && !/\[\^?\w-\w/.test(text) && !/^\[\s*\]$/.test(text);
}

/** Overlapping spans as one, in order. */
function united(spans: Spans): Spans {
  const all: Spans = [];
  for (const span of spans.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && span.from < last.to) last.to = Math.max(last.to, span.to);
    else all.push({ ...span });
  }
  return all;
}

/** A text with those values masked. Line breaks stay, so that lines keep their numbers. */
function masked(text: string, spans: Spans): string {
  let result = '';
  let at = 0;
  for (const { from, to } of spans) {
    const value = text.slice(from, to);
    const quote = /^(?:"""|'''|["'])/.exec(value)?.[0] ?? '';
    const closed = quote !== '' && value.length >= 2 * quote.length && value.endsWith(quote);
    const inner = closed ? value.slice(quote.length, -quote.length) : value;
    const shown = inner.replace(/[^\s][^\n]*/g, MASK);
    result += text.slice(at, from) + (closed ? quote + shown + quote : shown);
    at = to;
  }
  return result + text.slice(at);
}

/**
 * Both sides of a change as they may be shown: without what stood in the file before us and may be the value of a secret.
 * What we write ourselves holds none, and is shown as it will be. Undefined where a side is not text.
 */
export function shownSides(before: Buffer | null, after: Buffer | null): [string, string] | undefined {
  const [old, next] = [before, after].map(data => (data ? decode(data) : ''));
  if (old === undefined || next === undefined) return undefined;
  const secrets = secretsIn(old);
  const all = united([...secrets, ...tableValues(old)]);
  if (all.length === 0) return [old, next];
  const known = new Set(all.map(({ from, to }) => old.slice(from, to)));
  const kept = united([...secretsIn(next), ...tableValues(next)]).filter(({ from, to }) =>
    known.has(next.slice(from, to)),
  );
  // Wherever else one of them stands, in a comment or in a place that was read otherwise, it is not shown either.
  const words = [...new Set(secrets.map(({ from, to }) => bare(old.slice(from, to))))].filter(
    word => word.length >= 8 && !/\s/.test(word),
  );
  const without = (text: string) => words.reduce((rest, word) => rest.replaceAll(word, () => MASK), text);
  return [without(masked(old, all)), without(masked(next, kept))];
}

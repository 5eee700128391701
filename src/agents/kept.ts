import { getNodePath, getNodeValue, type Node, type ParseError, parse, parseTree } from 'jsonc-parser';
import { secretLookingName } from '../base/secret-names.ts';

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands for settings that their agent cannot read: it cannot read this either, and no login is in it. */
const UNREADABLE = '{';

/** What servers and programs are told, under names of their own. */
const TOLD = /^(?:env|environment|headers|http_headers)$/;

/** A number or a switch is no secret, under whatever name. */
export const isPlain = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) && /^(?:\d{1,9}|true|false)$/.test(String(value));

/**
 * Settings without what is at these paths of keys, and at any depth without every text whose name is that of a secret, and without
 * variables and headers that say more than a number or a switch.
 */
export function withoutLogins(settings: Table, paths: readonly string[]): Table {
  const at = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map(each => at(each, path));
    if (!isTable(value)) return value;
    const kept = Object.entries(value).filter(
      ([name, each]) =>
        !paths.includes(`${path}${name}`) &&
        !(typeof each === 'string' && secretLookingName(name)) &&
        (isPlain(each) || !TOLD.test(path.split('.').at(-2) ?? '')),
    );
    return Object.fromEntries(kept.map(([name, each]) => [name, at(each, `${path}${name}.`)]));
  };
  return at(settings, '') as Table;
}

/** An object in JSON with comments, and without what its readers stumble over; undefined for any other text. */
function settingsIn(text: string): Table | undefined {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: false });
  return errors.length === 0 && isTable(value) ? value : undefined;
}

/** As `withoutLogins`, for settings in JSON with comments. */
export function keptJson(text: string, paths: readonly string[]): string {
  const kept = readable(() => {
    const settings = settingsIn(text);
    return settings && JSON.stringify(withoutLogins(settings, paths), null, 2);
  });
  return kept ?? UNREADABLE;
}

/** Settings in JSON with others over them, two keys deep; undefined where they cannot be read, and stay as they are. */
export function withSettings(text: string | undefined, over: Readonly<Record<string, Table>>): Table | undefined {
  const settings = text === undefined ? {} : settingsIn(text);
  if (settings === undefined) return undefined;
  const merged = Object.entries(over).map(([name, each]) => [
    name,
    { ...(isTable(settings[name]) ? settings[name] : {}), ...each },
  ]);
  return { ...settings, ...Object.fromEntries(merged) };
}

/**
 * As `keptJson`, with whatever is left as it is written: for an agent that takes a whole file for void over a comment, or a key that
 * stands twice. `isLeftOut` says what else is left out, by its path.
 */
export function keptAsWritten(text: string, isLeftOut: (path: readonly string[], value: unknown) => boolean): string {
  return readable(() => asWritten(text, isLeftOut)) ?? UNREADABLE;
}

/** What comes of reading a text; undefined for one that is nested deeper than can be gone through. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function asWritten(text: string, isLeftOut: (path: readonly string[], value: unknown) => boolean): string {
  const errors: ParseError[] = [];
  // Some readers take the mark before a text for none of it, and some do not: it stays.
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  let left = text.slice(mark.length);
  let tree = parseTree(left, errors, { disallowComments: false });
  if (tree?.type !== 'object' || errors.length > 0) return UNREADABLE;
  for (;;) {
    const found: Node | undefined = tree && findIn(tree, isLeftOut);
    if (!found) return mark + left;
    left = withoutProperty(left, found);
    tree = parseTree(left);
  }
}

/** By where it stands: a key can stand twice, and only one of the two be meant. One of the commas beside it goes with it. */
function withoutProperty(text: string, value: Node): string {
  const { offset, length } = value.parent ?? value;
  const [before, after] = [text.slice(0, offset), text.slice(offset + length)];
  const next = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*,/.exec(after)?.[0];
  return next === undefined ? before.replace(/,\s*$/, '') + after : before + after.slice(next.length);
}

/** The first value that is to be left out. */
function findIn(node: Node, isLeftOut: (path: readonly string[], value: unknown) => boolean): Node | undefined {
  for (const child of node.children ?? []) {
    const value = node.type === 'object' ? child.children?.[1] : child;
    if (!value) continue;
    const name = node.type === 'object' ? String(child.children?.[0]?.value) : '';
    const path = getNodePath(value).map(String);
    const isSecret =
      value.type === 'string' && (secretLookingName(name) || (TOLD.test(path.at(-2) ?? '') && !isPlain(value.value)));
    if (node.type === 'object' && (isSecret || isLeftOut(path, getNodeValue(value)))) return value;
    const below = findIn(value, isLeftOut);
    if (below) return below;
  }
  return undefined;
}

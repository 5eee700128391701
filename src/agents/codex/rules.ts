import { parse } from 'smol-toml';
import { shellLine } from '../../base/text.ts';
import { commandOf } from '../deny-rules.ts';
import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';

type Table = Record<string, unknown>;

const table = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};

/** What its configuration denies: in the permission profile that is active, in requirements, and in files of rules for commands. */
export function rules(settings: readonly SettingsFile[]): AgentRule[] {
  const files = settings.flatMap(({ path, text }) => (path.endsWith('.toml') ? [{ path, content: toml(text) }] : []));
  return [
    ...profileRules(files),
    ...files.flatMap(required),
    ...settings.flatMap(file => (file.path.endsWith('.rules') ? commandRules(file) : [])),
  ];
}

interface TomlFile {
  path: string;
  content: Table;
}

function toml(text: string): Table {
  try {
    return parse(text);
  } catch {
    return {};
  }
}

/**
 * The file system of the profile that `default_permissions` names last, and of those that it extends. A path is of the machine, of
 * the home, or, below `:workspace_roots`, of the repository. Source: https://developers.openai.com/codex/permissions.
 */
function profileRules(files: readonly TomlFile[]): AgentRule[] {
  const found = new Map<string, AgentRule[]>();
  const seen = new Set<unknown>();
  let name = files.map(({ content }) => content.default_permissions).findLast(value => value !== undefined);
  while (typeof name === 'string' && !seen.has(name)) {
    seen.add(name);
    const profile = name;
    const own = new Map<string, AgentRule[]>();
    for (const { path, content } of files)
      for (const entry of entriesOf(table(table(table(content.permissions)[profile]).filesystem)))
        own.set(entry.key, ruleOf(entry, path));
    for (const [key, each] of own) if (!found.has(key)) found.set(key, each);
    name = files
      .map(({ content }) => table(table(content.permissions)[profile]).extends)
      .findLast(value => value !== undefined);
  }
  return [...found.values()].flat();
}

interface Entry {
  /** The place and the pattern in it. */
  key: string;
  pattern: string | undefined;
  text: string;
  access: unknown;
}

function entriesOf(filesystem: Table): Entry[] {
  return Object.entries(filesystem).flatMap(([place, value]) => {
    if (typeof value === 'string')
      return [{ key: place, pattern: placed(place), text: said(place, value), access: value }];
    const inRepository = place === ':workspace_roots' || place === ':project_roots';
    return Object.entries(table(value)).map(([path, access]) => ({
      key: `${place} ${path}`,
      pattern: inRepository ? inWorkspace(path) : undefined,
      text: said(path, access),
      access,
    }));
  });
}

const said = (path: string, access: unknown) => `${JSON.stringify(path)} = ${JSON.stringify(access)}`;

function placed(path: string): string | undefined {
  if (path.startsWith('~/')) return path;
  return path.startsWith('/') ? `/${path}` : undefined;
}

/** A path without a slash is one of the root, and not, as git takes it, one of any folder. */
function inWorkspace(path: string): string | undefined {
  const plain = path.replace(/^\.\//, '');
  if (plain === '.' || plain === '') return undefined;
  return plain.startsWith('**/') || plain.startsWith('/') ? plain : `/${plain}`;
}

/** What may not be read may not be written either: that follows, and is no rule of its own. */
function ruleOf({ pattern, text, access }: Entry, path: string): AgentRule[] {
  if (pattern === undefined) return [];
  if (access === 'deny' || access === 'none') return [{ text, path, what: { kind: 'read', pattern } }];
  return access === 'read' ? [{ text, path, what: { kind: 'write', pattern } }] : [];
}

/** Source: https://developers.openai.com/codex/enterprise/managed-configuration. */
function required({ path, content }: TomlFile): AgentRule[] {
  const denied = table(table(content.permissions).filesystem).deny_read;
  if (!Array.isArray(denied)) return [];
  return denied.flatMap(each => {
    const pattern = typeof each === 'string' ? placed(each) : undefined;
    return pattern === undefined ? [] : [{ text: `deny_read: ${each}`, path, what: { kind: 'read', pattern } }];
  });
}

const TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/.source;
const COMMENT = new RegExp(`(${TEXT})|#[^\\n]*`, 'g');
/** A call in Starlark with its arguments, up to the bracket that closes it; texts may hold brackets. */
const CALL = new RegExp(`\\bprefix_rule\\s*\\(((?:[^()"']|${TEXT}|\\([^()]*\\))*)\\)`, 'g');
const FORBIDDEN = /\bdecision\s*=\s*["']forbidden["']/;

/**
 * The commands that a file of rules forbids, each by the first words that it names. Source:
 * https://developers.openai.com/codex/rules, and `codex-rs/execpolicy` in https://github.com/openai/codex.
 */
function commandRules({ path, text }: SettingsFile): AgentRule[] {
  const said = text.replace(COMMENT, (_all, kept?: string) => kept ?? '');
  return [...said.matchAll(CALL)].flatMap(([whole, inner = '']) => {
    const words = FORBIDDEN.test(inner) ? firstWords(inner) : [];
    const command = words.length > 0 ? commandOf(`${shellLine(words)} *`) : undefined;
    return command === undefined
      ? []
      : [{ text: whole.replace(/\s+/g, ' ').slice(0, 200), path, what: { kind: 'exec', command } }];
  });
}

/** The words of a `pattern`, one after another; where several fit in one place, a list of its own, the first. */
function firstWords(inner: string): string[] {
  const start = /\bpattern\s*=\s*\[/.exec(inner);
  if (!start) return [];
  const words: string[] = [];
  let depth = 1;
  let before = '';
  for (const [part] of inner.slice(start.index + start[0].length).matchAll(new RegExp(`${TEXT}|[[\\]]`, 'g'))) {
    if (part === '[') depth++;
    else if (part === ']') depth--;
    else if (depth === 1 || before === '[') words.push(part.slice(1, -1).replace(/\\(.)/g, '$1'));
    before = part;
    if (depth === 0) break;
  }
  return words;
}

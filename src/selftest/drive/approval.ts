import { extname, join } from 'node:path';
import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import type { AgentHook, Driver } from '../../agents/driver.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { sha256 } from '../../base/hash.ts';
import { filesNamed } from './hook-programs.ts';
import { filesIn } from './prepare.ts';
import type { Stage } from './stage.ts';

/**
 * What an agent would run by itself on this stage: hooks, servers, helpers, plugins, by content. As a text to be approved whole;
 * undefined where there is nothing of the kind.
 */
export function runsByItself(
  stage: Stage,
  { runs }: Pick<Driver, 'runs'>,
  settings: readonly SettingsFile[],
  hooks: readonly AgentHook[],
  gitHooks: readonly string[],
): string | undefined {
  const lines = new Set<string>();
  const file = (path: string) => {
    const text = stage.read(path);
    if (text !== undefined) lines.add(`${path}, sha256 ${sha256(text)}`);
  };
  for (const hook of hooks) {
    lines.add(`${hook.path}: ${[hook.event, hook.matcher].filter(Boolean).join(' ')}: ${hook.command}`);
    for (const path of filesNamed(stage, hook)) file(path);
  }
  for (const { path, text } of settings) if (runs && mayRun(path, text, runs.harmless)) file(path);
  for (const path of [...(runs?.files ?? []), ...gitHooks])
    for (const each of path.endsWith('/') ? filesIn(stage.at(path)).map(name => join(path, name)) : [path]) file(each);
  return lines.size === 0 ? undefined : [...lines].sort().join('\n');
}

/**
 * Whether settings could name a program: whether they hold anything but what is known to name none. `harmless`: paths of keys, with
 * what lies below them. What cannot be read here may be read by the agent all the same.
 */
export function mayRun(path: string, text: string, harmless: readonly string[]): boolean {
  const keysIn = KEYS[extname(path)];
  const isHarmless = (key: string) => harmless.some(known => key === known || key.startsWith(`${known}.`));
  return keysIn !== undefined && keysIn(text)?.every(isHarmless) !== true;
}

/** By format, the paths of all values; undefined where a text is none of that format. Other formats say in words what an agent does. */
const KEYS: Readonly<Record<string, (text: string) => string[] | undefined>> = {
  '.json': keysOfJson,
  '.jsonc': keysOfJson,
  '.toml': text => {
    try {
      return keysOf(parseToml(text));
    } catch {
      return undefined;
    }
  },
};

/** By what stands in the text, so that a key that stands there twice is seen twice, and as it is read, not as it is written. */
function keysOfJson(text: string): string[] | undefined {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors);
  if (!tree) return text.trim() === '' ? [] : undefined;
  const below = (node: Node, path: string): string[] => {
    if (node.type !== 'object' || (node.children ?? []).length === 0) return path === '' ? [] : [path];
    return (node.children ?? []).flatMap(({ children = [] }) => {
      const [name, value] = children;
      const at = keyBelow(path, String(name?.value));
      return value ? below(value, at) : [at];
    });
  };
  return errors.length > 0 || tree.type !== 'object' ? undefined : below(tree, '');
}

function keysOf(value: unknown, path = ''): string[] {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return entries.length === 0 && path !== ''
    ? [path]
    : entries.flatMap(([name, each]) => keysOf(each, keyBelow(path, name)));
}

/** A dot in a name is none of the path's. */
const keyBelow = (path: string, name: string) => `${path}${path && '.'}${name.replaceAll('.', '\0')}`;

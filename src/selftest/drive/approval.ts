import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import type { AgentHook, Driver } from '../../agents/driver.ts';
import { HOOK_FILE } from '../../agents/hook.ts';
import { readable } from '../../agents/kept.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { sha256 } from '../../base/hash.ts';
import { packageRoot } from '../../base/package.ts';
import { oneLine } from '../../base/text.ts';
import { fileLine } from './file-line.ts';
import { filesNamed } from './hook-programs.ts';
import { filesIn } from './prepare.ts';
import { STUBS, type Stage } from './stage.ts';

/**
 * What an agent would run by itself on this stage: hooks, servers, helpers, plugins, by content. As a text to be approved whole;
 * undefined where there is nothing of the kind.
 */
export function runsByItself(
  stage: Stage,
  { agent, runs, ruleFiles = [] }: Pick<Driver, 'agent' | 'runs' | 'ruleFiles'>,
  settings: readonly SettingsFile[],
  hooks: readonly AgentHook[],
  gitHooks: readonly string[],
): string | undefined {
  const lines = new Set<string>();
  const file = (path: string, why?: string) => {
    const text = stage.read(path);
    if (text !== undefined) lines.add(fileLine(path, sha256(text), why));
  };
  for (const hook of hooks) {
    lines.add(`${hook.path}: ${[hook.event, hook.matcher].filter(Boolean).join(' ')}: ${hook.command}`);
    for (const path of filesNamed(stage, hook)) file(path);
  }
  for (const path of mentioned(stage, [...lines])) file(path);
  for (const { path, text } of settings) {
    const why = runs && mayRun(path, text, runs.harmless);
    if (why) file(path, why);
  }
  const below = (path: string) => filesIn(stage.at(path), FILES).map(name => join(path, name));
  for (const path of [...(runs?.files ?? []), ...gitHooks])
    for (const each of path.endsWith('/') ? below(path) : [path]) file(each);
  // Its own folders hold what nobody here has heard of yet, such as plugins in the folder of its skills: all of it, but for settings.
  const isRead = (path: string) =>
    settings.some(each => each.path === path) || ruleFiles.some(each => each.endsWith('/') && path.startsWith(each));
  for (const folder of agent.guardFiles.filter(path => path.endsWith('/')))
    for (const path of below(folder))
      if (!isRead(path) && !(WORDS.test(path) && !NAMES_PROGRAMS.test(headOf(stage.read(path) ?? '')))) file(path);
  return lines.size === 0 ? undefined : [...lines].sort().join('\n');
}

/** What a command that runs what stands in another file reads. */
const RECIPES: readonly (readonly [by: RegExp, files: readonly string[]])[] = [
  [/\b(?:npm|npx|pnpm|yarn|bun)\b/, ['package.json', '.npmrc']],
  [/\bmake\b/, ['Makefile', 'makefile', 'GNUmakefile']],
  [/\bjust\b/, ['justfile', 'Justfile']],
];
/** Characters of a file that is looked through for others, and the fewest of a name that is looked for without its ending. */
const LOOKED_THROUGH = 200_000;
const STEM = 3;

/**
 * The files of the copy whose names these texts hold, and those that they hold in turn, with their ending or without: whatever a
 * program that is approved starts or loads is approved with it, however that is written. One that is named by chance is one line more.
 */
function mentioned(stage: Stage, texts: readonly string[]): string[] {
  const files = ['', '~/'].flatMap(top =>
    filesIn(stage.at(top), FILES)
      .map(path => `${top}${path}`)
      // Ours, and in the home alone.
      .filter(path => !path.startsWith(`~/${STUBS}/`)),
  );
  const found = new Set<string>();
  const waiting = [...texts];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    const words = new Set(text.match(/[\w@+-]+/g) ?? []);
    const recipes = RECIPES.flatMap(([by, names]) => (by.test(text as string) ? names : []));
    for (const path of files) {
      const name = basename(path);
      const stem = name.slice(0, name.length - extname(name).length);
      const isNamed = text.includes(name) || recipes.includes(path) || (stem.length >= STEM && words.has(stem));
      if (!isNamed || found.has(path)) continue;
      found.add(path);
      const its = stage.read(path) ?? '';
      if (!PROSE.test(path) && !(path === HOOK_FILE && isOurHook(its))) waiting.push(its.slice(0, LOOKED_THROUGH));
    }
  }
  return [...found];
}

/** What an agent reads as words, and the keys by which the head of such a file may name programs all the same. */
const WORDS = /\.(?:md|mdc|txt)$/i;
const NAMES_PROGRAMS = /hooks|mcp|command|lsp/i;
const headOf = (text: string) => /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? '';
/** Whether a hook is the one that `generate` writes: the program of this package, and between its parts nothing but data. */
function isOurHook(text: string): boolean {
  const [head = '', tail = ''] = readFileSync(join(packageRoot, 'templates', basename(HOOK_FILE)), 'utf8').split(
    '@@RULES@@',
  );
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  try {
    JSON.parse(text.slice(head.length, text.length - tail.length));
    return true;
  } catch {
    return false;
  }
}

/** As many of a copy as are laid. */
const FILES = 3_000;
/** It may name anything, and runs nothing. */
const PROSE = /\.(?:md|txt|rst|adoc|lock|svg|css|html?)$|(?:^|\/)(?:package-lock\.json|LICENSE)$/;

/**
 * By what settings could name a program: by anything but what is known to name none; undefined where there is nothing else in
 * them. `harmless`: paths of keys, with what lies below them. What cannot be read here may be read by the agent all the same.
 */
export function mayRun(path: string, text: string, harmless: readonly string[]): string | undefined {
  const keysIn = KEYS[extname(path)];
  const isHarmless = (key: string) => harmless.some(known => key === known || key.startsWith(`${known}.`));
  if (keysIn === undefined) return undefined;
  const others = readable(() => keysIn(text))?.filter(key => !isHarmless(key));
  if (others === undefined) return 'it cannot be read';
  // What of it is not known: `sandbox.ripgrep.command` is said by the two that tell it from what is.
  const names = [...new Set(others.map(key => oneLine(key.split('.').slice(0, 2).join('.'))))];
  return others.length === 0 ? undefined : `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ' …' : ''}`;
}

/** Keys that are named. */
const NAMED = 6;

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
  const tree = parseTree(text.replace(/^\uFEFF/, ''), errors);
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

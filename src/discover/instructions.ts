import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { readBounded, statsOf } from '../base/files.ts';
import type { Facts } from './facts.ts';
import type { Entry } from './walk.ts';

/** What agents read in the root before they begin, and what a generated file adds to. */
const INSTRUCTIONS = ['AGENTS.md', 'CLAUDE.md', 'GEMINI.md'] as const;

/** A file under one of these names is often a link to another of them: what is laid into one then stands in both. */
export function instructionLinks(root: string): NonNullable<Facts['instructionLinks']> {
  return INSTRUCTIONS.flatMap(path => {
    if (!statsOf(join(root, path))?.isSymbolicLink()) return [];
    try {
      const to = relative(root, realpathSync(join(root, path)));
      return [{ path, to: to.startsWith('..') || isAbsolute(to) ? undefined : to }];
    } catch {
      return [{ path, to: undefined }];
    }
  });
}

/** How much of a rule is read for its head, in bytes. */
const HEAD = 4_000;

const CONFIG = /^rulesync\.jsonc?$/;
/** What its settings name, each on a line or not: all that is asked of them. */
const NAMED = /"(targets|features)"\s*:\s*\[([^\]]*)\]/g;

/**
 * The one rule of rulesync's that goes into every agent's page, by what its head and rulesync's settings say, and the agents
 * that rulesync writes for by its own names. Undefined where it is not sure that rulesync writes the pages. Source:
 * https://github.com/dyoshikawa/rulesync/blob/main/docs/reference/file-formats.md, and test/e2e/rulesync.test.ts.
 */
export async function rootRule(root: string, entries: readonly Entry[]): Promise<Facts['instructionSource']> {
  const mine = entries.filter(({ link, ignored }) => !link && !ignored);
  const config = mine.find(({ path }) => CONFIG.test(path));
  const settings = config && (await readBounded(join(root, config.path), 100_000));
  if (!settings?.ok) return undefined;
  const named: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    [...settings.data.toString('utf8').matchAll(NAMED)].map(([, key, list]) => [key, namesIn(list)]),
  );
  if (!named.features?.some(feature => feature === 'rules' || feature === '*') || !named.targets) return undefined;
  const rules = mine.filter(({ path }) => /^\.rulesync\/rules\/[\w.-]+\.md$/.test(path)).slice(0, 100);
  for (const { path } of rules.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const file = await readBounded(join(root, path), HEAD);
    const head = file.ok ? /^---\r?\n(.*?)\r?\n---/s.exec(file.data.toString('utf8'))?.[1] : undefined;
    const said = head?.match(/^root:.*$/gm) ?? [];
    const all = /^targets:\s*(?:\[\s*["']?\*["']?\s*\]|\r?\n\s*-\s*["']?\*["']?)\s*$/m.test(head ?? '');
    if (said.length === 1 && /^root:[ \t]*true[ \t]*\r?$/.test(said[0] ?? '') && all)
      return { path, writesFor: named.targets };
  }
  return undefined;
}

const namesIn = (list = '') => [...list.matchAll(/"([^"]*)"/g)].map(match => match[1] ?? '');

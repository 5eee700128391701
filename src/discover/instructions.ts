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

/**
 * The one rule of rulesync's that goes into every agent's page, which its head says of it. Source:
 * https://github.com/dyoshikawa/rulesync/blob/main/docs/reference/file-formats.md, and test/e2e/rulesync.test.ts.
 */
export async function rootRule(root: string, entries: readonly Entry[]): Promise<string | undefined> {
  const rules = entries
    .filter(({ path, link }) => !link && /^\.rulesync\/rules\/[\w.-]+\.md$/.test(path))
    .slice(0, 100);
  for (const { path } of rules.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const file = await readBounded(join(root, path), HEAD);
    const head = file.ok ? /^---\r?\n(.*?)\r?\n---/s.exec(file.data.toString('utf8'))?.[1] : undefined;
    if (head !== undefined && /^root:[ \t]*true[ \t]*$/m.test(head)) return path;
  }
  return undefined;
}

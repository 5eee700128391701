import { join } from 'node:path';
import { isMap, isSeq, LineCounter } from 'yaml';
import { namesIn } from '../base/files.ts';
import type { Facts } from './facts.ts';
import { textOf } from './owners.ts';
import { keyOf, lineOf, textAt, yamlMap } from './yaml.ts';

type Protected = NonNullable<Facts['git']['protectedBranches']>[number];

const BRANCH = /^[^\s\p{C}]{1,200}$/u;
const FILES = 50;

/** Branches that the repository's own files say are protected: whether the forge was told is not known by them. */
export async function protectedBranches(root: string, defaultBranch: string | undefined): Promise<Protected[]> {
  const rulesets = namesIn(join(root, '.github/rulesets'))
    .filter(name => name.endsWith('.json'))
    .sort()
    .slice(0, FILES)
    .map(name => [`.github/rulesets/${name}`, rulesetBranches] as const);
  const found: Protected[] = [];
  for (const [path, read] of [...rulesets, ...SETTINGS]) {
    const text = await textOf(root, path, 500_000);
    for (const { branch, line } of text === undefined ? [] : read(text)) {
      const pattern = branch === DEFAULT ? defaultBranch : branch;
      if (pattern !== undefined && BRANCH.test(pattern) && !found.some(one => one.pattern === pattern))
        found.push({ pattern, seen: { path, line } });
    }
  }
  return found;
}

const DEFAULT = '~DEFAULT_BRANCH';

interface Branch {
  branch: string;
  line?: number | undefined;
}

/** A ruleset as GitHub exports it: https://docs.github.com/en/rest/repos/rules */
function rulesetBranches(text: string): Branch[] {
  try {
    const ruleset = JSON.parse(text) as {
      target?: unknown;
      enforcement?: unknown;
      conditions?: { ref_name?: { include?: unknown } };
    } | null;
    const include = ruleset?.conditions?.ref_name?.include;
    if (ruleset?.target !== 'branch' || ruleset.enforcement !== 'active' || !Array.isArray(include)) return [];
    return include
      .filter(ref => typeof ref === 'string')
      .map(ref => ({ branch: ref === '~ALL' ? '*' : ref.replace(/^refs\/heads\//, '') }));
  } catch {
    // No JSON, or nested deeper than it can be read: it says nothing.
    return [];
  }
}

/**
 * `branches: [{ name, protection }]`: https://github.com/repository-settings/app (docs/configuration.md) and safe-settings, to
 * which `default` is the default branch.
 */
function settingsBranches(text: string): Branch[] {
  const lines = new LineCounter();
  const branches = yamlMap(text, lines)?.get('branches');
  return (isSeq(branches) ? branches.items : []).flatMap((item): Branch[] => {
    const name = isMap(item) ? textAt(item, 'name') : undefined;
    const protection = isMap(item) ? item.get('protection') : undefined;
    if (name === undefined || !isMap(item) || !isMap(protection) || protection.items.length === 0) return [];
    return [{ branch: name === 'default' ? DEFAULT : name, line: item.items[0] && lineOf(item.items[0], lines) }];
  });
}

/** `github: { protected_branches: { main: … } }`: https://github.com/apache/infrastructure-asfyaml */
function apacheBranches(text: string): Branch[] {
  const lines = new LineCounter();
  const github = yamlMap(text, lines)?.get('github');
  const branches = isMap(github) ? github.get('protected_branches') : undefined;
  return (isMap(branches) ? branches.items : []).map(pair => ({ branch: keyOf(pair), line: lineOf(pair, lines) }));
}

const SETTINGS: readonly (readonly [path: string, read: (text: string) => Branch[]])[] = [
  ['.github/settings.yml', settingsBranches],
  ['.github/settings.yaml', settingsBranches],
  ['.asf.yaml', apacheBranches],
];

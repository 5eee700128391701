import { join } from 'node:path';
import { isMap, isSeq, LineCounter } from 'yaml';
import { namesIn, placeWithin, readBounded } from '../base/files.ts';
import type { Facts } from './facts.ts';
import { keyOf, lineOf, textAt, yamlMap } from './yaml.ts';

type Git = Facts['git'];
type Owners = NonNullable<Git['owners']>;
type Protected = NonNullable<Git['protectedBranches']>[number];

/** GitHub takes no larger one: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners */
const LIMIT = 3_000_000;
const RULES = 2_000;
const OWNERS = 50;

/**
 * Where each forge looks, in its order, the first one being the only one it reads:
 * https://docs.gitlab.com/user/project/codeowners/ and https://docs.gitea.com/usage/code-owners besides GitHub's page.
 */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  github: ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'],
  gitlab: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'],
  gitea: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitea/CODEOWNERS'],
};
const ANY = [...new Set(Object.values(PLACES).flat())];

/** Whose review a path needs, by the file that the forge reads. */
export async function ownersOf(root: string, forge: string | undefined): Promise<Owners | undefined> {
  for (const path of PLACES[forge ?? ''] ?? ANY) {
    const text = await textOf(root, path, LIMIT);
    if (text !== undefined) return { seen: { path }, rules: ownerRules(text) };
  }
  return undefined;
}

/** A file of the repository that no link leads to; undefined where there is none. */
async function textOf(root: string, path: string, limit: number): Promise<string | undefined> {
  const place = await placeWithin(root, path).catch(() => undefined);
  const file = place === undefined ? undefined : await readBounded(place, limit);
  return file?.ok ? file.data.toString('utf8') : undefined;
}

/** A user, a team, a role of GitLab (`@@maintainer`), or a mail address. */
const OWNER = /^(@{1,2}[\w.-]{1,100}(\/[\w./-]{1,200})?|[^\s@\p{C}]{1,64}@[\w.-]{1,255})$/u;
/** GitLab's sections: `[Docs]`, `^[Optional][2] @default`. */
const SECTION = /^\^?\[[^\]]{1,200}\](?:\[\d{1,3}\])?(.*)$/;

/** The rules of a file of owners in its order; later ones win. A rule without an owner takes owners away. */
export function ownerRules(text: string): Owners['rules'] {
  const rules: { pattern: string; owners: string[] }[] = [];
  let inherited: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (rules.length >= RULES) break;
    const trimmed = line.slice(0, 4_000).trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const section = SECTION.exec(trimmed);
    if (section) {
      inherited = ownersIn(section[1] ?? '');
      continue;
    }
    // A blank in a path is escaped.
    const pattern = /^(?:\\.|[^\s\\])+/.exec(trimmed)?.[0];
    if (pattern === undefined || /\p{C}/u.test(pattern)) continue;
    const named = ownersIn(trimmed.slice(pattern.length));
    rules.push({ pattern, owners: named.length > 0 ? named : inherited });
  }
  return rules;
}

function ownersIn(text: string): string[] {
  return text
    .replace(/(^|\s)#.*$/, '')
    .split(/\s+/)
    .filter(word => OWNER.test(word))
    .slice(0, OWNERS);
}

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

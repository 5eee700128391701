import { placeWithin, readBounded } from '../base/files.ts';
import type { Facts } from './facts.ts';

type Git = Facts['git'];
type Owners = NonNullable<Git['owners']>;

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
export async function textOf(root: string, path: string, limit: number): Promise<string | undefined> {
  const place = await placeWithin(root, path).catch(() => undefined);
  const file = place === undefined ? undefined : await readBounded(place, limit);
  return file?.ok ? file.data.toString('utf8') : undefined;
}

/** A user, a team, a role of GitLab (`@@maintainer`), or a mail address. */
const OWNER = /^(@{1,2}[\w.-]{1,100}(\/[\w./-]{1,200})?|[^\s@\p{C}]{1,64}@[\w.-]{1,255})$/u;
/** GitLab's sections: `[Docs]`, `^[Optional][2] @default`. */
const SECTION = /^\^?\[[^\]]{1,200}\](?:\[\d{1,3}\])?(.*)$/;

/** The lines that this program wrote: what they say comes from the posture. */
const OURS = /^# BEGIN agent-posture \S+$[\s\S]*?^# END agent-posture \S+$/gm;

const HERE = '\u0000';

/** The rules of a file of owners in its order, but for ours; later ones win. A rule without an owner takes owners away. `behind`: ours. */
export function ownerRules(text: string): Owners['rules'] {
  const rules: { pattern: string; owners: string[]; behind?: true }[] = [];
  let behind = false;
  let inherited: string[] = [];
  for (const line of text.replaceAll('\r\n', '\n').replace(OURS, HERE).split('\n')) {
    if (line === HERE) {
      behind = true;
      continue;
    }
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
    rules.push({ pattern, owners: named.length > 0 ? named : inherited, ...(behind ? { behind } : {}) });
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

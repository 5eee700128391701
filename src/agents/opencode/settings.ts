import {
  DEEP,
  isNameless,
  type Pattern,
  readPattern,
  type Speller,
  spelled,
  withoutDeep,
  withoutSets,
} from '../../posture/patterns.ts';
import { pushGlobs } from '../pushes.ts';
import type { RuleSource } from '../source.ts';

/** What is denied, by kind of permission: patterns in the order in which they stand. The last that matches wins. */
export type Denied = Record<'read' | 'edit' | 'bash' | 'external_directory', string[]>;

/**
 * Patterns as opencode reads them: `*` is anything, `/` too, `?` is one character, and nothing escapes them. `{env:…}` and
 * `{file:…}` in its settings are replaced, `$HOME` at the start is, and backslashes are made slashes: a character that
 * could begin one is any one. Source: https://opencode.ai/docs/permissions/ and https://opencode.ai/docs/config/.
 */
const plain = (text: string) => text.replace(/[{}$\\*?]/g, '?');

const RULE: Speller = { text: plain, any: '*', one: '?', set: () => undefined };

/**
 * The paths that a pattern means, from the root, from the home or from any folder: a set is each of its characters. Undefined
 * where there are too many of them, and where they name nothing.
 */
export function rulePaths(pattern: Pattern): string[] | undefined {
  if (isNameless(pattern)) return undefined;
  const parts = pattern.parts[0] === DEEP ? pattern.parts.slice(1) : pattern.parts;
  const said = withoutSets({ ...pattern, parts })?.map(one =>
    withoutDeep(one.parts)?.map(names => spelled(names, RULE)?.join('/')),
  );
  const paths = said?.flat();
  return paths === undefined || paths.includes(undefined) ? undefined : (paths as string[]);
}

const pathsOf = (line: string) => {
  const pattern = readPattern(line);
  return { folder: pattern?.folder === true, paths: (pattern && rulePaths(pattern)) ?? [] };
};

/** Permissions that deny what the posture hides, keeps and protects. */
export function denied({ hidden, hiddenInHome, guards, protectedBranches }: RuleSource): Denied {
  const secrets = hidden.flatMap(anywhere);
  const inHome = hiddenInHome.flatMap(line => pathsOf(line).paths);
  const home = inHome.flatMap(path => [`~/${path}`, `~/${path}/*`]);
  // Its tools name what lies outside of the repository from there; a file that lies right in the home no rule over folders holds.
  const outside = inHome.flatMap(path => [`../${path}`, `../*/${path}`]).flatMap(path => [path, `${path}/*`]);
  return {
    read: [...secrets, ...home, ...outside],
    edit: [...secrets, ...home, ...outside, ...guards.flatMap(anywhere)],
    bash: [
      ...hidden.flatMap(inCommands),
      ...hiddenInHome.flatMap(inCommands),
      ...guards.flatMap(writers),
      ...pushGlobs(protectedBranches),
    ],
    external_directory: home,
  };
}

/** A path, and what lies in it, wherever it is said to be: patterns are compared with whatever the tool was given. */
function anywhere(line: string): string[] {
  const { folder, paths } = pathsOf(line);
  return paths.flatMap(path =>
    folder ? [`${path}/*`, `*/${path}/*`, path, `*/${path}`] : [path, `*/${path}`, `${path}/*`, `*/${path}/*`],
  );
}

/** Commands that name the path. None for plain words, which commands say for other reasons too. */
function inCommands(line: string): string[] {
  const { folder, paths } = pathsOf(line);
  return paths.flatMap(path => {
    if (!/[./]/.test(folder ? `${path}/` : path)) return [];
    if (folder) return [`* ${path}/*`, `*/${path}/*`];
    return [`* ${path}`, `* ${path} *`, `*/${path}`, `*/${path} *`, `*<${path}*`];
  });
}

/** Commands that write to the path by a usual tool or by redirection. */
function writers(guard: string): string[] {
  const path = plain(guard.replace(/\/+$/, ''));
  return [`*>*${path}*`, `tee *${path}*`, `cp * ${path}*`, `mv *${path}*`, `rm *${path}*`, `sed *-i*${path}*`];
}

/** What in these settings lets through again what the rules deny, each in a few words: later rules win, and those of an agent over all. */
export function loosens(settings: unknown): string[] {
  const { permission, agent, mode } = tableOf(settings);
  const found = permission === 'allow' ? ['permission allows everything'] : allowedAfter('permission', permission);
  for (const [kind, each] of [
    ['agent', agent],
    ['mode', mode],
  ] as const)
    for (const [name, value] of Object.entries(tableOf(each))) {
      const own = tableOf(value).permission;
      const allows =
        own === 'allow'
          ? ['*']
          : Object.entries(tableOf(own)).flatMap(([tool, rule]) => (allowsAny(rule) ? [tool] : []));
      if (allows.length > 0)
        found.push(`${kind}.${name}.permission allows ${allows.join(', ')} over the rules for all`);
    }
  return found;
}

/** A catch-all after a rule that denies. */
function allowedAfter(place: string, permission: unknown): string[] {
  return Object.entries(tableOf(permission)).flatMap(([tool, rules]) => {
    const list = Object.entries(tableOf(rules));
    const denies = list.findIndex(([, action]) => action === 'deny');
    const after = list.findIndex(
      ([pattern, action], index) => /^\*+$/.test(pattern) && action !== 'deny' && index > denies,
    );
    return denies >= 0 && after >= 0
      ? [`${place}.${tool} has "*" after the rules that deny, and the last one wins`]
      : [];
  });
}

const allowsAny = (rule: unknown) => rule === 'allow' || Object.values(tableOf(rule)).includes('allow');

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

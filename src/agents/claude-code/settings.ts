import { withoutPort } from '../../posture/address.ts';
import { bracketed, type Pattern, plainPath, readPattern, type Speller, spelled } from '../../posture/patterns.ts';
import { pushGlobs } from '../pushes.ts';
import type { RuleSource, Source } from '../source.ts';

/** No rule takes a line end or another unseen character. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Claude Code reads the path of a rule as a gitignore pattern after it took one level of backslashes from those that stand
 * before brackets and backslashes; brackets in the path need none. Seen in 2.1.330, where neither a set that begins with
 * `!` or `^` holds anything, nor an escaped `?`: test/real/claude-code.test.ts.
 */
const RULE: Speller = {
  text: text =>
    text.includes('?') || UNSEEN.test(text)
      ? undefined
      : text.replaceAll('\\', String.raw`\\\\`).replace(/[*[]/g, String.raw`\$&`),
  any: '*',
  one: '?',
  set: set => bracketed(set, undefined),
};

/**
 * The paths of the rules for a pattern, `/` at the start meaning the project; undefined where no rule can say it.
 * Source: https://code.claude.com/docs/en/permissions.
 */
export function rulePaths(pattern: Pattern, speller = RULE): string[] | undefined {
  const path = spelled(pattern.parts, speller)?.join('/').replace(/ $/, String.raw`\ `);
  if (path === undefined || UNSEEN.test(path)) return undefined;
  if (pattern.home) return [`~/${path}`, `~/${path}/**`];
  return [pattern.folder ? `/${path}/**` : `/${path}`];
}

/** `permissions.deny`, in a stable order. */
export function denyRules(
  { hidden, hiddenInHome, guards, protectedBranches }: RuleSource,
  paths: (pattern: Pattern) => string[] | undefined = rulePaths,
): string[] {
  const secrets = [...hidden, ...hiddenInHome].map(readPattern).flatMap(pattern => (pattern && paths(pattern)) ?? []);
  return [
    ...secrets.flatMap(path => [`Read(${path})`, `Edit(${path})`]),
    ...guards.map(guard => `Edit(/${guard.endsWith('/') ? `${guard}**` : guard})`),
    ...pushGlobs(protectedBranches).map(push => `Bash(${push})`),
  ];
}

/** The `sandbox` block, for the posture whose isolation is the agent's own. Source: https://code.claude.com/docs/en/sandboxing. */
export function sandboxSettings({
  hidden,
  hiddenInHome,
  guards,
  allow,
}: Omit<Source, 'protectedBranches' | 'ownSandbox'>) {
  // Its sandbox knows plain paths on Linux; patterns reach it through the Read and Edit rules, where the system can.
  const plain = (line: string) => {
    const pattern = readPattern(line);
    const path = pattern && plainPath(pattern);
    return path === undefined || /[*?[\]()\\]/.test(path) || UNSEEN.test(path) ? [] : [path];
  };
  return {
    enabled: true,
    failIfUnavailable: true,
    allowUnsandboxedCommands: false,
    denyRead: [
      ...hidden.flatMap(plain).map(path => `./${path}`),
      ...hiddenInHome.flatMap(plain).map(path => `~/${path}`),
    ],
    denyWrite: guards.map(guard => `./${guard.replace(/\/+$/, '')}`),
    allowedDomains: allow?.map(withoutPort),
  };
}

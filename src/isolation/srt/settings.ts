import { bracketed, type Pattern, readPattern, type Speller, spelled } from '../../posture/patterns.ts';
import type { Isolation } from '../../posture/schema.ts';

/** Settings of the sandbox runtime: https://github.com/anthropic-experimental/sandbox-runtime, section Configuration. */
export interface SrtSettings {
  network: { allowedDomains: string[]; deniedDomains: string[] };
  filesystem: { denyRead: string[]; allowRead: string[]; allowWrite: string[]; denyWrite: string[] };
}

/** Generated examples hold names only, so they are never hidden. */
const EXAMPLES = '!.env*.example';

/** Its own check of a host, which rejects the whole file for one that fails it. */
const HOST =
  /^(?:localhost|(?:\*\.[A-Za-z0-9_-]+|[A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]+)+|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])(?::[1-9]\d{0,4})?$/;

export function takesHost(host: string): boolean {
  const port = Number(/:(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? 1);
  return HOST.test(host) && port <= 65_535;
}

/** Nothing escapes in its patterns: a set of one says what would be a pattern. See `glob-pattern.ts` in its source. */
const GLOB: Speller = {
  text: text => (/[\p{Cc}\u2028\u2029]/u.test(text) ? undefined : text.replace(/[*?[]/g, '[$&]')),
  any: '*',
  one: '?',
  set: set => bracketed(set, undefined),
};

/** A pattern of the posture as the runtime reads one; undefined where it cannot say it. */
export function globOf(pattern: Pattern): string | undefined {
  const path = spelled(pattern.parts, GLOB)?.join('/');
  if (path === undefined) return undefined;
  // One with a star in its first part is looked for only below a folder that has a name, and the current one has.
  return pattern.home ? `~/${path}` : `./${path}`;
}

/** A place that may be written: it knows no patterns there on Linux, and what leaves the repository is none of them. */
function place(pattern: string): string[] {
  const path = pattern.replace(/^(?:\.\/)+(?=.)/, '').replace(/\/(?:\*\*)?$/, '') || '.';
  if (path === '.') return ['.'];
  return /[*?[\]\p{Cc}]|^[~/!]/u.test(path) || path.split('/').includes('..') ? [] : [`./${path.replace(/^\.\//, '')}`];
}

/**
 * What the runtime is told: from where it is started, which is the root. All may be read but what is hidden, nothing
 * written but what may be, and of that no guard; its network is always its own, with the listed hosts alone.
 */
export function srtSettings(
  isolation: Isolation,
  guards: readonly string[],
  loginFiles: readonly string[] = [],
): SrtSettings {
  const { files, network } = isolation;
  const hide = [...(files?.hide ?? []), EXAMPLES].flatMap(line => readPattern(line) ?? []);
  const unique = (texts: readonly string[]) => [...new Set(texts)];
  return {
    network: { allowedDomains: unique((network?.allow ?? []).filter(takesHost)), deniedDomains: [] },
    filesystem: {
      denyRead: unique(hide.flatMap(pattern => (pattern.exception ? [] : (globOf(pattern) ?? [])))),
      allowRead: unique(hide.flatMap(pattern => (pattern.exception ? (globOf(pattern) ?? []) : []))),
      allowWrite: unique([...(files?.write ?? ['.']).flatMap(place), ...loginFiles]),
      denyWrite: unique(guards.map(guard => `./${guard.replace(/\/+$/, '')}`)),
    },
  };
}

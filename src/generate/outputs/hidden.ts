import { patternRules } from '../../posture/patterns.ts';
import type { RenderContext } from '../types.ts';

/** The posture's hidden files, as rules of other programs can say them. */
export interface Hidden {
  /** Gitignore patterns of the repository, in order, with their `!` exceptions. */
  patterns: string[];
  /** Paths and patterns in the home, each starting with `~/`. Exceptions among them are left out: more is hidden, not less. */
  home: string[];
  /**
   * Patterns without exceptions, for programs whose deny rules know none: where an exception touches a pattern, the
   * names that are meant stand in its place (`.env`, `.env.local`, one for each environment, and what is there now).
   */
  plain: string[];
}

/** A pattern with a line end or another control character matches no file that we know how to write down. */
const WRITABLE = /^[^\p{Cc}\u2028\u2029]+$/u;

export function hiddenOf({ posture, facts }: Pick<RenderContext, 'posture' | 'facts'>): Hidden {
  const all = (posture.isolation?.files?.hide ?? []).filter(pattern => WRITABLE.test(pattern));
  const home = all.filter(pattern => pattern.startsWith('~/'));
  const patterns = all.filter(pattern => !/^!?~\//.test(pattern));
  const exceptions = patterns.filter(pattern => pattern.startsWith('!')).map(pattern => pattern.slice(1));
  const rules = patternRules([...patterns, '!.env*.example']);
  const names = [
    '.env',
    '.env.local',
    ...Object.keys(posture.environments ?? {}).flatMap(id => [`.env.${id}`, `.env.${id}.local`]),
  ];
  const plain = patterns
    .filter(pattern => !pattern.startsWith('!'))
    .flatMap(pattern => {
      if (!mayOverlap(pattern, exceptions)) return [pattern];
      const one = patternRules([pattern]);
      const meant = (path: string) => one.ignores(path) && rules.ignores(path);
      const covered = names.filter(meant);
      // A name is meant in every folder: what has it needs no line of its own, which a clone without it would not ask for.
      const here = facts.secretFiles
        .map(({ path }) => path)
        .filter(path => isRelative(path) && meant(path) && !covered.includes(path.split('/').at(-1) ?? ''));
      return [...covered, ...here.map(path => `/${path}`)];
    });
  return { patterns, home, plain: [...new Set(plain)] };
}

/** Whether an exception may take something out of a pattern. The examples are an exception of `.env*` always. */
function mayOverlap(pattern: string, exceptions: readonly string[]): boolean {
  const stem = (text: string) => text.replace(/^(\*\*)?\//, '').split(/[*?[]/)[0] ?? '';
  if (!/[*?[]/.test(pattern)) return exceptions.includes(pattern);
  return [...exceptions, '.env*.example'].some(
    exception => stem(exception).startsWith(stem(pattern)) || stem(pattern).startsWith(stem(exception)),
  );
}

function isRelative(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.startsWith('~') && !path.split('/').includes('..');
}

/** The files with secrets that are in the repository now, as the posture hides them; not what git holds anyhow. */
export function hiddenFiles(context: Pick<RenderContext, 'posture' | 'facts'>): string[] {
  const rules = patternRules([...hiddenOf(context).patterns, '!.env*.example']);
  return context.facts.secretFiles
    .filter(({ tracked }) => !tracked)
    .map(({ path }) => path)
    .filter(path => isRelative(path) && WRITABLE.test(path) && rules.ignores(path));
}

import { list, plural } from '../../base/text.ts';
import { mayMeet, type Pattern, patternOfPath, patternRules, readPattern } from '../../posture/patterns.ts';
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
  const home = all.filter(pattern => pattern.startsWith('~/') && readPattern(pattern) !== undefined);
  const patterns = all.filter(pattern => !/^!?~\//.test(pattern));
  // The examples that are generated stand in the root; a pattern for all of some folder below does not give way to theirs.
  // The last line that means a file decides, so that an exception says nothing of the patterns behind it.
  const exceptionsBehind = (index: number) =>
    [...patterns.slice(index + 1).filter(pattern => pattern.startsWith('!')), '!/.env*.example'].flatMap(
      pattern => readPattern(pattern) ?? [],
    );
  const rules = patternRules([...patterns, '!.env*.example']);
  const names = [
    '.env',
    '.env.local',
    ...Object.keys(posture.environments ?? {}).flatMap(id => [`.env.${id}`, `.env.${id}.local`]),
  ];
  const plain = patterns.flatMap((pattern, index) => {
    const read = pattern.startsWith('!') ? undefined : readPattern(pattern);
    if (read === undefined) return [];
    if (!exceptionsBehind(index).some(exception => mayMeet(read, exception))) return [pattern];
    const one = patternRules([pattern]);
    const meant = (path: string) => one.ignores(path) && rules.ignores(path);
    const covered = names.filter(meant);
    // A name is meant in every folder: what has it needs no line of its own, which a clone without it would not ask for.
    const here = facts.secretFiles
      .map(({ path }) => path)
      .filter(path => isRelative(path) && meant(path) && !covered.includes(path.split('/').at(-1) ?? ''));
    return [...covered, ...here.map(path => `/${patternOfPath(path)}`)];
  });
  return { patterns, home, plain: [...new Set(plain)] };
}

/** The hidden patterns that match no file, whoever reads them, as a note. */
export function idleNote({ posture }: Pick<RenderContext, 'posture'>): string[] {
  const idle = (posture.isolation?.files?.hide ?? []).filter(pattern => readPattern(pattern) === undefined);
  return idle.length === 0
    ? []
    : [`isolation.files.hide: ${named(idle)} ${idle.length > 1 ? 'match' : 'matches'} no file`];
}

/** A note on the hidden patterns that an agent's rules, or another `reader`, cannot say: left out, never said as something similar. */
export function unsaidNote(reader: string, lines: readonly string[], says: (line: string) => boolean): string[] {
  const unsaid = lines.filter(line => readPattern(line) !== undefined && !says(line));
  if (unsaid.length === 0) return [];
  const left = unsaid.length > 1 ? 'those are' : 'that is';
  return [`${reader} cannot say ${named(unsaid)} of isolation.files.hide, so ${left} left out there`];
}

/** The same for rules that are made from a pattern as it is read. */
export const unsaidBy = (
  reader: string,
  { plain, home }: Pick<Hidden, 'plain' | 'home'>,
  rules: (pattern: Pattern) => unknown,
): string[] =>
  unsaidNote(reader, [...plain, ...home], line => {
    const pattern = readPattern(line);
    return pattern !== undefined && rules(pattern) !== undefined;
  });

function named(patterns: readonly string[]): string {
  const more = patterns.length - 3;
  return list([...patterns.slice(0, 3), ...(more > 0 ? [plural(more, 'more', 'more')] : [])]);
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

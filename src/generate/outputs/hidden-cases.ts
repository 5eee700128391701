import { DEEP, readPattern } from '../../posture/patterns.ts';
import type { RenderContext } from '../types.ts';
import { shellPatterns } from './encode.ts';
import { hiddenOf, unsaidNote } from './hidden.ts';

/** The hidden patterns as lines of a script: each sets or, for an exception, clears the mark; the last match wins. */
export function hiddenCases(context: RenderContext): string {
  const cases = hiddenOf(context).patterns.flatMap(line => caseOf(line) ?? []);
  if (cases.length === 0) return '';
  return ['  hidden=no', ...cases, '  [ "$hidden" = no ] || return 0', ''].join('\n');
}

/** The line for one pattern; undefined where a shell cannot say it. */
function caseOf(line: string): string | undefined {
  const pattern = readPattern(line);
  const places = pattern && shellPatterns(pattern);
  if (pattern === undefined || places === undefined) return undefined;
  // A star crosses folders, so one at the end takes in what lies below.
  const below = places.some(place => place.endsWith('*')) && !pattern.folder ? [] : places.map(place => `${place}/*`);
  const whole = pattern.folder && pattern.parts.at(-1) !== DEEP ? [] : places;
  return `  case $1 in ${[...whole, ...below].join(' | ')}) hidden=${pattern.exception ? 'no' : 'yes'} ;; esac`;
}

/** What of them a script leaves out, as a note. */
export function caseNotes(reader: string, context: RenderContext): string[] {
  return unsaidNote(reader, hiddenOf(context).patterns, line => caseOf(line) !== undefined);
}

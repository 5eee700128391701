import type { RenderContext } from '../types.ts';
import { parsePattern, shellPattern } from './encode.ts';
import { hiddenOf } from './hidden.ts';

/** The hidden patterns as lines of a script: each says that a path is hidden or, an exception, that it is not; the last match wins. */
export function hiddenCases(context: RenderContext): string {
  const cases = hiddenOf(context).patterns.map(pattern => {
    const exception = pattern.startsWith('!');
    const { anchored, body, folder } = parsePattern(exception ? pattern.slice(1) : pattern);
    const glob = shellPattern(body);
    const places = anchored ? [glob] : [glob, `*/${glob}`];
    // In a case pattern a star crosses folders, so one at the end takes in what lies below.
    const below = glob.endsWith('*') && !folder ? [] : places.map(place => `${place}/*`);
    return `  case $1 in ${[...(folder ? [] : places), ...below].join(' | ')}) hidden=${exception ? 'allowed' : 'yes'} ;; esac`;
  });
  if (cases.length === 0) return '';
  return ['  hidden=no', ...cases, '  case $hidden in yes) return 0 ;; allowed) return 1 ;; esac', ''].join('\n');
}

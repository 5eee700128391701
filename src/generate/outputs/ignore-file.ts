import { ignoreLine, ignoreRules, readPattern } from '../../posture/patterns.ts';
import type { RenderContext, Rendered } from '../types.ts';
import { hiddenFiles, hiddenOf } from './hidden.ts';

/** The hidden files as lines of an ignore file, their examples kept; none where nothing is hidden. */
export function ignoreLines(context: RenderContext): string[] {
  const patterns = hiddenOf(context).patterns.filter(pattern => readPattern(pattern) !== undefined);
  return patterns.length === 0 ? [] : [...new Set([...patterns.map(ignoreLine), '!.env*.example'])];
}

/** An agent's own ignore file, in the syntax of git's. */
export function ignoreFile(context: RenderContext, path: string): Rendered[] {
  const lines = ignoreLines(context);
  return lines.length === 0 ? [] : [{ mode: 'block', path, comment: '#', lines }];
}

/** What in an ignore file takes hidden files out again: a line with `!` after ours. */
export function takenOut(
  context: RenderContext,
  path: string,
): { path: string; weaker(text: string): string | undefined } {
  const meant = ignoreRules(ignoreLines(context));
  const known = ['.env', ...hiddenFiles(context)].filter(file => meant.ignores(file));
  return {
    path,
    weaker: text => {
      const rules = ignoreRules(text.split(/\r?\n/));
      // Without our lines it is missing rather than overruled, and that is said of the block itself.
      const open = known.filter(file => rules.test(file).unignored);
      return open.length > 0 ? `${open.slice(0, 3).join(', ')} taken out again by a line with !` : undefined;
    },
  };
}

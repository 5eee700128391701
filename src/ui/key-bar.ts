import { cells, type Line, line, span } from './lines.ts';
import type { Theme } from './theme.ts';

/** The keys that do something now, in one quiet row; those at the end go first where it is narrow. */
export function keyBar(keys: readonly (readonly [key: string, does: string])[], width: number, theme: Theme): Line {
  const shown: string[] = [];
  let used = 1;
  for (const [key, does] of keys) {
    const text = `${key} ${does}`;
    const size = cells(text) + (shown.length > 0 ? 3 : 0);
    if (used + size > width) break;
    shown.push(text);
    used += size;
  }
  return line(' ', span(shown.join(theme.screenReader ? ', ' : '   '), 'quiet'));
}

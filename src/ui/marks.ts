import { type Line, line, span } from './lines.ts';
import type { Glyphs } from './theme.ts';

/** What stands before something reached, or too tight. */
export function markOf(tight: boolean, glyphs: Glyphs): Line {
  return line(' ', tight ? span(`${glyphs.tight} `, 'warn') : span(`${glyphs.reached} `, 'bad'));
}

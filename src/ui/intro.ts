import { readableColumns } from './layout.ts';
import { edges, line, span } from './lines.ts';
import { paint } from './paint.ts';
import { createTheme, type ThemeOptions } from './theme.ts';

/** The wizard's first line, from plain code: it stands while everything else is still being loaded. */
export function introText(version: string, columns: number, options: ThemeOptions): string {
  const theme = createTheme(options);
  const intro = edges(
    line(' ', span('agent-posture', 'strong'), span(` ${version}`, 'quiet')),
    line(span('read-only until you apply', 'quiet')),
    readableColumns(columns),
    theme.glyphs.ellipsis,
  );
  return paint([intro], theme);
}

import type { Thing } from '../report/things.ts';
import { type Line, line, type Span, span } from './lines.ts';
import type { Glyphs } from './theme.ts';

/** What stands before something reached, or too tight. */
export function markOf(tight: boolean, glyphs: Glyphs): Line {
  return stateMark(tight ? 'too tight' : 'reached', glyphs);
}

/** What stands before a thing. */
export function stateMark(state: Thing['state'], glyphs: Glyphs): Line {
  const marks: Record<Thing['state'], Span> = {
    reached: span(glyphs.reached, 'bad'),
    'too tight': span(glyphs.tight, 'warn'),
    held: span(glyphs.held, 'good'),
    works: span(glyphs.held, 'good'),
    accepted: span(glyphs.dot, 'quiet'),
    'not proven': span(glyphs.unproven, 'warn'),
    'not tried': span(glyphs.dot, 'quiet'),
  };
  return line(' ', marks[state], ' ');
}

import { structuredPatch } from 'diff';
import { shownSides } from '../generate/mask.ts';
import type { Change } from '../generate/types.ts';
import { type Line, line, span } from './lines.ts';
import type { Tone } from './theme.ts';

/** More lines than anybody scrolls through. */
const LONGEST = 5_000;

/** One change as a unified diff, without its header and without the values of secrets. */
export function diffLines(change: Change): Line[] {
  if (change.gitConfig) {
    const { key, before, after } = change.gitConfig;
    return [
      ...(before === null ? [] : [line(span(` - ${key} = ${before}`, 'bad'))]),
      ...(after === null ? [] : [line(span(` + ${key} = ${after}`, 'good'))]),
    ];
  }
  const [before, after] = shownSides(change.before, change.after) ?? ['\0', ''];
  if (before.includes('\0') || after.includes('\0')) return [line(span(' not text', 'quiet'))];
  if (before === after) return [line(span(` nothing is written: ${change.reason}`, 'quiet'))];
  const patch = structuredPatch('', '', before, after, '', '', { context: 3 });
  const lines = patch.hunks.flatMap((hunk, index) => [
    ...(index === 0 && hunk.oldStart <= 1 ? [] : [line(span(` @@ line ${hunk.newStart}`, 'quiet'))]),
    ...hunk.lines
      .filter(text => !text.startsWith('\\'))
      .map((text): Line => {
        const tone: Tone = text.startsWith('+') ? 'good' : text.startsWith('-') ? 'bad' : 'quiet';
        return [{ text: ` ${text[0]} `, tone }, ...line(span(text.slice(1).replaceAll('\t', '    '), tone))];
      }),
  ]);
  return lines.length <= LONGEST
    ? lines
    : [...lines.slice(0, LONGEST), line(span(` and ${lines.length - LONGEST} more lines`, 'quiet'))];
}

/** `+14 -2`. */
export function diffSize(lines: readonly Line[]): string {
  const count = (mark: string): number => lines.filter(parts => parts[0]?.text.startsWith(` ${mark}`)).length;
  return `+${count('+')} -${count('-')}`;
}

import { plural } from '../base/text.ts';
import type { Applied } from '../generate/types.ts';
import { count, things } from '../report/things.ts';
import type { Report } from '../selftest/types.ts';
import { findings, reachedCount, workingOf } from './findings.ts';
import { cells, fitMiddle, type Line, line, pad, span, wrapText } from './lines.ts';
import type { Theme } from './theme.ts';

/** Before → after, what is left and what to do about it, and how to take it back or repeat it. */
export function summaryLines(
  { before, after, applied, repeat }: { before: Report; after: Report; applied: Applied | undefined; repeat: string },
  width: number,
  theme: Theme,
): Line[] {
  const { glyphs } = theme;
  const was = reachedCount(before);
  const is = reachedCount(after);
  const left = findings(after);
  const working = workingOf(after);
  const counts = count(things(after), after);
  const column = Math.min(Math.max(0, ...left.map(finding => cells(finding.target))), Math.floor(width * 0.45));
  const rows = left.slice(0, 8).map(finding => {
    const fix = after.fixes.find(({ n }) => n === finding.fix);
    return line(
      ' ',
      finding.tight ? span(`${glyphs.tight} `, 'warn') : span(`${glyphs.reached} `, 'bad'),
      pad(fitMiddle(finding.target, column, glyphs.ellipsis), column),
      span(`   ${fix?.title ?? finding.things[0]?.rows[0]?.fix?.text ?? finding.says}`, 'quiet'),
    );
  });
  const facts: [string, Line][] = [
    ...(working.of > 0
      ? [
          [
            'Work still possible',
            line(span(`${working.works} of ${working.of}`, working.works === working.of ? 'good' : 'warn')),
          ] as [string, Line],
        ]
      : []),
    ['Held', line(String(counts.held))],
    ...(counts.notProven > 0 ? [['Not proven', line(String(counts.notProven))] as [string, Line]] : []),
    ...(applied && applied.written.length > 0
      ? [
          [
            'Written',
            line(`${plural(applied.written.length, 'file')}, taken back whole by `, span('agent-posture undo', 'accent')),
          ] as [string, Line],
        ]
      : []),
    ...(applied && applied.conflicts.length > 0
      ? [['Look at', line(span(applied.conflicts.join(', '), 'warn'))] as [string, Line]]
      : []),
    ['Try again', line(span('agent-posture test', 'accent'), span('   after every update of an agent', 'quiet'))],
  ];
  const names = Math.max(...facts.map(([name]) => cells(name)));
  return [
    line(
      ' ',
      span('BEFORE', 'quiet'),
      span(`  ${was} reached`, was > 0 ? 'bad' : 'good'),
      `   ${glyphs.arrow}   `,
      span('AFTER', 'quiet'),
      span(`  ${is} reached`, is > 0 ? 'bad' : 'good'),
    ),
    line(),
    ...(rows.length > 0 ? [line(span(' Left', 'strong')), ...rows] : []),
    ...(left.length > 8 ? [line(span(`   and ${left.length - 8} more`, 'quiet'))] : []),
    ...(rows.length > 0 ? [line()] : []),
    ...facts.map(([name, says]) => line(span(` ${pad(name, names)}`, 'quiet'), '   ', ...says)),
    ...after.notes.flatMap(note => wrapText(note, width - 1).map(text => line(span(` ${text}`, 'quiet')))),
    line(),
    line(span(' The same again, without questions:', 'quiet')),
    // Whole and on one line, however long, so that it can be copied.
    line(`   ${repeat}`),
    line(),
  ];
}

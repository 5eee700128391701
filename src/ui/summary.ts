import { asStarted, own } from '../base/started.ts';
import { counted } from '../generate/paths.ts';
import type { Applied } from '../generate/types.ts';
import { afterWords, compare, compareNotes } from '../report/compare.ts';
import { count, fallenLines, startCommand, things, unapprovedLines } from '../report/things.ts';
import { LEFT_TO_DO, type Report } from '../selftest/types.ts';
import { findings, workingOf } from './findings.ts';
import { cells, fitLine, type Line, line, pad, span, TWO_COLUMNS, table, together, wrapText } from './lines.ts';
import { markOf } from './marks.ts';
import type { Theme, Tone } from './theme.ts';

function stands(word: string, says: string, tone: Tone): Line {
  return [span(word, 'quiet'), span(`  ${says}`, tone)];
}

/** A command, broken only between its options and in the way that a shell takes back, so that it can be copied. */
function command(text: string, width: number): string[] {
  // Within quotes a line end is no space.
  if (cells(text) + 3 <= width || /['"]/.test(text) || process.platform === 'win32') return [`   ${text}`];
  const parts = text.split(/ (?=--)/).reduce<string[]>((lines, part) => {
    const last = lines.at(-1);
    if (last !== undefined && cells(last) + cells(part) + 8 <= width) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
    return lines;
  }, []);
  return parts.map((part, at) => `   ${at > 0 ? '  ' : ''}${part}${at < parts.length - 1 ? ' \\' : ''}`);
}

/**
 * Before → after, what is left and what to do about it, and how to take it back or repeat it. What is higher than the
 * window ends with before → after, as its beginning is gone by then.
 */
export function summaryLines(
  {
    before,
    after,
    applied,
    skipped = [],
    repeat,
    next,
    rest = false,
    height = Number.POSITIVE_INFINITY,
  }: {
    before: Report;
    after: Report;
    applied: Applied | undefined;
    /** What of the plan was left out. */
    skipped?: readonly string[] | undefined;
    repeat: string;
    /** The next system to declare. */
    next?: string | undefined;
    /** Whether there are questions that were not asked. */
    rest?: boolean;
    /** Of the window. */
    height?: number | undefined;
  },
  width: number,
  theme: Theme,
): Line[] {
  const { glyphs } = theme;
  const compared = compare(before, after);
  const start = startCommand(after);
  const was = stands('BEFORE', `${compared.before} reached`, compared.before > 0 ? 'bad' : 'good');
  const is = (word: string): Line =>
    stands(
      word,
      afterWords(compared),
      compared.after || compared.more.length > 0
        ? 'bad'
        : compared.after === 0 && compared.notProven === 0
          ? 'good'
          : 'warn',
    );
  const left = findings(after);
  const working = workingOf(after);
  const counts = count(things(after));
  const todo = after.notes.filter(note => note.startsWith(LEFT_TO_DO));
  const rows = table(
    left.slice(0, 8).map(finding => {
      const fix = after.fixes.find(({ n }) => n === finding.fix);
      const says = fix?.title ?? finding.things[0]?.rows[0]?.fix?.text ?? finding.says;
      return { mark: markOf(finding.tight, glyphs), name: finding.target, says };
    }),
    width,
    glyphs.ellipsis,
  ).map(row => fitLine(row, width, glyphs.ellipsis));
  const facts = (
    [
      working.of > 0 && [
        'Work still possible',
        `${working.works} of ${working.of}`,
        working.works === working.of ? 'good' : 'warn',
      ],
      ['Held', String(counts.held), 'plain'],
      counts.notProven > 0 && ['Not proven', String(counts.notProven), 'plain'],
      applied &&
        applied.written.length > 0 && [
          'Written',
          `${counted(applied.written)}; to take them back whole: ${together(own('undo'))}`,
          'plain',
        ],
      skipped.length > 0 && [
        'Left out',
        `${counted(skipped)}; the posture asks for ${skipped.length > 1 ? 'them' : 'it'}, to write ${skipped.length > 1 ? 'them' : 'it'}: ${together(own('generate'))}`,
        'warn',
      ],
      applied && applied.conflicts.length > 0 && ['Look at', applied.conflicts.join(', '), 'warn'],
      ...todo.map(says => ['To do', says.slice(LEFT_TO_DO.length), 'warn'] as [string, string, Tone]),
      start !== undefined && ['Start it with', together(asStarted(start)), 'plain'],
      next !== undefined && ['Add next', `${next}: ${together(own('init'))}`, 'plain'],
      next === undefined &&
        rest && ['Not asked yet', `systems, credentials, reviews, alarms: ${together(own('init'))}`, 'plain'],
      ['Try again', `${together(own('test'))}, after every update of an agent`, 'plain'],
    ] satisfies (false | undefined | [string, string, Tone])[]
  ).filter(fact => fact !== false && fact !== undefined);
  const said = (texts: readonly string[], tone: Tone): Line[] =>
    texts.flatMap(text => wrapText(text, width - 1).map(row => line(span(` ${row}`, tone))));
  const names = Math.max(...facts.map(([name]) => cells(name)));
  const outcome = [
    ...(width < TWO_COLUMNS
      ? [line(' ', ...was), line(' ', ...is('AFTER '))]
      : [line(' ', ...was, `   ${glyphs.arrow}   `, ...is('AFTER'))]),
    ...said([...compareNotes(compared), ...fallenLines(after)], 'plain'),
    ...said(
      unapprovedLines(things(after)).map(text => `! ${asStarted(text)}`),
      'warn',
    ),
    line(),
  ];
  const besides = [
    ...(rows.length > 0 ? [line(span(' Left', 'strong')), ...rows] : []),
    ...(left.length > 8 ? [line(span(`   and ${left.length - 8} more`, 'quiet'))] : []),
    ...(rows.length > 0 ? [line()] : []),
    ...facts.flatMap(([name, says, tone]) =>
      width < TWO_COLUMNS
        ? [line(span(` ${name}`, 'quiet')), ...wrapText(says, width - 3).map(text => line(span(`   ${text}`, tone)))]
        : wrapText(says, width - names - 4).map((text, index) =>
            line(span(` ${pad(index === 0 ? name : '', names)}`, 'quiet'), span(`   ${text}`, tone)),
          ),
    ),
    ...[...(applied?.notes ?? []), ...after.notes]
      .filter(note => !todo.includes(note))
      .flatMap(note => wrapText(note, width - 1).map(text => line(span(` ${text}`, 'quiet')))),
    line(),
    ...wrapText('The same again, without questions:', width - 1).map(text => line(span(` ${text}`, 'quiet'))),
    ...command(asStarted(repeat), width).map(text => line(text)),
    line(),
  ];
  // The shell's own line stands below it.
  return outcome.length + besides.length < height ? [...outcome, ...besides] : [...besides, ...outcome];
}

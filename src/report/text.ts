import { asStarted, own } from '../base/started.ts';
import { oneLine, plural } from '../base/text.ts';
import { ago, formatDuration } from '../base/units.ts';
import { GROUPS, type Report } from '../selftest/types.ts';
import { cutList, cutSections, cutText, leastOf, type Section, type Told } from './fit.ts';
import { type Paint, painter, plainSigns, type Style, signs } from './style.ts';
import {
  type Counts,
  collapse,
  count,
  deepLine,
  detail,
  FOOT,
  fallenLines,
  goneAgents,
  goneLines,
  headingOf,
  headline,
  type Line,
  OUTSIDE,
  rowByRow,
  startCommand,
  type Thing,
  things,
  title,
  unapprovedLines,
  unprovenLines,
  untriedRules,
  VERDICT_WORDS,
} from './things.ts';
import { displayWidth, hang, pad, wrap } from './width.ts';

/** Lines of one heading that are shown without --verbose: a report is read in seconds. */
const LINES_EACH = 8;
/** Rows that fixes are given before what is of less use. */
const FIXES = 4;
/** Below this many columns, what happened stands under its target instead of beside it. */
const BESIDE = 64;
/** Columns beyond which a line is no longer read at a glance. */
const WIDEST = 110;

/** A part of the report, from top to bottom. */
export interface ReportPart {
  lines: string[];
  /** In a window too low for all of it: how many rows it needs to be shown at all, and which part goes first (0 stays longest). */
  least: number;
  rank: number;
  /** Shown where all others are whole. */
  spare?: boolean;
  /** The part in fewer rows, saying what is left out; absent: its first rows. */
  cut?: (rows: number) => string[];
}

/** The report for a terminal, a pipe or a log: at most `style.width` columns, ASCII and uncoloured where asked. */
export function textReport(report: Report, style: Style, now = new Date()): string {
  return `${reportParts(report, style, undefined, now)
    .flatMap(({ lines }) => lines)
    .join('\n')}\n`;
}

/**
 * The parts of `textReport`. With `more`, the way to the rest, headings are not cut one by one: the parts are to be fitted
 * into a window then, the most consequential rows first.
 */
export function reportParts(
  report: Report,
  style: Style,
  more: string | undefined,
  now = new Date(),
): readonly ReportPart[] {
  const paint = painter(style);
  const list = things(report);
  const counts = count(list);
  const rule = ` ${paint('dim', signs(style).rule.repeat(Math.min(style.width, WIDEST) - 2))}`;
  const whole = (lines: string[], rank: number): ReportPart => ({ lines, least: lines.length, rank });
  const open = list.filter(({ state }) => state === 'reached' || state === 'too tight').length;
  const found = sections(list, report, { style, paint, limited: more === undefined });
  const fixed = fixes(report, style, paint);
  const fixRows = fixed.flatMap(({ rows }) => rows);
  const told = said(report, style);
  const noted = notes(report, style, now);
  const dim = (text: string) => text && paint('dim', text);
  return [
    { ...whole(titleLines(report, style), 5), least: 1 },
    { ...whole(headlineLines(report, counts, style, paint), 0), least: 1 },
    whole(
      [...goneLines(report, 'agents'), ...unapprovedLines(list)].flatMap(line =>
        hang(' ! ', oneLine(line), style.width),
      ),
      1,
    ),
    { ...whole([rule], 7), spare: true },
    {
      ...whole(found.flatMap(rowsOf), 3),
      least: leastOf(found),
      cut: height => cutSections(found, height, { total: open, way: more ?? '', style }),
    },
    { ...whole(told, 4), least: 1, cut: rows => cutText(told, rows, style) },
    whole(foot(counts, style), 2),
    { ...whole(inDetail(list, report, style), 7), spare: true },
    { ...whole(fixed.length > 0 ? [rule] : [], 7), spare: true },
    {
      ...whole(fixRows, 6),
      least: Math.min(FIXES, fixRows.length),
      cut: height => cutList(fixed, height, { total: fixed.length, way: own('fix'), style }),
    },
    whole(startLines(report, style), 4),
    {
      ...whole(noted.map(dim), 8),
      least: Math.min(2, noted.length),
      cut: rows => cutText(noted, rows, style).map(dim),
    },
    ...(style.verbose ? [whole(['', ...every(report, style)], 9)] : []),
  ];
}

function titleLines(report: Report, style: Style): string[] {
  const what = `${oneLine(report.project)}   ${oneLine(title(report))}`;
  const lines = [...atEnds(what, formatDuration(report.durationMs), style)];
  const rules = untriedRules(report);
  if (rules) lines.push(...hang(' ', oneLine(rules), style.width));
  if (report.posture === null) lines.push(...hang(' ', 'no posture: judged by what was found here', style.width));
  return [...lines, ''];
}

function headlineLines(report: Report, counts: Counts, style: Style, paint: Paint): string[] {
  const isNew =
    report.baseline && counts.isNew > 0 ? `NEW since ${day(new Date(report.baseline.takenAt))}: ${counts.isNew}` : '';
  const proven = counts.tries > 0 && counts.unapproved === 0 && goneAgents(report).length === 0;
  const color = counts.reached > 0 ? 'red' : proven ? 'green' : 'yellow';
  const sentence = wrap(oneLine(headline(counts, report)), style.width - 2);
  const last = sentence.pop() ?? '';
  return [
    ...sentence.map(row => ` ${paint(['bold', color], row)}`),
    ...atEnds(paint(['bold', color], last), isNew, style, displayWidth(last)),
  ];
}

/** How the agent is started in the box that was tried; nothing where none was. */
function startLines(report: Report, style: Style): string[] {
  const command = startCommand(report);
  if (command === undefined) return [];
  return ['', ...hang(' start it with   ', command, style.width), ...hang(' ', OUTSIDE, style.width)];
}

/** `left` and `right` at the ends of a line, or on two lines where they do not fit. */
function atEnds(left: string, right: string, { width }: Style, leftWidth = displayWidth(left)): string[] {
  const room = Math.min(width, WIDEST) - 2 - leftWidth - displayWidth(right);
  if (right && room >= 2) return [` ${left}${' '.repeat(room)}${right}`];
  const lines = leftWidth === displayWidth(left) ? hang(' ', left, width) : [` ${left}`];
  return right ? [...lines, ...hang(' ', right, width)] : lines;
}

function day(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** What was reached, under its headings; with `limited`, the first few of each. */
function sections(
  list: readonly Thing[],
  report: Report,
  { style, paint, limited }: { style: Style; paint: Paint; limited: boolean },
): Limited[] {
  const shown = list.filter(({ state }) => state === 'reached' || state === 'too tight');
  const several = report.vantages.filter(vantage => vantage.judged).length > 1;
  const anyNew = shown.some(({ isNew }) => isNew);
  const widest = Math.max(0, ...collapse(shown, report).map(line => displayWidth(targetOf(line))));
  const targetWidth = Math.min(widest + 2, Math.floor((Math.min(style.width, WIDEST) - 12) * 0.52));
  return GROUPS.flatMap(group => {
    const lines = collapse(
      shown.filter(thing => thing.group === group),
      report,
    );
    if (lines.length === 0) return [];
    const limit = !limited || style.verbose || lines.length <= LINES_EACH + 1 ? lines.length : LINES_EACH;
    const rest = lines.slice(limit).reduce((sum, line) => sum + line.things.length, 0);
    const context = { several, anyNew, targetWidth, style, paint };
    return {
      group,
      heading: ` ${paint('bold', headingOf(group, report))}`,
      lines: lines.slice(0, limit).map(line => ({ rows: printLine(line, context), things: line.things.length })),
      rest: rest > 0 ? hang('   ', `and ${rest} more: --verbose shows them`, style.width) : [],
    };
  });
}

/** A section, and what is said of what is left out of it. */
interface Limited extends Section {
  rest: string[];
}

const rowsOf = ({ heading, lines, rest }: Limited) => [heading, ...lines.flatMap(({ rows }) => rows), ...rest];

interface LineContext {
  several: boolean;
  anyNew: boolean;
  /** Columns of the first column, the space after it included. */
  targetWidth: number;
  style: Style;
  paint: Paint;
}

function targetOf({ things: [first, ...others] }: Line): string {
  return oneLine(first?.target ?? '') + (others.length > 0 ? ` and ${others.length} more` : '');
}

function printLine(line: Line, { several, anyNew, targetWidth, style, paint }: LineContext): string[] {
  const [first] = line.things as [Thing, ...Thing[]];
  const bad = first.state === 'reached';
  const target = targetOf(line);
  const what = oneLine(line.what) + (several ? ` (${first.vantage})` : '');
  const mark = `${paint(bad ? 'red' : 'yellow', bad ? 'x' : '!')} `;
  const news = anyNew ? (first.isNew ? `${paint(['bold', 'red'], 'NEW')} ` : '    ') : '';
  const indent = 3 + (anyNew ? 4 : 0);
  const fix = line.fix === undefined ? '' : `[${line.fix}]`;
  const width = Math.min(style.width, WIDEST);
  const room = width - indent - (fix ? fix.length + 1 : 0) - 1;
  if (width < BESIDE) {
    const [top = '', ...more] = wrap(target, room);
    return [
      ` ${mark}${news}${fix ? `${pad(top, room)} ${fix}` : top}`,
      ...more.map(part => ' '.repeat(indent) + part),
      ...wrap(what, width - indent - 2).map(part => ' '.repeat(indent + 2) + part),
    ];
  }
  const left = wrap(target, targetWidth - 2);
  const right = wrap(what, room - targetWidth);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const start = index === 0 ? ` ${mark}${news}` : ' '.repeat(indent);
    const body = `${pad(left[index] ?? '', targetWidth)}${right[index] ?? ''}`;
    return (start + (index === 0 && fix ? `${pad(body, room)} ${fix}` : body)).trimEnd();
  });
}

/** What must not be overlooked: places that did not answer, and rows that used to be held. */
function said(report: Report, style: Style): string[] {
  return [...goneLines(report, 'places'), ...fallenLines(report), ...unprovenLines(report)].flatMap(line =>
    hang(' ! ', oneLine(line), style.width),
  );
}

/** The numbers. Why what is not proven is not, the lines above say. */
function foot(counts: Counts, style: Style): string[] {
  const parts = FOOT.filter(([, of]) => counts[of] > 0 || of === 'held' || of === 'works').map(
    ([word, of]) => `${word} ${counts[of]}`,
  );
  return ['', ...flow(parts, style.width)];
}

/** The same numbers one by one. */
function inDetail(list: readonly Thing[], report: Report, style: Style): string[] {
  return [rowByRow(report, list), deepLine(list)].flatMap(line =>
    line === undefined ? [] : hang(' ', line, style.width),
  );
}

/** Parts that stay whole where they can, three spaces between them. */
function flow(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last) + 3 + displayWidth(part) <= width)
      lines[lines.length - 1] = `${last}   ${part}`;
    else lines.push(...hang(' ', part, width));
  }
  return lines;
}

function fixes(report: Report, style: Style, paint: Paint): Told[] {
  const list = things(report);
  return report.fixes.map(({ n, closes, command, title: says }) => {
    const closed = list.filter(({ rows }) => rows.some(row => closes.includes(row.id))).length;
    const start = ` [${n}] ${pad(`closes ${closed}`, 10)} `;
    const text = command === null ? `yours to do: ${oneLine(says)}` : asStarted(oneLine(command));
    const rows = hang(start, text, style.width).map((line, index) =>
      index === 0 && command !== null ? line.replace(text, paint('cyan', text)) : line,
    );
    return { rows, things: 1 };
  });
}

function notes(report: Report, style: Style, now: Date): string[] {
  const { isNew } = count(things(report));
  const compared = report.baseline ? [comparedWith(ago(new Date(report.baseline.takenAt), now), isNew)] : [];
  const all = [...report.notes, ...compared].map(note => plainSigns(asStarted(oneLine(note)), style));
  if (all.length === 0) return [];
  return ['', ...all.flatMap(note => hang(' ', note, style.width))];
}

/** What is new stands beside the headline. */
function comparedWith(when: string, isNew: number): string {
  const run = when === 'just now' ? 'the run before, just now' : `the run of ${when}`;
  return `compared with ${run}${isNew === 0 ? ': nothing new is reached' : ''}`;
}

/** Every try, with its id, for --verbose. */
function every(report: Report, style: Style): string[] {
  return [
    ` ${plural(report.rows.length, 'try', 'tries')}:`,
    ...report.rows.flatMap(row =>
      hang(` ${pad(VERDICT_WORDS[row.verdict], 10)} `, `${oneLine(row.id)}: ${detail(row)}`, style.width),
    ),
  ];
}

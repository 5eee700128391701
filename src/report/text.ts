import { asStarted, own } from '../base/started.ts';
import { oneLine, plural } from '../base/text.ts';
import { ago, formatDuration } from '../base/units.ts';
import { GROUPS, type Group, type Report } from '../selftest/types.ts';
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
  const cuttable = (rows: CountedRow[], total: number, rank: number, least: number, rest: string): ReportPart => ({
    lines: rows.map(({ text }) => text),
    least: Math.min(least, rows.length),
    rank,
    cut: height => cutRows(rows, total, height, rest, style),
  });
  const open = list.filter(({ state }) => state === 'reached' || state === 'too tight').length;
  const found = groups(list, report, { style, paint, limited: more === undefined });
  const fixed = fixes(report, style, paint);
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
      ...whole(
        found.map(({ text }) => text),
        3,
      ),
      least: Math.min(leastOf(found), found.length),
      cut: height => cutGroups(found, open, height, more ?? '', style),
    },
    { ...whole(told, 4), least: 1, cut: rows => cutLines(told, rows, style) },
    whole(foot(counts, style), 2),
    { ...whole(inDetail(list, report, style), 7), spare: true },
    { ...whole(fixed.length > 0 ? [rule] : [], 7), spare: true },
    cuttable(fixed, report.fixes.length, 6, 4, own('fix')),
    whole(startLines(report, style), 4),
    {
      ...whole(noted.map(dim), 8),
      least: Math.min(2, noted.length),
      cut: rows => cutLines(noted, rows, style).map(dim),
    },
    ...(style.verbose ? [whole(['', ...every(report, style)], 9)] : []),
  ];
}

/** A row of a part, and how many things have been shown whole once it is. */
interface CountedRow {
  text: string;
  shows: number;
  /** The heading of what follows it. */
  heads?: Group;
}

function counted(rows: readonly string[], shows: number): CountedRow[] {
  return rows.map((text, index) => ({ text, shows: index === rows.length - 1 ? shows : 0 }));
}

function cutRows(rows: readonly CountedRow[], total: number, height: number, rest: string, style: Style): string[] {
  const kept = rows.slice(0, Math.max(0, height - 1));
  while (kept.at(-1)?.shows === 0) kept.pop();
  return withRest(kept, total, rest, style).slice(0, height);
}

/** Rows, and how many things more there are, with the way to them. */
function withRest(rows: readonly CountedRow[], total: number, rest: string, style: Style): string[] {
  const left = total - rows.reduce((sum, { shows }) => sum + shows, 0);
  const more = wrap(`and ${left} more${rest ? `   ${rest}` : ''}`.replaceAll(' ', NO_BREAK), style.width - 3)[0] ?? '';
  return [...rows.map(({ text }) => text), `   ${more.replaceAll(NO_BREAK, ' ')}`];
}

/** Rows under their headings, line by line: one line may take several rows. */
function linesUnder(rows: readonly CountedRow[]): { heading: CountedRow; lines: CountedRow[][] }[] {
  const found: { heading: CountedRow; lines: CountedRow[][] }[] = [];
  let isOpen = false;
  for (const row of rows) {
    const last = found.at(-1);
    if (row.heads !== undefined || last === undefined) found.push({ heading: row, lines: [] });
    else if (isOpen) last.lines.at(-1)?.push(row);
    else last.lines.push([row]);
    isOpen = row.heads === undefined && row.shows === 0;
  }
  return found;
}

/** Most of what a window is asked for at the least: a line under each of four headings, and how many more there are. */
const LEAST = 9;

/** A line under each heading. */
function leastOf(rows: readonly CountedRow[]): number {
  const firsts = linesUnder(rows).reduce((sum, { lines: [first = []] }) => sum + 1 + first.length, 0);
  return Math.min(LEAST, firsts + 1);
}

/**
 * What opens production, then one line under each heading, then a second one, and so on: what a heading has many of hides none of
 * what stands under the next.
 */
function cutGroups(rows: readonly CountedRow[], total: number, height: number, rest: string, style: Style): string[] {
  const found = linesUnder(rows);
  const turns = found
    .flatMap(({ heading, lines }, at) =>
      lines.map((line, index) => ({ at, line, index, turn: heading.heads === 'production' ? 0 : index })),
    )
    .sort((a, b) => a.turn - b.turn || a.at - b.at || a.index - b.index);
  const kept = new Map<number, number>();
  const full = new Set<number>();
  let left = height - 1;
  for (const { at, line, index } of turns) {
    const needs = line.length + (index === 0 ? 1 : 0);
    // What stands below a line that is left out is less than it.
    if (full.has(at) || needs > left) full.add(at);
    else {
      kept.set(at, index + 1);
      left -= needs;
    }
  }
  const shown = found.flatMap(({ heading, lines }, at) =>
    kept.has(at) ? [heading, ...lines.slice(0, kept.get(at)).flat()] : [],
  );
  return withRest(shown, total, rest, style).slice(0, height);
}

/** The first lines; that a sentence goes on is seen. */
function cutLines(lines: readonly string[], rows: number, style: Style): string[] {
  const kept = lines.slice(0, rows);
  const last = kept.pop();
  if (last === undefined || rows >= lines.length) return lines.slice(0, rows);
  const { ellipsis } = signs(style);
  const room = style.width - displayWidth(ellipsis);
  const words = displayWidth(last) <= room ? last : (wrap(last.trimStart(), room - 1)[0] ?? '');
  return [...kept, `${words.startsWith(' ') ? '' : ' '}${words}${ellipsis}`];
}

const NO_BREAK = '\u00a0';

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

function groups(
  list: readonly Thing[],
  report: Report,
  { style, paint, limited }: { style: Style; paint: Paint; limited: boolean },
): CountedRow[] {
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
    return [
      { text: ` ${paint('bold', headingOf(group, report))}`, shows: 0, heads: group },
      ...lines
        .slice(0, limit)
        .flatMap(line => counted(printLine(line, { several, anyNew, targetWidth, style, paint }), line.things.length)),
      ...(rest > 0 ? counted(hang('   ', `and ${rest} more: --verbose shows them`, style.width), 0) : []),
    ];
  });
}

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

function fixes(report: Report, style: Style, paint: Paint): CountedRow[] {
  const list = things(report);
  return report.fixes.flatMap(({ n, closes, command, title: says }) => {
    const closed = list.filter(({ rows }) => rows.some(row => closes.includes(row.id))).length;
    const start = ` [${n}] ${pad(`closes ${closed}`, 10)} `;
    const text = command === null ? `yours to do: ${oneLine(says)}` : asStarted(oneLine(command));
    const rows = hang(start, text, style.width).map((line, index) =>
      index === 0 && command !== null ? line.replace(text, paint('cyan', text)) : line,
    );
    return counted(rows, 1);
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

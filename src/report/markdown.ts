import { escapeMarkdown, oneLine } from '../base/text.ts';
import { formatDuration } from '../base/units.ts';
import { GROUPS, type Report } from '../selftest/types.ts';
import {
  collapse,
  count,
  deepLine,
  FOOT,
  fallenLines,
  goneLines,
  headingOf,
  headline,
  rowByRow,
  startCommand,
  type Thing,
  things,
  title,
  unapprovedLines,
  unprovenLines,
  untriedRules,
} from './things.ts';

/** The report as Markdown, for an issue or a pull request. Everything from outside is escaped. */
export function markdownReport(report: Report): string {
  const list = things(report);
  const counts = count(list);
  const rules = untriedRules(report);
  const start = startCommand(report);
  const lines = [
    `## agent-posture: ${inert(headline(counts, report))}`,
    ...[...goneLines(report, 'agents'), ...unapprovedLines(list)].flatMap(warning),
    '',
    `${inert(report.project)}, ${inert(title(report))}, ${formatDuration(report.durationMs)}`,
    ...(rules ? ['', inert(rules)] : []),
    ...GROUPS.flatMap(group => table(list, group, report)),
    '',
    FOOT.map(([name, of]) => `${name} ${counts[of]}`).join(' · '),
    ...[rowByRow(report, list), deepLine(list)].flatMap(line => (line === undefined ? [] : ['', inert(line)])),
    ...[...goneLines(report, 'places'), ...fallenLines(report), ...unprovenLines(report)].flatMap(warning),
    ...(report.fixes.length > 0 ? ['', '### Fixes', ''] : []),
    ...report.fixes.map(
      fix => `${fix.n}. ${inert(fix.title)}${fix.command ? `: ${code(fix.command)}` : ' (yours to do)'}`,
    ),
    ...(start === undefined ? [] : ['', `Start it with ${code(start)}`]),
    ...report.notes.flatMap(note => ['', inert(note)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A line that must not be overlooked. */
const warning = (line: string) => ['', `**!** ${inert(line)}`];

function table(list: readonly Thing[], group: Thing['group'], report: Report): string[] {
  const lines = collapse(
    list.filter(thing => thing.group === group && (thing.state === 'reached' || thing.state === 'too tight')),
    report,
  );
  if (lines.length === 0) return [];
  return [
    '',
    `### ${headingOf(group, report)}`,
    '',
    '| new | what | how | from | fix |',
    '|---|---|---|---|---|',
    ...lines.map(({ things: [first, ...others], what, fix }) =>
      [
        '',
        first?.isNew ? '**NEW**' : '',
        inert(first?.target ?? '') + (others.length > 0 ? ` and ${others.length} more` : ''),
        inert(what),
        inert(first?.vantage ?? ''),
        fix === undefined ? '' : `${fix}`,
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ];
}

/** Addresses that GitHub makes links of by itself, entities, and what begins a list, a rule or a heading. */
const OWN_ACCORD = /&|:(?=\/\/)|(?<=\bwww)\.|^[-=]|(?<=^\d+)\./gi;

/** Beside what is escaped in every Markdown: in a comment nothing of others is a link, an entity or a block of its own. */
function inert(text: string): string {
  return escapeMarkdown(text).replace(OWN_ACCORD, String.raw`\$&`);
}

/** A code span that nothing inside can end. */
function code(text: string): string {
  const clean = oneLine(text);
  const fence = '`'.repeat(Math.max(0, ...(clean.match(/`+/g) ?? []).map(run => run.length)) + 1);
  const space = /^`|`$/.test(clean) ? ' ' : '';
  return `${fence}${space}${clean}${space}${fence}`;
}

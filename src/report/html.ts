import { createHash } from 'node:crypto';
import { oneLine, plural, truncate } from '../base/text.ts';
import { formatDuration } from '../base/units.ts';
import { version } from '../base/version.ts';
import { GROUPS, type Group, type Report, type Row } from '../selftest/types.ts';
import { STYLE } from './html-style.ts';
import { markup } from './markup.ts';
import {
  type Counts,
  collapse,
  commonReason,
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

/**
 * Nothing but this very style sheet: no script, picture, font, frame or form, and no address, whatever came to stand in the
 * page. https://www.w3.org/TR/CSP3/
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Signs that a title in a list of tabs has room for. */
const TITLE = 70;

/** The report as one page that needs nothing beside it, in the order of the text report. */
export function htmlReport(report: Report): string {
  const list = things(report);
  const counts = count(list);
  return [
    ...head(headline(counts, report)),
    '<body>',
    ...header(report, counts),
    '<main>',
    ...said([...goneLines(report, 'agents'), ...unapprovedLines(list)]),
    ...GROUPS.flatMap(group => section(list, group, report)),
    ...said([...goneLines(report, 'places'), ...fallenLines(report), ...unprovenLines(report)]),
    ...foot(list, counts, report),
    ...fixes(list, report),
    ...start(report),
    ...every(report),
    '</main>',
    ...footer(report, counts),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function head(says: string): string[] {
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="referrer" content="no-referrer">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${markup(truncate(`agent-posture: ${says}`, TITLE))}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
  ];
}

function header(report: Report, counts: Counts): string[] {
  const proven = counts.tries > 0 && counts.unapproved === 0 && goneAgents(report).length === 0;
  const tone = counts.reached > 0 ? 'bad' : proven ? 'good' : 'warn';
  const rules = untriedRules(report);
  return [
    '<header>',
    `<p><strong>${markup(report.project)}</strong>, ${markup(title(report))}</p>`,
    `<h1 class="${tone}">${markup(headline(counts, report))}</h1>`,
    ...(report.baseline && counts.isNew > 0
      ? [`<p class="bad"><strong>NEW since ${time(report.baseline.takenAt)}: ${counts.isNew}</strong></p>`]
      : []),
    `<p>${time(report.startedAt)}, ${markup(formatDuration(report.durationMs))}</p>`,
    ...(rules ? [`<p>${markup(rules)}</p>`] : []),
    ...(report.posture === null ? ['<p>no posture: judged by what was found here</p>'] : []),
    '</header>',
  ];
}

/** `21 November 2026, 08:00 UTC`. */
function time(iso: string): string {
  const date = new Date(iso);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  return `<time datetime="${date.toISOString()}">${day}, ${date.toISOString().slice(11, 16)} UTC</time>`;
}

/** What must not be overlooked. */
function said(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ['<ul class="said">', ...lines.map(line => `<li>${sentence(line)}</li>`), '</ul>'];
}

function section(list: readonly Thing[], group: Group, report: Report): string[] {
  const lines = collapse(
    list.filter(thing => thing.group === group && (thing.state === 'reached' || thing.state === 'too tight')),
    report,
  );
  if (lines.length === 0) return [];
  const several = report.vantages.filter(vantage => vantage.judged).length > 1;
  return [
    '<section>',
    `<h2>${markup(headingOf(group, report))}</h2>`,
    '<ul class="rows">',
    ...lines.map(line => row(line, several)),
    '</ul>',
    '</section>',
  ];
}

function row({ things: [first, ...others], what, fix }: Line, several: boolean): string {
  if (!first) return '';
  const bad = first.state === 'reached';
  return [
    '<li>',
    `<span class="mark ${bad ? 'bad' : 'warn'}">${bad ? '✗' : '!'}</span>`,
    `<div class="target">${first.isNew ? '<span class="new bad">NEW</span> ' : ''}<code>${markup(first.target)}</code>`,
    ...(others.length > 0
      ? [
          `<details><summary>and ${others.length} more</summary><ul>`,
          ...others.map(({ target }) => `<li><code>${markup(target)}</code></li>`),
          '</ul></details>',
        ]
      : []),
    '</div>',
    `<span class="what">${markup(what)}${several ? ` (${markup(first.vantage)})` : ''}</span>`,
    `<span class="fix">${fix === undefined ? '' : `<a href="#fix-${fix}">fix ${fix}</a>`}</span>`,
    '</li>',
  ].join('');
}

function foot(list: readonly Thing[], counts: Counts, report: Report): string[] {
  const reason = counts.notProven > 0 ? commonReason(list) : undefined;
  return [
    '<dl class="counts">',
    ...FOOT.map(([name, of]) => `<div><dt>${name}</dt><dd>${counts[of]}</dd></div>`),
    '</dl>',
    ...[rowByRow(report, list), deepLine(list)].flatMap(line =>
      line === undefined ? [] : [`<p class="what">${sentence(line)}</p>`],
    ),
    ...(reason ? [`<p class="what">Not proven, most of them: ${markup(reason)}</p>`] : []),
  ];
}

function fixes(list: readonly Thing[], report: Report): string[] {
  if (report.fixes.length === 0) return [];
  return [
    '<section>',
    '<h2>FIXES</h2>',
    '<ol class="fixes">',
    ...report.fixes.map(({ n, closes, command, title: says, text }) => {
      const ids = new Set(closes);
      const closed = list.filter(({ rows }) => rows.some(({ id }) => ids.has(id))).length;
      const how = command === null ? 'yours to do' : commandMarkup(command);
      return `<li id="fix-${n}"><strong>${n}. ${markup(says)}</strong>, closes ${closed}: ${how}${text ? `<p>${sentence(text)}</p>` : ''}</li>`;
    }),
    '</ol>',
    '</section>',
  ];
}

/** Our name and options within a sentence: a browser would break them behind a hyphen, and they would be copied so. */
const OWN_WORDS = /(?<=^|\s)(?:agent-posture|--[a-z][a-z-]*(?:=[\w./-]+)?)(?=[\s,;.)]|$)/g;

/** A sentence in which a command may stand. */
function sentence(text: string): string {
  return markup(text).replace(OWN_WORDS, '<span class="whole">$&</span>');
}

/** A command to copy. */
function commandMarkup(command: string): string {
  return `<code class="command">${markup(command)}</code>`;
}

function start(report: Report): string[] {
  const command = startCommand(report);
  return command === undefined ? [] : [`<p>Start it with ${commandMarkup(command)}; ${sentence(OUTSIDE)}</p>`];
}

/** Every try with its id, closed at first: what is held stands here alone. */
function every({ rows }: Report): string[] {
  if (rows.length === 0) return [];
  return [
    '<details>',
    `<summary>${plural(rows.length, 'try', 'tries')}, one by one</summary>`,
    '<ul class="tries">',
    ...rows.map(
      one =>
        `<li><span class="${TONES[one.verdict]}">${VERDICT_WORDS[one.verdict]}</span> <code>${markup(one.id)}</code>: ${markup(detail(one))}</li>`,
    ),
    '</ul>',
    '</details>',
  ];
}

const TONES: Record<Row['verdict'], string> = {
  exposed: 'bad',
  broken: 'warn',
  inconclusive: 'warn',
  blocked: 'good',
  works: 'good',
  skipped: 'what',
};

function footer({ notes, baseline }: Report, { isNew }: Counts): string[] {
  const compared = baseline
    ? [`<p>compared with the run of ${time(baseline.takenAt)}${isNew === 0 ? ': nothing new is reached' : ''}</p>`]
    : [];
  return [
    '<footer>',
    ...notes.map(oneLine).map(note => `<p>${sentence(note)}</p>`),
    ...compared,
    `<p>agent-posture ${markup(version)}: what holds here holds for this machine, this user and this minute.</p>`,
    '</footer>',
  ];
}

import { oneLine } from '../base/text.ts';
import { version } from '../base/version.ts';
import { safeguardOf } from '../safeguards/catalogue.ts';
import { fallen } from '../selftest/baseline.ts';
import { isSilent } from '../selftest/report.ts';
import type { Fix, Report, Row, VantageReport } from '../selftest/types.ts';
import { markup } from './markup.ts';
import { happened, VERDICT_WORDS, wayRound } from './things.ts';

// JUnit's XML has no specification. What is written here is held by both schemas that are in use, Ant's, which asks for more
// than most readers, and that of Jenkins, which allows less than some:
// https://github.com/windyroad/JUnit-Schema/blob/master/JUnit.xsd
// https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd

/** What a case has inside where it did not pass. */
interface Trouble {
  kind: 'failure' | 'error' | 'skipped';
  type: string;
  message: string;
  /** Lines of what is known beside. */
  lines: string[];
}

/** A case of a suite. */
interface Case {
  className: string;
  name: string;
  durationMs: number;
  trouble: Trouble | undefined;
}

/**
 * The report as JUnit XML: a suite for each vantage, a case for each row. A failure is what is reached or too tight; an
 * error is what makes the exit code 3, a vantage that gave nothing and a row that was held before; all else that is not
 * known, and what is accepted, is skipped.
 */
export function junitReport(report: Report): string {
  const fixes = new Map(report.fixes.flatMap(fix => fix.closes.map(id => [id, fix] as const)));
  const lost = new Set(fallen(report.rows));
  const byVantage = new Map(report.vantages.map(({ id }) => [id, [] as Row[]]));
  for (const row of report.rows) byVantage.get(row.vantage)?.push(row);
  const suites = report.vantages.flatMap(vantage => {
    const rows = byVantage.get(vantage.id) ?? [];
    const cases = [
      ...silentCase(vantage, rows),
      ...rows.map(row => toCase(row, { fix: fixes.get(row.id), isLost: lost.has(row) })),
    ];
    return cases.length > 0 ? [{ vantage, cases }] : [];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(({ vantage, cases }, index) => suite(vantage, cases, index, report)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(vantage: VantageReport, cases: readonly Case[], index: number, report: Report): string[] {
  const of = (kind: Trouble['kind']) => cases.filter(({ trouble }) => trouble?.kind === kind).length;
  const open = tag('testsuite', {
    name: oneLine(vantage.title) || vantage.id,
    package: 'agent-posture',
    id: index,
    // Ant's schema knows no time zone (it is UTC), and asks for a host: which machine it was is not for everybody.
    timestamp: report.startedAt.slice(0, 19),
    hostname: 'localhost',
    tests: cases.length,
    failures: of('failure'),
    errors: of('error'),
    skipped: of('skipped'),
    time: seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  });
  return [
    `  <${open}>`,
    '    <properties>',
    ...propertiesOf(vantage, report).map(([name, value]) => `      <${tag('property', { name, value })}/>`),
    '    </properties>',
    ...cases.flatMap(testCase),
    `    <system-out>${report.notes.map(markup).join('\n')}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
  ];
}

function propertiesOf({ id, kind, agent }: VantageReport, report: Report): [name: string, value: string | number][] {
  return [
    ['agent-posture', version],
    ['vantage', id],
    ['kind', kind],
    ...(agent ? [['agent', `${agent.id} ${agent.version}`] satisfies [string, string]] : []),
    ['project', report.project],
    ['posture', report.posture?.sha256 ?? ''],
    ['exitCode', report.exitCode],
  ];
}

/** A vantage that was asked for and gave nothing: not a single green case may stand for it alone. */
function silentCase(vantage: VantageReport, rows: readonly Row[]): Case[] {
  if (vantage.available && !isSilent(vantage, rows)) return [];
  const message = vantage.available
    ? 'nothing could be proven here'
    : `could not be tried: ${vantage.reason ?? 'it did not answer'}`;
  return [
    {
      className: `agent-posture.${vantage.id}`,
      name: 'answers',
      durationMs: 0,
      trouble: { kind: 'error', type: 'not proven', message, lines: [] },
    },
  ];
}

function toCase(row: Row, about: { fix: Fix | undefined; isLost: boolean }): Case {
  const way = wayRound(row.escape) ?? row.escape;
  return {
    className: `agent-posture.${row.vantage}.${row.safeguard}`,
    name: `${row.attempt} ${row.target}${way ? ` (way round: ${way})` : ''}`,
    durationMs: row.durationMs,
    trouble: troubleOf(row, about),
  };
}

function troubleOf(row: Row, { fix, isLost }: { fix: Fix | undefined; isLost: boolean }): Trouble | undefined {
  const type = VERDICT_WORDS[row.verdict];
  const what = happened({ rows: [row] });
  const said = `${type}${what ? `: ${what}` : ''}`;
  switch (row.verdict) {
    case 'blocked':
    case 'works':
      return undefined;
    case 'skipped':
      return { kind: 'skipped', type, message: said, lines: [] };
    case 'inconclusive':
      return isLost
        ? { kind: 'error', type, message: `held before, ${said}`, lines: [] }
        : { kind: 'skipped', type, message: said, lines: [] };
    default: {
      if (row.accepted) {
        const { until, owner, reason } = row.accepted;
        const by = `${owner ? ` by ${owner}` : ''} until ${until}${reason ? `: ${reason}` : ''}`;
        return { kind: 'skipped', type: 'accepted', message: `accepted${by} (${said})`, lines: [] };
      }
      return {
        kind: 'failure',
        type,
        message: `${row.change?.isNew ? 'NEW, ' : ''}${said}`,
        lines: [
          `${row.safeguard}: ${safeguardOf(row.safeguard)?.title ?? ''}`,
          `severity: ${row.severity}`,
          ...(fix ? [`to close it: ${fix.command ?? fix.title}`] : []),
          `more: agent-posture explain ${row.id}`,
        ],
      };
    }
  }
}

function testCase({ className, name, durationMs, trouble }: Case): string[] {
  const open = tag('testcase', { classname: className, name, time: seconds(durationMs) });
  if (!trouble) return [`    <${open}/>`];
  const { kind, type, message, lines } = trouble;
  return [
    `    <${open}>`,
    `      <${tag(kind, kind === 'skipped' ? { message } : { type, message })}>${lines.map(markup).join('\n')}</${kind}>`,
    '    </testcase>',
  ];
}

/** What stands between the brackets of a start tag. */
function tag(name: string, attributes: Record<string, string | number>): string {
  return [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${markup(value)}"`)].join(' ');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

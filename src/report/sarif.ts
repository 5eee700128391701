import { isAbsolute, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256 } from '../base/hash.ts';
import { oneLine } from '../base/text.ts';
import { version } from '../base/version.ts';
import { safeguardOf } from '../safeguards/catalogue.ts';
import type { Safeguard } from '../safeguards/types.ts';
import type { Fix, Report, Row } from '../selftest/types.ts';
import { fallenLines, goneLines, happened, VERDICT_WORDS } from './things.ts';

// SARIF 2.1.0, from its specification and schema:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
// https://github.com/oasis-tcs/sarif-spec/blob/main/sarif-2.1/schema/sarif-schema-2.1.0.json
// What GitHub needs beside it (a place in the repository with a line, a line hash of its own), from its documentation:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const ROOT = '%SRCROOT%';

/**
 * The report as a SARIF log: a rule for each safeguard that was tried, a result for each row that is reached, too tight or
 * not proven. What is held or works is no result: readers show every result as something to be done.
 */
export function sarifLog(report: Report): Record<string, unknown> {
  const rules = [...new Set(report.rows.map(({ safeguard }) => safeguard))].sort();
  const results = report.rows.filter(row => LEVELS[row.verdict] !== undefined);
  const fixes = new Map(report.fixes.flatMap(fix => fix.closes.map(id => [id, fix] as const)));
  const anyAccepted = results.some(({ accepted }) => accepted);
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'agent-posture', fullName: `agent-posture ${version}`, version, rules: rules.map(rule) },
        },
        invocations: [invocation(report)],
        originalUriBaseIds: { [ROOT]: { ...rootUri(report), description: { text: 'The root of the repository.' } } },
        results: results.map(row => ({
          ruleId: row.safeguard,
          ruleIndex: rules.indexOf(row.safeguard),
          level: LEVELS[row.verdict]?.(row),
          message: { text: messageText(sentence(row, report, fixes.get(row.id))) },
          locations: [location(row, report)],
          partialFingerprints: fingerprints(row),
          ...(report.baseline ? { baselineState: baselineState(row, report.baseline.unknown) } : {}),
          // Either every result of a run has the list or none (3.27.23).
          ...(anyAccepted ? { suppressions: suppressions(row) } : {}),
          properties: properties(row),
        })),
      },
    ],
  };
}

const grave = ({ severity }: Row) => (severity === 'critical' || severity === 'high' ? 'error' : 'warning');

/** The level of a row that is a result. Not proven is a note: nothing was seen to be wrong, and nothing to be right. */
const LEVELS: Partial<Record<Row['verdict'], (row: Row) => 'error' | 'warning' | 'note'>> = {
  exposed: grave,
  broken: grave,
  inconclusive: () => 'note',
};

function rule(id: string) {
  const safeguard = safeguardOf(id);
  if (!safeguard) return { id };
  const { title, why, standards } = safeguard;
  return {
    id,
    // As Azure DevOps wants it: words without anything between them.
    name: title.replace(/(?:^|[^A-Za-z]+)([A-Za-z]?)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: messageText(`${title}.`) },
    fullDescription: { text: messageText(why) },
    help: { text: messageText(helpLines(safeguard).join('\n\n')) },
    properties: { tags: ['security', ...standards] },
  };
}

function helpLines({ id, why, article, proven }: Safeguard): string[] {
  return [
    why,
    ...('attempts' in proven ? [`How it is tried: ${proven.how}`] : []),
    `The article: "${article}"`,
    `More, and how to close it: agent-posture explain ${id}`,
  ];
}

function sentence(row: Row, report: Report, fix: Fix | undefined): string {
  const { title } = report.vantages.find(({ id }) => id === row.vantage) ?? {};
  const what = happened({ rows: [row] });
  const close = fix ? ` To close it: ${fix.command ?? fix.title}` : '';
  return oneLine(
    `${row.change?.isNew ? 'NEW: ' : ''}${row.attempt} ${row.target}: ${VERDICT_WORDS[row.verdict]}` +
      `${what ? `, ${what}` : ''}; tried from ${title || row.vantage}.${close}`,
  );
}

/** A plain text message: no placeholder (3.11.5) and no link (3.11.6) of others comes about in it. */
function messageText(text: string): string {
  return text.replace(/[{}]/g, '$&$&').replace(/(\\*)\]\(/g, String.raw`$1$1\](`);
}

/** What kind of thing a target is that is no file of the repository. */
const KINDS: Record<Row['attempt'], string> = {
  read: 'file',
  list: 'folder',
  write: 'file',
  env: 'variable',
  connect: 'address',
  resolve: 'address',
  request: 'address',
  socket: 'socket',
  process: 'process',
  push: 'ref',
  exec: 'command',
};

/**
 * A file of the repository is its own place. All else is named as a logical place, and stands at the posture, which is what
 * promises it: some readers take no result without a file.
 */
function location(row: Row, { posture }: Report) {
  const own = repositoryPath(row);
  const file = own ?? posture?.path;
  const name = oneLine(row.target);
  return {
    ...(file === undefined
      ? {}
      : {
          physicalLocation: { artifactLocation: { uri: relativeUri(file), uriBaseId: ROOT }, region: { startLine: 1 } },
        }),
    ...(own === undefined
      ? {
          logicalLocations: [{ name, fullyQualifiedName: `${row.attempt}:${name}`, kind: KINDS[row.attempt] }],
        }
      : {}),
  };
}

/** The target where it is a path inside the repository: those are written relative to its root. */
function repositoryPath({ attempt, target }: Row): string | undefined {
  const isPath = attempt === 'read' || attempt === 'list' || attempt === 'write';
  return isPath && target !== '' && !/^(?:[~/\\]|[A-Za-z]:[\\/]|\.\.(?:[\\/]|$))/.test(target) ? target : undefined;
}

function relativeUri(path: string): string {
  return path
    .split(sep === '/' ? sep : /[/\\]/)
    .map(part => encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd')))
    .join('/');
}

/** Absent where the root is masked: a reader then takes the places for those of its own copy. */
function rootUri({ root }: Report): { uri?: string } {
  return isAbsolute(root) ? { uri: `${pathToFileURL(root).href.replace(/\/$/, '')}/` } : {};
}

/**
 * By the id, which is the same in every run. The line hash is GitHub's: results of one rule at one line are one alert there
 * unless it differs.
 */
function fingerprints({ id }: Row) {
  const hash = sha256(id).slice(0, 32);
  return { 'agentPostureRow/v1': hash, primaryLocationLineHash: `${hash.slice(0, 16)}:1` };
}

/** Of a vantage that the baseline does not know, all is new: so it counts for `--fail-on new` too. */
function baselineState(row: Row, unknown: readonly string[] = []): 'new' | 'updated' | 'unchanged' {
  if (unknown.includes(row.vantage) || row.change?.isNew) return 'new';
  if (!row.change) return 'unchanged';
  const { from } = row.change;
  return from !== null && LEVELS[from] !== undefined ? 'updated' : 'new';
}

function suppressions({ accepted }: Row) {
  if (!accepted) return [];
  const { owner, until, reason } = accepted;
  const text = `accepted${owner ? ` by ${owner}` : ''} until ${until}${reason ? `: ${reason}` : ''}`;
  return [{ kind: 'external', status: 'accepted', justification: oneLine(text) }];
}

/** What the format has no place for, as `test --json` names it. */
function properties(row: Row) {
  const { id, vantage, attempt, expect, verdict, severity, group } = row;
  return { id, vantage, attempt, expect, verdict, severity, escape: row.escape, group };
}

function invocation(report: Report) {
  const said = (level: 'error' | 'warning' | 'note') => (text: string) => ({
    level,
    message: { text: messageText(oneLine(text)) },
  });
  const gone = goneLines(report);
  return {
    executionSuccessful: gone.length === 0,
    exitCode: report.exitCode,
    startTimeUtc: report.startedAt,
    endTimeUtc: new Date(Date.parse(report.startedAt) + report.durationMs).toISOString(),
    toolExecutionNotifications: [
      ...gone.map(said('error')),
      ...fallenLines(report).map(said('warning')),
      ...report.notes.map(said('note')),
    ],
  };
}

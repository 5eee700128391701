import { describe, expect, test } from 'vitest';
import { sarifLog } from '../../src/report/sarif.ts';
import { maskReport } from '../../src/report/share.ts';
import type { Report } from '../../src/selftest/types.ts';
import { sarifSchema } from './parsed.ts';
import { fix, host, report, row, shop } from './sample.ts';

const valid = sarifSchema();

interface Result {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: [
    {
      physicalLocation?: { artifactLocation: { uri: string; uriBaseId: string }; region: { startLine: number } };
      logicalLocations?: { name: string; fullyQualifiedName: string; kind: string }[];
    },
  ];
  partialFingerprints: Record<string, string>;
  baselineState?: string;
  suppressions?: { kind: string; status: string; justification: string }[];
}
interface Run {
  tool: { driver: { rules: { id: string; name: string; help: { text: string } }[] } };
  invocations: [
    {
      executionSuccessful: boolean;
      exitCode: number;
      toolExecutionNotifications: { level: string; message: { text: string } }[];
    },
  ];
  originalUriBaseIds: Record<string, { uri?: string }>;
  results: Result[];
}

/** The one run, after the official schema has taken it. */
function run(given: Report): Run {
  const log = JSON.parse(JSON.stringify(sarifLog(given)));
  expect(valid(log), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
  expect(log.runs).toHaveLength(1);
  return log.runs[0];
}

const of = ({ results }: Run, target: string) => results.find(({ message }) => message.text.includes(` ${target}:`));

test('the schema refuses what is no SARIF', () => {
  expect(valid({ ...sarifLog(shop()), version: '2.0.0' })).toBe(false);
});

test('a result for all that is reached, too tight or not proven, by its severity', () => {
  const { results, tool } = run(
    report([
      row({ target: 'a', severity: 'critical' }),
      row({ target: 'b', severity: 'high' }),
      row({ target: 'c', severity: 'medium' }),
      row({ target: 'd', severity: 'low', verdict: 'broken', expect: 'allow', group: 'too-tight' }),
      row({ target: 'e', verdict: 'inconclusive', reason: 'VPN off?' }),
      ...(['blocked', 'works', 'skipped'] as const).map(verdict => row({ target: verdict, verdict })),
      row({ target: 'g', safeguard: 'GRD-1' }),
    ]),
  );
  expect(results.map(({ level }) => level)).toEqual(['error', 'error', 'warning', 'warning', 'note', 'error']);
  expect(tool.driver.rules.map(({ id }) => id)).toEqual(['GRD-1', 'SEC-1']);
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
});

test('a rule has the words of the catalogue', () => {
  const [rule] = run(report([row({ target: 'a', safeguard: 'ISO-1' })])).tool.driver.rules;
  expect(rule?.name).toBe('AgentsRunInABox');
  expect(rule?.help.text).toContain('agent-posture explain ISO-1');
  expect(rule?.help.text).toContain('Use containerization (Docker)');
});

test('the message says what, where from, and what closes it', () => {
  const all = run(shop());
  expect(of(all, '~/.aws/credentials')?.message.text).toBe(
    'NEW: read ~/.aws/credentials: reached, profile "prod"; tried from Claude Code 2.1.330, started as you start it. To close it: agent-posture fix sandbox',
  );
  const { message } = run(
    report([row({ target: 'a' })], { fixes: [{ ...fix(1, 'x', ['host:read:a']), command: null }] }),
  ).results[0] as Result;
  expect(message.text).toMatch(/no box\. To close it: Close x$/);
});

describe('places', () => {
  const placeOf = (part: Parameters<typeof row>[0], more: Partial<Report> = {}) =>
    run(report([row(part)], more)).results[0]?.locations[0];

  test.each([
    ['.env', '.env'],
    ['a b/ü%.txt', 'a%20b/%C3%BC%25.txt'],
    ['c:x/y', 'c%3Ax/y'],
    ['a\\b', 'a%5Cb'],
    ['-->\n', '--%3E%0A'],
    ['\ud800x', '%EF%BF%BDx'],
  ])('%j in the repository is a file', (target, uri) => {
    const { physicalLocation, logicalLocations } = placeOf({ target }) ?? {};
    expect(physicalLocation).toEqual({
      artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
      region: { startLine: 1 },
    });
    expect(logicalLocations).toBeUndefined();
  });

  test.each([
    [{ target: '~/.netrc' }, 'read:~/.netrc', 'file'],
    [{ target: '/etc/shadow' }, 'read:/etc/shadow', 'file'],
    [{ target: '../other/.env' }, 'read:../other/.env', 'file'],
    [{ target: 'C:\\x' }, 'read:C:\\x', 'file'],
    [{ target: 'db.example.com:5432', attempt: 'connect' }, 'connect:db.example.com:5432', 'address'],
    [{ target: 'API_TOKEN', attempt: 'env' }, 'env:API_TOKEN', 'variable'],
  ] as const)('%j is a logical place, and stands at the posture', (part, fullyQualifiedName, kind) => {
    const place = placeOf(part);
    expect(place?.logicalLocations).toEqual([{ name: part.target, fullyQualifiedName, kind }]);
    expect(place?.physicalLocation?.artifactLocation.uri).toBe('agent-posture.yaml');
    expect(placeOf(part, { posture: null })?.physicalLocation).toBeUndefined();
  });

  test('the root is an address with a slash at its end, and none where it is masked', () => {
    expect(run(shop()).originalUriBaseIds['%SRCROOT%']?.uri).toBe('file:///home/alice/code/shop-api/');
    expect(run(maskReport(shop())).originalUriBaseIds['%SRCROOT%']?.uri).toBeUndefined();
  });
});

test('no link and no placeholder of others comes about in a message', () => {
  const { message } = run(report([row({ target: '[a](javascript:b) [c\\](d) {0} [::1]:53', attempt: 'connect' })]))
    .results[0] as Result;
  expect(message.text).toContain(String.raw`[a\](javascript:b) [c\\\](d) {{0}} [::1]:53`);
});

test('each row has its own fingerprint, the same in the next run', () => {
  const prints = (given = shop()) => run(given).results.map(({ partialFingerprints }) => partialFingerprints);
  expect(prints()).toEqual(prints());
  for (const name of ['agentPostureRow/v1', 'primaryLocationLineHash'])
    expect(new Set(prints().map(each => each[name])).size).toBe(prints().length);
});

describe('against a baseline', () => {
  const rows = [
    row({ target: 'old' }),
    row({ target: 'new', change: { from: null, isNew: true } }),
    row({ target: 'worse', change: { from: 'inconclusive', isNew: true } }),
    row({ target: 'fallen', verdict: 'inconclusive', change: { from: 'blocked', isNew: false } }),
    row({ target: 'unclear', verdict: 'inconclusive', change: { from: 'exposed', isNew: false } }),
    row({ target: 'other', vantage: 'sandbox' }),
  ];
  test('every result says whether it was there', () => {
    const baseline = { takenAt: '2026-11-21T08:00:00.000Z', unknown: ['sandbox'] };
    expect(run(report(rows, { baseline })).results.map(({ baselineState }) => baselineState)).toEqual([
      ...['unchanged', 'new', 'new', 'new', 'updated'],
      // Nothing is known of that vantage, so all of it counts as new, as for --fail-on new.
      'new',
    ]);
  });
  test('and none does without one', () => {
    expect(run(report(rows)).results.every(({ baselineState }) => baselineState === undefined)).toBe(true);
  });
});

test('accepted rows are suppressed, with who and why; then every result has the list', () => {
  const all = run(shop());
  expect(of(all, '~/.config/gh/hosts.yml')?.suppressions).toEqual([
    { kind: 'external', status: 'accepted', justification: 'accepted by alice until 2027-01-31: read-only' },
  ]);
  expect(of(all, '~/.netrc')?.suppressions).toEqual([]);
  expect(run(report([row({ target: 'a' })])).results[0]?.suppressions).toBeUndefined();
});

test('what could not be tried, what fell and what is noted are notifications', () => {
  const [invocation] = run(
    report([row({ target: 'a', verdict: 'inconclusive', reason: 'VPN', change: { from: 'blocked', isNew: false } })], {
      vantages: [{ ...host, available: false, reason: 'it is off' }],
      notes: ['a note'],
      exitCode: 3,
    }),
  ).invocations;
  expect(invocation.executionSuccessful).toBe(false);
  expect(invocation.exitCode).toBe(3);
  expect(invocation.toolExecutionNotifications.map(({ level, message }) => `${level} ${message.text}`)).toEqual([
    'error your shell, no box could not be tried: it is off',
    'warning held before, not proven now: a (VPN)',
    'note a note',
  ]);
  expect(run(shop()).invocations[0].executionSuccessful).toBe(true);
});

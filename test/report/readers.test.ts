import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { jsonText } from '../../src/cli/json.ts';
import { junitReport } from '../../src/report/junit.ts';
import { sarifLog } from '../../src/report/sarif.ts';
import { maskReport } from '../../src/report/share.ts';
import type { Report } from '../../src/selftest/types.ts';
import { HOSTILE } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import { SCHEMAS } from './parsed.ts';
import { fix, host, report, row, shop } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'reports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function run(program: string, args: readonly string[]): { status: number | null; text: string } {
  const env = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: folder, env });
  return { status, text: stdout + stderr };
}

const rows = HOSTILE.flatMap((text, index) => [
  row({ target: text, reason: text, vantage: index % 2 ? 'host' : 'via:1' }),
  row({ target: text, reason: text, attempt: 'connect', verdict: 'inconclusive' }),
]);
const hostile = report(rows, {
  project: HOSTILE[13],
  vantages: [
    host,
    { ...host, id: 'via:1', kind: 'sandbox', title: HOSTILE[8] },
    { ...host, id: 'agent:codex', title: 'Codex', available: false, reason: HOSTILE[9] },
  ],
  notes: [...HOSTILE],
  fixes: [
    fix(
      1,
      'x',
      rows.map(({ id }) => id),
    ),
  ],
});
const REPORTS: readonly [string, Report][] = [
  ['a report', shop()],
  ['a masked one', maskReport(shop())],
  ['a hostile one', hostile],
  ['an empty one', report([], { vantages: [] })],
];

describeWith(['sarif-multitool'], "Microsoft's SARIF reader", () => {
  /** Without the address of the schema: it would be fetched. */
  const validate = (log: Record<string, unknown>) => {
    const { $schema, ...rest } = log;
    const { text } = run(part('sarif-multitool'), [
      ...[
        'validate',
        file('x.sarif', jsonText(rest)),
        '--output',
        join(folder, 'out.sarif'),
        '--log',
        'ForceOverwrite',
      ],
      ...['--rule-kind', 'Sarif;Ghas', '--level', 'Error;Warning'],
    ]);
    expect(text).toContain('Analysis completed successfully.');
    return [...text.matchAll(/: (error|warning) (\w+): (.*)/g)].map(
      ([, level, rule, says]) => `${level} ${rule} ${says}`,
    );
  };

  /** What was left out here, and that the program has no home page which would stay where it is. */
  const KNOWN = /does not contain a '\$schema' property|SARIF2005.*'informationUri'/;

  test.each(REPORTS)('finds nothing wrong with %s', (_, given) => {
    expect(validate(sarifLog(given)).filter(line => !KNOWN.test(line))).toEqual([]);
  });

  test('finds what is wrong', () => {
    const text = JSON.stringify(sarifLog(shop())).replace('"ruleIndex":', '"ruleIndex":9');
    expect(validate(JSON.parse(text)).join('\n')).toMatch(/^error /m);
  });

  test('reads all results, and knows those that are suppressed', () => {
    const from = file('from.sarif', jsonText(sarifLog(shop())));
    const to = join(folder, 'rewritten.sarif');
    const rewritten = run(part('sarif-multitool'), ['rewrite', from, '--output', to, '--log', 'ForceOverwrite']);
    expect(rewritten.status, rewritten.text).toBe(0);
    const { results } = JSON.parse(readFileSync(to, 'utf8')).runs[0] as {
      results: { suppressions?: unknown[]; baselineState?: string }[];
    };
    expect(results).toHaveLength(12);
    expect(results.filter(({ suppressions = [] }) => suppressions.length > 0)).toHaveLength(1);
    expect(results.filter(({ baselineState }) => baselineState === 'new')).toHaveLength(1);
  });
});

describeWith(['xmllint'], 'the schemas of JUnit', () => {
  const check = (schema: string, text: string) =>
    run(part('xmllint'), ['--nonet', '--noout', '--schema', join(SCHEMAS, schema), file('x.xml', text)]);

  for (const schema of ['junit-ant.xsd', 'junit-jenkins.xsd']) {
    test.each(REPORTS)(`${schema} takes %s`, (_, given) => {
      const { status, text } = check(schema, junitReport(given));
      expect(text).toContain('validates');
      expect(status).toBe(0);
    });
    test(`${schema} refuses another`, () => {
      expect(
        check(schema, junitReport(shop()).replaceAll('<failure', '<failed').replaceAll('</failure', '</failed')).status,
      ).not.toBe(0);
    });
  }
});

describeWith(['junitparser'], 'a reader of JUnit', () => {
  const SCRIPT = `
import json, sys
from junitparser import JUnitXml
from junitparser.junitparser import Error, Failure, Skipped
suites = JUnitXml.fromfile(sys.argv[1])
kind = lambda case: [type(one).__name__ for one in case.result] or ['passed']
print(json.dumps([{
  'name': suite.name, 'tests': suite.tests, 'failures': suite.failures, 'errors': suite.errors, 'skipped': suite.skipped,
  'cases': [[case.classname, case.name, *kind(case)] for case in suite],
} for suite in suites]))
`;
  interface Suite {
    name: string;
    tests: number;
    failures: number;
    errors: number;
    skipped: number;
    cases: [string, string, string][];
  }
  const read = (given: Report): Suite[] => {
    const { status, text } = run('/usr/bin/python3', ['-I', '-c', SCRIPT, file('x.xml', junitReport(given))]);
    expect(status, text).toBe(0);
    return JSON.parse(text);
  };

  test.each(REPORTS)('counts what the suites of %s count', (_, given) => {
    const suites = read(given);
    expect(suites.flatMap(({ cases }) => cases).filter(([, name]) => name !== 'answers')).toHaveLength(
      given.rows.length,
    );
    for (const { cases, tests, failures, errors, skipped } of suites) {
      const of = (kind: string) => cases.filter(([, , found]) => found === kind).length;
      expect([tests, failures, errors, skipped]).toEqual([cases.length, of('Failure'), of('Error'), of('Skipped')]);
    }
  });

  test('reads names as they are', () => {
    const [suite] = read(report([row({ target: 'a <b> & "c" ]]> ::d ##[e]' })]));
    expect(suite?.cases).toEqual([['agent-posture.host.SEC-1', 'read a <b> & "c" ]]> ::d ##[e]', 'Failure']]);
  });
});

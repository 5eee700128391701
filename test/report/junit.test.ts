import { describe, expect, test } from 'vitest';
import { junitReport } from '../../src/report/junit.ts';
import type { Report, VantageReport } from '../../src/selftest/types.ts';
import { type Element, parseXml } from './parsed.ts';
import { host, report, row, shop } from './sample.ts';

const box: VantageReport = { ...host, id: 'sandbox', kind: 'sandbox', title: 'bubblewrap box' };

const suites = (given: Report) => parseXml(junitReport(given)).children;
const cases = (suite: Element | undefined) => suite?.children.filter(({ name }) => name === 'testcase') ?? [];
const troubles = (given: Report) =>
  suites(given).flatMap(suite =>
    cases(suite).map(({ attributes, children: [trouble] }) =>
      [attributes.name, trouble?.name, trouble?.attributes.message].filter(part => part !== undefined).join(' | '),
    ),
  );

test('a suite for each vantage that has something to say, with its counts', () => {
  const rows = [row({ target: 'a' }), row({ target: 'a', vantage: 'sandbox', verdict: 'blocked' })];
  const [first, second, ...others] = suites(
    report(rows, { vantages: [host, box, { ...box, id: 'via:1', judged: false }] }),
  );
  expect(others).toEqual([]);
  expect(first?.attributes).toMatchObject({ name: 'your shell, no box', id: '0', tests: '1', failures: '1' });
  expect(second?.attributes).toMatchObject({ name: 'bubblewrap box', id: '1', tests: '1', failures: '0' });
  for (const suite of suites(shop())) {
    const of = (kind: string) => cases(suite).filter(({ children: [trouble] }) => trouble?.name === kind).length;
    expect(suite.attributes).toMatchObject({
      tests: `${cases(suite).length}`,
      failures: `${of('failure')}`,
      errors: `${of('error')}`,
      skipped: `${of('skipped')}`,
    });
  }
});

test('no row is lost', () => {
  expect(suites(shop()).flatMap(cases)).toHaveLength(shop().rows.length);
});

test('reached and too tight fail, held and works pass, all else is skipped with its reason', () => {
  const accepted = { safeguard: 'SEC-1', target: 'f', reason: 'read-only', owner: 'alice', until: '2027-01-31' };
  expect(
    troubles(
      report([
        row({ target: 'a', opens: 'profile "prod"', change: { from: null, isNew: true } }),
        row({ target: 'b', attempt: 'exec', expect: 'allow', verdict: 'broken', reason: 'no' }),
        row({ target: 'c', verdict: 'blocked' }),
        row({ target: 'd', verdict: 'works' }),
        row({ target: 'e', verdict: 'inconclusive', reason: 'VPN off?' }),
        row({ target: 'f', accepted }),
        row({ target: 'g', verdict: 'skipped', reason: 'not here' }),
        row({ target: 'c', escape: 'proc-root' }),
      ]),
    ),
  ).toEqual([
    'read a | failure | NEW, reached: profile "prod"',
    'exec b | failure | too tight: no',
    'read c',
    'read d',
    'read e | skipped | not proven: VPN off?',
    'read f | skipped | accepted by alice until 2027-01-31: read-only (reached: opened)',
    'read g | skipped | not tried: not here',
    'read c (way round: proc-root) | failure | reached: opened (way round: proc-root)',
  ]);
});

test('a failure says what closes it', () => {
  const [suite] = suites(shop());
  const failure = cases(suite).find(({ attributes }) => attributes.name === 'read ~/.aws/credentials')?.children[0];
  expect(failure?.attributes.type).toBe('reached');
  expect(failure?.text.split('\n')).toEqual([
    'SEC-1: No secrets within reach',
    'severity: critical',
    'to close it: agent-posture fix sandbox',
    'more: agent-posture explain host:read:~/.aws/credentials',
  ]);
});

describe('what makes the exit code 3 is an error', () => {
  test('a vantage that did not answer', () => {
    const gone = { ...box, available: false, reason: 'it is off' };
    expect(
      troubles(
        report([row({ target: 'a', vantage: 'sandbox', verdict: 'inconclusive', reason: 'off' })], {
          vantages: [gone],
        }),
      ),
    ).toEqual(['answers | error | could not be tried: it is off', 'read a | skipped | not proven: off']);
    expect(troubles(report([], { vantages: [gone] }))).toEqual(['answers | error | could not be tried: it is off']);
  });
  test('a vantage that proved nothing', () => {
    expect(troubles(report([row({ target: 'a', verdict: 'inconclusive', reason: 'x' })]))).toEqual([
      'answers | error | nothing could be proven here',
      'read a | skipped | not proven: x',
    ]);
  });
  test('a row that was held', () => {
    const change = { from: 'blocked', isNew: false } as const;
    expect(
      troubles(
        report([
          row({ target: 'a', verdict: 'inconclusive', reason: 'x', change }),
          row({ target: 'b', verdict: 'blocked' }),
        ]),
      ),
    ).toEqual(['read a | error | held before, not proven: x', 'read b']);
  });
});

test('notes and the exit code stand in the suite', () => {
  const [suite] = suites({ ...shop(), notes: ['one', 'two <b>'], exitCode: 1 });
  expect(suite?.children.find(({ name }) => name === 'system-out')?.text).toBe('one\ntwo <b>');
  const properties = suite?.children
    .find(({ name }) => name === 'properties')
    ?.children.map(({ attributes }) => attributes);
  expect(properties).toContainEqual({ name: 'exitCode', value: '1' });
});

import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approvalHash, isApproved, recordApproval } from '../../src/base/approvals.ts';
import { UserError } from '../../src/base/errors.ts';
import { stateFolder } from '../../src/base/state.ts';
import { loadBaseline, markChanges, saveBaseline, takeBaseline, unknownVantages } from '../../src/selftest/baseline.ts';
import { exitCodeOf, inOrder, markAccepted, summarize } from '../../src/selftest/report.ts';
import type { Row, VantageReport, Verdict } from '../../src/selftest/types.ts';
import { via } from '../../src/selftest/vantages/via.ts';

const row = (target: string, verdict: Verdict, more: Partial<Row> = {}): Row => ({
  id: `${more.vantage ?? 'host'}:read:${target}`,
  safeguard: 'SEC-1',
  vantage: 'host',
  attempt: 'read',
  target,
  expect: 'deny',
  verdict,
  layer: null,
  escape: null,
  reason: 'x',
  evidence: null,
  controls: [],
  severity: 'high',
  fix: null,
  durationMs: 1,
  group: 'secrets',
  ...more,
});
const vantage = (id: string, more: Partial<VantageReport> = {}): VantageReport => ({
  id,
  kind: id === 'host' ? 'host' : 'sandbox',
  title: id,
  available: true,
  reason: null,
  agent: null,
  judged: true,
  facts: null,
  ...more,
});
const host = [vantage('host')];
const lenient = { failOn: 'any', strict: false, judgeInReach: false } as const;

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ap-base-')));
  process.env.AGENT_POSTURE_STATE = join(root, 'state');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('baseline', () => {
  it('is kept for this user alone, and marks what changed', async () => {
    expect(await loadBaseline(root, undefined)).toBeUndefined();
    const before = [row('a', 'blocked'), row('b', 'exposed'), row('c', 'works')];
    await saveBaseline(root, undefined, takeBaseline(undefined, before, host, '2026-11-21T00:00:00.000Z'));
    const file = join(stateFolder(root), 'baseline.json');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    const baseline = await loadBaseline(root, undefined);
    const after = [row('a', 'exposed'), row('b', 'exposed'), row('c', 'inconclusive'), row('d', 'exposed')];
    expect(markChanges(after, host, baseline).map(({ change }) => change)).toEqual([
      { from: 'blocked', isNew: true },
      undefined,
      { from: 'works', isNew: false },
      { from: null, isNew: true },
    ]);
  });

  it('knows a --via by its command, not by its place', () => {
    const [one, two] = [vantage('via:1', { title: 'box one' }), vantage('via:2', { title: 'box two' })];
    const baseline = takeBaseline(
      undefined,
      [row('a', 'blocked', { vantage: 'via:1', id: 'via:1:read:a' })],
      [one, two],
      'now',
    );
    const swapped = [vantage('via:1', { title: 'box two' }), vantage('via:2', { title: 'box one' })];
    const rows = [row('a', 'exposed', { vantage: 'via:2', id: 'via:2:read:a' })];
    expect(markChanges(rows, swapped, baseline)[0]?.change).toEqual({ from: 'blocked', isNew: true });
  });

  it('keeps nothing of what a --via was given', () => {
    const command = 'env API_TOKEN=hunter2 OTHER="a b" sh -c x --password hunter3 --key=hunter4';
    const title = via.title({ root, home: root, command });
    expect(title).toBe('env API_TOKEN=… OTHER=… sh -c x --password … --key=…');
    const [one, two] = ['a', 'b'].map(hash => vantage('via:1', { title, command: hash }));
    const kept = takeBaseline(undefined, [], [one, two] as never, 'now');
    expect(Object.keys(kept.vantages)).toEqual(['via a', 'via b']);
    expect(
      JSON.stringify(takeBaseline(undefined, [], [vantage('via:1', { title: 'x hunter2' })], 'now')),
    ).not.toContain('hunter');
  });

  it('that was named has to be there, unless it is to be written', async () => {
    const file = join(root, 'typo.json');
    await expect(loadBaseline(root, file)).rejects.toThrow(/typo\.json: there is no such baseline/);
    await expect(loadBaseline(root, join(root, 'no/such/folder.json'))).rejects.toBeInstanceOf(UserError);
    expect(await loadBaseline(root, file, true)).toBeUndefined();
  });

  it('tells what the host shows beside a box from what was tried there', () => {
    const control = [vantage('host', { judged: false })];
    const seen = [row('agent', 'exposed')];
    const baseline = takeBaseline(undefined, seen, control, 'now');
    expect(unknownVantages(seen, control, baseline)).toEqual([]);
    expect(markChanges(seen, control, baseline)[0]?.change).toBeUndefined();
    expect(unknownVantages(seen, host, baseline)).toEqual(host);
    expect(unknownVantages([], host, baseline)).toEqual([]);
  });

  it.each(['', '[]', '{"version":2}', 'not json'])('refuses %j loudly', async text => {
    const file = join(root, 'b.json');
    writeFileSync(file, text);
    await expect(loadBaseline(root, file)).rejects.toBeInstanceOf(UserError);
  });
});

describe('exit codes', () => {
  const marked = (from: Verdict, now: Verdict) => row('a', now, { change: { from, isNew: now === 'exposed' } });

  it.each([
    ['nothing reached', [row('a', 'blocked')], host, lenient, 0],
    ['reached', [row('a', 'exposed')], host, lenient, 1],
    ['too tight', [row('a', 'broken', { expect: 'allow' })], host, lenient, 1],
    ['a silent vantage', [row('a', 'blocked')], [...host, vantage('sandbox', { available: false })], lenient, 3],
    [
      'an agent that was not driven',
      [row('a', 'blocked')],
      [...host, vantage('agent:codex', { available: false })],
      lenient,
      3,
    ],
    ['no conclusive row', [row('a', 'inconclusive'), row('b', 'skipped')], host, lenient, 3],
    ['held before, not proven now', [marked('blocked', 'inconclusive'), row('b', 'blocked')], host, lenient, 3],
    ['something not proven', [row('a', 'inconclusive'), row('b', 'blocked')], host, lenient, 0],
    ['the same, strict', [row('a', 'inconclusive'), row('b', 'blocked')], host, { ...lenient, strict: true }, 3],
    ['the judge within reach', [row('b', 'blocked')], host, { ...lenient, judgeInReach: true }, 0],
    ['the same, strict', [row('b', 'blocked')], host, { ...lenient, strict: true, judgeInReach: true }, 3],
    [
      'reached and silent: 1 wins',
      [row('a', 'exposed')],
      [...host, vantage('sandbox', { available: false })],
      lenient,
      1,
    ],
    ['an old finding, --fail-on new', [row('a', 'exposed')], host, { ...lenient, failOn: 'new' }, 0],
    [
      'a finding where nothing was kept, --fail-on new',
      [row('a', 'exposed')],
      host,
      { ...lenient, failOn: 'new', uncompared: ['host'] },
      1,
    ],
    ['a new finding, --fail-on new', [marked('blocked', 'exposed')], host, { ...lenient, failOn: 'new' }, 1],
    [
      'a control vantage that is silent',
      [row('a', 'blocked')],
      [...host, vantage('sandbox', { judged: false, available: false })],
      lenient,
      0,
    ],
  ] as const)('%s', (_name, rows, vantages, options, code) => {
    expect(exitCodeOf(rows as readonly Row[], vantages, options)).toBe(code);
  });

  it('lets an accepted row pass until its day is over', () => {
    const entry = { safeguard: 'SEC-1', target: 'a', reason: 'r', owner: 'o', until: '2027-01-31' };
    const rows = [row('a', 'exposed')];
    expect(exitCodeOf(markAccepted(rows, [entry], '2027-01-31'), host, lenient)).toBe(0);
    expect(exitCodeOf(markAccepted(rows, [entry], '2027-02-01'), host, lenient)).toBe(1);
    expect(markAccepted(rows, [{ ...entry, target: 'b' }], '2027-01-01')[0]?.accepted).toBeUndefined();
    expect(markAccepted([row('a', 'blocked')], [entry], '2027-01-01')[0]?.accepted).toBeUndefined();
  });
});

describe('order', () => {
  it('goes by consequence, new things first', () => {
    const rows = [
      row('held', 'blocked'),
      row('secret', 'exposed'),
      row('old', 'exposed', { group: 'production' }),
      row('new', 'exposed', { group: 'production', change: { from: 'blocked', isNew: true } }),
      row('guard', 'exposed', { group: 'guard' }),
    ];
    expect(inOrder(rows).map(({ target }) => target)).toEqual(['new', 'old', 'guard', 'secret', 'held']);
    expect(summarize(rows)).toMatchObject({ exposed: 4, blocked: 1, works: 0 });
  });
});

describe('approvals', () => {
  const wish = { kind: 'command', text: 'npm test' };
  it('are by the whole text, outside the repository, for this user alone', async () => {
    expect(await isApproved(root, wish)).toBe(false);
    await recordApproval(root, wish);
    await recordApproval(root, wish);
    expect(await isApproved(root, wish)).toBe(true);
    expect(await isApproved(root, { ...wish, text: 'npm test ' })).toBe(false);
    expect(await isApproved(root, { ...wish, kind: 'contact' })).toBe(false);
    expect(approvalHash({ kind: 'a', text: 'bc' })).not.toBe(approvalHash({ kind: 'ab', text: 'c' }));
    const file = join(stateFolder(root), 'approvals');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

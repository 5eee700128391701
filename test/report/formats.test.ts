import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { jsonText } from '../../src/cli/json.ts';
import { jsonReport } from '../../src/report/json.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { maskReport } from '../../src/report/share.ts';
import { fix, host, report, row, shop } from './sample.ts';

const ENVELOPE = ['schemaVersion', 'command', 'tool'];

/** The contract of `test --json`, written out a second time: nothing more, nothing less. */
const contract = z.strictObject({
  startedAt: z.iso.datetime(),
  durationMs: z.int(),
  root: z.string(),
  posture: z.strictObject({ path: z.string(), sha256: z.string() }).nullable(),
  vantages: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(['host', 'sandbox', 'agent']),
      available: z.boolean(),
      reason: z.string().nullable(),
      agent: z.strictObject({ id: z.string(), version: z.string(), mode: z.string() }).nullable(),
    }),
  ),
  rows: z.array(
    z.strictObject({
      id: z.string(),
      safeguard: z.string(),
      vantage: z.string(),
      attempt: z.string(),
      target: z.string(),
      expect: z.enum(['deny', 'allow']),
      verdict: z.enum(['exposed', 'blocked', 'works', 'broken', 'inconclusive', 'skipped']),
      layer: z.enum(['rule', 'hook', 'sandbox', 'network', 'server', 'identity']).nullable(),
      escape: z.string().nullable(),
      spelling: z.string().nullable(),
      rule: z.string().nullable(),
      reason: z.string(),
      evidence: z
        .strictObject({
          matched: z.boolean().optional(),
          size: z.string().optional(),
          at: z.string().optional(),
          status: z.int().optional(),
          attested: z.enum(['host', 'vantage']),
        })
        .nullable(),
      controls: z.array(
        z.strictObject({
          kind: z.enum(['target', 'instrument']),
          vantage: z.string(),
          outcome: z.enum(['done', 'failed']),
        }),
      ),
      severity: z.enum(['critical', 'high', 'medium', 'low']),
      fix: z.strictObject({ text: z.string(), command: z.string().nullable() }).nullable(),
      durationMs: z.int(),
      group: z.enum(['production', 'guard', 'way-out', 'secrets', 'outside', 'too-tight']),
      opens: z.string().nullable(),
      accepted: z.strictObject({ reason: z.string(), owner: z.string(), until: z.string() }).nullable(),
      change: z
        .strictObject({
          from: z.enum(['exposed', 'blocked', 'works', 'broken', 'inconclusive', 'skipped']).nullable(),
          isNew: z.boolean(),
        })
        .nullable(),
    }),
  ),
  summary: z.strictObject({
    exposed: z.int(),
    broken: z.int(),
    blocked: z.int(),
    works: z.int(),
    inconclusive: z.int(),
    skipped: z.int(),
  }),
  fixes: z.array(
    z.strictObject({
      n: z.int(),
      id: z.string(),
      title: z.string(),
      text: z.string(),
      closes: z.array(z.string()),
      command: z.string().nullable(),
    }),
  ),
  baseline: z.strictObject({ takenAt: z.iso.datetime() }).nullable(),
  notes: z.array(z.string()),
});

test('json is the contract, and nothing beside it', () => {
  contract.parse(JSON.parse(JSON.stringify(jsonReport(shop()))));
});

test('json says what explains its exit code', () => {
  const note = 'judge integrity not established: from your shell, the files of this program can be changed';
  const value = jsonReport({ ...shop(), notes: [note] }) as z.infer<typeof contract>;
  expect(value.notes).toEqual([note]);
  expect(value.baseline).toEqual({ takenAt: '2026-11-21T08:00:00.000Z' });
  expect(value.fixes.map(({ id }) => id)).toEqual(['sandbox', 'egress', 'workspace']);
  const of = (target: string) => value.rows.find(each => each.target === target);
  expect(of('~/.config/gh/hosts.yml')?.accepted).toEqual({ reason: 'read-only', owner: 'alice', until: '2027-01-31' });
  expect(of('~/.aws/credentials')).toMatchObject({
    group: 'production',
    opens: 'profile "prod"',
    change: { from: null, isNew: true },
  });
});

test('docs/command-line.md lists exactly the fields that there are', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
  const listed = (heading: string) => {
    const section = text.split(/^#+ /m).find(each => each.startsWith(`${heading}\n`)) ?? '';
    return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1]);
  };
  const value = jsonReport(shop()) as z.infer<typeof contract>;
  expect(listed('The object')).toEqual([...ENVELOPE, ...Object.keys(value), 'exitCode']);
  expect(listed('A vantage')).toEqual(Object.keys(value.vantages[0] ?? {}));
  expect(listed('A row')).toEqual(Object.keys(value.rows[0] ?? {}));
  expect(listed('A fix')).toEqual(Object.keys(value.fixes[0] ?? {}));
});

test('json text is exact and inert', () => {
  const value = { a: 'x\u001b[2J\u202e\u2028\u{e0041}"\n' };
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028\udb40]/);
});

describe('markdown', () => {
  test('has the headline, the groups and the fixes', () => {
    const text = markdownReport(shop());
    expect(text).toContain('## agent-posture: REACHED 8 things. 2 open production.');
    expect(text).toContain('### ITS OWN GUARD');
    expect(text).toContain('1. Close sandbox: `agent-posture fix sandbox`');
  });

  test('every column of a table has a word at its head', () => {
    const heads = markdownReport(shop())
      .split('\n')
      .filter((_, at, all) => all[at + 1]?.startsWith('|---'));
    expect(heads.length).toBeGreaterThan(1);
    for (const head of heads) expect(head).toMatch(/^\|(?: \w+ \|)+$/);
  });

  test('markup, mentions, html and table bars from outside stay text', () => {
    const evil = '| <img src=x> [a](javascript:b) @alice `c` **d**\n## e';
    const text = markdownReport(
      report([row({ target: evil, reason: evil })], { fixes: [{ ...fix(1, 'x', []), command: 'a `b` c' }] }),
    );
    expect(text).not.toMatch(/[^\\]<img/);
    expect(text).not.toMatch(/[^\\]\[a\]/);
    expect(text).not.toContain('@alice');
    expect(text).not.toMatch(/^## e/m);
    expect(text).toContain('``a `b` c``');
    const line = text.split('\n').find(each => each.includes('img')) ?? '';
    expect(line.replaceAll(String.raw`\|`, '').split('|')).toHaveLength(7);
  });
});

describe('--share', () => {
  const secretive = () =>
    report(
      [
        row({
          target: 'db.acme-corp.example:5432',
          attempt: 'connect',
          reason: 'db.acme-corp.example answered',
          opens: 'acme orders',
        }),
        row({ target: 'db.acme-corp.example:6379', attempt: 'connect', reason: 'x' }),
        row({ target: '~/.aws/credentials', opens: 'profile acme-prod' }),
        row({ target: 'services/acme/.env.production' }),
        row({ target: 'ACME_TOKEN', attempt: 'env' }),
        row({ target: 'AWS_SECRET_ACCESS_KEY', attempt: 'env' }),
        row({ target: 'acme-deploy --now', attempt: 'exec', expect: 'allow', verdict: 'broken', group: 'too-tight' }),
        row({ target: '~/.kube/acme', verdict: 'inconclusive', reason: 'acme is down' }),
      ],
      {
        project: 'acme',
        root: '/home/acme/code',
        notes: ['the acme VPN is off', 'judge integrity not established: /home/acme'],
        fixes: [
          {
            ...fix(1, 'hide', ['host:read:~/.aws/credentials']),
            text: 'hide acme',
            title: 'hide acme',
            command: "agent-posture fix hide --root '/home/acme'",
          },
        ],
        vantages: [
          {
            ...host,
            id: 'via:1',
            kind: 'sandbox',
            title: 'ssh acme',
            reason: 'acme is off',
            available: false,
          },
        ],
      },
    );

  test('no name of the machine is left, in any format', () => {
    const masked = maskReport(secretive());
    masked.vantages = masked.vantages.map(vantage => ({ ...vantage, judged: true }));
    const all = markdownReport(masked) + JSON.stringify(masked);
    expect(all.toLowerCase()).not.toContain('acme');
  });

  test('what everybody has stays readable', () => {
    const text = markdownReport(maskReport(shop())).replaceAll('\\', '');
    for (const kept of ['~/.aws/credentials', '.git/hooks', '~/.netrc', ':5432', 'agent-posture fix sandbox'])
      expect(text).toContain(kept);
    expect(JSON.stringify(maskReport(secretive()))).toContain('AWS_SECRET_ACCESS_KEY');
  });

  test('neither the rule of an agent nor the call that got round it is handed on', () => {
    const spelling = 'python3 -c \'open("acme/vault.key")\'';
    const leak = row({ target: 'acme/vault.key', escape: 'read-python', rule: 'Read(./acme/**)', spelling });
    const masked = maskReport(report([leak]));
    expect(markdownReport(masked) + JSON.stringify(masked)).not.toMatch(/acme|vault/);
  });

  test('one name has one mask in a report, and another in the next', () => {
    const hosts = (each = maskReport(secretive())) => each.rows.slice(0, 2).map(({ target }) => target.split(':')[0]);
    const [first, second] = hosts();
    expect(first).toMatch(/^host-[0-9a-f]{6}$/);
    expect(second).toBe(first);
    expect(hosts()[0]).not.toBe(first);
  });

  test('fixes still point at their rows', () => {
    const masked = maskReport(secretive());
    expect(masked.rows.map(({ id }) => id)).toContain(masked.fixes[0]?.closes[0]);
  });
});

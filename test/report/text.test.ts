import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { shortHash } from '../../src/base/approvals.ts';
import type { Style } from '../../src/report/style.ts';
import { textReport } from '../../src/report/text.ts';
import { displayWidth } from '../../src/report/width.ts';
import { fix, host, report, row, shop } from './sample.ts';

const plain: Style = { width: 80, color: false, unicode: false, verbose: false };
const now = new Date('2026-11-23T10:00:00.000Z');
const print = (...[given, style]: [Parameters<typeof textReport>[0], Partial<Style>?]) =>
  textReport(given, { ...plain, ...style }, now);

describe('the report on a terminal', () => {
  test('is that of the design, word by word', () => {
    expect(print(shop())).toMatchInlineSnapshot(`
      " shop-api   Claude Code 2.1.330, started as you start it                  2.4 s

       REACHED 8 things. 2 open production.                       NEW since 21 Nov: 1
       ------------------------------------------------------------------------------
       PRODUCTION
       x NEW ~/.aws/credentials        profile "prod"                             [1]
       x     db.prod.example.com:5432  accepted a connection                      [2]
       ITS OWN GUARD
       x     .git/hooks                a file was planted                         [1]
       OTHER SECRETS
       x     ~/.netrc and 4 more       opened                                     [1]
       TOO TIGHT
       !     npm test                  cannot write node_modules                  [3]
       ! not proven: 10.0.0.0:5432, 10.0.0.1:5432 (VPN off?)

       Held 41   Works 6   Too tight 1   Not proven 2   Not tried 7   Accepted 1
       ------------------------------------------------------------------------------
       [1] closes 7   agent-posture fix sandbox
       [2] closes 1   agent-posture fix egress
       [3] closes 1   agent-posture fix workspace

       compared with the run of 2 d ago
      "
    `);
  });

  test('puts what is new first under its heading', () => {
    const change = { from: null, isNew: true };
    const text = print(
      report([
        row({ target: '~/a', severity: 'critical' }),
        row({ target: '~/z', severity: 'low', reason: 'read', change }),
      ]),
    );
    expect(text.indexOf('~/z')).toBeLessThan(text.indexOf('~/a'));
  });

  test('a target with one way round open is reached, not held', () => {
    const text = print(
      report([
        row({ target: '~/.netrc', verdict: 'blocked', layer: 'sandbox', reason: 'permission denied' }),
        row({ target: '~/.netrc', escape: 'proc-root', reason: 'opened' }),
      ]),
    );
    expect(text).toContain('REACHED 1 thing.');
    expect(text).toContain('way round: proc-root');
    expect(text).toContain('Held 0');
  });

  test('a target with a way round not proven is not held', () => {
    const rows = [
      row({ target: '~/.netrc', verdict: 'blocked', reason: 'permission denied' }),
      row({ target: '~/.netrc', escape: 'umount', verdict: 'inconclusive', reason: 'no unshare there' }),
    ];
    const text = print(report(rows));
    expect(text).toContain('NOTHING PROVEN. 1 not proven.');
    expect(text).toContain('Held 0   Works 0   Not proven 1');
  });

  test('the numbers of one screen count the same: things, however many rows each has', () => {
    const held = ['~/.netrc', '~/.npmrc'].flatMap(target =>
      [null, 'proc-root', 'umount'].map(way => row({ target, escape: way, verdict: 'blocked', layer: 'sandbox' })),
    );
    const text = print(report([...held, row({ target: '~/.pgpass', verdict: 'inconclusive' })]));
    expect(text).toContain('NOTHING REACHED in 2 tries. 1 not proven.');
    expect(text).toContain('Held 2   Works 0   Not proven 1');
  });

  test('a way round that had nothing to be tried on leaves a target held', () => {
    const rows = [
      row({ target: '~/.netrc', verdict: 'blocked' }),
      row({ target: '~/.netrc', escape: 'mounts', verdict: 'skipped', reason: 'no second mount' }),
    ];
    expect(print(report(rows))).toContain('Held 1');
  });

  test('never claims more than was proven', () => {
    const text = print(
      report([row({ target: '~/.netrc', verdict: 'inconclusive', reason: 'your own connection failed too' })]),
    );
    expect(text).toContain('NOTHING PROVEN. 1 not proven.');
    expect(text).not.toContain('NOTHING REACHED');
  });

  test('says which rules were not tried, and that there is no posture', () => {
    const text = print(report([], { posture: null, subject: { agent: 'Claude Code', version: '2.1', driven: false } }));
    expect(text).toContain("Claude Code's rules: not tried");
    const subject = { agent: 'Claude Code', others: ['Codex', 'Aider'], version: null, driven: false };
    expect(print(report([], { posture: null, subject }))).toContain(
      'the rules of Claude Code, Codex and Aider: not tried',
    );
    expect(text).toContain('no posture');
    expect(text).toContain('your shell, no box');
  });

  test('says aloud what was held before and is not proven now, and who did not answer', () => {
    const text = print(
      report([row({ target: '~/.netrc', verdict: 'inconclusive', change: { from: 'blocked', isNew: false } })], {
        vantages: [
          host,
          {
            ...host,
            id: 'sandbox',
            kind: 'sandbox',
            title: 'bubblewrap box',
            available: false,
            reason: 'bwrap is not installed',
          },
        ],
      }),
    );
    expect(text).toContain('held before, not proven now: ~/.netrc');
    expect(text).toContain('bubblewrap box could not be tried: bwrap is not installed');
  });

  test('an agent that was asked for and could not be driven stands first, once, and nothing looks well then', () => {
    const gone = {
      id: 'agent:codex',
      kind: 'agent',
      title: 'Codex 0.169.0',
      available: false,
      reason: 'no answer',
    } as const;
    const rows = [row({ target: '~/.netrc', verdict: 'blocked' })];
    const given = report(rows, { vantages: [host, { ...host, ...gone }] });
    const text = print(given);
    expect(text).toContain(
      ' NOT TRIED: Codex 0.169.0. NOTHING REACHED in 1 try.\n ! Codex 0.169.0 could not be tried: no answer\n',
    );
    expect(text.match(/could not be tried/g)).toHaveLength(1);
    expect(print(given, { color: true })).not.toContain('\u001b[32m');
    const leaky = report([...rows, row({ target: '~/.npmrc' })], { vantages: given.vantages });
    expect(print(leaky)).toContain(' NOT TRIED: Codex 0.169.0. REACHED 1 thing.');
  });

  test('what was held before is one line for each reason, however many rows', () => {
    const change = { from: 'blocked', isNew: false } as const;
    const lost = Array.from({ length: 113 }, (_, i) =>
      row({ target: `~/x${i}`, verdict: 'inconclusive', reason: i < 2 ? 'no route' : 'no box', change }),
    );
    const text = print(report(lost), { width: 110 });
    expect(text).toContain('! held before, not proven now: ~/x0, ~/x1 (no route)');
    expect(text).toContain('! held before, not proven now: ~/x2, ~/x3, ~/x4 and 108 more (no box)');
    expect(text.match(/held before/g)).toHaveLength(2);
  });

  test('what is not proven is named where nothing worse is, and a declared system always', () => {
    const unproven = { verdict: 'inconclusive', reason: 'no connection of your own' } as const;
    const rows = [
      row({ target: 'db.prod.example:5432', attempt: 'connect', group: 'production', ...unproven }),
      row({ target: 'example.com:443', attempt: 'connect', group: 'outside', ...unproven, reason: 'no name' }),
    ];
    const quiet = print(report(rows), { width: 110 });
    expect(quiet).toContain('! not proven: db.prod.example:5432 (no connection of your own)');
    expect(quiet).toContain('! not proven: example.com:443 (no name)');
    const loud = print(report([...rows, row({ target: '~/.netrc' })]), { width: 110 });
    expect(loud).toContain('! not proven: db.prod.example:5432 (no connection of your own)');
    expect(loud).toContain('! not proven: example.com:443 (no name)');
    const many = Array.from({ length: 9 }, (_, at) => row({ target: `~/${at}`, ...unproven, reason: `reason ${at}` }));
    const lines = print(report([...many, ...rows, row({ target: '~/.netrc' })]), { width: 110 }).split('\n');
    expect(lines.filter(line => line.startsWith(' ! not proven: ~'))).toHaveLength(3);
    expect(lines).toContain(' ! not proven: 7 more: --verbose names them');
  });

  test('every try is counted once where several make one thing, and what --deep would try', () => {
    const accepted = { safeguard: 'SEC-1', target: '~/x', reason: 'r', owner: 'o', until: '2099-01-01' };
    const rows = [
      row({ target: '.env', verdict: 'blocked' }),
      row({ target: '.env', escape: 'read-python' }),
      row({ target: '.env', escape: 'read-sed', verdict: 'inconclusive' }),
      row({ target: '~/x', accepted }),
      row({ target: '.', verdict: 'works', expect: 'allow' }),
      row({ target: 'npm test', verdict: 'broken', expect: 'allow' }),
      row({ target: '~/firefox', verdict: 'skipped', reason: 'only with --deep' }),
      row({ target: '~/none', verdict: 'skipped', reason: 'not here' }),
    ];
    const text = print(report(rows), { width: 110 });
    expect(text).toContain(
      'Row by row: 1 reached, 1 too tight, 1 held, 1 works, 1 not proven, 2 not tried, 1 accepted; 8 in all',
    );
    expect(text).toContain('! not proven: .env by sed (opened)');
    expect(text).toContain('1 of what was not tried is with --deep');
    expect(print(report([row({ target: '.env' })]))).not.toContain('Row by row');
    const untried = [
      row({ target: '~/none', verdict: 'skipped' }),
      row({ target: '~/none', escape: 'x', verdict: 'skipped' }),
    ];
    expect(print(report([row({ target: '.env' }), ...untried]))).not.toContain('Row by row');
  });

  test('a way out of a box is told of a box alone, and that nothing of it holds outside', () => {
    const rows = [row({ target: '/run/docker.sock', attempt: 'socket', group: 'way-out' })];
    expect(print(report(rows))).toContain('A WAY TO OTHER PROGRAMS');
    expect(print(report(rows))).not.toContain('WAY OUT OF THE BOX');
    const box = { ...host, id: 'sandbox', kind: 'sandbox', title: 'bubblewrap box' } as const;
    const boxed = print(report(rows, { vantages: [{ ...host, judged: false }, box] }), { width: 110 });
    expect(boxed).toContain('A WAY OUT OF THE BOX');
    expect(boxed).toContain('started without it, none of this holds: agent-posture test --vantage host');
    expect(print(report(rows))).not.toContain('--vantage host');
  });

  test('what was declared and nobody approved is named under the headline, and in it', () => {
    const unapproved = 'a'.repeat(64);
    const rows = [
      row({ target: '~/.netrc', verdict: 'blocked' }),
      row({ target: '127.0.0.1:55432', attempt: 'connect', verdict: 'skipped', unapproved }),
      row({ target: 'npm test', attempt: 'exec', expect: 'allow', verdict: 'skipped', unapproved: 'b'.repeat(64) }),
      row({ target: '~/none', verdict: 'skipped', reason: 'not here' }),
    ];
    const lines = print(report(rows), { width: 200 }).split('\n');
    const at = lines.indexOf(' NOTHING REACHED in 1 try. 1 declared system not tried.');
    expect(lines.slice(at + 1, at + 3)).toEqual([
      ` ! not tried: 127.0.0.1:55432, not approved; agent-posture test --trust=${shortHash(unapproved)} or answer on a terminal`,
      ` ! not tried: npm test, not approved; agent-posture test --trust=${'b'.repeat(32)} or answer on a terminal`,
    ]);
    expect(print(report(rows), { color: true })).not.toContain('\u001b[1m\u001b[32mNOTHING');
    const reached = print(report([...rows, row({ target: '~/.npmrc' })]));
    expect(reached).toContain('REACHED 1 thing. 1 declared system not tried.');
  });

  test('says how the agent is started in the box that was tried, and nothing without one', () => {
    const subject = { agent: 'Claude Code', version: null, driven: false, command: 'claude' };
    const box = { ...host, id: 'sandbox', kind: 'sandbox', title: 'bubblewrap box' } as const;
    const rows = [row({ target: '~/.netrc', vantage: 'sandbox', verdict: 'blocked' })];
    expect(print(report(rows, { subject, vantages: [box] }))).toContain(
      ' start it with   agent-posture run -- claude\n',
    );
    expect(print(report(rows, { subject }))).not.toContain('start it with');
    expect(print(report(rows, { subject, vantages: [{ ...box, available: false }] }))).not.toContain('start it with');
  });

  test('what was seen on the host beside the judged box is told', () => {
    const loosened = row({ target: '.githooks/pre-commit', attempt: 'write', reason: 'loosened by hand' });
    const text = print(report([loosened], { vantages: [{ ...host, judged: false }] }));
    expect(text).toContain('REACHED 1 thing.');
    expect(text).toContain('loosened by hand');
  });

  test('accepted rows are neither reached nor held', () => {
    const accepted = { safeguard: 'SEC-1', target: '~/x', reason: 'r', owner: 'o', until: '2027-01-01' };
    expect(print(report([row({ target: '~/x', accepted })]))).toMatch(/Held 0 .*Accepted 1/);
  });

  test('ids and every try only with --verbose', () => {
    expect(print(shop())).not.toContain('host:read:');
    expect(print(shop(), { verbose: true })).toContain('host:read:~/held-40: permission denied, held by sandbox');
  });

  test('many lines of one heading are cut, and how many is said', () => {
    const rows = Array.from({ length: 20 }, (_, i) => row({ target: `~/${i}`, reason: `opened ${i}` }));
    expect(print(report(rows))).toContain('and 12 more: --verbose shows them');
  });

  test('what only the user can do is said as such', () => {
    const given = report([row({ target: '~/x' })], {
      fixes: [{ ...fix(1, 'rotate', ['host:read:~/x']), command: null, title: 'Rotate it' }],
    });
    expect(print(given)).toContain('yours to do: Rotate it');
  });

  test('colour only where asked', () => {
    expect(print(shop())).not.toContain('\u001b');
    expect(print(shop(), { color: true })).toContain('\u001b[');
  });
});

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '\u001b[2J',
    '\u001b]0;x\u0007',
    'a\u202eb',
    '漢字漢字漢字漢字漢字漢字漢字漢字漢字',
    '👩‍👩‍👧‍👦'.repeat(9),
    'x'.repeat(300),
    '::set-output name=a::b',
  ),
);

describe('whatever comes from outside', () => {
  property.prop([nasty, nasty, fc.integer({ min: 40, max: 200 }), fc.boolean(), fc.boolean()])(
    'stays inside the width and is inert',
    (target, reason, width, verbose, unicode) => {
      const rows = [row({ target, reason }), row({ target: `${target}2`, reason, verdict: 'broken', expect: 'allow' })];
      const text = print(
        report(rows, { project: reason || 'p', notes: [target], fixes: [fix(1, 'x', [rows[0]?.id ?? ''])] }),
        { width, verbose, unicode },
      );
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    },
  );

  test.each([40, 41, 63, 64, 79, 100, 200])('the design’s report fits %i columns', width => {
    for (const line of print(shop(), { width }).split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });
});

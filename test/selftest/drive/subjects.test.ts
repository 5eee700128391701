import { expect, test } from 'vitest';
import { rowsOf } from '../../../src/selftest/drive/rows.ts';
import { subjectsOf } from '../../../src/selftest/drive/subjects.ts';
import { NOT_HERE, type Probe } from '../../../src/selftest/probes/types.ts';
import type { VantageReport } from '../../../src/selftest/types.ts';

const probe = (target: string, subject: Probe['subject'], origin: Probe['origin'] = 'guard'): Probe => ({
  ...{ safeguard: 'GRD-1', attempt: 'write', expect: 'deny', severity: 'high', group: 'guard' },
  ...{ target, subject, origin },
});

test('what is not here, an agent on a copy may make: a guard of another agent, and what your shell runs first', () => {
  const missing = { kind: 'skip', why: NOT_HERE } as const;
  const subjects = subjectsOf(
    [
      probe('.cursor/mcp.json', missing),
      probe('~/.bashrc', missing, 'later'),
      probe('/etc/cron.d', missing, 'later'),
      probe('.git/config.worktree', missing),
      probe('*/.git', { kind: 'skip', why: 'tried with --deep' }),
    ],
    { root: '/home/user/shop', home: '/home/user', rules: [], homeFiles: 3 },
  );
  expect(subjects.map(({ kind, path, missing: isMissing }) => [kind, path, isMissing])).toEqual([
    ['write', '.cursor/mcp.json', true],
    ['write', '~/.bashrc', true],
  ]);
});

test('what git holds no box hides: there it is closed by the history, read or written', () => {
  const rule = (kind: 'read' | 'write') =>
    ({ text: `${kind} .env`, path: 'settings', what: { kind, pattern: '/.env' } }) as const;
  const secret = probe('.env', { kind: 'file', path: '/home/user/shop/.env' }, 'secret-file');
  const closers = (history: Partial<Probe>, walled: boolean) => {
    const subjects = subjectsOf([{ ...secret, attempt: 'read', ...history }], {
      ...{ root: '/home/user/shop', home: '/home/user', homeFiles: 3 },
      rules: [rule('read'), rule('write')],
    });
    const tries = subjects.map(subject => ({ subject, escape: null, make: () => undefined }));
    return rowsOf({ id: 'agent:claude-code' } as VantageReport, tries, [], { contained: true, walled }).map(
      ({ attempt, from }) => [attempt, from?.closer],
    );
  };
  const tracked: Partial<Probe> = { history: 'a'.repeat(40) };
  expect(closers(tracked, true)).toEqual([
    ['read', 'history'],
    ['write', 'history'],
  ]);
  for (const [history, walled] of [
    [tracked, false],
    [{}, true],
  ] as const)
    expect(closers(history, walled)).toEqual([
      ['read', 'sandbox'],
      ['write', 'sandbox'],
    ]);
});

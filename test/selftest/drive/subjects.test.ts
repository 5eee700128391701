import { expect, test } from 'vitest';
import { subjectsOf } from '../../../src/selftest/drive/subjects.ts';
import { NOT_HERE, type Probe } from '../../../src/selftest/probes/types.ts';

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

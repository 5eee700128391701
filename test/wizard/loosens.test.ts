import { expect, test } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { loosenings } from '../../src/wizard/loosens.ts';

const BEFORE: Posture = {
  version: 1,
  project: 'x',
  environments: { production: { agentAccess: 'none' } },
  systems: [{ id: 'orders-db', kind: 'postgres', environment: 'production' }],
  isolation: { runtime: 'bubblewrap', network: { allow: ['api.example.com'] }, files: { hide: ['.env*', '~/.ssh'] } },
  repository: { protected: ['main', 'release/*'] },
  scanning: { engines: ['builtin'] },
};

test.each<[string, Partial<Posture>, string[]]>([
  ['nothing changed', {}, []],
  ['more of it', { repository: { protected: ['main', 'release/*', 'next'] } }, []],
  ['another box', { isolation: { ...BEFORE.isolation, runtime: 'docker' } }, []],
  [
    'no box',
    { isolation: { ...BEFORE.isolation, runtime: 'none' } },
    ['the agent is no longer boxed in (bubblewrap before)'],
  ],
  ['a branch', { repository: { protected: ['main'] } }, ['pushes to release/* are no longer refused']],
  [
    'scans',
    { scanning: { engines: ['builtin'], at: ['commit', 'ci', 'history'] } },
    ['secrets are no longer looked for at: push'],
  ],
  ['a system', { environments: { production: { agentAccess: 'write' } } }, ['orders-db may be touched']],
  [
    'a hidden file',
    { isolation: { ...BEFORE.isolation, runtime: 'bubblewrap', files: { hide: ['.env*'] } } },
    ['no longer hidden: ~/.ssh'],
  ],
  [
    'a host',
    { isolation: { ...BEFORE.isolation, runtime: 'bubblewrap', network: { allow: ['api.example.com', 'b'] } } },
    ['more hosts can be reached: b'],
  ],
])('what a new posture no longer asks for is told: %s', (_what, change, said) => {
  expect(loosenings(BEFORE, { ...BEFORE, ...change })).toEqual(said);
});

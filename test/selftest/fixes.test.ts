import { describe, expect, it } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { chooseFixes, type Failing, patternFor } from '../../src/selftest/fixes.ts';
import type { Origin, Subject } from '../../src/selftest/probes/types.ts';
import type { Row } from '../../src/selftest/types.ts';
import { labFacts } from '../labs/box.ts';

const facts = labFacts('/work/repo', '/home/a');
const one = (
  origin: Origin,
  target: string,
  more: Partial<Row> = {},
  subject: Subject = { kind: 'skip', why: '' },
): Failing => ({
  probe: { origin, subject },
  row: {
    id: `${more.vantage ?? 'host'}:${more.attempt ?? 'read'}:${target}`,
    safeguard: 'SEC-1',
    vantage: 'host',
    attempt: 'read',
    target,
    expect: 'deny',
    verdict: 'exposed',
    layer: null,
    escape: null,
    reason: '',
    evidence: null,
    controls: [],
    severity: 'high',
    fix: null,
    durationMs: 0,
    group: 'secrets',
    ...more,
  },
});
const posture = (more: Partial<Posture> = {}): Posture => ({ version: 1, project: 'p', ...more });
const address: Subject = { kind: 'address', host: 'db', port: 5432, greeting: 'postgres' };

describe('fixes', () => {
  it('closes much with few: one box for what a box keeps, one list for the network', () => {
    const failing = [
      one('place', '~/.ssh/id_ed25519'),
      one('place', '~/.aws/credentials'),
      one('secret-file', '.env'),
      one('guard', '.git/hooks', { attempt: 'write' }),
      one('socket', '/run/docker.sock', { attempt: 'socket' }),
      one('system', 'db:5432', { attempt: 'connect' }, address),
    ];
    const { fixes, of } = chooseFixes(failing, { posture: posture(), facts });
    expect(fixes.map(({ n, id, closes }) => [n, id, closes.length])).toEqual([
      [1, 'sandbox', 5],
      [2, 'egress', 1],
    ]);
    expect(fixes[0]?.edits).toEqual([
      {
        path: ['isolation'],
        value: {
          runtime: 'bubblewrap',
          files: { write: ['.'], hide: ['.env', '/run/docker.sock', '~/.aws', '~/.ssh'] },
        },
      },
    ]);
    expect(fixes[0]?.command).toBe('agent-posture fix sandbox');
    for (const { row } of failing) expect(of.get(row.id)).toBeDefined();
  });

  it('without a posture names init', () => {
    const { fixes } = chooseFixes([one('place', '~/.netrc')], { posture: undefined, facts });
    expect(fixes[0]).toMatchObject({ id: 'sandbox', command: 'agent-posture init' });
    expect(fixes[0]?.edits).toBeUndefined();
  });

  it('in a declared box hides more, and keeps exceptions last', () => {
    const declared = posture({ isolation: { runtime: 'bubblewrap', files: { hide: ['.env*', '!.env.example'] } } });
    const failing = [one('place', '~/.netrc', { vantage: 'sandbox' })];
    const { fixes } = chooseFixes(failing, { posture: declared, facts });
    expect(fixes[0]?.edits).toEqual([
      { path: ['isolation', 'files', 'hide'], value: ['.env*', '~/.netrc', '!.env.example'] },
    ]);
  });

  it('says that a box leaks where hiding is declared already', () => {
    const declared = posture({ isolation: { runtime: 'command', command: 'x', files: { hide: ['~/.netrc'] } } });
    const { fixes } = chooseFixes([one('place', '~/.netrc', { vantage: 'sandbox' })], { posture: declared, facts });
    expect(fixes[0]).toMatchObject({ id: 'box' });
    expect(fixes[0]?.edits).toContainEqual({ path: ['isolation', 'runtime'], value: 'bubblewrap' });
  });

  it.each([
    ['history', one('secret-file', '.env', { escape: 'history' })],
    ['protect', one('push', 'main', { attempt: 'push' })],
    ['via', one('place', '~/.netrc', { vantage: 'via:1' })],
    ['run', one('process', 'Claude Code', { attempt: 'process' })],
    ['by-hand', one('work', 'npm test', { attempt: 'exec', verdict: 'broken', vantage: 'sandbox' })],
  ])('%s is for the user to do', (id, failing) => {
    const declared = posture({ isolation: { runtime: 'bubblewrap' } });
    const { fixes } = chooseFixes([failing], { posture: declared, facts });
    expect(fixes.map(fix => [fix.id, fix.command])).toEqual([[id, null]]);
    expect(fixes[0]?.text.length).toBeGreaterThan(20);
  });

  it('lets through what is too tight', () => {
    const declared = posture({
      environments: { dev: { agentAccess: 'write' } },
      systems: [{ id: 'dev-db', kind: 'postgres', environment: 'dev', address: 'dev-db:5432' }],
      isolation: { runtime: 'bubblewrap', network: { allow: ['github.com'] } },
    });
    const failing = one(
      'system',
      'dev-db:5432',
      { attempt: 'connect', verdict: 'broken', vantage: 'sandbox' },
      address,
    );
    const { fixes } = chooseFixes([failing], { posture: declared, facts });
    expect(fixes[0]?.edits).toEqual([{ path: ['isolation', 'network', 'allow'], value: ['github.com', 'dev-db'] }]);
  });

  it('asks nothing for what its owner took on', () => {
    const accepted = { safeguard: 'SEC-1', target: 'a', reason: 'r', owner: 'o', until: '2099-01-01' };
    expect(chooseFixes([one('place', 'a', { accepted })], { posture: posture(), facts }).fixes).toEqual([]);
  });

  it.each([
    ['~/.ssh/id_rsa', '~/.ssh'],
    ['~/.config/gh/hosts.yml', '~/.config/gh/hosts.yml'],
    ['~/.netrc', '~/.netrc'],
    ['.env', '.env'],
  ])('hides %s as %s', (target, pattern) => {
    expect(patternFor(target)).toBe(pattern);
  });
});

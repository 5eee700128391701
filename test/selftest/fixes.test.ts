import { describe, expect, it } from 'vitest';
import { agents } from '../../src/agents/index.ts';
import { hidePatterns } from '../../src/isolation/proposal.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { chooseFixes, type Failing, patternFor } from '../../src/selftest/fixes.ts';
import type { Origin, Probe, Subject } from '../../src/selftest/probes/types.ts';
import { failingOf } from '../../src/selftest/runner.ts';
import type { Row, RowCloser } from '../../src/selftest/types.ts';
import { postureEdits } from '../../src/wizard/edits.ts';
import { stepsOf } from '../../src/wizard/steps/index.ts';
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
  it('a database file that must be read is let through by no list of hosts', () => {
    const isolation: Posture['isolation'] = { runtime: 'bubblewrap', network: { allow: [] } };
    const failing = [one('system', 'dev.sqlite', { vantage: 'sandbox', expect: 'allow', verdict: 'broken' })];
    const { fixes } = chooseFixes(failing, { posture: posture({ isolation }), facts });
    expect(fixes.flatMap(({ edits }) => edits ?? [])).toEqual([]);
  });

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
    expect(fixes.map(({ n, id, closes }) => [n, id, closes.length])).toEqual([[1, 'sandbox', 6]]);
    const hide = hidePatterns({ facts, posture: posture() });
    expect(hide).toEqual(expect.arrayContaining(['~/.ssh', '~/.aws', '.env*', '!.env*.example']));
    expect(fixes[0]?.edits).toEqual([
      {
        path: ['isolation'],
        value: {
          runtime: 'bubblewrap',
          network: { allow: ['api.anthropic.com', 'claude.ai', 'platform.claude.com'] },
          files: { write: ['.'], hide },
        },
      },
    ]);
    expect(fixes[0]?.command).toBe('agent-posture fix sandbox');
    for (const { row } of failing) expect(of.get(row.id)).toBeDefined();
  });

  it('declares the box that the wizard declares, with what else was reached hidden', () => {
    const declared = posture({
      agents: ['codex'],
      environments: { dev: { agentAccess: 'write' }, live: {} },
      systems: [
        { id: 'dev-db', kind: 'postgres', environment: 'dev', address: 'dev-db:5432' },
        { id: 'dev-api', kind: 'http-api', environment: 'dev', address: 'https://dev.example.com/v1' },
        { id: 'db', kind: 'postgres', environment: 'live', address: 'db.example.com:5432' },
      ],
    });
    const remote = { name: 'origin', url: 'git@github.com:a/b.git', forge: 'github' as const };
    const here = { ...facts, secretFiles: [{ path: 'certs/a.key' }], git: { ...facts.git, remote } };
    const byWizard = postureEdits(stepsOf('quick'), { box: 'bubblewrap' }, { facts: here, posture: declared }).find(
      ({ path }) => path.join() === 'isolation',
    );
    const edits = (failing: Failing) => chooseFixes([failing], { posture: declared, facts: here }).fixes[0]?.edits;
    expect(edits(one('place', '~/.ssh/id_rsa'))).toEqual([byWizard]);
    expect(byWizard?.value).toMatchObject({
      network: {
        allow: [
          'api.openai.com',
          'auth.openai.com',
          'chatgpt.com',
          'github.com',
          'api.github.com',
          'dev-db:5432',
          'dev.example.com',
        ],
      },
    });
    const more = edits(one('place', '~/.config/tool[1]/key'))?.[0]?.value as { files: { hide: string[] } };
    expect(more.files.hide).toEqual([
      ...hidePatterns({ facts: here, posture: declared }).slice(0, -1),
      '~/.config/tool\\[1]/key',
      '!.env*.example',
    ]);
  });

  it("does not hide an agent's own login from it: that row is to be accepted, or the login to be made smaller", () => {
    const failing = ['~/.claude/.credentials.json', '~/.ssh/id_ed25519'].map(target =>
      one('place', target, { vantage: 'sandbox' }),
    );
    const boxed = (agents: NonNullable<Posture['agents']>) =>
      chooseFixes(failing, { posture: posture({ agents, isolation: { runtime: 'bubblewrap' } }), facts }).fixes;
    expect(boxed(['claude-code']).map(({ id, closes }) => [id, closes])).toEqual([
      ['login', ['sandbox:read:~/.claude/.credentials.json']],
      ['hide', ['sandbox:read:~/.ssh/id_ed25519']],
    ]);
    expect(boxed(['codex']).map(({ id, closes }) => [id, closes.length])).toEqual([['hide', 2]]);
  });

  it('never shuts an agent off from its model: the list has its hosts, or is left to the user', () => {
    const failing = one('outside', 'example.com:443', { attempt: 'connect', vantage: 'sandbox' }, address);
    const declared = (agents: NonNullable<Posture['agents']>) =>
      posture({ agents, isolation: { runtime: 'bubblewrap' } });
    const { fixes } = chooseFixes([failing], { posture: declared(['gemini']), facts });
    expect(fixes[0]).toMatchObject({
      id: 'egress',
      edits: [{ path: ['isolation', 'network'], value: { allow: agents.find(({ id }) => id === 'gemini')?.hosts } }],
    });
    const goose = { id: 'goose', title: 'Goose', version: undefined, binary: '/usr/bin/goose', settings: [] };
    const here = { ...facts, agents: [{ ...goose, ownSandbox: undefined, seen: { path: '/usr/bin/goose' } }] };
    const unknown = chooseFixes([failing], { posture: declared(['gemini', 'goose']), facts: here });
    expect(unknown.fixes[0]).toMatchObject({ id: 'egress', command: null });
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

  it('a file that git holds as it stands is not hidden by anything: it is to be taken out and rotated', () => {
    const failing = [
      one('secret-file', '.env', { vantage: 'sandbox' }, { kind: 'file', path: '/work/repo/.env' }),
      one('secret-file', '.env.local', { vantage: 'sandbox' }, { kind: 'file', path: '/work/repo/.env.local' }),
    ];
    const known = { ...facts, secretFiles: [{ path: '.env', tracked: true as const }, { path: '.env.local' }] };
    const declared = posture({ isolation: { runtime: 'bubblewrap' } });
    const { of } = chooseFixes(failing, { posture: declared, facts: known });
    expect([...of].map(([id, fix]) => [id, fix.id])).toEqual([
      ['sandbox:read:.env.local', 'hide'],
      ['sandbox:read:.env', 'history'],
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
    expect(fixes[0]?.edits).toEqual([
      { path: ['isolation', 'network', 'allow'], value: ['github.com', 'dev-db:5432'] },
    ]);
  });

  describe('rows of an agent', () => {
    const from = (origin: Origin, closer: RowCloser) => ({ vantage: 'agent:claude-code', from: { origin, closer } });
    const file = one('secret-file', '.env', from('secret-file', 'sandbox'));
    const hook = one('hook', 'guard.sh (PreToolUse Bash)', {
      ...from('hook', 'rule'),
      ...{ attempt: 'exec', safeguard: 'GRD-2', escape: 'crash' },
    });
    const openAnyhow = one('hook', '.clinerules/hooks/PreToolUse (PreToolUse)', {
      ...from('hook', 'agent'),
      ...{ attempt: 'exec', safeguard: 'GRD-2', escape: 'crash' },
    });
    const command = one('command', 'curl', { ...from('command', 'rule'), attempt: 'exec', escape: 'sh-c' });
    const push = one('push', 'main', { ...from('push', 'server'), attempt: 'push', escape: 'remote-push' });
    const fetch = one('outside', 'any host', { ...from('outside', 'network'), attempt: 'connect', escape: 'fetch-nc' });
    const settings = one('settings', '.codex/rules', {
      ...from('settings', 'rule'),
      ...{ attempt: 'exec', safeguard: 'GRD-2', escape: 'rejected' },
    });
    const all = [file, hook, openAnyhow, command, push, fetch, settings];
    const noBox = { ...facts, runtimes: facts.runtimes.map(each => ({ ...each, available: false })) };
    const targets = (context: Parameters<typeof chooseFixes>[1]) =>
      Object.fromEntries(
        chooseFixes(all, context).fixes.map(({ id, closes }) => [
          id,
          all.filter(({ row }) => closes.includes(row.id)).map(({ row }) => row.target),
        ]),
      );
    const byRules = {
      'hook-open': ['guard.sh (PreToolUse Bash)'],
      'hook-goes-on': ['.clinerules/hooks/PreToolUse (PreToolUse)'],
      'command-rule': ['curl'],
      protect: ['main'],
      rejected: ['.codex/rules'],
    };

    it('a box is no fix of a hook, of a rule over commands, of what an agent does not take and of a push', () => {
      expect(targets({ posture: posture(), facts })).toEqual({ sandbox: ['.env', 'any host'], ...byRules });
    });

    it("nor is the agent's own sandbox", () => {
      expect(targets({ posture: posture(), facts: noBox })).toEqual({
        'agent-sandbox': ['.env', 'any host'],
        ...byRules,
      });
    });

    it('nor is a gap in the box that is declared', () => {
      const isolation: Posture['isolation'] = {
        ...{ runtime: 'bubblewrap', network: { allow: [] } },
        files: { hide: ['.env'] },
      };
      expect(targets({ posture: posture({ isolation }), facts })).toEqual({
        ...{ box: ['.env'], 'allow-list': ['any host'] },
        ...byRules,
      });
    });

    it("its own sandbox hides more and lists hosts where it is the declared wall, and no other's", () => {
      const declared = posture({ isolation: { runtime: 'native' }, agents: ['claude-code'] });
      const { fixes } = chooseFixes([file, fetch], { posture: declared, facts: noBox });
      expect(fixes.map(({ id, command: line }) => [id, line])).toEqual([
        ['egress', 'agent-posture fix egress'],
        ['hide', 'agent-posture fix hide'],
      ]);
      const host = one('secret-file', '.env');
      expect(chooseFixes([host], { posture: declared, facts: noBox }).fixes.map(({ id }) => id)).not.toContain('hide');
    });

    it('what a row says of itself goes before a probe that runs the same command', () => {
      const probe = { attempt: 'exec', target: 'curl', origin: 'work', subject: { kind: 'skip', why: '' } };
      expect(failingOf([command.row], [probe as Probe])[0]?.probe.origin).toBe('command');
      expect(failingOf([{ ...command.row, from: undefined }], [probe as Probe])[0]?.probe.origin).toBe('work');
    });
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

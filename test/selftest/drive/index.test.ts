import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProgram } from '../../../src/base/exec.ts';
import { discover } from '../../../src/discover/index.ts';
import { askForAgents } from '../../../src/selftest/drive/asking.ts';
import { driveAgents } from '../../../src/selftest/drive/index.ts';
import { drivenVantages } from '../../../src/selftest/drive/vantage.ts';
import type { VantageReport } from '../../../src/selftest/types.ts';

const before = { path: process.env.PATH, tmp: process.env.TMPDIR };
let above = '';

const SUBJECT = {
  ...{ kind: 'read', target: '.env', attempt: 'read', expect: 'deny', path: '.env', rules: [] },
  probe: { safeguard: 'SEC-1', severity: 'high', group: 'secrets', origin: 'secret-file' },
};

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'drive-index-'));
  for (const folder of ['bin', 'home/shop/.claude']) mkdirSync(join(above, folder), { recursive: true });
  for (const name of ['git', 'sh']) symlinkSync(findProgram(name) ?? name, join(above, 'bin', name));
  writeFileSync(join(above, 'bin/claude'), `#!/bin/sh\n: > ${above}/started\n`);
  chmodSync(join(above, 'bin/claude'), 0o755);
  execFileSync('git', ['init', '-q', join(above, 'home/shop')]);
});
afterEach(() => {
  process.env.PATH = before.path;
  if (before.tmp === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before.tmp;
  rmSync(above, { recursive: true, force: true });
});

/** Asks, and drives Claude Code, for which a program stands that only says that it was started. */
async function drive(answer: (text: string) => boolean): Promise<{ vantage: VantageReport; asked: string[] }> {
  const [home, root] = [join(above, 'home'), join(above, 'home/shop')];
  const seen = await discover(root, { home, env: process.env, defaultBranch: false });
  const agent = {
    ...{ id: 'claude-code', title: 'Claude Code', version: '1', binary: join(above, 'bin/claude') },
    ...{ settings: [], ownSandbox: undefined, seen: { path: 'x' } },
  };
  const asked: string[] = [];
  const options = {
    ...{ root, home, facts: { ...seen, agents: [agent] }, posture: undefined, deep: false, agents: ['claude-code'] },
    ...{ safeguards: [], readOnly: false, only: undefined, signal: new AbortController().signal },
    approve: async ({ text }: { text: string }) => {
      asked.push(text);
      return answer(text);
    },
  };
  const [vantage] = drivenVantages(options as never) as [VantageReport];
  const input = { options, probes: [], lab: { instead: [SUBJECT] }, tell: () => {}, note: () => {} } as never;
  await driveAgents([vantage], await askForAgents([vantage], input), input);
  return { vantage, asked };
}

const hook = () =>
  writeFileSync(
    join(above, 'home/shop/.claude/settings.json'),
    JSON.stringify({ hooks: { PreToolUse: [{ matcher: '', hooks: [{ type: 'command', command: './evil.sh' }] }] } }),
  );

test('without bubblewrap, one that runs something by itself is not started, and nobody is asked to let it', async () => {
  process.env.PATH = join(above, 'bin');
  hook();
  const { vantage, asked } = await drive(() => true);
  expect(asked).toEqual([]);
  expect(vantage).toMatchObject({ available: false, reason: expect.stringContaining('without bubblewrap nothing') });
  expect(existsSync(join(above, 'started'))).toBe(false);
});

test('one whose hooks nobody approves is not started; what was approved is named by the whole of it', async () => {
  process.env.PATH = `${join(above, 'bin')}:${before.path}`;
  hook();
  const { vantage, asked } = await drive(() => false);
  expect(asked).toEqual([expect.stringMatching(/sha256 [0-9a-f]{64}\n.*PreToolUse: \.\/evil\.sh/)]);
  expect(vantage).toMatchObject({ available: false, reason: expect.stringContaining('not approved') });
  expect(existsSync(join(above, 'started'))).toBe(false);
});

test('what the system refuses for one agent is its reason, and no crash', async () => {
  process.env.PATH = `${join(above, 'bin')}:${before.path}`;
  // Longer than a socket's path may be: unix(7).
  const long = join(above, 'x'.repeat(100));
  mkdirSync(long);
  process.env.TMPDIR = long;
  const { vantage } = await drive(() => true);
  expect(vantage.available).toBe(false);
  expect(vantage.reason).toMatch(/^it could not be driven: the folder for temporary files lies too deep/);
});

test('with its flag that lets everything through, an agent is called by that', () => {
  const facts = { agents: [{ id: 'claude-code', title: 'Claude Code', version: '1' }] } as never;
  expect(drivenVantages({ agents: ['claude-code'], facts, deep: true }).map(({ id, title }) => [id, title])).toEqual([
    ['agent:claude-code', 'Claude Code 1'],
    ['agent:claude-code@bypass', 'Claude Code 1 with bypassPermissions'],
  ]);
});

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recover } from '../../src/selftest/leftovers.ts';
import { branchFor } from '../../src/selftest/push.ts';
import type { ApprovalRequest, Report } from '../../src/selftest/types.ts';
import { boxCommand, hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';

let lab: Lab;
let remote: string;

beforeEach(async () => {
  lab = await makeLab();
  remote = join(lab.root, '..', 'remote.git');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote]);
  execFileSync('git', ['push', '-q', remote, 'main'], { cwd: lab.root });
  lab.facts.git.remote = { name: 'origin', url: remote, forge: 'local' };
  lab.posture = { version: 1, project: 'lab', repository: { protected: ['main', 'release/*'] } };
});
afterEach(() => lab.close());

const refs = () => execFileSync('git', ['--git-dir', remote, 'for-each-ref'], { encoding: 'utf8' });
const pushes = (report: Report) =>
  Object.fromEntries(report.rows.filter(({ attempt }) => attempt === 'push').map(row => [row.target, row.verdict]));
const onlyPush = { safeguards: ['VCS-4'] };

it('reaches protected branches of a remote without rules, and leaves its refs as they were', async () => {
  const before = refs();
  const report = await tryLab(lab, onlyPush);
  expect(pushes(report)).toEqual({ main: 'exposed', 'release/*': 'exposed' });
  expect(report.fixes.map(({ id }) => id)).toEqual(['protect']);
  expect(refs()).toBe(before);
});

it('what a killed push left in the remote is taken out by the next run, and nothing else', async () => {
  const before = refs();
  const mark = 'agent-posture-try-4194305-0123456789ab';
  const commit = execFileSync('git', ['--git-dir', remote, 'rev-parse', 'main'], { encoding: 'utf8' }).trim();
  const laid = { push: remote, ref: `refs/heads/release/${mark}`, commit, before: null };
  mkdirSync(join(lab.state, 'tries'), { recursive: true });
  const record = join(lab.state, 'tries', '4194305');
  const leave = (entry: object) => writeFileSync(record, `${JSON.stringify(entry)}\n`);
  execFileSync('git', ['--git-dir', remote, 'update-ref', laid.ref, commit]);
  writeFileSync(join(remote, `${laid.ref}.lock`), '');
  leave(laid);
  expect(await recover([], lab.state)).toEqual([expect.stringContaining(mark)]);
  expect(refs()).toBe(before);
  expect(existsSync(record)).toBe(false);
  // Somebody has moved it since: it is theirs.
  execFileSync('git', ['--git-dir', remote, 'update-ref', laid.ref, commit]);
  leave({ ...laid, commit: '0'.repeat(39).concat('1') });
  expect(await recover([], lab.state)).toEqual([]);
  expect(refs()).toContain(mark);
});

it('what cannot be put back in the remote stays written down for the next run', async () => {
  const before = refs();
  const at = (name: string) => execFileSync('git', ['rev-parse', name], { cwd: remote, encoding: 'utf8' }).trim();
  const commit = at('main');
  const ref = 'refs/heads/other';
  execFileSync('git', ['update-ref', ref, commit], { cwd: remote });
  const record = join(lab.state, 'tries', '4194305');
  mkdirSync(join(lab.state, 'tries'), { recursive: true });
  writeFileSync(record, `${JSON.stringify({ push: remote, ref, commit, before: null })}\n`);
  const lock = join(remote, `${ref}.lock`);
  writeFileSync(lock, '');
  expect(await recover([], lab.state)).toEqual([expect.stringContaining('could not be put back where it stood')]);
  expect(existsSync(record)).toBe(true);
  rmSync(lock);
  expect(await recover([], lab.state)).toHaveLength(1);
  expect(refs()).toBe(before);
  expect(existsSync(record)).toBe(false);
});

it('holds where an update hook refuses, for an exact name as for a pattern', async () => {
  const hook = join(remote, 'hooks', 'update');
  writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/main|refs/heads/release/*) exit 1;; esac\n');
  chmodSync(hook, 0o755);
  const asked: ApprovalRequest[] = [];
  const report = await tryLab(lab, {
    ...onlyPush,
    approve: async request => {
      asked.push(request);
      return true;
    },
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.text).toMatch(/update \(sha256 [0-9a-f]{64}\)/);
  expect(pushes(report)).toEqual({ main: 'blocked', 'release/*': 'blocked' });
  expect(report.rows.find(({ attempt }) => attempt === 'push')?.layer).toBe('server');
});

it('runs no hook that was not approved', async () => {
  const report = await tryLab(lab, { ...onlyPush, approve: async () => false });
  expect(pushes(report)).toEqual({ main: 'skipped', 'release/*': 'skipped' });
});

it('pushes to no server', async () => {
  lab.facts.git.remote = { name: 'origin', url: 'git@github.com:a/b.git', forge: 'github' };
  const report = await tryLab(lab, onlyPush);
  expect(pushes(report)).toEqual({ main: 'skipped', 'release/*': 'skipped' });
  rmSync(remote, { recursive: true });
});

it('makes a branch name that the pattern matches', () => {
  expect(branchFor('release/*', 'x1')).toBe('release/x1');
  expect(branchFor('v[0-9]?/**', 'x1')).toBe('v0x/x1');
  expect(branchFor('main', 'x1')).toBe('main');
});

it.skipIf(!hasBox)('does not take a copy for the remote where the remote is out of reach', async () => {
  const box = `${boxCommand(lab)} --tmpfs ${remote}`;
  const report = await tryLab(lab, { ...onlyPush, via: [box] });
  const rows = report.rows.filter(row => row.vantage === 'via:1' && row.attempt === 'push');
  expect(rows.map(row => [row.target, row.verdict, row.layer ?? row.reason])).toEqual([
    ['main', 'blocked', 'sandbox'],
    ['release/*', 'blocked', 'sandbox'],
  ]);
});

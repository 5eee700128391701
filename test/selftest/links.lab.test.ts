import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recover } from '../../src/selftest/leftovers.ts';
import type { Report } from '../../src/selftest/types.ts';
import { hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';

/** Guards that lie behind links: a box keeps what a link leads to, and never the link. */
let lab: Lab;
let report: Report;
const LINKS = ['.claude', 'cfg', '.git/hooks'] as const;
const leadsTo = () => LINKS.map(link => readlinkSync(join(lab.root, link)));
let before: string[];

beforeAll(async () => {
  lab = await makeLab();
  lab.facts.secretFiles = [];
  mkdirSync(join(lab.root, 'deep/agentcfg'), { recursive: true });
  writeFileSync(join(lab.root, 'deep/agentcfg/settings.json'), '{}\n');
  symlinkSync('deep/agentcfg', join(lab.root, 'cfg'));
  symlinkSync('cfg', join(lab.root, '.claude'));
  renameSync(join(lab.root, '.git/hooks'), join(lab.root, 'hooks'));
  symlinkSync('../hooks', join(lab.root, '.git/hooks'));
  lab.posture = { ...lab.posture, agents: ['claude-code'], isolation: { runtime: 'bubblewrap' } };
  before = leadsTo();
  if (hasBox) report = await tryLab(lab, { vantages: ['sandbox'], safeguards: ['GRD-1'] });
}, 60_000);
afterAll(() => lab.close());

describe.skipIf(!hasBox)('links on the way to guards', () => {
  const row = (target: string) =>
    report.rows.find(({ vantage, id }) => vantage === 'sandbox' && id === `sandbox:write:${target}`);

  it.each(LINKS)('%s is reached: another one can stand in its place', link => {
    expect(row(link)?.verdict, row(link)?.reason).toBe('exposed');
    expect(report.fixes.find(({ id }) => id === 'link')?.closes).toContain(`sandbox:write:${link}`);
  });

  it('what they lead to is kept', () => {
    expect(row('.claude/settings.json')?.verdict).toBe('blocked');
    expect(row('.claude/settings.json#rename-parent')?.verdict).toBe('blocked');
  });

  it('each stands where it stood, and nothing beside it', () => {
    expect(leadsTo()).toEqual(before);
    const left = execFileSync('find', ['.', '-name', '*agent-posture-try*'], { cwd: lab.root, encoding: 'utf8' });
    expect(left).toBe('');
  });
});

it('a link that a killed run left aside is put back, and no other', async () => {
  const pid = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
  const aside = (name: string) => join(lab.root, `${name}.agent-posture-try-${pid}-0a0b0c`);
  mkdirSync(join(lab.state, 'tries'), { recursive: true });
  const lines = ['one', 'two'].map(name => {
    symlinkSync('README.md', aside(name));
    return JSON.stringify({ aside: aside(name), original: join(lab.root, name), sha256: null, link: 'README.md' });
  });
  rmSync(aside('two'));
  symlinkSync('elsewhere', aside('two'));
  writeFileSync(join(lab.state, 'tries', pid), `${lines.join('\n')}\n`);
  expect(await recover([], lab.state)).toEqual([
    expect.stringContaining('one was put back'),
    expect.stringContaining('left where it is'),
  ]);
  expect(readlinkSync(join(lab.root, 'one'))).toBe('README.md');
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBox, type Lab, makeLab, tryLab, verdicts } from '../labs/box.ts';

let lab: Lab;
let there: string;

beforeAll(async () => {
  lab = await makeLab();
  const far = join(lab.root, '..', 'far');
  mkdirSync(join(far, 'repo'), { recursive: true });
  mkdirSync(join(far, 'home/.aws'), { recursive: true });
  writeFileSync(join(far, 'home/.aws/credentials'), 'another machine has its own\n');
  const kernel = '/proc/sys/kernel/random/boot_id';
  writeFileSync(join(far, 'boot_id'), 'c0ffee00-0000-4000-8000-000000000000\n');
  // The same paths, and other files behind them, and another kernel's id: as on another machine.
  there = `bwrap --unshare-user --uid 1000 --gid 1000 --unshare-pid --cap-drop ALL --ro-bind / / --dev /dev --proc /proc --bind ${far}/repo ${lab.root} --bind ${far}/home ${lab.home} --ro-bind ${far}/boot_id ${kernel}`;
});
afterAll(() => lab.close());

describe.skipIf(!hasBox)('a place on another machine', () => {
  it('proves nothing without a control there', async () => {
    const report = await tryLab(lab, { via: [`${there} --tmpfs ${lab.home}/.aws`] });
    expect(report.vantages.find(({ id }) => id === 'via:1')?.available).toBe(false);
    // An effect needs no control: its network is this machine's, and so is what lies outside of the lab.
    const rows = verdicts(report, 'via:1');
    expect(rows.get(`connect:${lab.server}`)).toBe('exposed');
    expect(rows.get('read:.')).toBe('inconclusive');
    expect([...rows].filter(([, verdict]) => verdict !== 'inconclusive' && verdict !== 'exposed')).toEqual([]);
  });

  it('holds what the control there can open, and this cannot', async () => {
    const report = await tryLab(lab, { via: [`${there} --tmpfs ${lab.home}/.aws`], controlVia: there });
    const row = report.rows.find(({ id }) => id === 'via:1:read:~/.aws/credentials');
    expect(row).toMatchObject({ verdict: 'blocked' });
    expect(row?.controls.find(({ kind }) => kind === 'target')?.vantage).toBe('control-via');
  });

  it('says that what was opened there cannot be compared', async () => {
    const report = await tryLab(lab, { via: [there], controlVia: there });
    const row = report.rows.find(({ id }) => id === 'via:1:read:~/.aws/credentials');
    expect(row).toMatchObject({ verdict: 'inconclusive' });
    expect(row?.reason).toContain('another machine');
  });
});

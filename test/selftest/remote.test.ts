import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBox, type Lab, makeLab, tryLab, verdicts } from '../labs/box.ts';

let lab: Lab;
let there: string;
/** Another one, at another place. */
let elsewhere: string;

beforeAll(async () => {
  lab = await makeLab();
  const kernel = '/proc/sys/kernel/random/boot_id';
  // The same paths, and other files behind them, and another kernel's id: as on another machine.
  const machine = (name: string) => {
    const far = join(lab.root, '..', name);
    mkdirSync(join(far, 'repo'), { recursive: true });
    mkdirSync(join(far, 'home/.aws'), { recursive: true });
    writeFileSync(join(far, 'home/.aws/credentials'), `${name} has its own\n`);
    writeFileSync(join(far, 'boot_id'), `c0ffee00-0000-4000-8000-00000000${name.length.toString().padStart(4, '0')}\n`);
    return `bwrap --unshare-user --uid 1000 --gid 1000 --unshare-pid --cap-drop ALL --ro-bind / / --dev /dev --proc /proc --bind ${far}/repo ${lab.root} --bind ${far}/home ${lab.home} --ro-bind ${far}/boot_id ${kernel}`;
  };
  there = machine('far');
  elsewhere = machine('farther');
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

  it('is not controlled from a third machine: what that can open is not there', async () => {
    const report = await tryLab(lab, { via: [`${there} --tmpfs ${lab.home}/.aws`], controlVia: elsewhere });
    expect(report.vantages.find(({ id }) => id === 'via:1')?.available).toBe(false);
    const rows = verdicts(report, 'via:1');
    expect(rows.get('read:~/.aws/credentials')).toBe('inconclusive');
    expect([...rows.values()]).not.toContain('blocked');
    expect([...rows.values()]).not.toContain('broken');
  });

  it('who saw what stands in each row: the control there is named, and nothing there is the word of this host', async () => {
    const report = await tryLab(lab, { via: [`${there} --tmpfs ${lab.home}/.aws`], controlVia: there });
    const own = report.rows.filter(row => row.vantage === 'via:1' && row.evidence);
    expect(own.length).toBeGreaterThan(3);
    expect(new Set(own.map(({ evidence }) => evidence?.attested))).toEqual(new Set(['vantage']));
  });

  it('says that what was opened there cannot be compared', async () => {
    const report = await tryLab(lab, { via: [there], controlVia: there });
    const row = report.rows.find(({ id }) => id === 'via:1:read:~/.aws/credentials');
    expect(row).toMatchObject({ verdict: 'inconclusive' });
    expect(row?.reason).toContain('another machine');
  });
});

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Verdict } from '../../src/selftest/types.ts';
import { boxCommand, type Faults, hardLink, hasBox, type Lab, makeLab, tryLab, verdicts } from '../labs/box.ts';

const asRoot = process.getuid?.() === 0;

let lab: Lab;
let good: Report;
let goodRows: Map<string, Verdict>;

beforeAll(async () => {
  lab = await makeLab();
  if (!hasBox) return;
  good = await tryLab(lab, { via: [boxCommand(lab)] });
  goodRows = verdicts(good, 'via:1');
});
afterAll(() => lab.close());

/** What comes out otherwise than in the good box. */
async function flips(faults: Faults): Promise<Record<string, string>> {
  const report = await tryLab(lab, { via: [boxCommand(lab, faults)] });
  const rows = verdicts(report, 'via:1');
  const changed = [...new Set([...rows.keys(), ...goodRows.keys()])]
    .filter(id => rows.get(id) !== goodRows.get(id))
    .map(id => [id, `${goodRows.get(id) ?? '-'} > ${rows.get(id) ?? '-'}`] as const);
  return Object.fromEntries(changed.sort());
}

describe('the host with nothing around it', () => {
  it('reaches what is there, proves what works, and blocks nothing', async () => {
    const report = await tryLab(lab);
    const rows = verdicts(report, 'host');
    expect(rows.get('read:~/.aws/credentials')).toBe('exposed');
    expect(rows.get('read:~/.ssh/id_ed25519')).toBe('exposed');
    expect(rows.get('read:.env.production')).toBe('exposed');
    expect(rows.get(`connect:${lab.server}`)).toBe('exposed');
    expect(rows.get('write:.git/hooks')).toBe('exposed');
    expect(rows.get('write:.')).toBe('works');
    expect([...rows.values()]).not.toContain('blocked');
    expect(report.exitCode).toBe(1);
    expect(report.rows.length).toBeGreaterThan(60);
    expect(new Set(report.rows.map(({ id }) => id)).size).toBe(report.rows.length);
    for (const row of report.rows.filter(({ verdict }) => verdict === 'exposed'))
      expect(row.fix, row.id).not.toBeNull();
  });

  it('leaves nothing behind', () => {
    const names = [
      ...readdirSync(lab.root),
      ...readdirSync(`${lab.root}/.git/hooks`),
      ...readdirSync(`${lab.root}/.git`),
    ];
    expect(names.filter(name => name.includes('agent-posture-try'))).toEqual([]);
  });

  it('plants, starts and asks nothing in a read-only try', async () => {
    const asked: string[] = [];
    const report = await tryLab(lab, {
      readOnly: true,
      approve: async ({ text }) => {
        asked.push(text);
        return true;
      },
    });
    const rows = verdicts(report, 'host');
    expect(rows.get('read:~/.aws/credentials')).toBe('exposed');
    expect(rows.has('write:.git/hooks')).toBe(false);
    expect(rows.has(`connect:${lab.server}`)).toBe(false);
    expect(asked).toEqual([]);
  });
});

describe.skipIf(!hasBox)('bubblewrap boxes with known truth', () => {
  it('finds the good one held, and work still possible', () => {
    expect(good.vantages.find(({ id }) => id === 'via:1')).toMatchObject({ available: true });
    const values = [...goodRows.values()];
    expect(values.filter(verdict => verdict === 'exposed' || verdict === 'broken')).toEqual([]);
    expect(goodRows.get('read:~/.aws/credentials')).toBe('blocked');
    expect(goodRows.get('read:.env.production')).toBe('blocked');
    expect(goodRows.get(`connect:${lab.server}`)).toBe('blocked');
    expect(goodRows.get('write:.git/hooks')).toBe('blocked');
    expect(goodRows.get('write:.git/config')).toBe('blocked');
    expect(goodRows.get('write:.')).toBe('works');
    expect(goodRows.get('read:.')).toBe('works');
    const held = good.rows.filter(row => row.vantage === 'via:1' && row.verdict === 'blocked');
    for (const row of held) {
      expect(row.layer, row.id).not.toBeNull();
      expect(row.controls.every(({ outcome }) => outcome === 'done') || row.attempt === 'connect', row.id).toBe(true);
    }
  });

  it('one file forgotten', async () => {
    const changed = await flips({ forgotten: true });
    expect(changed['read:~/.aws/credentials']).toBe('blocked > exposed');
    const others = Object.entries(changed).filter(([id]) => !id.startsWith('read:~/.aws/credentials'));
    expect(others).toEqual([]);
    // The ways round are not tried where the file is reached without them.
    for (const [id, change] of Object.entries(changed)) if (id.includes('#')) expect(change).toBe('blocked > -');
  });

  it('mounted a second time elsewhere', async () => {
    expect(await flips({ mountedTwice: true })).toEqual({ 'read:~/.aws/credentials#mounts': 'blocked > exposed' });
  });

  it('network open', async () => {
    expect(await flips({ network: true })).toEqual({ [`connect:${lab.server}`]: 'blocked > exposed' });
  });

  it('hooks writable', async () => {
    expect(await flips({ hooksWritable: true })).toEqual({
      'write:.git/hooks': 'blocked > exposed',
      'write:.git/hooks#mounts': 'blocked > -',
      'write:.git/hooks#rename-parent': 'blocked > -',
    });
  });

  const nested = { deep: true, safeguards: ['GRD-1'] };
  it('a repository made below the root: not tried without --deep; with it reached in every box that lets work be done', async () => {
    const quiet = good.rows.find(({ id }) => id === 'via:1:write:*/.git');
    expect(quiet).toMatchObject({ verdict: 'skipped', reason: expect.stringContaining('agent-posture run names') });
    const deep = await tryLab(lab, { via: [boxCommand(lab)], ...nested });
    const row = deep.rows.find(({ id }) => id === 'via:1:write:*/.git');
    expect(row).toMatchObject({ safeguard: 'GRD-1', verdict: 'exposed', group: 'guard' });
    const fix = deep.fixes.find(({ closes }) => closes.includes('via:1:write:*/.git'));
    expect(fix?.text).toContain('--ignore-submodules=all');
  });

  it('where no folder takes a .git, that row is held, and no other turns', async () => {
    // No mount can refuse a name in folders that are yet to come; a kernel module that knows names would say this.
    const wall = join(lab.state, 'wall.cjs');
    writeFileSync(
      wall,
      `const { promises } = require('node:fs'); const { open } = promises;
      promises.open = async (path, ...rest) => {
        if (String(path).endsWith('/.git')) throw Object.assign(new Error('refused'), { code: 'EROFS' });
        return open(path, ...rest);
      };
      require('node:module').syncBuiltinESMExports();`,
    );
    const bin = join(lab.state, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec ${process.execPath} --require=${wall} "$@"\n`, { mode: 0o755 });
    const command = boxCommand(lab).replace('bwrap', `bwrap --setenv PATH ${bin}:/usr/bin:/bin`);
    const [open, walled] = [
      await tryLab(lab, { via: [boxCommand(lab)], ...nested }),
      await tryLab(lab, { via: [command], ...nested }),
    ];
    const changed = walled.rows.filter(({ id, verdict }) => verdict !== open.rows.find(row => row.id === id)?.verdict);
    expect(changed.map(({ id, verdict, layer }) => ({ id, verdict, layer }))).toEqual([
      { id: 'via:1:write:*/.git', verdict: 'blocked', layer: 'sandbox' },
    ]);
  });

  it('nothing may be written: too tight, not safe', async () => {
    expect(await flips({ readOnly: true })).toMatchObject({ 'write:.': 'works > broken' });
  });

  it('a hard link in the workspace', async () => {
    const link = hardLink(lab);
    try {
      expect(await flips({})).toEqual({ 'read:~/.ssh/id_ed25519#hard-link': '- > exposed' });
    } finally {
      rmSync(link);
    }
  });

  it.skipIf(!asRoot)("the host's /proc, as root with capabilities: three ways round", async () => {
    const changed = await flips({ hostProc: true });
    for (const target of ['~/.aws/credentials', '~/.ssh/id_ed25519'])
      for (const way of ['proc-root', 'umount', 'nsenter'])
        expect(changed[`read:${target}#${way}`], way).toBe('blocked > exposed');
    expect(changed['read:~/.aws/credentials']).toBeUndefined();
  });

  it('leaves every guard as it was', () => {
    expect(existsSync(`${lab.root}/.git/hooks`)).toBe(true);
    const names = [
      ...readdirSync(lab.root),
      ...readdirSync(`${lab.root}/.git/hooks`),
      ...readdirSync(`${lab.root}/.git`),
    ];
    expect(names.filter(name => name.includes('agent-posture-try'))).toEqual([]);
  });
});

describe('vantages that give nothing', () => {
  it.each([
    ['missing', 'no-such-wrapper-here'],
    ['takes no input and ends', 'true'],
    ['echoes what it is sent', 'cat'],
  ])('%s: its whole column is not proven', async (_name, command) => {
    const report = await tryLab(lab, { via: [command], vantages: [] });
    const vantage = report.vantages.find(({ id }) => id === 'via:1');
    expect(vantage?.available).toBe(false);
    expect(vantage?.reason).toBeTruthy();
    const own = report.rows.filter(row => row.vantage === 'via:1');
    expect(own.every(({ verdict }) => verdict === 'inconclusive' || verdict === 'skipped')).toBe(true);
  });
});

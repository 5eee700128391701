import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isSecretVariable } from '../../src/selftest/probes/machine.ts';
import type { Report, Verdict } from '../../src/selftest/types.ts';
import { boxCommand, type Faults, hardLink, hasBox, type Lab, makeLab, tryLab, verdicts } from '../labs/box.ts';

const asRoot = process.getuid?.() === 0;

let lab: Lab;
let good: Report;
let goodRows: Map<string, Verdict>;
/** Held open: where the host's processes are seen, a folder leads into its tree. */
let folder: number;

beforeAll(async () => {
  for (const name of Object.keys(process.env)) if (isSecretVariable(name)) vi.stubEnv(name, undefined);
  lab = await makeLab();
  folder = openSync(lab.home, 'r');
  if (!hasBox) return;
  const { rows } = await tryLab(lab);
  lab.covered = rows
    .filter(
      ({ attempt, target, verdict }) =>
        /^(read|socket)$/.test(attempt) && target.startsWith('/') && verdict !== 'skipped',
    )
    .map(({ target }) => target);
  good = await tryLab(lab, { via: [boxCommand(lab)] });
  goodRows = verdicts(good, 'via:1');
});
afterAll(() => {
  vi.unstubAllEnvs();
  closeSync(folder);
  return lab.close();
});

const READ = ['read:.env.production', 'read:~/.aws/credentials', 'read:~/.ssh/id_ed25519'];
const ROUND = ['mounts', 'proc-root', 'umount', 'nsenter', 'open-fd'];

/** How the good box leaves every row of the lab. */
function known(): Record<string, Verdict> {
  const held = [
    ...READ.flatMap(id => [id, ...ROUND.map(way => `${id}#${way}`)]),
    `connect:${lab.server}`,
    'process:other processes',
    ...['.git/hooks', '.git/hooks#mounts', '.git/hooks#rename-parent'].map(id => `write:${id}`),
    ...['.git/config', '.git/config.worktree', '.git/commondir'].flatMap(path =>
      ['', '#mounts', '#replace'].map(way => `write:${path}${way}`),
    ),
    ...['', '#mounts', '#replace', '#rename-parent'].map(way => `write:.git/info/attributes${way}`),
  ];
  return { ...Object.fromEntries(held.map(id => [id, 'blocked'])), 'read:.': 'works', 'write:.': 'works' };
}

/** Rows of what this machine itself has, beside the lab: all held. */
function ofMachine(rows: ReadonlyMap<string, Verdict>): Record<string, Verdict> {
  const targets = new Set(Object.keys(known()).map(id => id.split('#')[0]));
  const others = [...rows.keys()].filter(id => !targets.has(id.split('#')[0]));
  return Object.fromEntries(others.map(id => [id, 'blocked']));
}

/** What comes out otherwise than in the good box. */
async function flips(faults: Faults): Promise<Record<string, string>> {
  const report = await tryLab(lab, { via: [boxCommand(lab, faults)] });
  const rows = verdicts(report, 'via:1');
  const changed = [...new Set([...rows.keys(), ...goodRows.keys()])]
    .filter(id => rows.get(id) !== goodRows.get(id))
    // Where other processes are seen, those of other tests are seen too: their variables are none of this lab's.
    .filter(id => goodRows.has(id) || !/^env:.*#processes$/.test(id))
    .map(id => [id, `${goodRows.get(id) ?? '-'} > ${rows.get(id) ?? '-'}`] as const);
  return Object.fromEntries(changed.sort());
}

const turned = (ids: readonly string[], change: string) => Object.fromEntries(ids.map(id => [id, change]));
/** Ids of the good box's rows that it holds. */
const heldRows = (pattern: RegExp) =>
  [...goodRows].filter(([id, verdict]) => pattern.test(id) && verdict === 'blocked').map(([id]) => id);

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
    expect([...rows.keys()].filter(id => id.includes('#'))).toEqual([]);
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
    expect(Object.fromEntries(goodRows)).toEqual({ ...ofMachine(goodRows), ...known() });
    const held = good.rows.filter(row => row.vantage === 'via:1' && row.verdict === 'blocked');
    for (const row of held) {
      expect(row.layer, row.id).not.toBeNull();
      expect(row.controls.every(({ outcome }) => outcome === 'done') || row.attempt === 'connect', row.id).toBe(true);
    }
  });

  it('one file forgotten', async () => {
    // The ways round are not tried where the file is reached without them.
    expect(await flips({ forgotten: true })).toEqual({
      'read:~/.aws/credentials': 'blocked > exposed',
      ...turned(
        ROUND.map(way => `read:~/.aws/credentials#${way}`),
        'blocked > -',
      ),
    });
  });

  it('mounted a second time elsewhere', async () => {
    expect(await flips({ mountedTwice: true })).toEqual({ 'read:~/.aws/credentials#mounts': 'blocked > exposed' });
  });

  it('network open', async () => {
    // Sockets without a name in the file system, and debuggers, if the machine has any, are reached by the network too.
    expect(await flips({ network: true })).toEqual(turned(heldRows(/^(connect:|socket:@)/), 'blocked > exposed'));
    expect(heldRows(/^connect:/)).toContain(`connect:${lab.server}`);
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
      `const { promises } = require('node:fs'); const { open, link } = promises;
      const refuse = path => {
        if (String(path).endsWith('/.git')) throw Object.assign(new Error('refused'), { code: 'EROFS' });
      };
      promises.open = async (path, ...rest) => { refuse(path); return open(path, ...rest); };
      promises.link = async (from, to) => { refuse(to); return link(from, to); };
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
    // A write that is refused says nothing where every write is.
    expect(await flips({ readOnly: true })).toEqual({
      'write:.': 'works > broken',
      ...turned(heldRows(/^write:(?!your terminals)/), 'blocked > inconclusive'),
    });
  });

  it('everything blocked: too tight, and nothing is held', async () => {
    const command = boxCommand(lab, { empty: true });
    const report = await tryLab(lab, { via: [command] });
    const rows = verdicts(report, 'via:1');
    expect(Object.fromEntries(rows)).toEqual({
      ...turned([...rows.keys()], 'inconclusive'),
      'read:.': 'broken',
      'write:.': 'broken',
    });
    expect(report.exitCode).toBe(1);
    expect(report.vantages.find(({ id }) => id === 'via:1')).toMatchObject({ available: true, reason: null });
    expect(report.notes).toContainEqual(expect.stringContaining('it shows nothing of the repository'));
  });

  it('no decoy, and that is all: a copy of the repository, another machine, no answer are not too tight', async () => {
    const kernel = '/proc/sys/kernel/random/boot_id';
    const empty = boxCommand(lab, { empty: true });
    const nothing = join(lab.state, 'another-machine');
    writeFileSync(nothing, 'c0ffee00-0000-4000-8000-000000000000\n');
    const dying = join(lab.state, 'dying');
    // It takes part until it has said who it is, and is gone when the first decoy is asked for.
    writeFileSync(dying, `#!/bin/sh\nshift $(($# - 2))\n${empty} "$@" | sed -u '/ ready /q'\nkill 0\n`, {
      mode: 0o755,
    });
    for (const command of [
      `${empty} --ro-bind ${join(lab.root, 'README.md')} ${join(lab.root, 'README.md')}`,
      `${empty} --ro-bind ${nothing} ${kernel}`,
      `${empty} --tmpfs /proc/sys/kernel`,
      dying,
    ]) {
      const report = await tryLab(lab, { via: [command] });
      const values = new Set(verdicts(report, 'via:1').values());
      expect(values, command).toEqual(new Set(['inconclusive']));
      expect(report.vantages.find(({ id }) => id === 'via:1')?.available, command).toBe(false);
    }
  });

  it('a hard link in the workspace', async () => {
    const link = hardLink(lab);
    try {
      expect(await flips({})).toEqual({ 'read:~/.ssh/id_ed25519#hard-link': '- > exposed' });
    } finally {
      rmSync(link);
    }
  });

  it.skipIf(!asRoot)("the host's /proc, as root with capabilities: four ways round", async () => {
    const files = heldRows(/^read:[^#]*$/);
    expect(await flips({ hostProc: true })).toEqual({
      'process:other processes': 'blocked > exposed',
      ...turned(
        files.flatMap(id => ['proc-root', 'umount', 'nsenter', 'open-fd'].map(way => `${id}#${way}`)),
        'blocked > exposed',
      ),
    });
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

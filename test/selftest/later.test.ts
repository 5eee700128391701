import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recover } from '../../src/selftest/leftovers.ts';
import type { LaterPlace } from '../../src/selftest/places/types.ts';
import { laterFolders, laterProbes } from '../../src/selftest/probes/later.ts';
import type { Probe, ProbeContext } from '../../src/selftest/probes/types.ts';
import { openWorkspace } from '../../src/selftest/workspace.ts';
import { boxCommand, hasBox, type Lab, makeLab } from '../labs/box.ts';
import { probeContext, tryColumn } from '../labs/column.ts';

let lab: Lab;
let bin: string;
let spool: string;
const path = process.env.PATH;

/** As cron's own program does: `-l` lists, `-r` removes, `-` takes the new one from its input. */
const CRONTAB = `#!/bin/sh
case $1 in
  -l) cat "$SPOOL/me" 2>/dev/null || { echo 'no crontab for me' >&2; exit 1; } ;;
  -r) [ ! -e "$SPOOL/stuck" ] && rm "$SPOOL/me" ;;
  -) cat >"$SPOOL/.new" && mv "$SPOOL/.new" "$SPOOL/me" ;;
esac
`;

const PLACES: readonly LaterPlace[] = [
  {
    id: 'services',
    title: 'Services',
    folders: { linux: ['~/.config/systemd/user'] },
    needs: ['/proc'],
    opens: 'a service',
    severity: 'high',
    source: 'https://example.com/',
  },
  {
    id: 'startup',
    title: 'Startup',
    files: { linux: ['~/.bashrc', '~/.zshrc'] },
    opens: 'a shell',
    severity: 'high',
    source: 'https://example.com/',
  },
];

beforeAll(async () => {
  lab = await makeLab();
  bin = join(lab.home, '..', 'bin');
  spool = join(lab.home, '..', 'spool');
  mkdirSync(bin);
  mkdirSync(spool);
  process.env.SPOOL = spool;
  writeFileSync(join(bin, 'crontab'), CRONTAB);
  chmodSync(join(bin, 'crontab'), 0o755);
  writeFileSync(join(lab.home, '.bashrc'), 'alias a=b\n');
});
beforeEach(() => {
  process.env.PATH = `${bin}:${path}`;
  rmSync(join(spool, 'me'), { force: true });
});
afterAll(async () => {
  process.env.PATH = path;
  delete process.env.SPOOL;
  await lab.close();
});

const context = (more: Partial<ProbeContext> = {}) => probeContext(lab, more);

describe('what is planned', () => {
  const planned = async (places: readonly LaterPlace[], more: Partial<ProbeContext> = {}) =>
    new Map((await laterProbes(context(more), places)).map(probe => [probe.target, probe]));

  it('a file is written in place, a folder gets a new one, or the nearest that is there', async () => {
    const probes = await planned(PLACES);
    expect(probes.get('~/.bashrc')?.subject).toMatchObject({ kind: 'guard', how: 'in-place' });
    expect(probes.get('~/.zshrc')).toBeUndefined();
    expect(probes.get('~/.config/systemd/user')?.subject).toMatchObject({
      kind: 'guard',
      how: 'create',
      path: lab.home,
    });
    expect(await laterFolders({ home: lab.home, env: {} }, PLACES)).toEqual([lab.home]);
  });

  it('what nothing obeys here is not tried, and says why', async () => {
    const [place] = PLACES as [LaterPlace];
    const probes = await planned([{ ...place, needs: ['/no/such/thing'], without: 'no systemd here' }]);
    expect(probes.get('~/.config/systemd/user')?.subject).toEqual({ kind: 'skip', why: 'no systemd here' });
    process.env.PATH = '/no/such/folder';
    expect((await planned([])).get('crontab')?.subject).toEqual({ kind: 'skip', why: 'no cron here' });
  });

  it('a read-only try plants nothing', async () => {
    expect((await planned([], { readOnly: true })).get('crontab')?.subject).toMatchObject({ kind: 'skip' });
  });
});

describe.skipIf(!hasBox)('what comes out', () => {
  const verdictsOf = async (box: readonly string[] | undefined, form?: 'sh') => {
    const probes: Probe[] = await laterProbes(context(), PLACES);
    const rows = await tryColumn({ ...lab, ...(box ? { box } : {}), form }, probes);
    const left = [...readdirSync(lab.home), ...readdirSync(spool)].filter(name => /agent-posture|new/.test(name));
    expect(left).toEqual([]);
    return Object.fromEntries([...rows].map(([id, { verdict }]) => [id, verdict]));
  };
  const strict = () => boxCommand(lab).split(' ');
  const around = (...words: string[]) => [...strict(), ...words];

  it('the host reaches all of it, and nothing is left', async () => {
    expect(await verdictsOf(undefined)).toEqual({
      'write:~/.bashrc': 'exposed',
      'write:~/.config/systemd/user': 'exposed',
      'write:crontab': 'exposed',
    });
    expect(existsSync(join(spool, 'me'))).toBe(false);
    expect(readFileSync(join(lab.home, '.bashrc'), 'utf8')).toBe('alias a=b\n');
  });

  it.each([undefined, 'sh'] as const)('a good box holds all of it (form %s)', async form => {
    const rows = await verdictsOf(strict(), form);
    expect(rows).toMatchObject({
      'write:~/.bashrc': 'blocked',
      'write:~/.config/systemd/user': 'blocked',
      'write:crontab': 'blocked',
    });
    expect(Object.values(rows)).not.toContain('exposed');
  });

  it.each([undefined, 'sh'] as const)('each that is let in turns by itself (form %s)', async form => {
    const bashrc = join(lab.home, '.bashrc');
    expect(await verdictsOf(around('--bind', bashrc, bashrc), form)).toMatchObject({
      'write:~/.bashrc': 'exposed',
      'write:~/.config/systemd/user': 'blocked',
      'write:crontab': 'blocked',
    });
    expect(await verdictsOf(around('--bind', spool, spool), form)).toMatchObject({
      'write:~/.bashrc': 'blocked',
      'write:crontab': 'exposed',
    });
    expect(existsSync(join(spool, 'me'))).toBe(false);
    expect(await verdictsOf(around('--bind', lab.home, lab.home), form)).toMatchObject({
      'write:~/.config/systemd/user': 'exposed',
      'write:crontab': 'blocked',
    });
  });

  it('a crontab that is there keeps every byte, and is never written over where it cannot be read', async () => {
    const mine = 'MAILTO=me\n0 1 * * * true # mine\n';
    writeFileSync(join(spool, 'me'), mine);
    expect((await verdictsOf(around('--bind', spool, spool)))['write:crontab']).toBe('exposed');
    expect(readFileSync(join(spool, 'me'), 'utf8')).toBe(mine);
    // A box with a spool of its own changes its own layer only.
    expect((await verdictsOf(around('--tmpfs', spool)))['write:crontab']).toBe('blocked');
    expect(readFileSync(join(spool, 'me'), 'utf8')).toBe(mine);
  });

  it('no crontab program inside proves nothing', async () => {
    const empty = join(lab.home, '..', 'bare');
    mkdirSync(empty, { recursive: true });
    for (const name of [
      'sh',
      'grep',
      'sed',
      'od',
      'cat',
      'tr',
      'cksum',
      'sha256sum',
      'date',
      'head',
      'wc',
      'dd',
      'env',
    ])
      if (!existsSync(join(empty, name)))
        symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(empty, name));
    expect((await verdictsOf(around('--setenv', 'PATH', empty)))['write:crontab']).toBe('inconclusive');
  });
});

it('what cannot be taken out of the crontab stays written down for the next run', async () => {
  const mark = 'agent-posture-try-4194305-0123456789ab';
  const record = join(lab.state, 'stuck', 'tries', '4194305');
  mkdirSync(join(lab.state, 'stuck', 'tries'), { recursive: true });
  writeFileSync(record, `${JSON.stringify({ crontab: join(bin, 'crontab'), mark })}\n`);
  writeFileSync(join(spool, 'me'), `# ${mark}\n`);
  writeFileSync(join(spool, 'stuck'), '');
  expect(await recover([], join(lab.state, 'stuck'))).toEqual([expect.stringContaining(`"# ${mark}", could not`)]);
  expect(existsSync(record)).toBe(true);
  rmSync(join(spool, 'me'));
  const probes = (await laterProbes(context(), [])).filter(({ target }) => target === 'crontab');
  expect((await tryColumn(lab, probes)).get('write:crontab')?.verdict).toBe('exposed');
  // One of the host's own, and that of the try.
  const tries = join(lab.state, 'column', 'tries');
  const left = readdirSync(tries)
    .map(name => readFileSync(join(tries, name), 'utf8'))
    .join('');
  for (const line of readFileSync(join(spool, 'me'), 'utf8').trim().split('\n')) expect(left).toContain(line.slice(2));
  rmSync(join(spool, 'stuck'));
  expect(await recover([], join(lab.state, 'stuck'))).toEqual([]);
  expect(existsSync(record)).toBe(false);
});

it('what a killed run left in the crontab is taken out by the next one, and nothing else', async () => {
  const state = join(lab.state, 'killed');
  mkdirSync(join(state, 'tries'), { recursive: true });
  const mark = 'agent-posture-try-4194305-0123456789ab';
  writeFileSync(join(state, 'tries', '4194305'), `${JSON.stringify({ crontab: join(bin, 'crontab'), mark })}\n`);
  writeFileSync(join(spool, 'me'), `0 1 * * * true\n# ${mark}\n`);
  expect(await recover([], state)).toEqual([expect.stringContaining('crontab')]);
  expect(readFileSync(join(spool, 'me'), 'utf8')).toBe('0 1 * * * true\n');
  const workspace = openWorkspace(lab.root, state);
  workspace.will({ crontab: '/usr/bin/crontab', mark: 'x' });
  await workspace.close();
  expect(readdirSync(join(state, 'tries'))).toEqual([]);
});

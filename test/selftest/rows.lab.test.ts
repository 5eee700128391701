import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessDecoy, plantProcess } from '../../src/selftest/decoys.ts';
import { variableProbe } from '../../src/selftest/probes/machine.ts';
import type { Probe, Subject } from '../../src/selftest/probes/types.ts';
import type { Row, Verdict } from '../../src/selftest/types.ts';
import { hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';
import { tryColumn } from '../labs/column.ts';

/** What feeds the judge: the rows that a probe is made into, and the controls and effects that the host itself sees. */
let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

const column = (box: readonly string[], probes: readonly Probe[], meanwhile?: () => void) =>
  tryColumn({ ...lab, box, ...(meanwhile ? { meanwhile } : {}) }, probes);

const verdicts = (rows: ReadonlyMap<string, Row>): Record<string, Verdict> =>
  Object.fromEntries([...rows].map(([id, { verdict }]) => [id, verdict]));

function probe(attempt: Probe['attempt'], target: string, subject: Subject): Probe {
  const base = { safeguard: 'SEC-1', expect: 'deny', severity: 'high', group: 'secrets', origin: 'place' } as const;
  return { ...base, attempt, target, subject };
}
const file = (target: string, path: string) => probe('read', target, { kind: 'file', path });

/** Everything of the machine, read-only, with the processes of its own, and the repository. */
const walled = () => {
  const words = ['bwrap', '--die-with-parent', '--unshare-user', '--uid', '1000', '--gid', '1000', '--unshare-pid'];
  return [
    ...words,
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--bind',
    lab.root,
    lab.root,
    '--setenv',
    'HOME',
    lab.home,
  ];
};

/** A file that is held whatever its name: each of these rows, and the literal one. */
const HELD = {
  '': 'blocked',
  '#mounts': 'blocked',
  '#proc-root': 'blocked',
  '#umount': 'blocked',
  '#nsenter': 'blocked',
  '#open-fd': 'blocked',
} as const;
const rowsOfFile = (target: string, others: Record<string, Verdict> = {}) =>
  Object.fromEntries(Object.entries({ ...HELD, ...others }).map(([way, verdict]) => [`read:${target}${way}`, verdict]));

describe.skipIf(!hasBox)('writes, as the host sees them', () => {
  it('a box with its own copy of a guard: every way to change it goes into its own layer', async () => {
    const copied = ['sh', '-c', 'cp -a "$0/." "$1" && shift && exec "$@"', '/mnt', join(lab.root, '.git')];
    const box = [
      ...walled(),
      '--ro-bind',
      join(lab.root, '.git'),
      '/mnt',
      '--tmpfs',
      join(lab.root, '.git'),
      ...copied,
    ];
    const report = await tryLab(lab, { via: [box.map(word => `'${word}'`).join(' ')], safeguards: ['GRD-1'] });
    const own = report.rows.filter(
      ({ vantage, target, verdict }) => vantage === 'via:1' && target.startsWith('.git/') && verdict !== 'skipped',
    );
    const layer = 'blocked: only a copy inside the box changed';
    expect(
      Object.fromEntries(
        own
          .filter(({ id }) => !id.endsWith('#mounts'))
          .map(({ id, verdict, reason }) => [id.slice(12), `${verdict}: ${reason}`]),
      ),
    ).toEqual({
      '.git/hooks': layer,
      '.git/hooks#rename-parent': layer,
      '.git/config': layer,
      '.git/config#replace': layer,
      '.git/config.worktree': layer,
      '.git/config.worktree#replace': layer,
      '.git/commondir': layer,
      '.git/commondir#replace': layer,
      '.git/info/attributes': layer,
      '.git/info/attributes#replace': layer,
      '.git/info/attributes#rename-parent': layer,
    });
    // The second mount is the copied one, and read-only.
    for (const { id, verdict } of own.filter(({ id }) => id.endsWith('#mounts'))) expect(verdict, id).toBe('blocked');
  });

  it('a guard that is missing: made in a layer of its own, it is not made', async () => {
    const missing = join(lab.root, 'later');
    mkdirSync(missing);
    const subject = {
      kind: 'guard',
      path: join(missing, 'AGENTS.md'),
      how: 'create',
      folder: false,
      rounds: [],
    } as const;
    const rows = await column([...walled(), '--tmpfs', missing], [probe('write', 'later/AGENTS.md', subject)]);
    expect(rows.get('write:later/AGENTS.md')).toMatchObject({
      verdict: 'blocked',
      reason: 'only a copy inside the box changed',
    });
    const open = await column(walled(), [probe('write', 'later/AGENTS.md', subject)]);
    expect(open.get('write:later/AGENTS.md')).toMatchObject({ verdict: 'exposed', evidence: { attested: 'host' } });
  });
});

describe.skipIf(!hasBox)('variables: where each can be read', () => {
  it('its own, process 1, other processes, the login shell; and those that only the box has', async () => {
    const inside = join(lab.state, 'inside');
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, '.profile'), 'export LAB_PROFILE_TOKEN=three LAB_OWN_PROFILE_TOKEN=x\n');
    const box = [
      ...['env', 'LAB_INIT_TOKEN=one', 'LAB_OWN_INIT_TOKEN=x', ...walled()],
      ...['--setenv', 'HOME', inside, '--setenv', 'SHELL', '/bin/sh', '--setenv', 'LAB_OWN_TOKEN', 'x'],
      ...['--unsetenv', 'LAB_INIT_TOKEN', '--unsetenv', 'LAB_OWN_INIT_TOKEN'],
      ...['sh', '-c', 'env LAB_PROCESS_TOKEN=two LAB_OWN_PROCESS_TOKEN=x sleep 60 >/dev/null 2>&1 & exec "$@"', 'sh'],
    ];
    const probes = [
      variableProbe('LAB_INIT_TOKEN', 'one'),
      variableProbe('LAB_PROCESS_TOKEN', 'two'),
      variableProbe('LAB_PROFILE_TOKEN', 'three'),
    ];
    const rows = verdicts(await column(box, probes));
    const own = Object.fromEntries(Object.entries(rows).filter(([id]) => id.startsWith('env:LAB_')));
    expect(own).toEqual({
      'env:LAB_INIT_TOKEN': 'blocked',
      'env:LAB_INIT_TOKEN#init': 'exposed',
      'env:LAB_INIT_TOKEN#processes': 'exposed',
      'env:LAB_INIT_TOKEN#login-shell': 'blocked',
      'env:LAB_PROCESS_TOKEN': 'blocked',
      'env:LAB_PROCESS_TOKEN#init': 'blocked',
      'env:LAB_PROCESS_TOKEN#processes': 'exposed',
      'env:LAB_PROCESS_TOKEN#login-shell': 'blocked',
      'env:LAB_PROFILE_TOKEN': 'blocked',
      'env:LAB_PROFILE_TOKEN#init': 'blocked',
      'env:LAB_PROFILE_TOKEN#processes': 'blocked',
      'env:LAB_PROFILE_TOKEN#login-shell': 'exposed',
      'env:LAB_OWN_TOKEN': 'exposed',
      'env:LAB_OWN_INIT_TOKEN#init': 'exposed',
      'env:LAB_OWN_PROCESS_TOKEN#processes': 'exposed',
      'env:LAB_OWN_PROFILE_TOKEN#login-shell': 'exposed',
    });
  });
});

describe.skipIf(!hasBox)('names of a file', () => {
  it('a credential that is a link: the wall stands before the link, and not before the file', async () => {
    const real = join(lab.state, 'dotfiles', 'netrc');
    mkdirSync(join(real, '..'), { recursive: true });
    writeFileSync(real, 'machine example.com login a password b\n');
    symlinkSync(real, join(lab.home, '.netrc'));
    // Where it lies on its file system is another name too.
    const rows = await column([...walled(), '--tmpfs', lab.home], [file('~/.netrc', join(lab.home, '.netrc'))]);
    expect(verdicts(rows)).toEqual(rowsOfFile('~/.netrc', { '#real-path': 'exposed', '#mounts': 'exposed' }));
  });

  it('another home inside that holds the same', async () => {
    const inside = join(lab.state, 'other-home');
    mkdirSync(join(inside, '.ssh'), { recursive: true });
    writeFileSync(join(inside, '.ssh/id_ed25519'), 'lab key\n');
    const box = [...walled(), '--tmpfs', lab.home, '--setenv', 'HOME', inside];
    const rows = await column(box, [file('~/.ssh/id_ed25519', join(lab.home, '.ssh/id_ed25519'))]);
    expect(verdicts(rows)).toEqual(rowsOfFile('~/.ssh/id_ed25519', { '#inside-home': 'exposed' }));
  });

  it('a hard link that is not in the workspace: that nothing was found there proves nothing', async () => {
    const path = join(lab.home, '.ssh/id_ed25519');
    const link = join(lab.state, 'elsewhere');
    linkSync(path, link);
    const box = [...walled(), '--tmpfs', lab.home];
    try {
      const rows = await column(box, [file('~/.ssh/id_ed25519', path)]);
      expect(verdicts(rows)).toEqual(rowsOfFile('~/.ssh/id_ed25519', { '': 'inconclusive' }));
      expect(rows.get('read:~/.ssh/id_ed25519')?.reason).toMatch(/hard links/);
    } finally {
      rmSync(link);
    }
    // Back to one name, it is held.
    expect((await column(box, [file('~/.ssh/id_ed25519', path)])).get('read:~/.ssh/id_ed25519')?.verdict).toBe(
      'blocked',
    );
  });
});

describe.skipIf(!hasBox)('what changes during the run', () => {
  it('a file and a folder that are others afterwards: no refusal of them counts', async () => {
    const path = join(lab.home, 'token');
    const folder = join(lab.home, 'tokens');
    const lay = () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(path, 'before\n');
      writeFileSync(join(folder, 'before'), '');
    };
    const probes = [file('~/token', path), probe('list', '~/tokens', { kind: 'folder', path: folder })];
    const box = [...walled(), '--tmpfs', lab.home];
    lay();
    expect(verdicts(await column(box, probes))).toEqual({ ...rowsOfFile('~/token'), 'list:~/tokens': 'blocked' });
    lay();
    const rows = await column(box, probes, () => {
      writeFileSync(path, 'after\n');
      rmSync(join(folder, 'before'));
      writeFileSync(join(folder, 'after'), '');
    });
    expect(new Set(Object.values(verdicts(rows)))).toEqual(new Set(['inconclusive']));
    for (const row of rows.values()) expect(row.reason).toMatch(/changed meanwhile/);
  });
});

describe.skipIf(!hasBox)('other processes', () => {
  const row = 'process:other processes';
  const others = [probe('process', 'other processes', { kind: 'processes' })];
  const rowsWith = (processDecoy: ProcessDecoy, meanwhile?: () => void) =>
    tryColumn({ ...lab, box: walled(), processDecoy, ...(meanwhile ? { meanwhile } : {}) }, others);

  it('are held while the one that is looked for runs; had it ended, nobody could have found it', async () => {
    const decoy = plantProcess(lab.root) as ProcessDecoy;
    expect(await decoy.alive()).toMatchObject({ ok: true });
    expect((await rowsWith(decoy)).get(row)).toMatchObject({ verdict: 'blocked' });
    const gone = await rowsWith(decoy, () => decoy.end());
    expect(gone.get(row)).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('has ended') });
    expect(await decoy.alive()).toMatchObject({ ok: false });
  });

  it('nor do they count as held where it ended during the tries', async () => {
    const decoy = plantProcess(lab.root) as ProcessDecoy;
    let looks = 0;
    // There for both tries, and gone by the last look.
    const ending = { ...decoy, alive: async () => (++looks > 1 ? { ok: false, reason: 'ended' } : decoy.alive()) };
    try {
      const late = (await rowsWith(ending)).get(row);
      expect(late).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('still worked before') });
    } finally {
      decoy.end();
    }
  });
});

describe.skipIf(!hasBox)('descriptors', () => {
  it('one that was left open leads round, and that alone', async () => {
    const path = join(lab.home, '.aws/credentials');
    const held = ['sh', '-c', 'exec 9<"$0"; exec "$@"', path];
    const rows = await column([...held, ...walled(), '--tmpfs', lab.home], [file('~/.aws/credentials', path)]);
    expect(verdicts(rows)).toEqual(rowsOfFile('~/.aws/credentials', { '#open-fd': 'exposed' }));
  });
});

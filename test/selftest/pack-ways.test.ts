import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { running, runProgram } from '../../src/selftest/pack/base.ts';
import { otherProcesses } from '../../src/selftest/pack/proc.ts';
import type { FileSystemPlace, Observation, ReadWay } from '../../src/selftest/wire.ts';
import { describeWith } from '../support/parts.ts';
import { challenge, cleanUp, open, scratch, tryAll, wrapped } from './pack-support.ts';

const SECRET = 'hunter2\n';
const WAYS = ['direct', 'mounts', 'proc-root', 'umount', 'nsenter', 'open-fd'] as const satisfies ReadWay[];
const asRoot = process.getuid?.() === 0;

let home: string;
let secret: string;
let place: FileSystemPlace;

/** Where a file lies on its file system, by the host's own mount table. */
function placeOf(path: string): FileSystemPlace {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, , , , point = '-']) => path.startsWith(point === '/' ? '/' : `${point}/`))
    .sort((a, b) => (a[4]?.length ?? 0) - (b[4]?.length ?? 0));
  const [, , device = '', root = '', point = ''] = mounts.at(-1) ?? [];
  return { device, path: join(root, path.slice(point === '/' ? 0 : point.length)) };
}

beforeAll(() => {
  home = join(scratch(), 'home with space');
  mkdirSync(home);
  secret = join(home, 'secret');
  writeFileSync(secret, SECRET);
  place = placeOf(secret);
});
afterAll(cleanUp);

/** Hardened: a user, a process and a mount namespace of its own, no capabilities, the folder covered. */
const hardened = () => [
  '--unshare-user',
  '--uid',
  '1000',
  '--gid',
  '1000',
  '--unshare-pid',
  '--ro-bind',
  '/',
  '/',
  '--proc',
  '/proc',
];
/** As root with capabilities, in a process namespace of its own. */
const withCapabilities = () => ['--cap-add', 'ALL', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc'];
/** As root with capabilities, beside the host's processes. */
const withHostProcesses = () => ['--cap-add', 'ALL', '--ro-bind', '/', '/', '--proc', '/proc'];
const cover = () => ['--dev', '/dev', '--tmpfs', home, '--die-with-parent'];

async function waysIn(wrapper: readonly string[], form: 'node' | 'sh'): Promise<Record<ReadWay, Observation>> {
  const session = await open(wrapped(wrapper, { root: true }), form === 'sh' ? { form } : {});
  const observations = await tryAll(
    session,
    WAYS.map(way => ({ op: 'read', way, path: secret, place, challenge: challenge(SECRET) }) as const),
  );
  await session.close();
  return Object.fromEntries(WAYS.map((way, index) => [way, observations[index]])) as Record<ReadWay, Observation>;
}

const reached = (ways: Record<ReadWay, Observation>) => WAYS.filter(way => ways[way].outcome === 'done');

it.each(['node', 'sh'] as const)('finds a file that another process still holds, deleted (%s)', async form => {
  const path = join(home, `deleted ${form}`);
  writeFileSync(path, 'held\n');
  const holder = spawn('sh', ['-c', 'exec 7<"$0"; rm "$0"; echo up; exec sleep 30', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await new Promise(done => holder.stdout.once('data', done));
    const session = await open(wrapped([], { root: true }), form === 'sh' ? { form } : {});
    const deed = { op: 'read', path, challenge: challenge('held\n') } as const;
    const [direct, held] = await tryAll(session, [
      { ...deed, way: 'direct' },
      { ...deed, way: 'open-fd' },
    ]);
    await session.close();
    expect(direct).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(held).toMatchObject({ outcome: 'done', matched: true, at: `/proc/${holder.pid}/fd/7` });
  } finally {
    holder.kill('SIGKILL');
  }
});

it('leaves out what another try has running', async () => {
  const stop = new AbortController();
  const before = new Set(running());
  const ran = runProgram(['sleep', '20'], { signal: stop.signal, env: { PATH: process.env.PATH ?? '' } });
  const stranger = spawn('sleep', ['20'], { stdio: 'ignore' });
  try {
    const ours = [...running()].filter(pid => !before.has(pid));
    expect(ours).toHaveLength(1);
    expect(otherProcesses()).toContain(String(stranger.pid));
    expect(otherProcesses()).not.toContain(String(ours[0]));
  } finally {
    stranger.kill('SIGKILL');
    stop.abort();
    await ran;
  }
});

it.runIf(asRoot).each(['node', 'sh'] as const)(
  'finds the tree that a process stands in whose own root is an empty folder (%s)',
  async form => {
    // In process and mount namespaces of their own: one process locked into a folder, standing outside of it, and us.
    const standing = 'chdir shift; chroot shift; exit if fork; close STDOUT; close STDERR; close STDIN; sleep 60';
    const inside = 'mount -t tmpfs tmpfs "$0" && exec "$@"';
    const start = wrapped(
      [
        ...['unshare', '--pid', '--fork', '--mount', '--mount-proc', 'sh', '-c'],
        `perl -e "$0" / "$1" && shift && exec "$@"`,
        standing,
        scratch(),
        ...['unshare', '--mount', 'sh', '-c', inside, home],
      ],
      { root: true },
    );
    const session = await open(start, form === 'sh' ? { form } : {});
    const [direct, stood] = await tryAll(
      session,
      (['direct', 'proc-root'] as const).map(
        way => ({ op: 'read', way, path: secret, challenge: challenge(SECRET) }) as const,
      ),
    );
    await session.close();
    expect(direct).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(stood).toMatchObject({ outcome: 'done', at: expect.stringMatching(/^\/proc\/\d+\/cwd\//) });
  },
);

describe.runIf(asRoot)('taking off what lies over a path', () => {
  it.each(['node', 'sh'] as const)('does not reach the mounts outside, even where they are shared (%s)', async form => {
    const folder = scratch();
    const over = join(folder, 'over');
    // An unshare that leaves the propagation as it is.
    const bin = scratch();
    writeFileSync(join(bin, 'unshare'), '#!/bin/sh\nexec /usr/bin/unshare --propagation unchanged "$@"\n', {
      mode: 0o755,
    });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
    try {
      execFileSync('mount', ['--make-shared', folder]);
      mkdirSync(over);
      writeFileSync(join(over, 'below'), SECRET);
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', over]);
      const start = wrapped([], { root: true, env: { PATH: `${bin}:${process.env.PATH}` } });
      const session = await open(start, form === 'sh' ? { form } : {});
      const [off] = await tryAll(session, [
        { op: 'read', way: 'umount', path: join(over, 'below'), challenge: challenge(SECRET) },
      ]);
      await session.close();
      expect(off).toMatchObject({ outcome: 'done', at: `umount ${over}` });
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).toContain(` ${over} `);
    } finally {
      execFileSync('umount', ['-R', '-l', folder]);
    }
  });
});

describe.runIf(asRoot).each(['node', 'sh'] as const)('a mount that hides its source (%s)', form => {
  const boxed = (script: string) => [
    'unshare',
    '-m',
    'sh',
    '-c',
    `mount --make-rprivate / && ${script} && mount -t tmpfs tmpfs "$0" && exec "$@"`,
    home,
  ];

  it('is found to hold the file, and that alone', async () => {
    const [at, upper, empty] = [scratch(), scratch(), scratch()];
    const overlay = `mount -t overlay overlay -o 'lowerdir=${home}:${empty}' ${at}`;
    const found = await waysIn(boxed(overlay), form);
    expect(found.direct).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(found.mounts).toMatchObject({ outcome: 'done', matched: true, at: `${at}/secret` });
    // Another file of the name says nothing.
    writeFileSync(join(upper, 'secret'), 'something else\n');
    const other = await waysIn(boxed(`mount -t overlay overlay -o 'lowerdir=${upper}:${empty}' ${at}`), form);
    expect(other.mounts).toMatchObject({ outcome: 'none' });
  });

  it('is written through by its device', async () => {
    const [folder, again] = [scratch(), scratch()];
    const guard = join(folder, 'guard');
    writeFileSync(guard, 'x\n');
    const pinned = `mount --bind ${folder} ${again} && mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`;
    const wrapper = ['unshare', '-m', 'sh', '-c', `mount --make-rprivate / && ${pinned} && exec "$@"`, 'sh'];
    const session = await open(wrapped(wrapper, { root: true }), form === 'sh' ? { form } : {});
    const deed = { op: 'write', how: 'in-place', path: guard, content: '' } as const;
    const before = statSync(guard).ctimeMs;
    const [direct] = await tryAll(session, [deed]);
    expect(direct).toMatchObject({ outcome: 'refused', reason: 'EROFS' });
    expect(statSync(guard).ctimeMs).toBe(before);
    const [round] = await tryAll(session, [{ ...deed, place: placeOf(guard) }]);
    expect(round).toMatchObject({ outcome: 'done', at: join(again, 'guard') });
    expect(statSync(guard).ctimeMs).toBeGreaterThan(before);
    await session.close();
  });
});

describeWith(['bubblewrap'], 'ways round a box', () => {
  for (const form of ['node', 'sh'] as const) {
    it(`finds none round a hardened one (${form})`, async () => {
      const ways = await waysIn(['bwrap', ...hardened(), ...cover()], form);
      expect(reached(ways)).toEqual([]);
      expect(ways.direct).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
      expect(ways.mounts).toMatchObject({ outcome: 'none' });
      expect(ways['proc-root'].outcome).toBe('none');
      expect(ways.umount).toMatchObject({ outcome: 'refused', reason: 'EPERM' });
      expect(ways.nsenter.outcome).toBe('none');
      expect(ways['open-fd'].outcome).toBe('none');
    });

    it(`finds a second mount, and that alone (${form})`, async () => {
      const ways = await waysIn(
        ['bwrap', ...hardened(), '--tmpfs', '/mnt', '--ro-bind', home, '/mnt/a gain', ...cover()],
        form,
      );
      expect(reached(ways)).toEqual(['mounts']);
      expect(ways.mounts).toMatchObject({ matched: true, at: '/mnt/a gain/secret' });
    });

    it(`finds a folder above mounted a second time (${form})`, async () => {
      const ways = await waysIn(
        ['bwrap', ...hardened(), '--tmpfs', '/mnt', '--ro-bind', join(home, '..'), '/mnt/up', ...cover()],
        form,
      );
      expect(ways.mounts).toMatchObject({ outcome: 'done', at: '/mnt/up/home with space/secret' });
    });

    it(`finds a descriptor that was left open, and that alone (${form})`, async () => {
      const ways = await waysIn(
        ['sh', '-c', 'exec 9<"$0"; exec "$@"', secret, 'bwrap', ...hardened(), ...cover()],
        form,
      );
      expect(reached(ways)).toEqual(['open-fd']);
      expect(ways['open-fd'].at).toMatch(/^\/proc\/(self|\d+)\/fd\/9$/);
    });

    it(`finds the way up from a folder that was left open (${form})`, async () => {
      const ways = await waysIn(
        ['sh', '-c', 'exec 9<"$0"; exec "$@"', '/usr', 'bwrap', ...hardened(), ...cover()],
        form,
      );
      expect(reached(ways)).toEqual(['open-fd']);
    });

    it.runIf(asRoot)(`takes off what lies over it, where it may (${form})`, async () => {
      const ways = await waysIn(['bwrap', ...withCapabilities(), ...cover()], form);
      expect(reached(ways)).toEqual(['umount']);
      expect(ways.umount.at).toBe(`umount ${home}`);
    });

    it.runIf(asRoot)(`goes through other processes, where it may (${form})`, async () => {
      const ways = await waysIn(['bwrap', ...withHostProcesses(), ...cover()], form);
      // Whether another process has a folder open is not ours to say.
      expect(reached(ways).filter(way => way !== 'open-fd')).toEqual(['proc-root', 'umount', 'nsenter']);
      expect(ways['proc-root'].at).toMatch(/^\/proc\/\d+\/(root|cwd)\//);
      expect(ways.nsenter.at).toMatch(/^nsenter -t \d+$/);
    });

    it.runIf(asRoot)(`leaves the mounts outside as they were (${form})`, async () => {
      const folder = scratch();
      const path = join(folder, 'inner');
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
      try {
        writeFileSync(path, SECRET);
        const session = await open(wrapped([], { root: true }), form === 'sh' ? { form } : {});
        const [direct, off] = await tryAll(
          session,
          (['direct', 'umount'] as const).map(
            way => ({ op: 'read', way, path, challenge: challenge(SECRET) }) as const,
          ),
        );
        await session.close();
        expect(direct).toMatchObject({ outcome: 'done' });
        expect(off).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
        expect(readFileSync(path, 'utf8')).toBe(SECRET);
      } finally {
        execFileSync('umount', [folder]);
      }
    });
  }
});

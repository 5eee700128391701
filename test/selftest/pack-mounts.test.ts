import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountTable, placeOn } from '../../src/selftest/controls.ts';
import { endRound, oncePerRound, readUpTo, strongest, within } from '../../src/selftest/pack/base.ts';
import type { Session } from '../../src/selftest/session/session.ts';
import type { FileSystemPlace, Observation } from '../../src/selftest/wire.ts';
import { describeWith } from '../support/parts.ts';
import { busyboxOnly, challenge, cleanUp, open, scratch, tryAll, tryOne, wrapped } from './pack-support.ts';

/** Mounts that lead to a file or a folder round what covers it, and what of them cannot be looked at. */
const SECRET = 'hunter2 of the mounts\n';
const asRoot = process.getuid?.() === 0;
/** The last is the second with nothing but busybox, whose shell reads other escapes. */
const FORMS = ['node', 'sh', 'busybox'] as const;
type Form = (typeof FORMS)[number];

/** The home that is covered, and a folder for mounts, beside each other. */
let home: string;
let mnt: string;
let secret: string;

async function placeOf(path: string): Promise<FileSystemPlace> {
  const place = placeOn(await mountTable(), path);
  if (!place) throw new Error(`no mount has ${path}`);
  return place;
}

beforeEach(() => {
  [home, mnt] = [scratch(), scratch()];
  secret = join(home, 'secret');
  writeFileSync(secret, SECRET);
});
afterAll(cleanUp);

/** In a mount namespace of its own, after `script`, where $h is the home and $m a tmpfs for mounts with a, b and e in it. */
const boxed = (script: string) => [
  'unshare',
  '-m',
  'sh',
  '-e',
  '-c',
  `h=$1 m=$2; shift 2; mount --make-rprivate /; mount -t tmpfs t "$m"; mkdir "$m/a" "$m/b" "$m/e"; ${script}\nexec "$@"`,
  'sh',
  home,
  mnt,
];
const OVERLAY = 'mount -t overlay o -o "lowerdir=$m/e:$h" "$m/a"';
const COVER = 'mount -t tmpfs hid "$h"';

function begin(wrapper: readonly string[], form: Form): Promise<Session> {
  const tools = form === 'busybox' ? ['env', `PATH=${busyboxOnly()}`] : [];
  return open(wrapped([...wrapper, ...tools], { root: true }), form === 'node' ? {} : { form: 'sh' });
}

async function readIn(script: string, form: Form, way: 'mounts' | 'umount' | 'nsenter' = 'mounts') {
  const place = await placeOf(secret);
  const session = await begin(boxed(script), form);
  const deed = { op: 'read', path: secret, challenge: challenge(SECRET), timeout: 20_000 } as const;
  const [direct, round] = await tryAll(session, [
    { ...deed, way: 'direct' },
    { ...deed, way, place },
  ]);
  await session.close();
  expect(direct).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
  return round as Observation;
}

describe.runIf(asRoot).each(FORMS)('a file behind what covers it (%s)', form => {
  it('is found where the first mount of it is covered, and the second is not', async () => {
    const found = await readIn(`${OVERLAY}; mount --bind "$m/a" "$m/b"; mount -t tmpfs x "$m/a"; ${COVER}`, form);
    expect(found).toMatchObject({ outcome: 'done', matched: true, at: `${mnt}/b/secret` });
  });

  it('is found where it is mounted alone, under another name', async () => {
    const script = `${OVERLAY}; touch "$m/f"; mount --bind "$m/a/secret" "$m/f"; umount -l "$m/a"; ${COVER}`;
    expect(await readIn(script, form)).toMatchObject({ outcome: 'done', matched: true, at: `${mnt}/f` });
  });

  it('is found before many other mounts', async () => {
    const many = 'for i in $(seq 70); do mkdir "$m/b/$i"; mount -t tmpfs x "$m/b/$i"; done';
    expect(await readIn(`${OVERLAY}; ${COVER}; ${many}`, form)).toMatchObject({ outcome: 'done', matched: true });
  });

  it('is found many folders down', async () => {
    const deep = join(home, 'z/b/c/d/e/f/g/h/i/j/k/l/m/n/o');
    mkdirSync(deep, { recursive: true });
    secret = join(deep, 'secret');
    writeFileSync(secret, SECRET);
    const found = await readIn(`${OVERLAY}; mount -t tmpfs x ${deep}`, form);
    expect(found).toMatchObject({ outcome: 'done', matched: true, at: secret.replace(home, `${mnt}/a`) });
  });

  it('is found at the end of a long mount table', async () => {
    const many =
      'n=$(printf "x%.0s" $(seq 250)); cd "$m/b"; for i in $(seq 13); do mkdir $n; cd -P $n; done; for i in $(seq 330); do mkdir $i; mount -t tmpfs x $i; done; cd /';
    const script = `mkdir "$m/s" "$m/z"; mount --bind "$h" "$m/s"; ${COVER}; ${many}; mount --bind "$m/s" "$m/z"; umount "$m/s"`;
    expect(await readIn(script, form)).toMatchObject({ outcome: 'done', matched: true, at: `${mnt}/z/secret` });
  }, 30_000);

  it.each(['a 1', 'a\tb#\\134'])('is found by a mount of the name %j', async name => {
    mkdirSync(join(home, name));
    const script = `d=$m/$(printf '${name.replaceAll('\\', '\\\\').replace('\t', '\\t')}'); mkdir "$d"; mount --bind "$h" "$d"; ${COVER}`;
    expect(await readIn(script, form)).toMatchObject({ outcome: 'done', at: `${mnt}/${name}/secret` });
  });

  it.each(['a\nc', 'nl\n'])('is not said to be nowhere else with a mount of the name %j', async name => {
    const script = `d=$m/$(printf '${name.replace('\n', '\\n')}.'); d=\${d%.}; mkdir "$d"; mount --bind "$h" "$d"; ${COVER}`;
    const found = await readIn(script, form);
    if (form === 'node') expect(found).toMatchObject({ outcome: 'done', matched: true });
    else expect(found).toMatchObject({ outcome: 'error', reason: expect.stringContaining('line break') });
  });

  it('is found below many mounts over it, or it is said that not all were taken off', async () => {
    const stack = (count: number) => `for i in $(seq ${count}); do ${COVER}; done`;
    expect(await readIn(stack(20), form, 'umount')).toMatchObject({ outcome: 'done', matched: true });
    const many = await readIn(stack(70), form, 'umount');
    if (form === 'node') expect(many).toMatchObject({ outcome: 'error', reason: expect.stringContaining('64 of 70') });
    else expect(many).toMatchObject({ outcome: 'done', matched: true });
  }, 40_000);
});

describe.runIf(asRoot).each(FORMS)('many mount namespaces (%s)', form => {
  /** With so many processes where the file is hidden too, and perhaps one where it is not. */
  async function enterIn(count: number, last: string) {
    const other = (script: string) => `unshare -m sh -c '${script} exec sleep 30' sh "$h" </dev/null >/dev/null 2>&1 &`;
    const script = [
      'mount -t proc proc /proc',
      `for i in $(seq ${count}); do ${other('mount -t tmpfs x "$1";')} done; sleep 2`,
      `${last === '' ? '' : other(last)} sleep 0.3; ${COVER}`,
    ].join('; ');
    const place = await placeOf(secret);
    const session = await begin(['unshare', '--pid', '--fork', '--kill-child', ...boxed(script)], form);
    const deed = { op: 'read', way: 'nsenter', path: secret, place, challenge: challenge(SECRET) } as const;
    const entered = await tryOne(session, { ...deed, timeout: 20_000 });
    await session.close();
    return entered;
  }

  it('are entered', async () => {
    expect(await enterIn(40, 'true;')).toMatchObject({ outcome: 'done', matched: true });
  }, 40_000);

  it('are all entered, or it is said that they were not', async () => {
    const entered = await enterIn(110, '');
    if (form !== 'node') expect(entered).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    else expect(entered).toMatchObject({ outcome: 'error', reason: 'only 100 of 110 mount namespaces were entered' });
  }, 40_000);
});

describe.runIf(asRoot).each(FORMS)('a list that is cut (%s)', form => {
  const [most, names] = form === 'node' ? [1_000, 20_000] : [200, 400];

  it('of open files is no answer', async () => {
    // By a process beside it, which alone can be seen.
    const flags = scratch();
    const opened = `for(1..${most + 2}){my $f="${flags}/$_";open(my $h,">",$f)or die "$!";unlink $f;push @h,$h}open(my $u,">","${flags}/up");sleep 60`;
    const holding = `perl -e '${opened}' </dev/null >/dev/null 2>&1 & until [ -e ${flags}/up ]; do sleep 0.05; done`;
    const script = `ulimit -n 4096; mount -t proc proc /proc; ${holding}; ${COVER}`;
    const session = await begin(['unshare', '--pid', '--fork', '--kill-child', ...boxed(script)], form);
    const deed = { op: 'read', way: 'open-fd', path: secret, challenge: challenge(SECRET) } as const;
    const answer = await tryOne(session, { ...deed, timeout: 20_000 });
    await session.close();
    expect(answer).toMatchObject({ outcome: 'error', reason: expect.stringMatching(/^only \d+ .*open files/) });
  }, 30_000);

  it('of names is no answer', async () => {
    const folder = scratch();
    for (let n = 0; n <= names; n++) writeFileSync(join(folder, String(n)), '');
    const session = await begin([], form);
    const listed = await tryOne(session, { op: 'list', path: folder, key: 'k', digests: ['none'], timeout: 20_000 });
    await session.close();
    expect(listed).toMatchObject({ outcome: 'error', reason: `only ${names} of its names were looked at` });
  }, 30_000);

  it('of places where it may stand is no answer', async () => {
    const fill =
      'for i in $(seq 205); do mkdir "$m/b/$i"; mount -t tmpfs x "$m/b/$i"; echo other >"$m/b/$i/secret"; done';
    const found = await readIn(`${COVER}; ${fill}`, form);
    // Node looks at them all.
    if (form === 'node') expect(found).toMatchObject({ outcome: 'none' });
    else expect(found).toMatchObject({ outcome: 'error', reason: 'only 200 places were looked at' });
  }, 30_000);
});

describe.runIf(asRoot).each(FORMS)('writing by a mount that hides its source (%s)', form => {
  /** A repository whose `.git` is bound read-only, and what else is mounted. */
  async function writeIn(script: string, how: 'in-place' | 'create', name: string) {
    mkdirSync(join(home, '.git/hooks'), { recursive: true });
    mkdirSync(join(home, 'work'), { recursive: true });
    for (const file of ['config', 'hooks/pre-commit']) writeFileSync(join(home, '.git', file), `${file}\n`);
    const path = join(home, '.git', name);
    const place = await placeOf(dirname(path));
    const kept = 'mount --bind "$h/.git" "$h/.git"; mount -o remount,ro,bind "$h/.git"';
    const session = await begin(boxed(`${script}; ${kept}`), form);
    const deed = { op: 'write', how, path, content: 'x\n' } as const;
    const at = { device: place.device, path: join(place.path, name.split('/').at(-1) ?? '') };
    const before = statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
    const [direct] = await tryAll(session, [deed]);
    const [round] = await tryAll(session, [{ ...deed, place: at }]);
    await session.close();
    expect(direct).toMatchObject({ outcome: 'refused', reason: 'EROFS' });
    return { round, written: (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) > before };
  }
  const upper = (folder: string, at = '"$m/a"') =>
    `mount -t overlay o -o "lowerdir=$m/e,upperdir=$h/${folder},workdir=$h/work" ${at}`;

  it('is done in place, where nothing changes', async () => {
    const { round, written } = await writeIn(upper('.git'), 'in-place', 'config');
    expect(round).toMatchObject({ outcome: 'done', at: `${mnt}/a/config` });
    expect(written).toBe(true);
  });

  it.each([
    ['a folder above', '.git', 'a/hooks'],
    ['the folder itself', '.git/hooks', 'a'],
  ])('is left undone for a new file, and not called blocked, with %s', async (_, folder, at) => {
    const { round, written } = await writeIn(upper(folder), 'create', 'hooks/fresh');
    expect(round).toMatchObject({ outcome: 'error', reason: `a mount may lead to it: ${mnt}/${at}` });
    expect(written).toBe(false);
  });

  it('is blocked where another folder of the name stands, or nothing can be made in it', async () => {
    const other = 'mkdir -p "$m/e/hooks" "$m/up" "$m/w"; echo x >"$m/e/hooks/other"; echo other >"$m/e/config"';
    const elsewhere = `${other}; mount -t overlay o -o "lowerdir=$m/e,upperdir=$m/up,workdir=$m/w" "$m/a"`;
    for (const script of [elsewhere, 'mount -t overlay o -o "lowerdir=$m/e:$h/.git" "$m/a"']) {
      const { round } = await writeIn(script, 'create', 'hooks/fresh');
      expect(round?.outcome, round?.reason).toMatch(/^(none|refused)$/);
    }
    const { round } = await writeIn(elsewhere, 'in-place', 'config');
    expect(round?.outcome, round?.reason).toMatch(/^(none|refused)$/);
  });
});

describe.runIf(asRoot).each(FORMS)('a mount that never answers (%s)', form => {
  it('holds up no other try, though a link beside the guesses leads to it', async () => {
    // Nobody serves the file system.
    const hung =
      'exec 8<>/dev/fuse; mkdir "$m/hung"; mount -i -t fuse -o fd=8,rootmode=40000,user_id=0,group_id=0 hung "$m/hung"';
    const top = secret.split('/')[1];
    const script = `mount -t tmpfs x "$m/b"; ln -s "$m/hung" "$m/b/${top}"; ${hung}; ${COVER}`;
    const place = await placeOf(secret);
    const plain = scratch();
    writeFileSync(join(plain, 'plain'), SECRET);
    const session = await begin(boxed(script), form);
    const deed = { op: 'read', challenge: challenge(SECRET), timeout: 700 } as const;
    // A shell that waits for it ends no second round; Node goes on, and asks it no more.
    for (let round = 0; round < (form === 'node' ? 5 : 1); round++) {
      const [guessed, free] = await tryAll(session, [
        { ...deed, way: 'mounts', path: secret, place },
        { ...deed, way: 'direct', path: join(plain, 'plain') },
      ]);
      expect(guessed?.outcome).toMatch(/^(timeout|error)$/);
      expect(free).toMatchObject({ outcome: 'done', matched: true });
    }
    await session.close();
  }, 30_000);
});

describe('what is looked up', () => {
  it('is looked up again in the next round', () => {
    let made = 0;
    const look = oncePerRound(() => ++made);
    expect([look(), look()]).toEqual([1, 1]);
    endRound();
    expect([look(), look()]).toEqual([2, 2]);
  });

  it.runIf(asRoot)('is seen by a try that is made again, however soon', async () => {
    const flags = scratch();
    // From below what covers it, once it is told to.
    const later = `(cd "$h"; until [ -e ${flags}/go ]; do sleep 0.02; done; mount -c --bind . "$m/b"; touch ${flags}/made) </dev/null >/dev/null 2>&1 &`;
    const place = await placeOf(secret);
    const session = await begin(boxed(`${later} sleep 0.2; ${COVER}`), 'node');
    const deed = { op: 'read', way: 'mounts', path: secret, place, challenge: challenge(SECRET) } as const;
    expect(await tryOne(session, deed)).toMatchObject({ outcome: 'none' });
    writeFileSync(join(flags, 'go'), '');
    await vi.waitFor(() => statSync(join(flags, 'made')), { timeout: 1_000, interval: 10 });
    expect(await tryOne(session, deed)).toMatchObject({ outcome: 'done', at: `${mnt}/b/secret` });
    await session.close();
  });

  it.runIf(asRoot)('is not what one refusal said in the round before', async () => {
    const bin = scratch();
    const once = `#!/bin/sh\nif [ ! -e ${bin}/asked ]; then touch ${bin}/asked; echo "unshare: Operation not permitted" >&2; exit 1; fi\nexec /usr/bin/unshare "$@"\n`;
    writeFileSync(join(bin, 'unshare'), once, { mode: 0o755 });
    const session = await begin(['/usr/bin/env', ...boxed(`export PATH=${bin}:$PATH; ${COVER}`)], 'node');
    const deed = { op: 'read', way: 'umount', path: secret, challenge: challenge(SECRET) } as const;
    expect(await tryOne(session, deed)).toMatchObject({ outcome: 'refused', reason: 'EPERM' });
    expect(await tryOne(session, deed)).toMatchObject({ outcome: 'done', matched: true });
    await session.close();
  });

  it('is no answer where it was cut', () => {
    const path = join(scratch(), 'table');
    writeFileSync(path, 'x'.repeat(200_000));
    expect(readUpTo(path, 1_000_000)).toEqual({ text: 'x'.repeat(200_000), isCut: false });
    expect(readUpTo(path, 100_000).isCut).toBe(true);
    const none = { outcome: 'none', reason: 'no second mount' } as const;
    expect(within('only so many', none)).toEqual({ outcome: 'error', reason: 'only so many' });
    expect(within('only so many', { outcome: 'done', reason: 'read' })).toMatchObject({ outcome: 'done' });
    expect(within(undefined, none)).toBe(none);
  });

  it('is no answer where one of several could not be looked at', () => {
    const masked = { outcome: 'refused', reason: 'masked', matched: false } as const;
    const failed = { outcome: 'error', reason: 'EMFILE' } as const;
    expect(strongest([masked, failed], masked)).toBe(failed);
  });
});

describeWith(['bubblewrap'], 'what refused by its mode', () => {
  const WALL = ['bwrap', '--bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--cap-drop', 'ALL'];

  describe.runIf(asRoot).each(FORMS)('of an own one (%s)', form => {
    /** The same tries with the folder as it is, and with it bound read-only. */
    async function refusals(readOnly: boolean) {
      const [closed, plain] = [join(home, 'closed'), join(home, 'plain')];
      for (const folder of [closed, plain]) mkdirSync(folder);
      for (const folder of [closed, plain]) writeFileSync(join(folder, 'file'), SECRET);
      chmodSync(join(plain, 'file'), 0o444);
      chmodSync(closed, 0o600);
      mkdirSync(join(home, 'fixed'));
      chmodSync(join(home, 'fixed'), 0o555);
      chownSync(home, 0, 0);
      const server = createServer();
      await new Promise<void>(done => server.listen(join(home, 's'), done));
      chmodSync(join(home, 's'), 0);
      const session = await begin([...WALL, ...(readOnly ? ['--ro-bind', home, home] : [])], form);
      const write = { op: 'write', content: 'x' } as const;
      const answers = await tryAll(session, [
        { op: 'read', way: 'direct', path: join(closed, 'file'), challenge: challenge(SECRET) },
        { ...write, how: 'in-place', path: join(plain, 'file') },
        { ...write, how: 'create', path: join(home, 'fixed/fresh') },
        { op: 'socket', path: join(home, 's'), abstract: false, greeting: 'none' },
      ]);
      await session.close();
      server.close();
      chmodSync(closed, 0o700);
      chmodSync(join(home, 'fixed'), 0o700);
      // Of busybox's programs none dials a socket.
      return form === 'busybox' ? answers.slice(0, 3) : answers;
    }

    it('is said with its mode', async () => {
      const [read, inPlace, create, socket] = await refusals(false);
      const refused = { outcome: 'refused', reason: 'EACCES', owner: 0 };
      expect(read).toMatchObject({ ...refused, part: 'folder', mode: '600', at: join(home, 'closed') });
      expect(inPlace).toMatchObject({ ...refused, part: 'itself', mode: '444' });
      expect(create).toMatchObject({ ...refused, part: 'folder', mode: '555', at: join(home, 'fixed') });
      if (form !== 'busybox') expect(socket).toMatchObject({ ...refused, part: 'itself', mode: '0' });
    });

    it('is said without one on a read-only mount, which keeps modes as they are', async () => {
      for (const answer of await refusals(true)) {
        expect(answer).toMatchObject({ outcome: 'refused' });
        expect(answer?.mode).toBeUndefined();
      }
    });
  });
});

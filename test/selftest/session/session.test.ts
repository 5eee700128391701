import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession } from '../../../src/selftest/session/session.ts';
import { testWith } from '../../support/parts.ts';
import { challenge, cleanUp, make, only, open, scratch, tryAll, tryOne, wrapped } from '../pack-support.ts';

let scene: string;

beforeAll(() => {
  scene = scratch();
  writeFileSync(join(scene, 'secret'), 'hunter2\n');
  writeFileSync(join(scene, 'other'), 'something else\n');
});
afterEach(() => {
  // Everything that a session starts carries the bootstrap's variable: nothing of it may be left.
  expect(left()).toEqual([]);
});
afterAll(cleanUp);

function left(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`).includes(`LAB_MARK=${process.pid}\0`);
    } catch {
      return false;
    }
  });
}

/** A wrapper that is a script: what it is given comes behind it in `$@`. */
function script(text: string) {
  const path = join(scene, `wrapper-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return wrapped([path], { env: { LAB_MARK: String(process.pid) } });
}

const read = () =>
  ({ op: 'read', way: 'direct', path: join(scene, 'secret'), challenge: challenge('hunter2\n') }) as const;

async function refusedToOpen(start: ReturnType<typeof wrapped>, helloTimeout = 700): Promise<string> {
  const opened = await openSession(start, { helloTimeout });
  if (opened.ok) await opened.session.close();
  expect(opened.ok).toBe(false);
  return opened.ok ? '' : opened.reason;
}

/** Opens, makes some tries, closes. */
async function through(
  start: ReturnType<typeof wrapped>,
  deeds: Parameters<typeof tryAll>[1],
  options?: Parameters<typeof open>[1],
) {
  const session = await open(start, options);
  const observations = await tryAll(session, deeds);
  const { failure, notes } = session;
  await session.close();
  return { observations, failure, notes: [...notes] };
}

describe('a vantage that cannot be had says why', () => {
  it('is missing', async () => {
    expect(await refusedToOpen(wrapped(['ap-no-such-wrapper'], { env: { PATH: '/usr/bin' } }))).toBe(
      'ap-no-such-wrapper is not installed, or not found on PATH',
    );
  });

  it('only echoes', async () => {
    expect(await refusedToOpen(script('exec cat'))).toBe('it only echoed what it was sent');
  });

  it('hangs', async () => {
    expect(await refusedToOpen(script('exec sleep 30'))).toBe('no answer within 0.7 s');
  });

  it('takes no input, as docker exec without -i does', async () => {
    expect(await refusedToOpen(script('exec "$@" </dev/null'))).toMatch(
      /takes no input.*docker exec and kubectl exec need -i/,
    );
  });

  it('ends with an error of its own', async () => {
    const reason = await refusedToOpen(script('echo "Error: No such container: \x1b[31mapp\x1b[0m" >&2; exit 1'));
    expect(reason).toBe('it ended with exit code 1: Error: No such container: app');
  });

  it('changes what is sent', async () => {
    for (const form of [undefined, 'sh'] as const) {
      const opened = await openSession(script(`sed -u 's/ENOTREG/ENOTDIR/' | "$@"`), { form });
      expect(opened).toEqual({ ok: false, reason: 'what was sent to it was changed on its way' });
    }
  });

  it('forges without having computed anything', async () => {
    expect(
      await refusedToOpen(script('printf "12x34 hello\\n12x34 want node 22.0.0\\n12x34 ready {}\\n"; exec sleep 30')),
    ).toMatch(/no answer within/);
  });

  it('floods before it says hello', async () => {
    const before = process.memoryUsage().rss;
    const started = Date.now();
    expect(await refusedToOpen(script('exec head -c 100000000 /dev/zero'), 10_000)).toMatch(/flooded/);
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  it('is stopped by its signal at once', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const started = Date.now();
    expect(await openSession(script('exec sleep 30'), { signal: stop.signal })).toMatchObject({ ok: false });
    expect(Date.now() - started).toBeLessThan(2_000);
  });
});

describe('a vantage that lies', () => {
  it('says things before and after, and in between: noise is counted and changes nothing', async () => {
    const { observations, notes } = await through(
      script(`echo 'Welcome!'; printf '\\033[2J\\033]0;owned\\007prompt$ '; "$@"; echo bye`),
      [read()],
    );
    expect(observations[0]).toMatchObject({ outcome: 'done', matched: true });
    expect(notes).toEqual([expect.stringMatching(/^2 lines on its output are not ours/)]);
  });

  it('forges refusals without the tag', async () => {
    // It sees every id that goes by, and answers first; it has not computed the tag.
    const forge = `perl -ne '$| = 1; print; print STDERR qq({"id":"$1","outcome":"refused","reason":"EACCES"}\\n) if /"id":"([0-9a-f]+)"/' | "$@"`;
    const { observations, notes } = await through(script(`{ ${forge}; } 2>&1`), [read(), read()]);
    for (const observation of observations) expect(observation).toMatchObject({ outcome: 'done', matched: true });
    expect(notes).toHaveLength(1);
  });

  it('answers for ids that nobody asked for', async () => {
    const { observations, notes } = await through(
      script(`"$@" | sed -u 's/^\\(.*result [0-9a-f]* {"id":"\\)[0-9a-f]*/\\1aaaaaaaaaaaaaaaa/'`),
      [read()],
    );
    expect(observations[0]).toMatchObject({ outcome: 'error', reason: 'nothing came back for it' });
    expect(notes).toHaveLength(1);
  });

  it.each([undefined, 'sh'] as const)('edits requests (form %s)', async form => {
    const edit = `sed -u 's/path\\(.*\\)secret/path\\1other/' | "$@"`;
    const { observations } = await through(script(edit), [read(), { op: 'listen', family: 'ipv4' }], { form });
    expect(observations[0]).toMatchObject({ outcome: 'error', reason: 'the try or its result was changed on its way' });
    expect(observations[1]).toMatchObject({ outcome: 'done' });
  });

  it.each([undefined, 'sh'] as const)('edits results into refusals (form %s)', async form => {
    const edit =
      form === 'sh'
        ? 's/outcome=done reason=read/outcome=refused reason=ENOENT/;s/ matched=1//'
        : 's/"outcome":"done","reason":"read","matched":true/"outcome":"refused","reason":"ENOENT"/';
    const { observations } = await through(script(`"$@" | sed -u '${edit}'`), [read()], { form });
    expect(observations[0]).toMatchObject({ outcome: 'error', reason: 'the try or its result was changed on its way' });
  });

  it.each([
    ['node', undefined],
    ['sh', 'sh'],
  ] as const)('edits what the vantage is (form %s): a hidden proxy is noticed', async (_name, form) => {
    const env = `http_proxy=http://127.0.0.1:3128 "$@"`;
    const honest = await open(script(env), { form });
    expect(honest.facts.proxies).toEqual(['127.0.0.1:3128']);
    await honest.close();
    for (const edit of [
      '/ ready /s/127.0.0.1:3128/127.0.0.1:9/',
      '/ ready /s/\\(uid[":=]*\\)[0-9]*/\\14242/',
      's/ ready [0-9a-f]*/ ready 0/',
    ])
      expect(await openSession(script(`${env} | sed -u '${edit}'`), { form }), edit).toEqual({
        ok: false,
        reason: 'what it said of itself was changed on its way',
      });
  });

  it('edits what the vantage is where there is no shell: it is not had', async () => {
    const bin = only({ node: process.execPath });
    const through = (filter: string) => {
      const path = join(scene, `no-shell-${Math.random().toString(36).slice(2)}`);
      writeFileSync(
        path,
        `#!/bin/sh\n[ "$1" = node ] || exit 127\nPATH=${bin} LAB_MARK=${process.pid} "$@" | ${filter}\n`,
        { mode: 0o755 },
      );
      return openSession(wrapped([path]));
    };
    const honest = await through('/bin/cat');
    expect(honest.ok).toBe(true);
    if (honest.ok) await honest.session.close();
    expect((await through(`/bin/sed -u '/ ready /s/"hostname":"[^"]*"/"hostname":"other"/'`)).ok).toBe(false);
  });

  it('doubles results: they are void', async () => {
    const { observations } = await through(script(`"$@" | sed -u '/result/p'`), [
      read(),
      { op: 'env', name: 'PATH', from: 'own' },
    ]);
    for (const observation of observations)
      expect(observation).toMatchObject({ outcome: 'error', reason: 'two results came for it' });
  });

  it('floods half way', async () => {
    const before = process.memoryUsage().rss;
    const { observations, failure } = await through(
      script(`"$@" | sed -u '/ result /q'; exec head -c 100000000 /dev/zero`),
      [read(), { op: 'exec', argv: ['sleep', '1'], cwd: '/' }],
    );
    expect(observations[0]).toMatchObject({ outcome: 'done', matched: true });
    expect(observations[1]).toMatchObject({ outcome: 'error', reason: expect.stringMatching(/flooded/) });
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
    expect(failure).toMatch(/flooded/);
  });

  it('dies half way: what came counts, the rest says why', async () => {
    const session = await open(script('exec "$@"'));
    const tries = [make(read()), make({ op: 'exec', argv: ['sleep', '20'], cwd: '/', timeout: 15_000 })];
    const made = session.round(tries);
    setTimeout(() => process.kill(-sessionPid(), 'SIGKILL'), 400);
    const observations = await made;
    expect(observations.get(tries[0]?.id ?? '')).toMatchObject({ outcome: 'done', matched: true });
    expect(observations.get(tries[1]?.id ?? '')).toMatchObject({
      outcome: 'error',
      reason: expect.stringMatching(/^it was ended by SIGKILL|it closed/),
    });
    expect(session.failure).toMatch(/SIGKILL/);
    await session.close();
  });

  it('stops answering: the round ends, and says so', async () => {
    const { observations, failure } = await through(script(`"$@" | sed -u '/synced/d'`), [{ ...read(), timeout: 300 }]);
    // Its answer came; only the end of the round did not.
    expect(observations[0]).toMatchObject({ outcome: 'done' });
    expect(failure).toBe('it stopped answering');
  });

  it('has a clock that is wrong', async () => {
    const bin = only({
      sh: '/bin/sh',
      sed: '/bin/sed',
      od: '/usr/bin/od',
      cat: '/bin/cat',
      sha256sum: '/usr/bin/sha256sum',
    });
    writeFileSync(join(bin, 'date'), '#!/bin/sh\necho 1000000000\n', { mode: 0o755 });
    const session = await open(wrapped(['/usr/bin/env', `PATH=${bin}`], { env: { LAB_MARK: String(process.pid) } }));
    expect(session.notes).toEqual([expect.stringMatching(/^its clock is .* behind$/)]);
    await session.close();
  });

  it('is not taken for one with a wrong clock, however long the run waits for an answer meanwhile', async () => {
    const session = await open(wrapped(['/usr/bin/env']));
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 600_000);
    expect(session.notes).toEqual([]);
    now.mockRestore();
    await session.close();
  });
});

/** The leader of the session's group: the only direct child of ours that carries the lab's variable. */
function sessionPid(): number {
  const pid = left().find(
    candidate => readFileSync(`/proc/${candidate}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid),
  );
  return Number(pid);
}

describe('a vantage with little', () => {
  it('has no sh but Node, and could not keep something: that is told', async () => {
    const bin = only({ node: process.execPath });
    const start = wrapped(['/usr/bin/env'], { env: { PATH: bin, LAB_MARK: String(process.pid) } });
    const opened = await openSession(async words => ({ ...(await start(words)), notes: ['a link is not kept'] }));
    expect(opened.ok && opened.session.notes).toEqual(['a link is not kept']);
    if (opened.ok) await opened.session.close();
  });

  it('has no sh but Node: every round is a program of its own', async () => {
    const bin = only({ node: process.execPath, cat: '/bin/cat' });
    const start = wrapped(['/usr/bin/env', `PATH=${bin}`, `LAB_MARK=${process.pid}`]);
    const session = await open(start);
    expect(session.facts).toMatchObject({ form: 'node' });
    expect(session.facts.tools).not.toContain('sh');
    const [secret, sibling] = await tryAll(session, [
      read(),
      { op: 'env', name: session.sibling.name, from: 'own', bring: true },
    ]);
    expect(secret).toMatchObject({ outcome: 'done', matched: true });
    expect(sibling).toMatchObject({ brought: session.sibling.value });
    expect(await tryOne(session, { op: 'listen', family: 'ipv4' })).toMatchObject({ outcome: 'done' });
    await session.close();
    expect(await tryOne(session, read())).toMatchObject({ outcome: 'error', reason: 'it was closed' });
  });

  it('has neither', async () => {
    const bin = only({ cat: '/bin/cat' });
    expect(await refusedToOpen(wrapped(['/usr/bin/env', `PATH=${bin}`]))).toMatch(/exit code 127: .*sh.*No such file/);
  });

  it('has a node that is too old, or broken: the shell goes on', async () => {
    for (const body of [
      'exit 97',
      'echo "node: error while loading shared libraries" >&2; exit 127',
      'cat >/dev/null; exit 1',
    ]) {
      const bin = only(
        Object.fromEntries(
          ['sed', 'od', 'cat', 'date', 'sha256sum', 'head', 'wc', 'dd', 'tr'].map(name => [
            name,
            execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
          ]),
        ),
      );
      writeFileSync(join(bin, 'node'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      writeFileSync(join(bin, 'sh'), '#!/bin/dash\n', { mode: 0o755 });
      const session = await open(words =>
        wrapped(['/usr/bin/env', `PATH=${bin}`, '/bin/dash'], { env: { LAB_MARK: String(process.pid) } })(
          words.slice(1),
        ),
      );
      expect(session.facts.form).toBe('sh');
      expect(await tryOne(session, read())).toMatchObject({ outcome: 'done', matched: true });
      await session.close();
    }
  });

  it('has no tool to compute SHA-256: what needs it is unable, the rest goes on', async () => {
    const bin = only(
      Object.fromEntries(
        ['sed', 'od', 'cat', 'date', 'cksum', 'head', 'wc', 'dd', 'tr'].map(name => [
          name,
          execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
        ]),
      ),
    );
    const session = await open(words =>
      wrapped(['/usr/bin/env', `PATH=${bin}`, '/bin/dash'], { env: { LAB_MARK: String(process.pid) } })(words.slice(1)),
    );
    const [secret, missing, connect] = await tryAll(session, [
      read(),
      { ...read(), path: '/nowhere' },
      { op: 'connect', host: '127.0.0.1', port: 1, greeting: 'none' },
    ]);
    expect(secret).toMatchObject({ outcome: 'unable', reason: 'sha256sum' });
    expect(missing).toMatchObject({ outcome: 'refused', reason: 'ENOENT' });
    expect(connect).toMatchObject({ outcome: 'unable', reason: 'nc' });
    await session.close();
  });

  it('gives our Node no options of its own, and what it runs its own again', async () => {
    const session = await open(
      wrapped([], { env: { NODE_OPTIONS: '--require /ap/not/there.js', LAB_MARK: String(process.pid) } }),
    );
    expect(session.facts.form).toBe('node');
    expect(
      await tryOne(session, {
        op: 'exec',
        argv: ['sh', '-c', 'echo "[$NODE_OPTIONS]"'],
        cwd: '/',
        expect: '[--require /ap/not/there.js]',
      }),
    ).toMatchObject({ found: true });
    await session.close();
  });
});

describe('nothing of ours goes along, and nothing stays', () => {
  it('inherits no descriptor but the three pipes', async () => {
    const here = readFileSync('/etc/hostname');
    expect(here.length).toBeGreaterThan(0);
    const session = await open(wrapped([], { env: { LAB_MARK: String(process.pid) } }));
    // 0-2 of the shell, and 4, which the bootstrap makes of 0.
    const listing = spawn('sh', ['-c', `ls /proc/${sessionPid()}/fd`], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    for await (const part of listing.stdout) text += part;
    expect(
      text
        .trim()
        .split(/\s+/)
        .filter(name => Number(name) < 10),
    ).toEqual(['0', '1', '2', '4']);
    await session.close();
  });

  it('lays no file, and has nothing in its arguments', async () => {
    const temporary = scratch();
    const session = await open(wrapped([], { env: { LAB_MARK: String(process.pid), TMPDIR: temporary } }));
    const lines = left().map(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1).join(' ').trim());
    expect(lines.sort()).toEqual(['-', '-s']);
    await session.close();
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each([undefined, 'sh'] as const)('ends what a try left behind (form %s)', async form => {
    const session = await open(wrapped([], { env: { LAB_MARK: String(process.pid) } }), { form });
    const made = await tryOne(session, {
      op: 'exec',
      argv: ['sh', '-c', 'setsid sleep 60 >/dev/null 2>&1 & echo started'],
      cwd: '/',
      expect: 'started',
    });
    expect(made).toMatchObject({ outcome: 'done', found: true });
    await session.close();
    await new Promise(done => setTimeout(done, 50));
    expect(left()).toEqual([]);
  });

  it('is gone although it ignores the end of its input', async () => {
    const session = await open(script('"$@"; trap "" TERM HUP; sleep 60'));
    const started = Date.now();
    await session.close();
    await session.close();
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  testWith(['bubblewrap'], 'needs nothing that can be written', async () => {
    const start = wrapped(
      [
        'bwrap',
        '--ro-bind',
        '/',
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        '--setenv',
        'LAB_MARK',
        String(process.pid),
        '--die-with-parent',
      ],
      { root: true },
    );
    for (const form of [undefined, 'sh'] as const) {
      const session = await open(start, { form });
      expect(await tryOne(session, read())).toMatchObject({ outcome: 'done', matched: true });
      expect(await tryOne(session, { op: 'listen', family: 'unix' })).toMatchObject({ outcome: 'done' });
      await session.close();
    }
  });
});

it('is quick: 200 reads and listeners in one round', async () => {
  const session = await open(wrapped([], { env: { LAB_MARK: String(process.pid) } }));
  const deeds = [
    ...Array.from({ length: 200 }, read),
    ...(['ipv4', 'ipv6', 'unix'] as const).map(family => ({ op: 'listen', family }) as const),
  ];
  const started = performance.now();
  const observations = await tryAll(session, deeds);
  const took = performance.now() - started;
  await session.close();
  expect(observations.every(({ outcome }) => outcome === 'done')).toBe(true);
  expect(took).toBeLessThan(1_000);
});

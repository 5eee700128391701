import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Isolation } from '../../src/posture/schema.ts';
import { boxOf } from '../../src/selftest/box.ts';
import { openVantage, vantageOf } from '../../src/selftest/vantages/index.ts';
import type { VantageContext, VantageKind } from '../../src/selftest/vantages/types.ts';
import { labFacts } from '../labs/box.ts';
import { describeWith } from '../support/parts.ts';
import { challenge, tryAll, tryOne } from './pack-support.ts';

let root: string;
let context: VantageContext;
const kind = (id: string) => vantageOf(id) as VantageKind;

const box = (isolation: Isolation) => boxOf(labFacts(root, homedir()), { isolation });

beforeAll(() => {
  // Not below /tmp, which a box has its own of.
  root = realpathSync(mkdtempSync(join(process.cwd(), 'node_modules', '.ap-vantages-')));
  writeFileSync(join(root, 'README'), 'hello\n');
  writeFileSync(join(root, '.env'), 'TOKEN=hunter2\n');
  mkdirSync(join(root, 'bin'));
  context = { root, home: homedir() };
  process.env.LAB_VANTAGES = 'whole environment';
});
afterAll(() => {
  delete process.env.LAB_VANTAGES;
  rmSync(root, { recursive: true, force: true });
});

async function opened(id: string, extra: Partial<VantageContext> = {}) {
  const result = await openVantage(kind(id), { ...context, ...extra });
  if (!result.ok) throw new Error(result.reason);
  return result.session;
}

describe('the registry', () => {
  it('knows the kinds by the ids of the command line', () => {
    expect(['host', 'sandbox', 'via:1', 'via:2', 'agent:x'].map(id => vantageOf(id)?.id)).toEqual([
      'host',
      'sandbox',
      'via',
      'via',
      undefined,
    ]);
  });

  it('names them for the report', () => {
    expect(kind('host').title(context)).toBe('your shell, no box');
    expect(kind('via:1').title({ ...context, command: 'docker exec -i app' })).toBe('docker exec -i app');
    expect(kind('sandbox').title({ ...context, box: box({ runtime: 'bubblewrap' }) })).toMatch(/box$/);
  });
});

describe('host', () => {
  it('starts in the root with the whole environment, and what it adds is known', async () => {
    const session = await opened('host');
    expect(session.facts).toMatchObject({ cwd: root, form: 'node' });
    const [value, names, file] = await tryAll(session, [
      { op: 'env', name: 'LAB_VANTAGES', from: 'own', challenge: challenge('whole environment') },
      { op: 'env-names' },
      { op: 'read', way: 'direct', path: join(root, 'README'), challenge: challenge('hello\n') },
    ]);
    await session.close();
    expect(value).toMatchObject({ outcome: 'done', matched: true });
    expect(file).toMatchObject({ outcome: 'done', matched: true });
    const own = (names?.names ?? []).filter(({ from }) => from === 'own').map(({ name }) => name);
    const known = /^(?:AGENT_POSTURE_.*|UV_THREADPOOL_SIZE|LC_ALL|_|PWD|OLDPWD|SHLVL)$/;
    expect(own.filter(name => process.env[name] === undefined && !known.test(name))).toEqual([]);
  });

  it('starts no program that lies in the repository', async () => {
    const before = process.env.PATH;
    symlinkSync('/bin/false', join(root, 'bin', 'sh'));
    process.env.PATH = `${join(root, 'bin')}:${before}`;
    try {
      const session = await opened('host');
      expect(session.facts.form).toBe('node');
      await session.close();
    } finally {
      process.env.PATH = before;
    }
  });

  it('goes on with our own Node where there is no sh', async () => {
    const before = process.env.PATH;
    process.env.PATH = mkdtempSync(join(tmpdir(), 'ap-no-sh-'));
    try {
      const session = await opened('host');
      expect(session.facts.tools).toEqual([]);
      expect(await tryOne(session, { op: 'listen', family: 'ipv4' })).toMatchObject({ outcome: 'done' });
      await session.close();
    } finally {
      rmSync(process.env.PATH, { recursive: true });
      process.env.PATH = before;
    }
  });
});

describe('via', () => {
  it('splits the words, appends sh -s, starts in the root', async () => {
    const path = join(root, 'wrapper with space');
    writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" >"$PWD/words"\nshift 2\nexec "$@"\n`, { mode: 0o755 });
    const session = await opened('via:1', { command: `'./wrapper with space' "a b" c\\ d` });
    expect(session.facts.cwd).toBe(root);
    await session.close();
    expect(readFileSync(join(root, 'words'), 'utf8')).toBe('a b\nc d\nsh\n-s\n');
  });

  it('is never given to a shell', async () => {
    const result = await openVantage(kind('via:1'), {
      ...context,
      command: `env 'A=$(touch pwned)' "B=\\$(touch pwned)" false`,
    });
    expect(result).toMatchObject({ ok: false });
    expect(() => readFileSync(join(root, 'pwned'))).toThrow();
  });

  it('says what is wrong with it', async () => {
    for (const [command, reason] of [
      ["docker 'exec", /open '/],
      ['ap-no-such-program -i', /not (installed|found)/],
      ['false', /exit code 1/],
      ['true', /takes no input/],
    ] as const)
      expect(await openVantage(kind('via:1'), { ...context, command })).toMatchObject({
        ok: false,
        reason: expect.stringMatching(reason),
      });
  });
});

describe('descriptors', () => {
  /** A `sh` that writes down what it was started with before it becomes one. */
  const listing = `#!/bin/sh\nls -l /proc/$$/fd >"$LAB_DESCRIPTORS"\nexec /bin/sh "$@"\n`;

  it.each(['host', 'via:1'])('nothing but the three pipes goes along to %s', async id => {
    const bin = mkdtempSync(join(tmpdir(), 'ap-descriptors-'));
    const seen = join(bin, 'seen');
    writeFileSync(join(bin, 'sh'), listing, { mode: 0o755 });
    vi.stubEnv('LAB_DESCRIPTORS', seen);
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    const held = openSync(join(root, 'README'), 'r');
    try {
      const session = await opened(id, { command: 'env LAB_VIA=1' });
      await session.close();
      const lines = readFileSync(seen, 'utf8')
        .split('\n')
        .filter(line => line.includes(' -> '));
      const numbers = lines.map(line => Number(/(\d+) -> /.exec(line)?.[1]));
      expect(numbers).toContain(0);
      // A shell itself holds its script and what it moved aside, out of the way of the lowest ones.
      expect(numbers.filter(number => number > 2 && number < 10)).toEqual([]);
      expect(lines.filter(line => line.includes(root))).toEqual([]);
    } finally {
      closeSync(held);
      vi.unstubAllEnvs();
      rmSync(bin, { recursive: true, force: true });
    }
  });
});

describe('sandbox', () => {
  it('is unavailable without a declared box', async () => {
    expect(await openVantage(kind('sandbox'), context)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/no box/),
    });
  });

  it('starts a wrapper of the posture', async () => {
    const session = await opened('sandbox', { box: box({ runtime: 'command', command: 'env LAB_WRAPPED=1' }) });
    expect(await tryOne(session, { op: 'env', name: 'LAB_WRAPPED', from: 'own' })).toMatchObject({ outcome: 'done' });
    await session.close();
  });
});

describeWith(['bubblewrap'], 'the bubblewrap box as a vantage', () => {
  it('holds what it hides, lets work what must, and ends with its session', async () => {
    const session = await opened('sandbox', {
      box: box({ runtime: 'bubblewrap', network: { allow: [] }, files: { write: ['.'], hide: ['.env'] } }),
    });
    const [readme, hidden, made, gone] = await tryAll(session, [
      { op: 'read', way: 'direct', path: join(root, 'README'), challenge: challenge('hello\n') },
      { op: 'read', way: 'direct', path: join(root, '.env'), challenge: challenge('TOKEN=hunter2\n') },
      { op: 'write', how: 'create', path: join(root, 'made-inside'), content: 'x' },
      { op: 'listen', family: 'ipv4' },
    ]);
    await session.close();
    expect(readme).toMatchObject({ outcome: 'done', matched: true });
    expect(hidden?.outcome).toBe('refused');
    expect(made).toMatchObject({ outcome: 'done' });
    expect(readFileSync(join(root, 'made-inside'), 'utf8')).toBe('x');
    expect(gone).toMatchObject({ outcome: 'done' });
  });
});

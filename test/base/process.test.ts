import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../src/base/exec.ts';
import { isAlive, lifeOf, ownerOf, ownFile, ownIdentity } from '../../src/base/process.ts';
import { stateFolder } from '../../src/base/state.ts';
import { acquireLock } from '../../src/generate/lock.ts';
import { clearPlaceholders } from '../../src/isolation/placeholders.ts';
import { recover } from '../../src/selftest/leftovers.ts';
import { bundle } from '../support/bundle.ts';
import { describeWith } from '../support/parts.ts';

let folder: string;
let root: string;
const before = process.env.AGENT_POSTURE_STATE;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'process-')));
  root = join(folder, 'root');
  mkdirSync(root);
  process.env.AGENT_POSTURE_STATE = join(folder, 'state');
});
afterEach(() => {
  if (before === undefined) delete process.env.AGENT_POSTURE_STATE;
  else process.env.AGENT_POSTURE_STATE = before;
  rmSync(folder, { recursive: true, force: true });
});

describe('a process', () => {
  test('is the one of that start, not another with its number', () => {
    const own = ownIdentity();
    expect(lifeOf(own)).toBe('alive');
    expect(isAlive({ ...own, start: `${own.start}1` })).toBe(process.platform !== 'linux');
    expect(isAlive({ ...own, pid: spawnSync('true').pid })).toBe(false);
  });

  test.runIf(process.platform === 'linux')('of an earlier start of the machine is gone, wherever it ran', () => {
    const own = ownIdentity();
    expect(lifeOf({ ...own, boot: '00000001' })).toBe('gone');
    expect(lifeOf({ ...own, space: '1', boot: '00000001' })).toBe('gone');
  });

  test('of which the system says nothing may be alive', () => {
    const own = ownIdentity();
    const other = { pid: spawnSync('true').pid, start: '0', space: '0', boot: '0' };
    // Where the system never says anything, the number is all there is.
    expect(isAlive(other)).toBe(own.space !== '0');
  });

  test('of which only a number was written down is alive where one of ours has it', () => {
    expect([isAlive(process.pid), isAlive(spawnSync('true').pid)]).toEqual([true, false]);
  });

  test('two files of one process have two names, and both say whose they are', () => {
    const files = [ownFile(root), ownFile(root, 'x', '.json')];
    expect(new Set(files.map(({ path }) => path)).size).toBe(2);
    expect(files.map(({ path }) => ownerOf(path)?.life)).toEqual(['alive', 'alive']);
    expect(ownerOf(join(root, '412-0a0b0c0d.json'))).toBeUndefined();
    files[0]?.release();
    expect(readdirSync(root)).toHaveLength(1);
    files[1]?.release();
    expect(readdirSync(root)).toEqual([]);
  });
});

describeWith(['PID namespaces'], 'a process in a PID namespace of its own', () => {
  const built = mkdtempSync(join(tmpdir(), 'process-program-'));
  let program = '';
  beforeAll(async () => {
    program = await bundle(join(import.meta.dirname, '../support/process-program.ts'), built);
  });
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  interface Running {
    pid: number;
    // biome-ignore lint/suspicious/noExplicitAny: whatever that deed says
    said: any;
    /** Ends it as the kernel does, with all that is in its namespace. */
    kill(): Promise<void>;
  }
  const stateOf = (pid: string) => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function apart(deed: string, args: string[] = [root], env: Record<string, string> = {}): Promise<Running> {
    const child = spawn(
      'unshare',
      ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc', process.execPath, program, deed, ...args],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } },
    );
    children.add(child);
    const closed = new Promise<void>(done => child.once('close', () => done()));
    const line = await new Promise<string>((done, fail) => {
      createInterface(child.stdout).once('line', done);
      child.once('close', () => fail(new Error(`${deed} said nothing`)));
    });
    const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    const kill = async () => {
      child.kill('SIGKILL');
      await closed;
      children.delete(child);
      // Whoever has it now may never ask for it: then its number stays.
      await expect.poll(() => existsSync(`/proc/${inside}`) && stateOf(inside) !== 'Z').toBe(false);
    };
    return { ...(JSON.parse(line) as { pid: number; said: unknown }), kill };
  }
  /** What one says that then ends. */
  async function once(deed: string, args?: string[], env?: Record<string, string>) {
    const running = await apart(deed, args, env);
    await running.kill();
    return running.said;
  }

  /** Whether the tests run in the first namespace, from which all are seen. */
  const allSeen = ownIdentity().space === '4026531836';

  /** A PATH without flock. */
  function withoutFlock(): { PATH: string } {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const found = findProgram('unshare');
    if (found && !existsSync(join(bin, 'unshare'))) symlinkSync(found, join(bin, 'unshare'));
    return { PATH: bin };
  }

  test('is seen from above it, until it is gone', async () => {
    const { pid, said, kill } = await apart('file');
    expect(pid).toBe(1);
    expect(ownerOf(said.path)?.life).toBe('alive');
    await kill();
    if (allSeen || findProgram('flock')) expect(ownerOf(said.path)?.life).toBe('gone');
    expect(isAlive(1)).toBe(true);
  });

  test('cannot tell of one above it, which counts as alive', async () => {
    const { path, release } = ownFile(root);
    const own = ownIdentity();
    const mark = `${own.pid}-${own.start}-${own.space}-${own.boot}`;
    expect(await once('life', [root, mark])).toMatchObject({ mark: 'unknown' });
    release();
    expect(path).toContain(mark);
  });

  test.runIf(findProgram('flock'))('tells of one beside it by what that holds', async () => {
    const { said, kill } = await apart('file');
    expect(await once('life', [root, said.path])).toMatchObject({ owner: 'alive' });
    await kill();
    expect(await once('life', [root, said.path])).toMatchObject({ owner: 'gone' });
  });

  test('cannot tell of one beside it without the helper', async () => {
    const { said, kill } = await apart('file', [root], withoutFlock());
    expect(said.path).not.toContain('held');
    await kill();
    expect(await once('life', [root, said.path])).toMatchObject({ owner: 'unknown' });
    const held = await apart('file');
    await held.kill();
    expect(await once('life', [root, held.said.path], withoutFlock())).toMatchObject({ owner: 'unknown' });
  });

  describe('its box', () => {
    const guard = () => existsSync(join(root, 'guard'));

    test('keeps its placeholders as long as it runs, whoever looks, and is cleared after it', async () => {
      const box = await apart('placeholders');
      expect([box.pid, box.said]).toEqual([1, [join(root, 'guard')]]);
      expect([clearPlaceholders(root), guard()]).toEqual([[], true]);
      await once('clear');
      expect(guard()).toBe(true);
      await box.kill();
      clearPlaceholders(root);
      expect(guard()).toBe(false);
    });

    test.runIf(findProgram('flock'))('is cleared by the first process of another', async () => {
      await (await apart('placeholders')).kill();
      expect(guard()).toBe(true);
      expect(await once('clear')).toEqual([]);
      expect(guard()).toBe(false);
    });

    test('stays, and is named, where nobody can tell', async () => {
      await (await apart('placeholders', [root], withoutFlock())).kill();
      expect(await once('clear')).toEqual([expect.stringMatching(/boxes\/1-.*\.json$/)]);
      expect(guard()).toBe(true);
    });

    test('of an older version is alive where one of ours has its number', () => {
      const notes = join(stateFolder(root), 'boxes');
      mkdirSync(notes, { recursive: true });
      const note = (pid: number) => {
        mkdirSync(join(root, 'guard'), { recursive: true });
        writeFileSync(join(notes, `${pid}-0a0b0c0d.json`), JSON.stringify({ pid, folders: [join(root, 'guard')] }));
      };
      note(process.pid);
      clearPlaceholders(root);
      expect(guard()).toBe(true);
      rmSync(notes, { recursive: true });
      mkdirSync(notes);
      note(spawnSync('true').pid);
      clearPlaceholders(root);
      expect(guard()).toBe(false);
    });
  });

  describe('its self-test', () => {
    const names = () => readdirSync(root).sort();
    beforeEach(() => writeFileSync(join(root, 'original'), 'mine'));

    test('keeps what it laid as long as it runs', async () => {
      const run = await apart('aside');
      const laid = names();
      expect(laid).toHaveLength(2);
      expect(await recover([root], stateFolder(root))).toEqual([]);
      await once('run');
      expect(names()).toEqual(laid);
      await run.kill();
      expect(await recover([root], stateFolder(root))).toEqual([
        `${join(root, 'original')} was put back after a run that was killed`,
      ]);
      expect(names()).toEqual(['original']);
    });

    test.runIf(findProgram('flock'))('is taken back by a run with the same number', async () => {
      const killed = await apart('aside');
      await killed.kill();
      const next = await apart('run');
      expect([killed.pid, next.pid]).toEqual([1, 1]);
      expect(next.said).toEqual([`${join(root, 'original')} was put back after a run that was killed`]);
      expect(names()).toEqual(['original']);
      expect(readdirSync(join(stateFolder(root), 'tries'))).toEqual([]);
    });

    test('keeps its record where nobody can tell, until somebody can', async () => {
      await (await apart('aside', [root], withoutFlock())).kill();
      expect(await once('run')).toEqual([expect.stringContaining('a run in another container may still go on')]);
      expect(names()).toHaveLength(2);
      if (!allSeen) return;
      expect(await recover([root], stateFolder(root))).toHaveLength(1);
      expect(names()).toEqual(['original']);
    });
  });

  test('its lock holds against those of other namespaces, and not after it', async () => {
    const run = await apart('lock');
    expect(run.said).toBe('locked');
    await expect(acquireLock(stateFolder(root))).rejects.toThrow(/process 1\b/);
    expect(await once('lock')).toContain('process 1');
    await run.kill();
    await (await acquireLock(stateFolder(root)))();
    expect(readdirSync(join(stateFolder(root), 'locks'))).toEqual([]);
  });

  test('a lock of which nobody can tell names its file', async () => {
    await (await apart('lock', [root], withoutFlock())).kill();
    expect(await once('lock')).toContain('may be changing this repository');
  });
});

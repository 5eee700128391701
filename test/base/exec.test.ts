import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { ask } from '../../src/base/ask.ts';
import { run } from '../../src/base/exec.ts';

const cwd = '/';

describe.each([
  ['run', run],
  ['ask', ask],
])('%s', (_name, start) => {
  const node = (script: string, options = {}) => start(process.execPath, ['-e', script], { cwd, ...options });

  test('what a child writes and how it ends comes back, whatever it does', async () => {
    expect(
      await node('process.stdin.on("data", d => console.log("got " + d)); console.error("é")', { input: 'x' }),
    ).toEqual({ code: 0, stdout: 'got x\n', stderr: 'é\n', timedOut: false, failure: undefined });
    expect(await node('process.exit(3)')).toMatchObject({ code: 3, timedOut: false, failure: undefined });
    expect(await node('process.kill(process.pid, "SIGTERM")')).toMatchObject({
      code: undefined,
      timedOut: false,
      failure: 'ended by SIGTERM',
    });
  });

  test('a program that is not there, and an argument that cannot be passed, are failures and no exceptions', async () => {
    expect(await start('/nowhere/at-all', [], { cwd })).toMatchObject({ code: undefined, timedOut: false });
    expect((await start('/nowhere/at-all', [], { cwd })).failure).toContain('ENOENT');
    expect((await start(process.execPath, ['\0'], { cwd })).failure).toContain('null bytes');
  });

  test('the limits of time and of output end it, though a child of its own holds the pipe', async () => {
    const started = Date.now();
    const late = await start('/bin/sh', ['-c', 'sleep 5 & echo begun; wait'], { cwd, timeout: 300 });
    expect(late).toMatchObject({ code: undefined, stdout: 'begun\n', timedOut: true, failure: undefined });
    expect(Date.now() - started).toBeLessThan(4_000);
    const much = await node('setInterval(() => console.log("x".repeat(1000)), 1)', { maxBuffer: 2_000 });
    expect(much).toMatchObject({ code: undefined, timedOut: false });
    expect(much.failure).toContain('maxBuffer');
    expect(much.stdout.length).toBeLessThanOrEqual(2_000);
  });

  test('a child that does not read a large input, and an interruption, end quietly', async () => {
    expect(await node('process.exit(0)', { input: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
    const result = await node('setInterval(() => {}, 1000)', { signal: AbortSignal.timeout(300) });
    expect(result).toMatchObject({ code: undefined, timedOut: false });
    expect(result.failure).toContain('abort');
  });

  test('what a child leaves behind with its output does not hold us up', async () => {
    const begun = Date.now();
    expect(await start('/bin/sh', ['-c', 'sleep 5 & echo done'], { cwd })).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(Date.now() - begun).toBeLessThan(4_000);
  });
});

test('what a program printed is read however busy this one is when it ends', async () => {
  let isOver = false;
  // As git is called where nothing else may happen meanwhile: time passes, and nothing is read.
  const busy = () => {
    execFileSync('sleep', ['0.13']);
    if (!isOver) setImmediate(busy);
  };
  setImmediate(busy);
  try {
    for (let round = 0; round < 8; round++) {
      const results = await Promise.all([1, 2, 3].map(each => run('/bin/sh', ['-c', `echo ${each}`], { cwd: '/' })));
      expect(results.map(({ code, stdout }) => [code, stdout])).toEqual([1, 2, 3].map(each => [0, `${each}\n`]));
    }
  } finally {
    isOver = true;
  }
});

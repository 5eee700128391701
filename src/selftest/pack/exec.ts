import type { TryOf } from '../wire.ts';
import { type Context, codeOf, failed, type Result, roundedSize, runProgram, which } from './base.ts';

/** Runs a program. Of its output only the size leaves, and whether the expected string stood in it. */
export async function exec(one: TryOf<'exec'>, context: Context): Promise<Result> {
  const env = { ...context.env, ...one.env };
  const [name = '', ...args] = one.argv;
  const program = name.includes('/') ? name : which(name, env);
  if (!program) return { outcome: 'unable', reason: name };
  const { expect = '' } = one;
  let found = false;
  let tail = Buffer.alloc(0);
  const look = (part: Buffer) => {
    if (expect === '' || found) return;
    tail = Buffer.concat([tail, part]);
    found = tail.includes(expect);
    tail = tail.subarray(Math.max(0, tail.length - Buffer.byteLength(expect)));
  };
  try {
    const ran = await runProgram([program, ...args], {
      signal: context.signal,
      env,
      cwd: one.cwd,
      ...(one.input === undefined ? {} : { input: one.input }),
      onOut: look,
    });
    if (context.signal.aborted) return { outcome: 'timeout', reason: 'it did not end' };
    return {
      outcome: 'done',
      reason: 'ran',
      code: ran.code ?? 128,
      printed: ran.total > 0,
      size: roundedSize(ran.total),
      ...(one.expect === undefined ? {} : { found }),
    };
  } catch (error) {
    // A folder that is not there fails like a program that is not there.
    return codeOf(error) === 'ENOENT' ? { outcome: 'refused', reason: 'ENOENT', at: one.cwd } : failed(error);
  }
}

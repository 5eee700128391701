import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { cleanEnvironment, letGoAtExit, type RunOptions, type RunResult } from './exec.ts';

/**
 * As `run`, without anything that has to be loaded for it: for git, which is asked several times before a first word can
 * be said. Bounded in time and output; never throws for what the child does. A pipe is made for the input only where there
 * is one: making and closing it takes as long as starting the program.
 */
export function ask(
  program: string,
  args: readonly string[],
  { cwd, env = cleanEnvironment(), input = '', timeout = 10_000, maxBuffer = 1_000_000, signal }: RunOptions,
): Promise<RunResult> {
  if (signal?.aborted)
    return Promise.resolve({ code: undefined, stdout: '', stderr: '', timedOut: false, failure: 'aborted' });
  return new Promise(resolve => {
    let output: (() => string)[] = [];
    let timedOut = false;
    let failure: string | undefined;
    const end = (code: number | undefined) => {
      const [stdout = '', stderr = ''] = output.map(text => text());
      resolve({ code, stdout, stderr, timedOut, failure });
    };
    try {
      const stdio = [input === '' ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const;
      const child = spawn(program, [...args], { cwd, env, stdio: [...stdio] });
      const stop = (why: string | undefined) => {
        failure ??= why;
        child.kill('SIGKILL');
      };
      const late = setTimeout(() => {
        timedOut = child.exitCode === null && child.signalCode === null;
        stop(undefined);
      }, timeout);
      const aborted = () => stop('aborted');
      signal?.addEventListener('abort', aborted, { once: true });
      output = [child.stdout, child.stderr].map(stream =>
        kept(stream, maxBuffer, () => stop('it printed more than maxBuffer')),
      );
      // A child that has read enough closes its input: that says nothing of how it ends.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
      child.on('error', error => {
        failure ??= error.message;
      });
      child.on('close', (code, ended) => {
        clearTimeout(late);
        signal?.removeEventListener('abort', aborted);
        // Stopped by us, it may still have ended by itself: that says nothing of the program.
        const stopped = timedOut || failure !== undefined;
        if (!stopped && ended) failure = `ended by ${ended}`;
        end(stopped ? undefined : (code ?? undefined));
      });
      letGoAtExit(child);
    } catch (error) {
      failure = (error as Error).message;
      end(undefined);
    }
  });
}

/** What comes out of a stream, up to `limit` bytes; more is dropped and said. */
function kept(stream: Readable | null, limit: number, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, limit - length));
    length += chunk.length;
    if (length > limit) {
      stream.destroy();
      tooMuch();
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Options, Result } from 'execa';
import { isWithin } from './files.ts';

/** Variables that make a child run or load something of somebody else's choosing. */
const LOADERS =
  /^(NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|DYLD_.*|BASH_ENV|ENV|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|PERL5LIB|RUBYOPT|GIT_.*)$/;

/** Our environment without what could steer a helper: loaders and `GIT_*`. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !LOADERS.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...extra };
}

/** Loader variables that were set when we started: with them, our own process is not ours alone. */
export function loadersAtStart(): string[] {
  return Object.keys(process.env).filter(
    name => /^(NODE_OPTIONS|LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES)$/.test(name) && process.env[name],
  );
}

/**
 * The absolute path of a helper, found on PATH, but never in a relative folder nor below `untrusted` (the repository,
 * where an agent could have laid a `git` of its own). Undefined when there is none.
 */
export function findProgram(name: string, untrusted: readonly string[] = []): string | undefined {
  const candidates = isAbsolute(name)
    ? [name]
    : (process.env.PATH ?? '')
        .split(delimiter)
        .filter(isAbsolute)
        .map(folder => join(folder, name));
  for (const candidate of candidates) {
    try {
      // Most are not there, and an exception for each takes longer than the look itself.
      if (!statSync(candidate, { throwIfNoEntry: false })?.isFile()) continue;
      accessSync(candidate, constants.X_OK);
      const real = realpathSync(candidate);
      if (untrusted.some(folder => isWithin(folder, candidate) || isWithin(folder, real))) continue;
      return candidate;
    } catch {}
  }
  return undefined;
}

export interface RunResult {
  /** Exit code; undefined when it was ended by a signal or could not be started. */
  code: number | undefined;
  stdout: string;
  stderr: string;
  /** True when the time limit ended it. */
  timedOut: boolean;
  /** Why it could not be started, or undefined. */
  failure: string | undefined;
}

export interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  input?: string;
  /** Milliseconds; default 10,000. */
  timeout?: number;
  /** Bytes of each stream that are kept; default 1 MB. More ends the child. */
  maxBuffer?: number;
  signal?: AbortSignal;
}

/** Runs an absolute program with a clean environment, bounded in time and output; never throws for what the child does. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env, input = '', timeout = 10_000, maxBuffer = 1_000_000, signal }: RunOptions,
): Promise<RunResult> {
  const options: Options = {
    cwd,
    env: env ?? cleanEnvironment(),
    extendEnv: false,
    input,
    timeout,
    maxBuffer,
    reject: false,
    stripFinalNewline: false,
    killSignal: 'SIGKILL',
    ...(signal ? { cancelSignal: signal } : {}),
  };
  try {
    const { execa } = await import('execa');
    const child = execa(program, [...args], options);
    letGoAtExit(child);
    const result = await child;
    // Cut off at the limit it may still have ended by itself, on a broken pipe: that says nothing of the program.
    const code = result.isMaxBuffer ? undefined : result.exitCode;
    return {
      code,
      stdout: String(result.stdout ?? ''),
      stderr: String(result.stderr ?? ''),
      timedOut: result.timedOut,
      failure: code === undefined && !result.timedOut ? whyEnded(result) : undefined,
    };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { code: undefined, stdout: '', stderr: '', timedOut: false, failure };
  }
}

/** Milliseconds after a child's end in which what it printed comes in, and without anything new until its output is let go; how often at most. */
const LETTING_GO = { after: 100, quiet: 20, looks: 50 };

/**
 * What a child started itself may hold its output open long after it is gone: that is not waited for. A clock alone does not tell: where
 * this program was busy, it has passed before what the child printed was read, and an answer would be empty without a failure.
 */
export function letGoAtExit(child: Pick<ChildProcess, 'once' | 'stdout' | 'stderr'>): void {
  const streams = [child.stdout, child.stderr].filter(stream => stream !== null) as (Readable & {
    bytesRead?: number;
  })[];
  let [read, looks] = [-1, 0];
  const look = () => {
    const now = streams.reduce((sum, { bytesRead = 0 }) => sum + bytesRead, 0);
    if (now !== read && looks++ < LETTING_GO.looks) {
      read = now;
      soon(LETTING_GO.quiet);
    } else for (const stream of streams) stream.destroy();
  };
  // Between a timer and what is done at once after it lies the reading.
  const soon = (time: number) => setTimeout(() => setImmediate(look), time).unref();
  child.once('exit', () => soon(LETTING_GO.after));
}

function whyEnded({ isCanceled, isMaxBuffer, signal, originalMessage }: Result): string {
  if (isCanceled) return 'aborted';
  if (isMaxBuffer) return 'it printed more than maxBuffer';
  return signal ? `ended by ${signal}` : (originalMessage ?? 'it could not be started');
}

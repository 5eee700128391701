import { type ExecFileException, execFile } from 'node:child_process';
import { cleanEnvironment, letGoAtExit, type RunOptions, type RunResult } from './exec.ts';

/**
 * As `run`, without anything that has to be loaded for it: for git, which is asked several times before a first word can
 * be said. Bounded in time and output; never throws for what the child does.
 */
export function ask(
  program: string,
  args: readonly string[],
  { cwd, env = cleanEnvironment(), input = '', timeout = 10_000, maxBuffer = 1_000_000, signal }: RunOptions,
): Promise<RunResult> {
  return new Promise(resolve => {
    try {
      const options = { cwd, env, timeout, maxBuffer, killSignal: 'SIGKILL', ...(signal ? { signal } : {}) } as const;
      const child = execFile(program, [...args], options, (error, stdout, stderr) =>
        resolve({ ...endOf(error), stdout, stderr }),
      );
      // A child that has read enough closes its input: that says nothing of how it ends.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
      letGoAtExit(child);
    } catch (error) {
      resolve({ code: undefined, stdout: '', stderr: '', timedOut: false, failure: (error as Error).message });
    }
  });
}

function endOf(error: ExecFileException | null): Pick<RunResult, 'code' | 'timedOut' | 'failure'> {
  if (!error) return { code: 0, timedOut: false, failure: undefined };
  if (typeof error.code === 'number') return { code: error.code, timedOut: false, failure: undefined };
  const failed = (failure: string) => ({ code: undefined, timedOut: false, failure });
  if (error.code === 'ABORT_ERR') return failed('aborted');
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return failed('it printed more than maxBuffer');
  if (typeof error.code === 'string') return failed(error.message);
  // Without a code, a signal ended it: ours, when its time was over, or somebody else's.
  if (error.killed) return { code: undefined, timedOut: true, failure: undefined };
  return failed(error.signal ? `ended by ${error.signal}` : error.message);
}

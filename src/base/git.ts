import { cleanEnvironment, findProgram, type RunOptions, type RunResult, run } from './exec.ts';

/**
 * Overrides that keep git from running anything a repository's own configuration names: the file-system monitor, hooks,
 * pagers, editors, credential helpers, external diffs and ssh commands. Transports are shut by `GIT_ALLOW_PROTOCOL`, as
 * `protocol.allow` gives way to a repository's own `protocol.<name>.allow`.
 */
export const INERT = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.editor=true',
  'core.sshCommand=false',
  'core.gitProxy=',
  'core.askPass=true',
  'credential.helper=',
  'diff.external=',
  'diff.trustExitCode=false',
  'gpg.program=false',
  'uploadpack.packObjectsHook=',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'log.showSignature=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'core.alternateRefsCommand=',
  'safe.bareRepository=explicit',
].flatMap(setting => ['-c', setting]);

/** Environment for git: nobody is asked anything, no system configuration, no optional locks, no lazy fetch. */
export function gitEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return cleanEnvironment({
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_PAGER: 'cat',
    GIT_ATTR_NOSYSTEM: '1',
    LC_ALL: 'C',
    ...extra,
  });
}

/** Runs git in a form that runs nothing of the repository's configuration. `failure` is set where there is no git. */
export async function git(args: readonly string[], options: RunOptions): Promise<RunResult> {
  const program = findProgram('git', [options.cwd]);
  if (!program) return { code: undefined, stdout: '', stderr: '', timedOut: false, failure: 'git is not installed' };
  return run(program, ['--no-pager', ...INERT, ...args], { ...options, env: { ...gitEnvironment(), ...options.env } });
}

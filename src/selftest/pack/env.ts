import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { TryOf } from '../wire.ts';
import { type Context, codeOf, compare, type Result, runProgram, strongest, which } from './base.ts';
import { otherProcesses } from './proc.ts';

type From = TryOf<'env'>['from'];
interface Source {
  /** `own`, `init`, `pid 12`, `login-shell`. */
  from: string;
  variables: ReadonlyMap<string, string>;
}
interface Sources {
  sources: Source[];
  /** Why some could not be looked at. */
  denied: string | undefined;
}

function parse(block: string): Map<string, string> {
  const entries = block.split('\0').flatMap(entry => {
    const at = entry.indexOf('=');
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as const] : [];
  });
  return new Map(entries);
}

function ofProcesses(pids: readonly string[], name: (pid: string) => string): Sources {
  const result: Sources = { sources: [], denied: undefined };
  for (const pid of pids)
    try {
      result.sources.push({ from: name(pid), variables: parse(readFileSync(`/proc/${pid}/environ`, 'utf8')) });
    } catch (error) {
      const code = codeOf(error);
      if (['EACCES', 'EPERM'].includes(code)) result.denied = code;
    }
  return result;
}

/** A login shell's own environment: started from nothing but who the user is. */
async function ofLoginShell({ env, signal }: Context): Promise<Sources | Result> {
  if (process.platform === 'win32') return { outcome: 'none', reason: 'no login shell' };
  let shell = env.SHELL;
  try {
    shell ||= userInfo().shell ?? undefined;
  } catch {}
  shell ||= '/bin/sh';
  if (!which(shell, env)) return { outcome: 'unable', reason: shell };
  const kept = ['HOME', 'USER', 'LOGNAME', 'PATH', 'AGENT_POSTURE_SIBLING'];
  const start = {
    ...Object.fromEntries(kept.flatMap(name => (env[name] ? [[name, env[name]]] : []))),
    SHELL: shell,
    TERM: 'dumb',
  };
  try {
    const ran = await runProgram([shell, '-l', '-c', 'env -0 2>/dev/null || env'], {
      signal,
      env: start,
      keep: 1_000_000,
    });
    const block = ran.out.includes(0) ? ran.out.toString() : ran.out.toString().replaceAll('\n', '\0');
    // What a profile printed before the first variable is not part of its name.
    const clean = block.replace(/(^|\0)[^\0=]*\n(?=[A-Za-z_]\w*=)/g, '$1');
    const variables = parse(clean);
    if (variables.size === 0) return { outcome: 'error', reason: `${shell} -l said nothing` };
    return { sources: [{ from: 'login-shell', variables }], denied: undefined };
  } catch (error) {
    return { outcome: 'error', reason: codeOf(error) };
  }
}

/** What a shell can call a variable: dash drops `npm_config_//registry/:_authToken` and its like from what it starts. */
const SHELL_NAME = /^[A-Za-z_]\w*$/;
/** Whether a shell stands between us and what we were given, and could not be looked behind. */
let shellHides = false;

/** The variables that the shell which started us was given and kept back. */
export function keptBack(): Record<string, string> {
  try {
    const given = parse(readFileSync(`/proc/${process.ppid}/environ`, 'utf8'));
    return Object.fromEntries([...given].filter(([name]) => !SHELL_NAME.test(name)));
  } catch {
    shellHides = true;
    return {};
  }
}

let loginShell: Promise<Sources | Result> | undefined;

function sourcesOf(from: From, context: Context): Promise<Sources | Result> | Sources {
  switch (from) {
    case 'own':
      return { sources: [{ from: 'own', variables: new Map(Object.entries(context.env)) }], denied: undefined };
    case 'init':
      return ofProcesses(['1'], () => 'init');
    case 'processes':
      return ofProcesses(otherProcesses(), pid => `pid ${pid}`);
    case 'login-shell':
      loginShell ??= ofLoginShell(context);
      return loginShell;
  }
}

/** Looks for a variable by its name. */
export async function env(one: TryOf<'env'>, context: Context): Promise<Result> {
  const found = await sourcesOf(one.from, context);
  if ('outcome' in found) return found;
  const results: Result[] = [];
  for (const { from, variables } of found.sources) {
    const value = variables.get(one.name);
    if (value === undefined) continue;
    if (one.bring) results.push(compare({ bring: true }, Buffer.from(value), from));
    else if (one.challenge) results.push(compare({ challenge: one.challenge }, Buffer.from(value), from));
    else results.push({ outcome: 'done', reason: 'set', at: from });
    if (results.at(-1)?.outcome === 'done') break;
  }
  if (one.from === 'own' && shellHides && !SHELL_NAME.test(one.name) && results.length === 0)
    return { outcome: 'unable', reason: 'a shell keeps such a name back' };
  const nothing: Result =
    found.denied !== undefined
      ? { outcome: 'refused', reason: found.denied }
      : found.sources.length === 0
        ? { outcome: 'none', reason: 'no other process' }
        : { outcome: 'refused', reason: 'not set' };
  return strongest(results, nothing);
}

/** The names of all variables that can be seen, each with the first place of each kind. */
export async function envNames(context: Context): Promise<Result> {
  const names: { name: string; from: string }[] = [];
  const add = ({ from, variables }: Source) => {
    for (const name of variables.keys()) if (names.length < 4_000 && name.length < 300) names.push({ name, from });
  };
  for (const from of ['own', 'init', 'login-shell'] as const) {
    const found = await sourcesOf(from, context);
    if ('sources' in found) found.sources.forEach(add);
  }
  const known = new Set<string>();
  const others = sourcesOf('processes', context) as Sources;
  for (const { from, variables } of others.sources)
    for (const name of variables.keys())
      if (!known.has(name) && names.length < 4_000 && name.length < 300) {
        known.add(name);
        names.push({ name, from });
      }
  return { outcome: 'done', reason: 'listed', names };
}

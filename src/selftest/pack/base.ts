import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Challenge, Observation } from '../wire.ts';

export type Result = Omit<Observation, 'id' | 'took'> & { heard?: string };

/** What a try may use: its end, and the environment as the pack found it. */
export interface Context {
  signal: AbortSignal;
  /** Milliseconds since the pack's start at which the try is over. */
  deadline: number;
  env: Readonly<Record<string, string>>;
}

/** As much of a file as the host compares with. */
const LIMIT = 4_000_000;
/** Lines of it that are looked at. */
const LINES = 20_000;
/** A decoy of ours is shorter; anything longer is not one, and stays inside. */
const DECOY = 200;

/** Rounds that have been answered. */
let rounds = 0;

/** What was looked up is looked up again from now on. */
export function endRound(): void {
  rounds++;
}

/** What is looked up once for all tries of a round that need it: a try that is made again looks by itself. */
export function oncePerRound<T>(make: () => T): () => T {
  let kept: { value: T; round: number } | undefined;
  return () => {
    if (kept?.round !== rounds) kept = { value: make(), round: rounds };
    return kept.value;
  };
}

/** Codes that say something about the machine's state, not about permission. */
const NO_VERDICT = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'EIO',
  'EINTR',
  'ENOSPC',
  'EDQUOT',
  'ESTALE',
]);

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : String((error as Error | undefined)?.message ?? error).slice(0, 200);
}

/** `refused` with a code of the system's, `error` for everything that is no answer to the question. */
export function failed(error: unknown): Result {
  const reason = codeOf(error);
  if (reason === 'ETIMEDOUT') return { outcome: 'timeout', reason };
  return {
    outcome:
      /^(E[A-Z0-9_]+|ENOTFOUND)$/.test(reason) && !NO_VERDICT.has(reason) && !reason.startsWith('ERR_')
        ? 'refused'
        : 'error',
    reason,
  };
}

export function roundedSize(bytes: number): '<1kB' | '<10kB' | '<100kB' | '>=100kB' {
  return bytes < 1e3 ? '<1kB' : bytes < 1e4 ? '<10kB' : bytes < 1e5 ? '<100kB' : '>=100kB';
}

export function digest(key: string, content: string | Uint8Array): string {
  return createHash('sha256').update(key).update(content).digest('hex');
}

export type Question = { bring: true } | { challenge: Challenge };

/** What came of content that was got hold of: brought, matched, or something else than the host has there. */
export function compare(question: Question, content: Buffer, at?: string): Result {
  const size = roundedSize(content.length);
  if ('bring' in question) {
    if (content.length > DECOY) return { outcome: 'refused', reason: 'masked', matched: false, size, at };
    return { outcome: 'done', reason: 'read', brought: content.toString(), size, at };
  }
  const { key, digest: wanted, lines } = question.challenge;
  const same = digest(key, content) === wanted;
  const matched = same || sharesLine(key, content, lines);
  return {
    outcome: matched ? 'done' : 'refused',
    reason: same ? 'read' : matched ? 'copy' : 'masked',
    matched,
    size,
    at,
  };
}

/** Whether a line of the content is one of the lines asked for, whatever stands before and after it. */
function sharesLine(key: string, content: Buffer, lines: readonly string[] | undefined): boolean {
  if (!lines?.length) return false;
  const wanted = new Set(lines);
  const found = content.toString('latin1').replace(/\r/g, '').split('\n', LINES);
  return found.some(line => wanted.has(digest(key, Buffer.from(trimBlanks(line), 'latin1')).slice(0, 16)));
}

const trimBlanks = (line: string) => line.replace(/^[ \t]+|[ \t]+$/g, '');

/** Reads a regular file, bounded; opens without waiting and looks at what it got before it reads. */
export async function readFile(path: string): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = await handle.stat();
    if (!stats.isFile())
      throw Object.assign(new Error('not a file'), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTREG' });
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < LIMIT) {
      const chunk = Buffer.alloc(Math.min(stats.size > total ? stats.size - total : 65_536, LIMIT - total));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, total);
      if (bytesRead === 0) break;
      chunks.push(chunk.subarray(0, bytesRead));
      total += bytesRead;
      if (stats.size > 0 && total >= stats.size) break;
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

/** A small file of /proc or /etc as text; empty when it cannot be read. */
export const readText = (path: string): string => readUpTo(path, 1_000_000).text;

/** As much of such a file, and whether there was more. */
export function readUpTo(path: string, limit: number): { text: string; isCut: boolean } {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!fstatSync(fd).isFile()) return { text: '', isCut: false };
    // The system hands such a file out in small parts.
    const part = Buffer.alloc(65_536);
    const parts: Buffer[] = [];
    let total = 0;
    let length = 0;
    do {
      length = readSync(fd, part, 0, part.length, null);
      parts.push(Buffer.from(part.subarray(0, length)));
      total += length;
    } while (length > 0 && total < limit);
    return { text: Buffer.concat(parts).toString(), isCut: length > 0 };
  } catch {
    return { text: '', isCut: false };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** One result out of several ways that were tried: the most telling one. */
export function strongest(results: readonly Result[], nothing: Result): Result {
  const rank = (result: Result) => {
    if (result.outcome === 'done') return 0;
    if (result.outcome === 'closed' || result.outcome === 'silent') return 1;
    // What could not be looked at may be it, whatever another way showed.
    if (result.outcome === 'error' || result.outcome === 'timeout') return 2;
    if (result.matched === false) return 3;
    if (result.outcome === 'unable') return 6;
    return result.outcome === 'refused' && !['ENOENT', 'ENOTDIR'].includes(result.reason) ? 4 : 5;
  };
  return [...results].sort((a, b) => rank(a) - rank(b))[0] ?? nothing;
}

/** Nothing found is no answer where not everything was looked at: `limit` says what was met. */
export function within(limit: string | undefined, result: Result): Result {
  return limit === undefined || result.outcome === 'done' ? result : { outcome: 'error', reason: limit };
}

const found = oncePerRound(() => new Map<string, string | undefined>());

/** The absolute path of a program on the pack's PATH. */
export function which(name: string, env: Readonly<Record<string, string>>): string | undefined {
  const key = `${name}\0${env.PATH ?? env.Path ?? ''}`;
  const known = found();
  if (!known.has(key)) known.set(key, lookUp(name, env));
  return known.get(key);
}

function lookUp(name: string, env: Readonly<Record<string, string>>): string | undefined {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter).filter(isAbsolute))
    for (const ending of endings) {
      const path = join(folder, name + ending);
      try {
        // Most are not there, and an exception for each takes longer than the look itself.
        const stats = statSync(path, { throwIfNoEntry: false });
        if (stats?.isFile() && (process.platform === 'win32' || stats.mode & 0o111)) return path;
      } catch {}
    }
  return undefined;
}

export interface Ran {
  code: number | undefined;
  out: Buffer;
  err: string;
  total: number;
}

const children = new Set<number>();

/** Process ids of the programs that tries have running. */
export function running(): Iterable<number> {
  return children;
}

/** Ends every program that a try still has running, its whole group. */
export function endChildren(): void {
  for (const pid of children)
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {}
}

/** Runs a program in a group of its own until the try's end; keeps the first `keep` bytes of its output, and counts the rest. */
export function runProgram(
  argv: readonly string[],
  options: {
    signal: AbortSignal;
    env: Record<string, string>;
    cwd?: string;
    input?: string;
    keep?: number;
    onOut?(part: Buffer): void;
  },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: process.platform !== 'win32',
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const { pid } = child;
    if (pid !== undefined) children.add(pid);
    const kept: Buffer[] = [];
    let total = 0;
    let err = '';
    let code: number | undefined;
    const keep = options.keep ?? 0;
    const stop = () => {
      if (pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
      } catch {}
    };
    const end = () => {
      if (pid !== undefined) children.delete(pid);
      stop();
      options.signal.removeEventListener('abort', stop);
      resolve({ code, out: Buffer.concat(kept), err, total });
    };
    options.signal.addEventListener('abort', stop, { once: true });
    child.once('error', error => {
      if (pid !== undefined) children.delete(pid);
      reject(error);
    });
    child.stdout?.on('data', (part: Buffer) => {
      if (total < keep) kept.push(part.subarray(0, keep - total));
      total += part.length;
      options.onOut?.(part);
    });
    child.stderr?.on('data', (part: Buffer) => {
      if (err.length < 2_000) err += part.toString();
    });
    // A daemon that the program left behind may hold its output open: the exit is the end, after a moment for the rest.
    child.once('exit', status => {
      code = status ?? undefined;
      setTimeout(end, 200).unref();
    });
    child.once('close', end);
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/operation not permitted|must be superuser|only root/i, 'EPERM'],
  [/permission denied/i, 'EACCES'],
  [/no such file|not found|can't open/i, 'ENOENT'],
  [/read-only file system/i, 'EROFS'],
  [/is a directory/i, 'EISDIR'],
  [/not a directory/i, 'ENOTDIR'],
  [/invalid argument|not mounted/i, 'EINVAL'],
  [/device or resource busy|target is busy/i, 'EBUSY'],
  [/no space left/i, 'ENOSPC'],
  [/cannot allocate memory/i, 'ENOMEM'],
  [/too many open files/i, 'EMFILE'],
  [/temporarily unavailable/i, 'EAGAIN'],
  [/function not implemented/i, 'ENOSYS'],
];

/** The system's code in a tool's complaint. */
export function codeInMessage(message: string): string {
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? 'unknown';
}

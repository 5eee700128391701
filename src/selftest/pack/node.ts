/**
 * The pack for Node: makes tries and says what came of them. It gets its tries as lines, starts each at once within a
 * bound, and ends when its input ends. Bundled into one file that is sent on stdin, so nothing of it is laid anywhere.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import type { Observation, Try } from '../wire.ts';
import { type Context, codeOf, endChildren, endRound, type Result } from './base.ts';
import { env, envNames, keptBack } from './env.ts';
import { exec } from './exec.ts';
import { facts } from './facts.ts';
import { connect, listen, request, resolve, socket } from './net.ts';
import { list, read } from './read.ts';
import { unwrite, write } from './write.ts';

/** What the loader hands over: the tag of every line, and where the tries come from. */
declare const io: { tag: string; secret: string; input?: Readable; rest?: Buffer; lines?: string[] };

/** Tries under way at once. */
const PARALLEL = 64;

const environment = Object.fromEntries(
  // With an input it was the bootstrap's shell that started us.
  Object.entries({ ...(io.input ? keptBack() : {}), ...process.env }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  ),
);

const unsaid: string[] = [];

/** Lines of one turn go out together: each by itself would take as long as the try that it tells of. */
function print(line: string): void {
  if (unsaid.push(`${io.tag} ${line}\n`) === 1) setImmediate(flush);
}

function flush(): void {
  let rest = Buffer.from(unsaid.splice(0).join(''));
  while (rest.length > 0)
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') leave();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
}

let stuck = false;

function leave(): never {
  endChildren();
  // A thread that hangs in the file system would hold a regular exit up.
  if (stuck) process.kill(process.pid, 'SIGKILL');
  process.exit(0);
}

function make(one: Try, context: Context): Promise<Result> {
  switch (one.op) {
    case 'read':
      return read(one, context);
    case 'list':
      return list(one);
    case 'write':
      return write(one);
    case 'unwrite':
      return unwrite(one);
    case 'env':
      return env(one, context);
    case 'env-names':
      return envNames(context);
    case 'connect':
      return connect(one, context);
    case 'resolve':
      return resolve(one, context);
    case 'request':
      return request(one, context);
    case 'socket':
      return socket(one, context);
    case 'listen':
      return listen(one, context);
    case 'exec':
      return exec(one, context);
  }
}

/** As JSON in plain ASCII, so that it arrives as it was summed up. */
function ascii(said: object): string {
  return JSON.stringify(said).replace(
    /[\u007f-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The keyed sum of an answer, and of what it answers. */
function sumUp(asked: string, body: string): string {
  return createHash('sha256').update(`${io.secret} ${asked}\n${body}`).digest('hex').slice(0, 16);
}

async function attempt(line: string): Promise<void> {
  const one = JSON.parse(line) as Try;
  const started = performance.now();
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>(done => {
    timer = setTimeout(() => {
      stop.abort();
      // A moment for what knows better what it was waiting for.
      setTimeout(() => {
        stuck = true;
        done({ outcome: 'timeout', reason: 'it did not end' });
      }, 300);
    }, one.timeout);
  });
  const made = make(one, { signal: stop.signal, deadline: started + one.timeout, env: environment });
  const result = await Promise.race([
    made.catch(error => ({ outcome: 'error', reason: codeOf(error) }) as Result),
    late,
  ]);
  clearTimeout(timer);
  const observation: Omit<Observation, 'id'> = { ...result, took: Math.round(performance.now() - started) };
  const body = ascii({ id: one.id, ...observation });
  print(`result ${sumUp(line, body)} ${body}`);
}

const waiting: string[] = [];
let running = 0;
/** Said once everything before it has been answered: the end of a round, and of what could still come twice. */
let mark: string | undefined;

function next(): void {
  while (running < PARALLEL && waiting.length > 0) {
    running++;
    attempt(waiting.shift() as string)
      .catch(() => {})
      .finally(() => {
        running--;
        next();
      });
  }
  if (running === 0 && mark !== undefined) {
    endRound();
    print(mark);
    mark = undefined;
  }
}

function take(lines: readonly string[]): void {
  for (const line of lines) {
    if (line.startsWith('{')) waiting.push(line);
    else if (/^sync \d+$/.test(line)) mark = line.replace('sync', 'synced');
  }
  next();
}

process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});
const who = ascii(facts(environment));
print(`ready ${sumUp('ready', who)} ${who}`);

if (io.lines) {
  take(io.lines);
} else if (io.input) {
  let text = '';
  const receive = (part: string) => {
    text += part;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    take(lines);
  };
  const { input, rest } = io;
  const decoder = new TextDecoder();
  if (rest) receive(decoder.decode(rest, { stream: true }));
  input.removeAllListeners('end').removeAllListeners('error');
  input.on('data', (part: Buffer) => receive(decoder.decode(part, { stream: true })));
  const end = () => {
    flush();
    leave();
  };
  input.on('end', end);
  input.on('error', end);
}

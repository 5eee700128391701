import { read as readDescriptor } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { TryOf } from '../wire.ts';
import {
  type Context,
  codeInMessage,
  codeOf,
  compare,
  digest,
  failed,
  oncePerRound,
  type Question,
  type Result,
  readFile,
  runProgram,
  strongest,
  which,
  within,
} from './base.ts';
import {
  covering,
  guesses,
  images,
  type OpenFiles,
  openFiles,
  otherViews,
  refusedBy,
  tableCut,
  type Views,
} from './proc.ts';

const views = oncePerRound<Views>(otherViews);
const opened = oncePerRound<Promise<OpenFiles>>(openFiles);

async function readOne(path: string, question: Question, at?: string): Promise<Result> {
  try {
    return compare(question, await readFile(path), at);
  } catch (error) {
    const result = failed(error);
    if (result.reason === 'EACCES' || result.reason === 'EPERM')
      return { ...result, ...refusedBy(path), ...(at ? { at } : {}) };
    return { ...result, at };
  }
}

async function readFirst(paths: readonly string[], question: Question, nothing: Result): Promise<Result> {
  return strongest(await readUntilDone(paths, question), nothing);
}

async function readUntilDone(paths: readonly string[], question: Question): Promise<Result[]> {
  const results: Result[] = [];
  for (const path of paths) {
    const result = await readOne(path, question, path.replace(/(?:\/\.\.)+/, '/..'));
    results.push(result);
    if (result.outcome === 'done') break;
  }
  return results;
}

const none = (reason: string): Result => ({ outcome: 'none', reason });

/** Makes a `read` by the way it names. */
export function read(one: TryOf<'read'>, context: Context): Promise<Result> {
  const question: Question = one.bring ? { bring: true } : { challenge: one.challenge };
  switch (one.way) {
    case 'direct':
      return readOne(one.path, question);
    case 'mounts':
      return mounted(one, question);
    case 'proc-root':
      return byProcesses(one, question);
    case 'umount':
      return umount(one.path, question, context);
    case 'nsenter':
      return nsenter(one.path, question, context);
    case 'open-fd':
      return openFd(one, question);
  }
}

async function byProcesses({ path }: TryOf<'read'>, question: Question): Promise<Result> {
  const { views: ways, denied, seen, cut } = views();
  const nothing: Result = denied
    ? { outcome: 'refused', reason: denied }
    : none(seen ? 'no other tree' : 'no other process');
  const result = await readFirst(
    ways.map(({ base }) => base + path),
    question,
    nothing,
  );
  return within(cut, result);
}

/** By the mount table; and where a mount hides what it shows, by trying. Another file that stands there says nothing. */
async function mounted({ place, path }: TryOf<'read'>, question: Question): Promise<Result> {
  const nothing = none('no second mount');
  if (!place) return nothing;
  const known = await readFirst(images(place, path), question, nothing);
  if (known.outcome === 'done') return known;
  const { paths, limit } = await guesses(place, path);
  const guessed = (await readUntilDone(paths, question)).filter(tells);
  return within(limit, strongest([known, ...guessed], known));
}

/** What came of a guess that may be the file: it was got, it could not be looked at, or somebody's mode keeps it. */
const tells = ({ outcome, mode }: Result) => ['done', 'error', 'timeout'].includes(outcome) || mode !== undefined;

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** Whether a mount namespace can be made here at all: where not, that is the answer for every file, and asked for all at once. */
let askedFor: (() => Promise<Result | undefined>) | undefined;
function mountNamespace(unshare: string, env: Context['env']): () => Promise<Result | undefined> {
  askedFor ??= oncePerRound(async () => {
    const ran = await runProgram([unshare, '-m', 'sh', '-c', 'exit 0'], {
      signal: AbortSignal.timeout(2_000),
      env: { ...env, LC_ALL: 'C' },
    });
    const code = codeInMessage(ran.err);
    return ran.code === 0 || code === 'unknown' ? undefined : failed({ code });
  });
  return askedFor;
}

/** Mounts over a path that are taken off, and mount namespaces that are entered. */
const OFF = 64;
const ENTERED = 100;
const LATE = 'not all of it was tried in its time';

/** Takes off, one after the other, what lies over the path, in a mount namespace that goes away with the try. */
async function umount(path: string, question: Question, { signal, env }: Context): Promise<Result> {
  const all = covering(path);
  if (all.length === 0) return within(tableCut(), none('nothing is mounted over it'));
  const over = all.slice(0, OFF);
  const unshare = which('unshare', env);
  if (!unshare) return { outcome: 'unable', reason: 'unshare' };
  const barred = await mountNamespace(unshare, env)();
  if (barred) return barred;
  const results: Result[] = [];
  let limit = all.length > OFF ? `only ${OFF} of ${all.length} mounts over it were taken off` : tableCut();
  for (let depth = 1; depth <= over.length && !signal.aborted; depth++) {
    const script = [
      'mount --make-rprivate / || exit 71',
      ...over.slice(0, depth).map(point => `umount -l ${quote(point)} || exit 72`),
      `exec cat ${quote(path)}`,
    ].join('\n');
    const ran = await runProgram([unshare, '-m', 'sh', '-s'], {
      signal,
      env: { ...env, LC_ALL: 'C' },
      input: script,
      keep: 4_000_000,
    });
    if (ran.code === 0) {
      const result = compare(question, ran.out, `umount ${over[depth - 1]}`);
      results.push(result);
      if (result.outcome === 'done') break;
    } else {
      const code = codeInMessage(ran.err);
      results.push(
        code === 'unknown'
          ? { outcome: 'error', reason: ran.err.slice(0, 200) || `exit ${ran.code}` }
          : failed({ code }),
      );
      // One that cannot be taken off keeps what lies below it.
      if (ran.code !== 1) {
        limit = undefined;
        break;
      }
    }
  }
  return within(signal.aborted ? LATE : limit, strongest(results, none('nothing is mounted over it')));
}

/** Reads the path in the mount namespace of each process that has another one. */
async function nsenter(path: string, question: Question, { signal, env }: Context): Promise<Result> {
  const { mounts: others, denied, cut } = views();
  if (others.length === 0)
    return within(cut, denied ? { outcome: 'refused', reason: denied } : none('no process in another mount namespace'));
  const tool = which('nsenter', env);
  if (!tool) return { outcome: 'unable', reason: 'nsenter' };
  const results: Result[] = [];
  for (const { pid } of others.slice(0, ENTERED)) {
    if (signal.aborted) break;
    const ran = await runProgram([tool, '-t', pid, '-m', 'cat', path], {
      signal,
      env: { ...env, LC_ALL: 'C' },
      keep: 4_000_000,
    });
    const code = codeInMessage(ran.err);
    if (ran.code === 0) results.push(compare(question, ran.out, `nsenter -t ${pid}`));
    else
      results.push(
        code === 'unknown'
          ? { outcome: 'error', reason: ran.err.slice(0, 200) || `exit ${ran.code}` }
          : failed({ code }),
      );
    if (results.at(-1)?.outcome === 'done') break;
  }
  const limit = others.length > ENTERED ? `only ${ENTERED} of ${others.length} mount namespaces were entered` : cut;
  return within(signal.aborted ? LATE : limit, strongest(results, none('no process in another mount namespace')));
}

const readAt = promisify(readDescriptor);

/** Descriptors that are read. */
const READ = 1_000;

/** Descriptors of the same name, files deleted but still open, and folders open in another tree. */
async function openFd(one: TryOf<'read'>, question: Question): Promise<Result> {
  const { byName, deleted, tops, denied, cut } = await opened();
  const names = [one.path, ...(one.place ? [one.place.path] : [])];
  const last = basename(one.path);
  const all = [
    ...names.flatMap(name => byName.get(name) ?? []),
    ...[...byName].flatMap(([name, at]) => (!names.includes(name) && basename(name) === last ? at : [])),
    ...deleted,
  ];
  const results: Result[] = [];
  for (const at of all.slice(0, READ)) {
    let result = await readOne(at, question, at);
    const own = /^\/proc\/self\/fd\/(\d+)$/.exec(at);
    // A descriptor that came with us needs no second opening.
    if (result.outcome === 'refused' && own && result.matched === undefined)
      try {
        const { bytesRead, buffer } = await readAt(Number(own[1]), Buffer.alloc(65_536), 0, 65_536, 0);
        result = compare(question, buffer.subarray(0, bytesRead), at);
      } catch {}
    results.push(result);
    if (result.outcome === 'done') return result;
  }
  results.push(
    await readFirst(
      tops.map(top => top + one.path),
      question,
      none('not open anywhere'),
    ),
  );
  const nothing: Result = denied ? { outcome: 'refused', reason: denied } : none('not open anywhere');
  // Other files that happen to be open say nothing about this one.
  const telling = results.filter(result => result.outcome === 'done' || result.outcome === 'error');
  const limit = all.length > READ ? `only ${READ} of ${all.length} open files were read` : cut;
  return within(limit, strongest(telling, nothing));
}

/** Names of a folder that are looked at. */
const NAMES = 20_000;

/** Tries to see names in a folder; done when one of those the host sees there comes up. */
export async function list(one: TryOf<'list'>): Promise<Result> {
  const wanted = new Set(one.digests);
  let seen = 0;
  try {
    for await (const entry of await opendir(one.path)) {
      if (wanted.has(digest(one.key, entry.name))) return { outcome: 'done', reason: 'listed', matched: true };
      if (++seen >= NAMES) return { outcome: 'error', reason: `only ${NAMES} of its names were looked at` };
    }
    return { outcome: 'refused', reason: 'masked', matched: false };
  } catch (error) {
    const result = failed(error);
    return ['EACCES', 'EPERM'].includes(codeOf(error)) ? { ...result, ...refusedBy(one.path) } : result;
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, reasonOf } from '../../base/errors.ts';
import { randomHex, sha256 } from '../../base/hash.ts';
import { packageRoot } from '../../base/package.ts';
import { oneLine, truncate } from '../../base/text.ts';
import { formatDuration } from '../../base/units.ts';
import { bootstrap, type Challenge, oneShot, SIBLING, tagOf } from '../pack/bootstrap.ts';
import { greeted } from '../pack/greetings.ts';
import type { Start } from '../vantages/types.ts';
import type { Observation, Try, VantageFacts } from '../wire.ts';
import { Child } from './child.ts';
import {
  decodeReady,
  decodeResult,
  encodeTry,
  type Form,
  type Ready,
  type Result,
  type Sum,
  summary,
} from './lines.ts';

export interface SessionOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until hello and the pack's answer must be there; default 10,000. */
  helloTimeout?: number | undefined;
  /** Only the POSIX-sh form of the pack, even where there is Node. */
  form?: 'sh' | undefined;
}

export interface Session {
  facts: VantageFacts;
  /** A variable that the bootstrap set in the vantage: the permitted sibling of every `env` try. */
  sibling: { name: string; value: string };
  /** What is worth telling and changes no verdict by itself: a clock that is off, noise on stdout. */
  readonly notes: readonly string[];
  /** Why the session ended early; undefined while it can still be used. */
  readonly failure: string | undefined;
  /**
   * Makes the tries, all at once. Every try has an observation in the result: what never came back, came twice or was
   * changed on its way is an `error` that says so. Never rejects. Rounds run one after the other.
   */
  round(tries: readonly Try[]): Promise<Map<string, Observation>>;
  /** Ends the vantage's program and everything it started; safe to call twice. */
  close(): Promise<void>;
}

export type Opened = { ok: true; session: Session } | { ok: false; reason: string };

/** Milliseconds. */
const HELLO = 10_000;
/** What a round may take beyond its slowest try, for each batch that the pack makes of it. */
const SLACK = 1_500;
/** As many tries as the pack has under way at once. */
const PARALLEL = { node: 64, sh: 16 } as const;
/** A clock that is off by more is worth a note. Seconds. */
const CLOCK = 60;

const FACTS_CHANGED = 'what it said of itself was changed on its way';

const SHELLS_WITHOUT_SH = /\bsh\b.*(not found|no such file)|(not found|no such file|ENOENT).*\bsh\b/i;

/** The pack's source in one of its forms. */
function packSource(form: Form): Promise<string> {
  return readFile(join(packageRoot, 'dist', 'pack', form === 'node' ? 'node.cjs' : 'pack.sh'), 'utf8');
}

function newChallenge(): Challenge {
  const factor = () => 10_000 + (Number.parseInt(randomHex(4), 16) % 36_000);
  return [factor(), factor(), factor(), factor()];
}

/** Starts the vantage's program and shakes hands. `ok: false` says why it is unavailable, and what to do. */
export async function openSession(start: Start, options: SessionOptions = {}): Promise<Opened> {
  const first = await openShell(start, options);
  if (first.ok) return first;
  if (first.noShell && options.form !== 'sh') {
    const second = await openOneShot(start, options);
    if (second.ok) return second;
  }
  return { ok: false, reason: first.reason };
}

type Attempted = { ok: true; session: Session } | { ok: false; reason: string; noShell: boolean };

async function openShell(
  start: Start,
  { signal, helloTimeout = HELLO, form: only }: SessionOptions,
): Promise<Attempted> {
  const challenge = newChallenge();
  const tag = tagOf(challenge);
  const sibling = { name: SIBLING, value: randomHex(8) };
  // Before anything runs: where one cannot be read, nothing has to be ended.
  const sources = { node: await packSource('node'), sh: await packSource('sh') };
  let child: Child;
  try {
    child = new Child(await start(['sh', '-s']), tag, sibling.value, signal);
  } catch (error) {
    return { ok: false, reason: failureToStart(error), noShell: errorCode(error) === 'ENOENT' };
  }
  const fail = async (reason: string, noShell = false): Promise<Attempted> => {
    await child.close();
    return { ok: false, reason, noShell };
  };
  const until = Date.now() + helloTimeout;
  const left = () => Math.max(1, until - Date.now());
  // Every result is summed up with it: whoever only sees the output cannot write another one.
  const secret = randomHex(16);
  child.write(bootstrap(challenge, sibling.value, secret, only !== 'sh'));

  const hello = await child.next(left());
  if (hello !== 'hello') return fail(noHello(child, helloTimeout), child.ended !== undefined && lacksShell(child));
  const want = /^want (node|sh)\b/.exec((await child.next(left())) ?? '');
  if (!want)
    return fail(
      child.problem ?? `said hello and then nothing for ${formatDuration(helloTimeout)}: does its node hang?`,
    );
  const form = want[1] as Form;
  const source = sources[form];
  child.write(
    form === 'node' ? `${Buffer.byteLength(source)} ${sha256(source)}\n${source}` : `${source.trimEnd()}\n${tag} end\n`,
  );
  const answer = (await child.next(left())) ?? '';
  if (answer === 'changed') return fail('what was sent to it was changed on its way');
  const ready = answer.startsWith('ready ') ? decodeReady(form, secret, answer.slice(6)) : undefined;
  if (ready === 'changed') return fail(FACTS_CHANGED);
  if (!ready) return fail(child.problem ?? 'it did not say who and where it is');
  if (form === 'sh' && !ready.source) return fail('it has no tool to check its input with: sha256sum, openssl, cksum');
  if (form === 'sh' && ready.source !== summary(ready.sum, `${source.trimEnd()}\n`))
    return fail('what was sent to it was changed on its way');
  return { ok: true, session: new ShellSession(child, form, ready, secret, sibling) };
}

function failureToStart(error: unknown): string {
  const message = oneLine(reasonOf(error));
  const program = (error as { path?: unknown }).path;
  if (errorCode(error) === 'ENOENT' && typeof program === 'string')
    return `${program} is not installed, or not found on PATH`;
  if (errorCode(error) === 'EACCES' && typeof program === 'string')
    return `${program} is not found on PATH, or may not be started`;
  return `it could not be started: ${truncate(message, 300)}`;
}

/** Exit codes of shells, env, docker and kubectl for a program that is not there. */
function lacksShell(child: Child): boolean {
  return child.ended?.code === 127 || child.ended?.code === 126 || SHELLS_WITHOUT_SH.test(child.errorText);
}

function noHello(child: Child, timeout: number): string {
  if (child.problem && !child.ended) return child.problem;
  if (child.ended?.code === 0)
    return 'it takes no input: its standard input is not passed on (docker exec and kubectl exec need -i)';
  if (child.ended) return child.problem ?? 'it ended';
  if (child.echoed) return 'it only echoed what it was sent';
  return `no answer within ${formatDuration(timeout)}`;
}

function factsOf(form: Form, { sum: _sum, source: _source, ...ready }: Ready): VantageFacts {
  return {
    uid: undefined,
    gid: undefined,
    uidMap: undefined,
    capabilities: undefined,
    noNewPrivileges: undefined,
    seccomp: undefined,
    home: undefined,
    hostname: undefined,
    ...ready,
    form,
  };
}

/** Of what a clock said that was heard `at` that time, in seconds since 1970 too. */
function clockNote(clock: number, at: number): string[] {
  const off = Math.round(clock - at);
  return Math.abs(off) > CLOCK
    ? [`its clock is ${formatDuration(Math.abs(off) * 1000)} ${off > 0 ? 'ahead' : 'behind'}`]
    : [];
}

function noiseNote(noise: number): string[] {
  return noise > 0 ? [`${noise} lines on its output are not ours and count for nothing`] : [];
}

/** The longest that a round may take, in milliseconds. A shell counts in whole seconds, and one more for its tools. */
function roundTime(form: Form, tries: readonly Try[]): number {
  const slowest = Math.max(...tries.map(({ timeout }) => timeout));
  const bound = form === 'node' ? slowest : Math.ceil(slowest / 1000) * 1000 + 1000;
  return Math.ceil(tries.length / PARALLEL[form]) * (bound + SLACK);
}

/** The results of one round, as they come in: the first of each id counts, unless a second one comes. */
class Round {
  readonly results = new Map<string, Observation>();
  readonly #expected = new Map<string, { one: Try; line: string }>();
  readonly #form: Form;
  readonly #sum: Sum;
  readonly #secret: string;
  readonly #started = performance.now();

  constructor(form: Form, sum: Sum, secret: string, lines: readonly { one: Try; line: string }[]) {
    this.#form = form;
    this.#sum = sum;
    this.#secret = secret;
    for (const { one, line } of lines) this.#expected.set(one.id, { one, line });
  }

  /** Takes a line; false when it is none of ours. */
  take(line: string): boolean {
    const [, sum, body = ''] = /^result (\S+) (.*)$/.exec(line) ?? [];
    const result = decodeResult(this.#form, body);
    const expected = result && this.#expected.get(result.id);
    if (!result || !expected) return false;
    const genuine = sum === summary(this.#sum, `${this.#secret} ${expected.line}\n${body}`);
    const before = this.results.get(result.id);
    this.results.set(
      result.id,
      before
        ? { id: result.id, outcome: 'error', reason: 'two results came for it', took: before.took }
        : judgeLine(expected.one, genuine, result, performance.now() - this.#started),
    );
    return true;
  }

  /** What never came, with the reason. */
  finish(reason: string): Map<string, Observation> {
    for (const id of this.#expected.keys())
      if (!this.results.has(id)) this.results.set(id, { id, outcome: 'error', reason, took: 0 });
    return this.results;
  }
}

function judgeLine(
  one: Try,
  genuine: boolean,
  { heard, took: measured, ...made }: Result,
  elapsed: number,
): Observation {
  // A shell has no clock that is fine enough; what went by here is the next best.
  const result = { ...made, took: measured || Math.round(elapsed) };
  if (!genuine)
    return {
      id: result.id,
      outcome: 'error',
      reason: 'the try or its result was changed on its way',
      took: result.took,
    };
  const bringing = (one.op === 'read' || one.op === 'env') && one.bring;
  const { brought, ...rest } = result;
  const observation = { ...rest, ...(bringing && brought !== undefined ? { brought } : {}) };
  if ((one.op === 'connect' || one.op === 'socket') && observation.outcome === 'done') {
    const bytes = Buffer.from(heard ?? '', 'hex');
    if (!greeted(one.greeting, bytes))
      return {
        ...observation,
        outcome: bytes.length > 0 ? 'error' : 'silent',
        reason: bytes.length > 0 ? 'something else answered' : 'said nothing',
      };
  }
  return observation;
}

/** A session over one program that stays: rounds travel on its input. */
class ShellSession implements Session {
  readonly facts: VantageFacts;
  readonly #child: Child;
  readonly #form: Form;
  readonly #ready: Ready;
  readonly #secret: string;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #heard: number;
  #rounds = 0;
  #failure: string | undefined;

  constructor(
    child: Child,
    form: Form,
    ready: Ready,
    secret: string,
    readonly sibling: { name: string; value: string },
  ) {
    this.facts = factsOf(form, ready);
    this.#heard = Date.now() / 1000;
    this.#child = child;
    this.#form = form;
    this.#ready = ready;
    this.#secret = secret;
  }

  get notes(): readonly string[] {
    return [...this.#child.notes, ...clockNote(this.facts.clock, this.#heard), ...noiseNote(this.#child.noise)];
  }

  get failure(): string | undefined {
    return this.#failure ?? this.#child.problem;
  }

  round(tries: readonly Try[]): Promise<Map<string, Observation>> {
    const made = this.#queue.then(() => this.#round(tries));
    this.#queue = made;
    return made;
  }

  async #round(tries: readonly Try[]): Promise<Map<string, Observation>> {
    const lines = tries.map(one => ({ one, line: encodeTry(this.#form, one) }));
    const round = new Round(this.#form, this.#ready.sum, this.#secret, lines);
    if (tries.length === 0 || this.failure) return round.finish(this.failure ?? '');
    const until = Date.now() + roundTime(this.#form, tries);
    const mark = `synced ${++this.#rounds}`;
    this.#child.write(`${lines.map(({ line }) => line).join('\n')}\nsync ${this.#rounds}\n`);
    for (;;) {
      const line = await this.#child.next(Math.max(1, until - Date.now()));
      if (line === undefined) {
        if (!this.#child.problem) {
          this.#failure = 'it stopped answering';
          await this.#child.close();
        }
        break;
      }
      if (line === mark) break;
      if (!round.take(line)) this.#child.noise++;
    }
    return round.finish(this.failure ?? 'nothing came back for it');
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}

/** For a vantage that has Node and no shell: every round is a program of its own. */
async function openOneShot(start: Start, { signal, helloTimeout = HELLO }: SessionOptions): Promise<Opened> {
  const source = await packSource('node');
  const sibling = { name: SIBLING, value: randomHex(8) };
  const secret = randomHex(16);
  let noise = 0;
  // Each round has a box of its own, which could not keep the same things as a rule.
  const notes = new Set<string>();
  const open = new Set<Child>();

  /** Starts the pack with these lines; gives the child behind its `ready`. */
  async function begin(lines: readonly string[]): Promise<{ child: Child; ready: Ready } | string> {
    const challenge = newChallenge();
    let child: Child;
    try {
      child = new Child(await start(['node', '-']), tagOf(challenge), sibling.value, signal);
    } catch (error) {
      return failureToStart(error);
    }
    open.add(child);
    for (const note of child.notes) notes.add(note);
    child.end(oneShot(challenge, sibling.value, secret, source, [...lines, 'sync 1']));
    if ((await child.next(helloTimeout)) === 'hello') {
      const answer = (await child.next(helloTimeout)) ?? '';
      const ready = answer.startsWith('ready ') ? decodeReady('node', secret, answer.slice(6)) : undefined;
      if (ready && ready !== 'changed') return { child, ready };
      if (ready === 'changed') {
        await child.close();
        return FACTS_CHANGED;
      }
    }
    await child.close();
    return noHello(child, helloTimeout);
  }

  const first = await begin([]);
  if (typeof first === 'string') return { ok: false, reason: first };
  const heard = Date.now() / 1000;
  await first.child.close();
  const { ready } = first;
  let failure: string | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function makeRound(tries: readonly Try[]): Promise<Map<string, Observation>> {
    const lines = tries.map(one => ({ one, line: encodeTry('node', one) }));
    const round = new Round('node', ready.sum, secret, lines);
    if (tries.length === 0 || failure) return round.finish(failure ?? '');
    const begun = await begin(lines.map(({ line }) => line));
    if (typeof begun === 'string') {
      failure = begun;
      return round.finish(begun);
    }
    const { child } = begun;
    const until = Date.now() + roundTime('node', tries);
    for (;;) {
      const line = await child.next(Math.max(1, until - Date.now()));
      if (line === undefined || line === 'synced 1') break;
      if (!round.take(line)) child.noise++;
    }
    noise += child.noise;
    const reason = child.problem ?? 'it stopped answering';
    await child.close();
    open.delete(child);
    return round.finish(reason);
  }

  return {
    ok: true,
    session: {
      facts: factsOf('node', ready),
      sibling,
      get notes() {
        return [...notes, ...clockNote(ready.clock, heard), ...noiseNote(noise)];
      },
      get failure() {
        return failure;
      },
      round(tries) {
        const made = queue.then(() => makeRound(tries));
        queue = made;
        return made;
      },
      async close() {
        failure ??= 'it was closed';
        await Promise.all([...open].map(child => child.close()));
      },
    },
  };
}

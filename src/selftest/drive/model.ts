import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { Json, Reply, Turn, Wire, WireAnswer, WireRequest } from '../../agents/wire/types.ts';
import { UserError } from '../../base/errors.ts';
import { randomHex } from '../../base/hash.ts';
import { PORTS } from './contain.ts';

/** A call as the script wants it; the model gives it an id. */
export interface Call {
  name: string;
  input: Json;
}

/** What became of a call that the scripted model was to make. Only `returned` says anything of a rule. */
export type CallOutcome =
  /** It was served, and this is what the agent gave back for it. */
  | { kind: 'returned'; text: string; durationMs: number; id?: string }
  /** The agent does not offer such a tool, so it was not served. */
  | { kind: 'not-offered'; offered: readonly string[] }
  /** Served, and the agent asked on without a result for it. */
  | { kind: 'no-result' }
  /** Served, and nothing came in time. */
  | { kind: 'timeout' }
  /** The agent ended, or never asked; `served`: with the call in its hands. */
  | { kind: 'ended'; served: boolean };

export interface ModelOptions {
  wire: Wire;
  /** What a request aside (one without tools) is to be told, by its words; undefined: it is not known. */
  aside?(turn: Turn): string | undefined;
  /** Milliseconds that a call may take; default 10,000. */
  patience?: number | undefined;
}

interface Held {
  turn: Turn;
  respond(reply: Reply): void;
}

/** Bytes of one request: an agent sends its whole conversation each time. More is refused, and noted. */
const LIMIT = 64_000_000;
/** Bytes of a socket's path; what is longer is cut off without a word. See unix(7). */
const SOCKET_PATH = 107;
/** Kept of what was asked and is not known, for the reasons of rows. */
const KEPT = 20;

/**
 * A model that plays a script, on loopback or a socket. The script is a program: `call` is answered once the agent has given
 * back a result, and the agent waits meanwhile, so that the ground can be changed between two calls.
 */
export class ScriptedModel {
  readonly #wire: Wire;
  readonly #aside: ModelOptions['aside'];
  readonly #patience: number;
  readonly #server: Server;
  readonly #hits = new Map<string, (() => void)[]>();
  readonly #seen = new Set<string>();
  #serial = 0;
  /** Its clients reach it by one port, and what is to be reached over the network by another. */
  #isApart = false;
  #held: Held | undefined;
  #arrived: ((held: Held | undefined) => void) | undefined;
  #over = false;
  #first: string | undefined;
  /** Requests in which the agent offered tools. */
  turns = 0;
  /** Requests of the protocol, asides and counts included. */
  requests = 0;
  /** How many requests aside came that no driver knows. */
  asides = 0;
  /** The last of these, by the first of their words. */
  readonly unknown: string[] = [];
  /** Requests that nobody expects of an agent that was told to keep to its model: telemetry, updates. `POST /path`. */
  readonly strange: string[] = [];

  constructor({ wire, aside, patience = 10_000 }: ModelOptions) {
    this.#patience = patience;
    this.#wire = wire;
    this.#aside = aside;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    // What is no HTTP may still carry the mark of a try, such as a line sent over a bare connection.
    this.#server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
      this.#hit(error.rawPacket?.toString('latin1') ?? '');
      socket.destroy();
    });
    this.#server.headersTimeout = 0;
    this.#server.requestTimeout = 0;
  }

  /** Listens at a socket's path, or on loopback at a free port, which is given back. */
  async listen(path?: string): Promise<number | undefined> {
    this.#isApart = path !== undefined;
    if (path !== undefined && Buffer.byteLength(path) > SOCKET_PATH)
      throw new UserError({
        what: `the folder for temporary files lies too deep for a socket in it: ${dirname(path)}`,
        expected: `a path of at most ${SOCKET_PATH} bytes for the socket`,
        next: 'set TMPDIR to a folder with a short path',
      });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      if (path === undefined) this.#server.listen(0, '127.0.0.1', resolve);
      else this.#server.listen(path, resolve);
    });
    return path === undefined ? (this.#server.address() as AddressInfo).port : undefined;
  }

  /** The first request in which tools were offered, as JSON: all that the model was told before it began. */
  get told(): string {
    return this.#first ?? '';
  }

  /** The tools that the agent offered last. */
  get offered(): readonly string[] {
    return this.#held?.turn.tools ?? this.#offered;
  }
  #offered: readonly string[] = [];

  /** Waits for the agent's first request with tools. False: it ended without one, or none came in `timeout` ms. */
  async ready(timeout: number): Promise<boolean> {
    return (await this.#wait(timeout)) === 'turn';
  }

  /** One call, and what came of it. */
  async call(call: Call, timeout = this.#patience): Promise<CallOutcome> {
    return (await this.calls([call], timeout))[0] as CallOutcome;
  }

  /** Several calls in one turn, and what came of each. `timeout`: ms for all of them. */
  async calls(list: readonly Call[], timeout = this.#patience): Promise<CallOutcome[]> {
    const since = Date.now();
    const before = await this.#wait(timeout);
    if (before !== 'turn')
      return list.map(() => (before === 'timeout' ? { kind: 'timeout' } : { kind: 'ended', served: false }));
    const { turn, respond } = this.#held as Held;
    const missing = list.filter(({ name }) => !turn.tools.includes(name));
    if (missing.length > 0) return list.map(() => ({ kind: 'not-offered', offered: turn.tools }));
    const served = list.map(call => ({ ...call, id: `call_${randomHex(12)}` }));
    this.#held = undefined;
    this.#offered = turn.tools;
    respond({ calls: served, text: '' });
    const after = await this.#wait(timeout);
    if (after === 'timeout') return list.map(() => ({ kind: 'timeout' }));
    if (after === 'ended') return list.map(() => ({ kind: 'ended', served: true }));
    const { results } = (this.#held as unknown as Held).turn;
    const durationMs = Date.now() - since;
    return served.map(({ id }) => {
      const found = results.filter(result => result.id === id);
      // One result for a call; what comes twice is no result (rule 16).
      return found.length === 1 && found[0]
        ? { kind: 'returned', text: found[0].text, durationMs, id }
        : { kind: 'no-result' };
    });
  }

  /** The model is done: whatever the agent asks from now on, it says so. */
  end(): void {
    this.#over = true;
    this.#held?.respond({ calls: [], text: 'done' });
    this.#held = undefined;
  }

  /** The agent is gone: whoever waits for it hears so. */
  gone(): void {
    this.#over = true;
    this.#held = undefined;
    this.#arrived?.(undefined);
  }

  /** Where a try over the network is to lead: a hit is told by its mark, in a path or in bare bytes. */
  wasReached(mark: string): boolean {
    return this.#seen.has(mark);
  }

  /** Expects `mark` in a connection. */
  expect(mark: string): void {
    this.#hits.set(mark, []);
  }

  async close(): Promise<void> {
    this.gone();
    this.#server.closeAllConnections();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #wait(timeout: number): Promise<'turn' | 'timeout' | 'ended'> {
    if (this.#held) return Promise.resolve('turn');
    if (this.#over) return Promise.resolve('ended');
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#arrived = undefined;
        resolve('timeout');
      }, timeout);
      this.#arrived = held => {
        clearTimeout(timer);
        this.#arrived = undefined;
        resolve(held ? 'turn' : 'ended');
      };
    });
  }

  #hit(text: string): void {
    for (const mark of this.#hits.keys()) if (text.includes(mark)) this.#seen.add(mark);
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = message.method ?? 'GET';
    const path = message.url ?? '/';
    const text = await bodyOf(message);
    if (text === undefined) {
      this.#note(this.strange, `${method} ${path}: more than can be taken`);
      return void response.writeHead(413).end();
    }
    const request: WireRequest = { method, path, body: parse(text) };
    const aside = this.#wire.aside(request);
    const turn = aside ? undefined : this.#wire.turn(request);
    if (turn || aside) this.requests++;
    if (aside) return send(response, aside);
    if (!turn) {
      // A turn carries the call itself, mark and all: only what is none of the protocol's is an effect of it.
      const { host = '' } = message.headers;
      // What it asks of its model beside, with the call in it, is no way out.
      if (!this.#isApart || !host.endsWith(`:${PORTS.model}`))
        this.#hit(`${path}\n${host}\n${this.#isApart ? text : ''}`);
      if ([...this.#hits.keys()].some(mark => path.includes(mark)))
        return void response.writeHead(200).end('reached\n');
      this.#note(this.strange, `${method} ${path.split('?')[0]}`);
      return void response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    }
    const respond = (reply: Reply) => send(response, this.#wire.answer(turn, reply, ++this.#serial));
    if (turn.tools.length === 0) {
      const answer = this.#aside?.(turn);
      if (answer === undefined) {
        this.asides++;
        this.unknown.push(turn.text.trim().slice(0, 200));
        if (this.unknown.length > KEPT) this.unknown.shift();
      }
      return respond({ calls: [], text: answer ?? 'ok' });
    }
    this.#first ??= text;
    this.turns++;
    if (this.#over) return respond({ calls: [], text: 'done' });
    // Asked again before it was answered, the last one counts.
    this.#held?.respond({ calls: [], text: 'done' });
    this.#held = { turn, respond };
    this.#arrived?.(this.#held);
  }

  #note(list: string[], what: string): void {
    if (list.length < KEPT) list.push(what);
  }
}

function send(response: ServerResponse, { status, type, body }: WireAnswer): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
}

/** The body of a request; undefined where it is larger than is taken. */
async function bodyOf(message: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message) {
    size += (part as Buffer).length;
    if (size > LIMIT) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

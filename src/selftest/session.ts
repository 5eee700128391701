import type { Observation, Try, VantageFacts } from './wire.ts';
import type { Start } from './vantages/types.ts';

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

/** Starts the vantage's program and shakes hands. `ok: false` says why it is unavailable, and what to do. */
export declare function openSession(start: Start, options?: SessionOptions): Promise<Opened>;

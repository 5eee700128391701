import { readdirSync, readFileSync } from 'node:fs';
import { oneLine, sanitize, truncate } from '../../base/text.ts';
import { SIBLING } from '../pack/bootstrap.ts';
import type { Started } from '../vantages/types.ts';

/** Bytes of a line that are kept; longer ones are noise. */
const LINE = 512_000;
/** Bytes on stdout after which a vantage is not listened to any more. */
const TOTAL = 16_000_000;
/** How long a program may take to end once its input is closed. Milliseconds. */
const GRACE = 500;

/** The vantage's program as lines: what opens with the tag is for the session, everything else is counted as noise. */
export class Child {
  /** Lines that were not ours. */
  noise = 0;
  /** It sent our own words back. */
  echoed = false;
  ended: { code: number | undefined; signal: string | undefined } | undefined;
  errorText = '';
  readonly #started: Started;
  readonly #tag: string;
  readonly #marker: string;
  readonly #signal: AbortSignal | undefined;
  readonly #lines: string[] = [];
  readonly #gone: Promise<void>;
  #waiting: ((line: string | undefined) => void) | undefined;
  #partial: Buffer[] = [];
  #partialSize = 0;
  #total = 0;
  #flooded = false;
  #failure: string | undefined;
  #outputEnded = false;
  #closed: Promise<void> | undefined;

  constructor(started: Started, tag: string, marker: string, signal: AbortSignal | undefined) {
    this.#started = started;
    this.#tag = tag;
    this.#marker = marker;
    this.#signal = signal;
    const { child } = started;
    const onOutputEnd = () => {
      this.#outputEnded = true;
      this.#wake();
    };
    this.#gone = new Promise(done => {
      child.once('exit', (code, by) => {
        this.ended = { code: code ?? undefined, signal: by ?? undefined };
        done();
        // Its output may have been handed on to something that lives; a moment for what is still in the pipe.
        setTimeout(onOutputEnd, 200).unref();
      });
      child.once('error', error => {
        this.#failure = oneLine(error.message);
        this.ended ??= { code: undefined, signal: undefined };
        done();
        onOutputEnd();
      });
    });
    if (child.exitCode !== null || child.signalCode !== null) {
      this.ended = { code: child.exitCode ?? undefined, signal: child.signalCode ?? undefined };
    }
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (part: Buffer) => this.#take(part));
    child.stdout?.once('close', () => {
      // The exit code belongs to the reason; it comes right behind.
      const late = setTimeout(onOutputEnd, GRACE);
      this.#gone.then(() => {
        clearTimeout(late);
        onOutputEnd();
      });
    });
    child.stdout?.on('error', () => {});
    child.stderr?.on('error', () => {});
    child.stderr?.on('data', (part: Buffer) => {
      this.errorText = (this.errorText + part.toString()).slice(-2_000);
    });
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
  }

  readonly #abort = () => {
    this.#failure ??= 'it was stopped';
    this.#kill();
    this.#wake();
  };

  get notes(): readonly string[] {
    return this.#started.notes ?? [];
  }

  /** Why nothing more can come, or undefined. */
  get problem(): string | undefined {
    if (this.#failure) return this.#failure;
    if (this.#flooded) return `it flooded its output with more than ${TOTAL / 1e6} MB`;
    if (!this.#outputEnded) return undefined;
    const last = oneLine(this.errorText.trim().split('\n').at(-1) ?? '');
    const how = !this.ended
      ? 'it closed its output'
      : this.ended.signal
        ? `it was ended by ${this.ended.signal}`
        : `it ended with exit code ${this.ended.code}`;
    return last ? `${how}: ${truncate(last, 300)}` : how;
  }

  write(text: string): void {
    this.#started.child.stdin?.write(text);
  }

  end(text: string): void {
    this.#started.child.stdin?.end(text);
  }

  /** The next of our lines without its tag; undefined when none comes in time, or ever. */
  next(timeout: number): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.problem) return Promise.resolve(undefined);
    return new Promise(done => {
      const timer = setTimeout(() => {
        this.#waiting = undefined;
        done(undefined);
      }, timeout);
      this.#waiting = value => {
        clearTimeout(timer);
        this.#waiting = undefined;
        done(value);
      };
    });
  }

  #wake(): void {
    if (this.#waiting && (this.#lines.length > 0 || this.problem)) this.#waiting(this.#lines.shift());
  }

  #take(part: Buffer): void {
    if (this.#flooded) return;
    this.#total += part.length;
    if (this.#total > TOTAL) {
      this.#flooded = true;
      this.#partial = [];
      this.#lines.length = 0;
      this.#kill();
      this.#wake();
      return;
    }
    let from = 0;
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, from)) {
      this.#keep(part.subarray(from, at));
      this.#line();
      from = at + 1;
    }
    this.#keep(part.subarray(from));
    this.#wake();
  }

  #keep(part: Buffer): void {
    this.#partialSize += part.length;
    if (this.#partialSize <= LINE) this.#partial.push(part);
  }

  #line(): void {
    const tooLong = this.#partialSize > LINE;
    const line = tooLong ? '' : Buffer.concat(this.#partial).toString();
    this.#partial = [];
    this.#partialSize = 0;
    const at = line.indexOf(`${this.#tag} `);
    if (at >= 0) this.#lines.push(sanitize(line.slice(at + this.#tag.length + 1)).trimEnd());
    else if (tooLong || line.trim() !== '') {
      this.noise++;
      if (line.startsWith('agent_posture()')) this.echoed = true;
    }
  }

  #kill(): void {
    const { child } = this.#started;
    if (child.pid === undefined) return;
    try {
      // Its own group, where it leads one: the vantages start their programs that way.
      process.kill(-child.pid, 'SIGKILL');
    } catch {}
    if (!this.ended) child.kill('SIGKILL');
  }

  /** Closes its input, waits a moment, ends what is left, and what else carries our marker in its environment. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#failure ??= this.problem ?? 'it was closed';
    const { child } = this.#started;
    if (!this.ended) {
      child.stdin?.end();
      await Promise.race([this.#gone, new Promise(done => setTimeout(done, GRACE).unref())]);
    }
    this.#kill();
    // A process that is killed is not gone at once.
    for (let again = 0; again < 200 && (killMarked(this.#marker) > 0 || groupLives(child.pid)); again++)
      await new Promise(done => setTimeout(done, 5));
    if (!this.ended) await Promise.race([this.#gone, new Promise(done => setTimeout(done, GRACE).unref())]);
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.stderr?.destroy();
    await this.#started.close?.();
    this.#wake();
  }
}

/**
 * Ends what outlived its group: programs that made a session of their own still carry the bootstrap's variable. Gives
 * how many there were.
 */
function killMarked(marker: string): number {
  if (process.platform !== 'linux') return 0;
  let found = 0;
  const wanted = Buffer.from(`${SIBLING}=${marker}\0`);
  for (const pid of readdirSync('/proc'))
    if (/^\d+$/.test(pid))
      try {
        if (!readFileSync(`/proc/${pid}/environ`).includes(wanted)) continue;
        process.kill(Number(pid), 'SIGKILL');
        found++;
      } catch {}
  return found;
}

/** Whether the group that this process led has a member that still runs; one that only waits to be reaped does not. */
function groupLives(leader: number | undefined): boolean {
  if (leader === undefined) return false;
  try {
    process.kill(-leader, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(group) === leader && state !== 'Z' && state !== 'X';
    } catch {
      return false;
    }
  });
}

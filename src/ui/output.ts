import { EventEmitter } from 'node:events';
import { sanitize } from '../base/text.ts';
import { cells } from './lines.ts';

/** Ends the prefix by which Ink takes its last frame off the screen. */
const LEFT = '\u001b[G';

/** Rows that `frame` takes in a window of `columns`, once the terminal has wrapped what is too long for it. */
export function wrappedRows(frame: string, columns: number): number {
  return frame
    .split('\n')
    .reduce((sum, row) => sum + Math.max(1, Math.ceil(cells(sanitize(row)) / Math.max(1, columns))), 0);
}

/** Whether the terminal wraps lines anew when its window becomes narrower; those that do not cut them off. */
export function reflows(env: NodeJS.ProcessEnv): boolean {
  if (env.TMUX) return true;
  return !(env.TERM === 'linux' || env.XTERM_VERSION || /^screen/.test(env.TERM ?? ''));
}

/**
 * The terminal as Ink gets it. Ink takes back as many rows as it drew; when the window has become narrower, the terminal
 * has meanwhile made more of them. Here they are taken off first, and the cursor put to where Ink expects it. Screens hear
 * of a new size before Ink draws again, so that no frame of the old size is drawn into the new window.
 */
export class Output extends EventEmitter {
  readonly #stream: NodeJS.WriteStream;
  readonly #wraps: boolean;
  #frame = '';
  #columns: number;

  constructor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env) {
    super();
    this.#stream = stream;
    this.#wraps = reflows(env);
    this.#columns = stream.columns;
    stream.on('resize', this.#resized);
  }

  get columns(): number {
    return this.#stream.columns;
  }
  get rows(): number {
    return this.#stream.rows;
  }
  get isTTY(): boolean {
    return this.#stream.isTTY;
  }
  get destroyed(): boolean {
    return this.#stream.destroyed;
  }
  get writable(): boolean {
    return this.#stream.writable;
  }
  get writableEnded(): boolean {
    return this.#stream.writableEnded;
  }

  write(data: string, done?: () => void): boolean {
    const erased = data.lastIndexOf(LEFT);
    const text = erased < 0 ? data : data.slice(erased + LEFT.length);
    if (sanitize(text) !== '') this.#frame = text;
    else if (erased >= 0) this.#frame = '';
    return this.#stream.write(data, done);
  }

  /** Stops listening to the terminal. */
  close(): void {
    this.#stream.off('resize', this.#resized);
  }

  readonly #resized = (): void => {
    const narrower = this.columns < this.#columns;
    this.#columns = this.columns;
    if (narrower && this.#wraps && this.#frame !== '') {
      const drawn = Math.min(this.#frame.split('\n').length, this.rows);
      const up = wrappedRows(this.#frame, this.columns) - 1;
      this.#stream.write(`\r${up > 0 ? `\u001b[${up}A` : ''}\u001b[J${'\n'.repeat(drawn - 1)}`);
    }
    // Ink subscribes first, before there is a screen. It hears last, once the screens have been rendered to the new size.
    const [ink, ...screens] = this.listeners('resize');
    for (const listener of screens) listener.call(this);
    setImmediate(() => ink?.call(this));
  };
}

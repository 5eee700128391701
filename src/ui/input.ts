import { EventEmitter } from 'node:events';

/** Pasted text as a whole, a key's sequence, one control character, or a run of plain text. */
const PIECE =
  /\u001b\[200~[\s\S]*?(?:\u001b\[201~|$)|\u001b\[\[?[0-?]*[ -/]*(?:[@-~]|$)|\u001bO.?|\u001b[\s\S]?|[\u0000-\u001a\u001c-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g;

/** What came in one read, as single keys. Nothing is lost: the pieces together are the text. */
export function pieces(chunk: string): string[] {
  return chunk.match(PIECE) ?? [];
}

/**
 * The keyboard as Ink gets it: one key at a time, each after what the one before has changed is drawn. On a slow line or
 * under load several keys come in one read, and the second must not fall on the screen, or the choice, before the first.
 */
export class Input extends EventEmitter {
  readonly isTTY = true;
  readonly #stream: NodeJS.ReadStream;
  #waiting: string[] = [];
  #due: NodeJS.Immediate | undefined;

  constructor(stream: NodeJS.ReadStream) {
    super();
    this.#stream = stream;
    this.on('newListener', event => {
      if (event === 'readable' && this.listenerCount('readable') === 0) stream.on('readable', this.#pull);
    });
    this.on('removeListener', event => {
      if (event === 'readable' && this.listenerCount('readable') === 0) stream.off('readable', this.#pull);
    });
  }

  setRawMode(on: boolean): this {
    this.#stream.setRawMode(on);
    return this;
  }
  setEncoding(encoding: BufferEncoding): this {
    this.#stream.setEncoding(encoding);
    return this;
  }
  ref(): this {
    this.#stream.ref();
    return this;
  }
  unref(): this {
    this.#stream.unref();
    return this;
  }

  /** The next key, once for each `readable`. */
  read(): string | null {
    if (this.#due) return null;
    const next = this.#waiting.shift() ?? null;
    if (next !== null && this.#waiting.length > 0) this.#announce();
    return next;
  }

  #announce(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined;
      this.emit('readable');
    });
  }

  readonly #pull = (): void => {
    let chunk: string | Buffer | null = this.#stream.read();
    while (chunk !== null) {
      this.#waiting.push(...pieces(String(chunk)));
      chunk = this.#stream.read();
    }
    if (this.#waiting.length > 0) this.#announce();
  };
}

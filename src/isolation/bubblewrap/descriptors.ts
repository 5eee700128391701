import { closeSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSwitch } from './system.ts';

/**
 * The descriptor that the shell in the box waits on before it becomes the command. Bubblewrap goes on when its own gate is
 * closed, as it is when we are killed; the shell only on our word. One digit, since not every shell reads more.
 */
export const LATCH = 3;
/** Files handed to bubblewrap as descriptors, so that nothing of them stands on a disk or in a command line. */
export class Descriptors {
  readonly open: number[] = [];
  readonly #folder: string;
  #nothing: number | undefined;
  constructor(folder: string) {
    this.#folder = folder;
  }
  /** The number that the descriptor will have in the child: they follow stdin, stdout, stderr and the latch. */
  add(content: string | Buffer): string {
    const path = join(this.#folder, `d${this.open.length}`);
    writeFileSync(path, content, { mode: 0o600 });
    this.open.push(openSync(path, 'r'));
    rmSync(path);
    return String(this.open.length + LATCH);
  }
  /** For `spawn`: the latch, ours in their places, then `more`, and nothing in the place of each descriptor that we were started with. */
  forChild(more: readonly 'pipe'[]): (number | 'ignore' | 'pipe')[] {
    const places: (number | 'ignore' | 'pipe')[] = ['pipe', ...this.open, ...more];
    const ours = places.length + 3;
    for (const inherited of inheritedDescriptors()) {
      if (inherited < ours) continue;
      while (places.length < inherited - 3) places.push('ignore');
      this.#nothing ??= openSync('/dev/null', 'r');
      places[inherited - 3] = this.#nothing;
    }
    return places;
  }
  close(): void {
    for (const descriptor of this.open) closeSync(descriptor);
    if (this.#nothing !== undefined) closeSync(this.#nothing);
  }
}

/** Descriptors beyond the first three that any child of ours would inherit: those without the close-on-exec flag. */
function inheritedDescriptors(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter(descriptor => {
      const flags = /^flags:\s*([0-7]+)/m.exec(readSwitch(`/proc/self/fdinfo/${descriptor}`) ?? '')?.[1];
      return descriptor > 2 && flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
    })
    .sort((a, b) => a - b);
}

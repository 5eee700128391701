import { render } from 'ink-testing-library';
import type { ReactNode } from 'react';
import { ThemeContext } from '../../src/ui/hooks/use-theme.ts';
import { createLifecycle, type Frame, LifecycleContext } from '../../src/ui/lifecycle.ts';
import { createTheme, type ThemeOptions } from '../../src/ui/theme.ts';
import { KEYS, type Key } from './pty.ts';

/** A screen in memory: what it shows, and keys for it. */
export interface Shown {
  frame(): string;
  waitFor(wanted: string | RegExp): Promise<string>;
  /** Sends keys, each after the one before has had its effect. */
  press(...keys: (Key | { text: string })[]): Promise<void>;
  lifecycle: Frame;
  /** Signals that ended it. */
  interrupts: string[];
  /** Errors that ended it. */
  failures: unknown[];
  unmount(): void;
}

const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

/** Draws `node` as `mount` would, in a window of that size, without a terminal. */
export async function show(
  node: ReactNode,
  { cols = 80, rows = 24, ...theme }: { cols?: number; rows?: number } & Partial<ThemeOptions> = {},
): Promise<Shown> {
  const interrupts: string[] = [];
  const failures: unknown[] = [];
  const lifecycle = createLifecycle(
    signal => interrupts.push(signal),
    error => failures.push(error),
  );
  // Ink asks the system for a size that a stream does not have.
  process.env.COLUMNS = String(cols);
  process.env.LINES = String(rows);
  const app = render(
    <ThemeContext.Provider value={createTheme({ color: false, unicode: true, screenReader: false, ...theme })}>
      <LifecycleContext.Provider value={lifecycle}>{node}</LifecycleContext.Provider>
    </ThemeContext.Provider>,
  );
  Object.defineProperties(app.stdout, { columns: { value: cols }, rows: { value: rows } });
  app.stdout.emit('resize');
  await turn();
  const frame = (): string => app.lastFrame() ?? '';
  return {
    frame,
    lifecycle,
    interrupts,
    failures,
    unmount: () => app.unmount(),
    async waitFor(wanted) {
      for (let i = 0; i < 1_000; i++) {
        const now = frame();
        if (typeof wanted === 'string' ? now.includes(wanted) : wanted.test(now)) return now;
        await turn();
      }
      throw new Error(`waited for ${wanted}:\n${frame()}`);
    },
    async press(...keys) {
      for (const key of keys) {
        // A screen listens once its effects have run.
        await new Promise(resolve => setTimeout(resolve, 20));
        app.stdin.write(typeof key === 'string' ? KEYS[key] : key.text);
        // A lone escape is told from the beginning of a sequence by the time that goes by.
        await new Promise(resolve => setTimeout(resolve, key === 'escape' ? 60 : 5));
        await turn();
      }
    },
  };
}

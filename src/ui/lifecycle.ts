import { createContext, useContext } from 'react';
import { afterGrace } from '../base/grace.ts';

/** How a screen ended: with a result, or by the user or a signal. */
export type Ending<T> = { by: 'finish'; result: T } | { by: 'interrupt'; signal: NodeJS.Signals | 'key' };

/**
 * What a mounted screen can ask of the frame around it. There is one way out for everything (keys, signals, a terminal
 * that goes away), and it waits for what must not be stopped half-way.
 */
export interface Lifecycle {
  /** Ends on account of the user or a signal; while something is held, as soon as that is done. */
  interrupt(signal: NodeJS.Signals | 'key'): void;
  /** Ends with an error, which the caller of the screen gets. */
  fail(error: unknown): void;
  /** Runs what must not be cut: an interrupt waits for it. */
  hold<R>(work: () => Promise<R>): Promise<R>;
  /** Runs what is told to stop when the screen ends, and is then waited for, because it has to clean up. */
  job<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R>;
}

export interface Frame extends Lifecycle {
  /** Stops all jobs and waits for them, as long as cleaning up may take. */
  settle(): Promise<void>;
}

export function createLifecycle(end: (signal: NodeJS.Signals | 'key') => void, fail: (error: unknown) => void): Frame {
  let held = 0;
  let pending: NodeJS.Signals | 'key' | undefined;
  const controller = new AbortController();
  const jobs = new Set<Promise<unknown>>();
  /** Something that is waited for at the end. */
  function track<T>(running: Promise<T>): Promise<T> {
    const settled = running.then(
      () => {},
      () => {},
    );
    jobs.add(settled);
    void settled.then(() => jobs.delete(settled));
    return running;
  }
  return {
    fail,
    interrupt(signal) {
      if (held > 0) pending ??= signal;
      else end(signal);
    },
    hold(work) {
      held++;
      const running = async () => {
        try {
          return await work();
        } finally {
          held--;
          // After the caller has seen the result, so that it can say what was done.
          if (held === 0 && pending) setImmediate(end, pending);
        }
      };
      return track(running());
    },
    job: work => track((async () => work(controller.signal))()),
    async settle() {
      controller.abort();
      let callOff = () => {};
      // The screen is gone by now: a line stands below it.
      const tell = (line: string) => void process.stderr.write(`${line}\n`);
      const patience = new Promise<void>(resolve => {
        callOff = afterGrace(tell, resolve);
      });
      await Promise.race([Promise.all(jobs), patience]);
      callOff();
    },
  };
}

export const LifecycleContext = createContext<Lifecycle | undefined>(undefined);

export function useLifecycle(): Lifecycle {
  const lifecycle = useContext(LifecycleContext);
  if (!lifecycle) throw new Error('a screen was drawn outside of mount()');
  return lifecycle;
}

import { useApp } from 'ink';
import { useEffect, useRef, useState } from 'react';
import { Interrupted } from '../../base/errors.ts';
import type { Report, SelftestEvent } from '../../selftest/types.ts';
import type { Aside } from '../../wizard/types.ts';
import { useLifecycle } from '../lifecycle.ts';
import { advance, NOTHING_YET, type Progress } from '../progress.ts';
import { useTheme } from './use-theme.ts';

/** Milliseconds between two drawings, however fast rows arrive. Who is read each of them aloud gets fewer. */
const PACE = { seen: 50, heard: 3_000 };

export type StartTest = (onEvent: (event: SelftestEvent) => void, signal: AbortSignal, aside: Aside) => Promise<Report>;

async function suspended<T>(suspend: (work: () => Promise<void>) => Promise<void>, work: () => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await suspend(async () => {
    result = { value: await work() };
    // Node stops reading standard input a moment after a prompt has paused it, and must have done so before we go on.
    await new Promise(resolve => setImmediate(resolve));
  });
  return (result as unknown as { value: T }).value;
}

/** Runs a test once, from the first drawing on; stops it when the screen ends. */
export function useSelftest(start: StartTest, onDone: (report: Report) => void): Progress {
  const lifecycle = useLifecycle();
  const [progress, setProgress] = useState(NOTHING_YET);
  const started = useRef(false);
  const { suspendTerminal } = useApp();
  const { screenReader } = useTheme();
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    let current = NOTHING_YET;
    let timer: NodeJS.Timeout | undefined;
    // One after the other: the terminal can be handed over only once.
    let queue: Promise<unknown> = Promise.resolve();
    const aside: Aside = work => {
      // The screen can end only with the terminal in its hands.
      const turn = queue.then(() => lifecycle.hold(() => suspended(suspendTerminal, work)));
      queue = turn.catch(() => {});
      return turn;
    };
    const show = (): void => {
      timer = undefined;
      setProgress(current);
    };
    lifecycle
      .job(signal =>
        start(
          event => {
            current = advance(current, event);
            timer ??= setTimeout(show, screenReader ? PACE.heard : PACE.seen);
          },
          signal,
          aside,
        ),
      )
      .finally(() => clearTimeout(timer))
      .then(onDone, error => {
        // Ctrl-C at a question that had the terminal.
        if (error instanceof Interrupted) lifecycle.interrupt('key');
        else lifecycle.fail(error);
      });
  });
  return progress;
}

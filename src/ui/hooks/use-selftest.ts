import { useEffect, useRef, useState } from 'react';
import type { Report, SelftestEvent } from '../../selftest/types.ts';
import { useLifecycle } from '../lifecycle.ts';
import { advance, NOTHING_YET, type Progress } from '../progress.ts';
import { useFail } from './use-fail.ts';

/** Milliseconds between two drawings, however fast rows arrive. */
const PACE = 50;

export type StartTest = (onEvent: (event: SelftestEvent) => void, signal: AbortSignal) => Promise<Report>;

/** Runs a test once, from the first drawing on; stops it when the screen ends. */
export function useSelftest(start: StartTest, onDone: (report: Report) => void): Progress {
  const fail = useFail();
  const lifecycle = useLifecycle();
  const [progress, setProgress] = useState(NOTHING_YET);
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    let current = NOTHING_YET;
    let timer: NodeJS.Timeout | undefined;
    const show = (): void => {
      timer = undefined;
      setProgress(current);
    };
    lifecycle
      .job(signal =>
        start(event => {
          current = advance(current, event);
          timer ??= setTimeout(show, PACE);
        }, signal),
      )
      .finally(() => clearTimeout(timer))
      .then(onDone, fail);
  });
  return progress;
}

import { render, Text } from 'ink';
import type { ReactNode } from 'react';
import { useKeys } from './hooks/use-keys.ts';
import { ThemeContext } from './hooks/use-theme.ts';
import { Input } from './input.ts';
import { createLifecycle, type Ending, type Lifecycle, LifecycleContext, useLifecycle } from './lifecycle.ts';
import { Output } from './output.ts';
import { createTheme, type ThemeOptions } from './theme.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C ends everything, wherever one is. */
function Frame({ children }: { children: ReactNode }): ReactNode {
  const { interrupt } = useLifecycle();
  useKeys(({ name }) => {
    if (name === 'interrupt') interrupt('key');
  });
  return children;
}

/**
 * Draws a screen inline until it is finished or interrupted, and leaves the terminal as it was: cursor shown, raw mode and
 * bracketed paste off. Errors thrown while drawing reject.
 */
export async function mount<T>(
  view: (finish: (result: T) => void, lifecycle: Lifecycle) => ReactNode,
  theme: ThemeOptions,
): Promise<Ending<T>> {
  let ending: Ending<T> | { by: 'failure'; error: unknown } | undefined;
  let app: ReturnType<typeof render> | undefined;
  function end(how: NonNullable<typeof ending>): void {
    if (ending) return;
    ending = how;
    // An empty last frame: what is said afterwards stands where the screen was.
    app?.rerender(<Text />);
    app?.unmount();
  }
  const lifecycle = createLifecycle(
    signal => end({ by: 'interrupt', signal }),
    error => end({ by: 'failure', error }),
  );
  const listeners = SIGNALS.map(signal => [signal, () => lifecycle.interrupt(signal)] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  // The terminal went away: reading ends, or writing fails with EIO. Neither may throw past us.
  const { stdin, stdout } = process;
  const output = new Output(stdout);
  const gone = (): void => lifecycle.interrupt('SIGHUP');
  stdin.on('end', gone);
  stdin.on('error', gone);
  stdout.on('error', gone);
  try {
    app = render(
      <ThemeContext.Provider value={createTheme(theme)}>
        <LifecycleContext.Provider value={lifecycle}>
          <Frame>{view(result => end({ by: 'finish', result }), lifecycle)}</Frame>
        </LifecycleContext.Provider>
      </ThemeContext.Provider>,
      {
        stdin: new Input(stdin) as unknown as NodeJS.ReadStream,
        stdout: output as unknown as NodeJS.WriteStream,
        exitOnCtrlC: false,
        patchConsole: false,
        interactive: true,
        isScreenReaderEnabled: theme.screenReader,
      },
    );
    await app.waitUntilExit();
    await lifecycle.settle();
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
    stdin.off('end', gone);
    stdin.off('error', gone);
    stdout.off('error', gone);
    output.close();
  }
  if (ending?.by === 'failure') throw ending.error;
  return ending ?? { by: 'interrupt', signal: 'SIGHUP' };
}

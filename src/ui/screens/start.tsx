import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { InitEngine } from '../../wizard/types.ts';
import { useLifecycle } from '../lifecycle.ts';
import { Busy } from './busy.tsx';
import type { Wizard } from './wizard.tsx';

interface Loaded {
  engine: InitEngine;
  screen: typeof Wizard;
}

/** Shows that something happens while facts are gathered and the wizard's screens are loaded, and then the wizard. */
export function WizardStart({
  start,
  ...rest
}: { start: () => Promise<InitEngine> } & Omit<Parameters<typeof Wizard>[0], 'engine'>): ReactNode {
  const lifecycle = useLifecycle();
  const [loaded, setLoaded] = useState<Loaded>();
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    const load = async (): Promise<Loaded> => {
      const engine = await start();
      const { Wizard } = await import('./wizard.tsx');
      return { engine, screen: Wizard };
    };
    // The first frame is drawn before the features are loaded, which keeps everything else waiting.
    setImmediate(() => lifecycle.job(load).then(setLoaded, lifecycle.fail));
  });
  return loaded ? <loaded.screen engine={loaded.engine} {...rest} /> : <Busy text="Looking at what is here" />;
}

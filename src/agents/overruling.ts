import { SETTINGS } from './claude-code/voids.ts';

/**
 * Files that no output has to write, and that can overrule what one wrote: whoever remembers a plan looks at them too. A
 * list of its own, because `generate` with nothing to do loads it and not the agents.
 */
export const OVERRULING: readonly string[] = [...SETTINGS];

import { SETTINGS as claude } from './claude-code/voids.ts';
import { SETTINGS as copilot } from './copilot/files.ts';
import { SETTINGS as opencode } from './opencode/files.ts';

/**
 * Files that no output has to write, and that can overrule what one wrote: whoever remembers a plan looks at them too. A
 * list of its own, because `generate` with nothing to do loads it and not the agents.
 */
export const OVERRULING: readonly string[] = [...claude, ...opencode, ...copilot];

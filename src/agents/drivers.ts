import { availableParallelism } from 'node:os';
import { driver as claudeCode } from './claude-code/drive.ts';
import { driver as cline } from './cline/drive.ts';
import { driver as codex } from './codex/drive.ts';
import { driver as copilot } from './copilot/drive.ts';
import type { Driver } from './driver.ts';
import { driver as gemini } from './gemini/drive.ts';
import { driver as opencode } from './opencode/drive.ts';
import { driver as qwen } from './qwen/drive.ts';

/**
 * The agents that are driven, those that take longest first, so that nothing is waited for alone at the end. Adding one is a file in
 * its folder and a line here.
 */
export const drivers: readonly Driver[] = [opencode, codex, qwen, copilot, cline, claudeCode, gemini];

/** The driver of an agent; undefined for one that this version does not drive. */
export function driverOf(id: string): Driver | undefined {
  return drivers.find(({ agent }) => agent.id === id);
}

/** So many are driven at once: each keeps a core busy while it starts, and less than one afterwards. */
export const AT_ONCE = Math.min(availableParallelism() + 1, 4);

/** In the order of `drivers`, and those of no driver last. */
export function longestFirst<T>(list: readonly T[], idOf: (each: T) => string): T[] {
  const rank = (each: T) => {
    const at = drivers.findIndex(({ agent }) => agent.id === idOf(each));
    return at < 0 ? drivers.length : at;
  };
  return [...list].sort((a, b) => rank(a) - rank(b));
}

import { driver as claudeCode } from './claude-code/drive.ts';
import type { Driver } from './driver.ts';

/** The agents that are driven. Adding one is a file in its folder and a line here. */
export const drivers: readonly Driver[] = [claudeCode];

/** The driver of an agent; undefined for one that this version does not drive. */
export function driverOf(id: string): Driver | undefined {
  return drivers.find(({ agent }) => agent.id === id);
}

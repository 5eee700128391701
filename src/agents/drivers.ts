import { driver as claudeCode } from './claude-code/drive.ts';
import { driver as cline } from './cline/drive.ts';
import { driver as codex } from './codex/drive.ts';
import { driver as copilot } from './copilot/drive.ts';
import type { Driver } from './driver.ts';
import { driver as gemini } from './gemini/drive.ts';
import { driver as opencode } from './opencode/drive.ts';
import { driver as qwen } from './qwen/drive.ts';

/** The agents that are driven. Adding one is a file in its folder and a line here. */
export const drivers: readonly Driver[] = [claudeCode, codex, gemini, opencode, copilot, qwen, cline];

/** The driver of an agent; undefined for one that this version does not drive. */
export function driverOf(id: string): Driver | undefined {
  return drivers.find(({ agent }) => agent.id === id);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { POSTURE_FILE } from '../../posture/model.ts';
import type { Command } from '../command.ts';

/**
 * Without a command: on a terminal the wizard, or the status once there is a posture; elsewhere what an agent started
 * here could reach now. Only what is chosen is loaded.
 */
export const command: Command = async context => {
  const there = existsSync(join(context.root, POSTURE_FILE));
  const { command: chosen } = await (!context.terminal.interactive
    ? import('./look.ts')
    : there
      ? import('./status.ts')
      : import('./init.ts'));
  return chosen(context);
};

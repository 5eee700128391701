import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stateHome } from '../base/state-home.ts';
import { version } from '../base/version.ts';
import { parseArguments } from './args.ts';
import { help } from './help.ts';

// What `bin` needs before the program is loaded, bundled by itself so that nothing else is loaded for it.

/** What `--help` and `--version` print; undefined for everything else, wrong usage too, which the program itself reports. */
export function answer(args: readonly string[]): string | undefined {
  try {
    const { spec, flags } = parseArguments(args);
    if (flags.is('version')) return `${version}\n`;
    return flags.is('help') ? help(spec, process.stdout.columns) : undefined;
  } catch {
    return undefined;
  }
}

export { unwritten } from './unwritten.ts';

/**
 * Where Node may keep our compiled code: in the state folder, as whoever can write it can change what we do; Node's own
 * default is a folder in /tmp. Undefined until there is one, so that a first look leaves nothing behind.
 */
export function compiledFolder(): string | undefined {
  const state = stateHome();
  return existsSync(state) ? join(state, 'compiled') : undefined;
}

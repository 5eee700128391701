import { writeSync } from 'node:fs';
import { EXIT } from '../base/errors.ts';
import { parseArguments } from './args.ts';
import { reportFailure } from './failure.ts';
import { runCommand } from './run-command.ts';
import { unwritten } from './unwritten.ts';

/** Everything but help and version, which end before this is loaded (boot.ts). */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { spec, flags, words } = parseArguments(args);
    return await runCommand(spec, flags, words);
  } catch (error) {
    return reportFailure(error, { command: '', json: args.includes('--json'), verbose: args.includes('--verbose') });
  }
}

/** At once, since the process ends: whoever reads an exit code alone has to find out why. */
function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {}
}

// A reader that has seen enough (`| head`) is no error: the command goes on to its own exit code.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout) say(unwritten(error.code));
    process.exit(EXIT.failure);
  });

process.exitCode = await main(process.argv.slice(2));
// Whatever a command left open, a socket or a child's pipe, must not keep a script waiting.
process.exit();

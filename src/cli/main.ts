import { EXIT } from '../base/errors.ts';
import { version } from '../base/package.ts';
import { parseArguments } from './args.ts';
import { help } from './help.ts';

/** Help and version end here, without loading anything that a command needs. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { spec, flags, words } = parseArguments(args);
    if (flags.is('version')) return print(`${version}\n`);
    if (flags.is('help')) return print(help(spec));
    const { runCommand } = await import('./run-command.ts');
    return runCommand(spec, flags, words);
  } catch (error) {
    const { reportFailure } = await import('./failure.ts');
    return reportFailure(error, { command: '', json: args.includes('--json'), verbose: args.includes('--verbose') });
  }
}

function print(text: string): Promise<number> {
  return new Promise(resolve => process.stdout.write(text, () => resolve(EXIT.ok)));
}

// A reader that has seen enough (`| head`) is no error: the command goes on to its own exit code.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(EXIT.failure);
  });

process.exitCode = await main(process.argv.slice(2));
// Whatever a command left open, a socket or a child's pipe, must not keep a script waiting.
process.exit();

import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, resolve } from 'node:path';
import { Interrupted, UserError } from '../base/errors.ts';
import { afterGrace } from '../base/grace.ts';
import { checkSurroundings } from '../base/surroundings.ts';
import { version } from '../base/version.ts';
import type { Context, Flags, Outcome } from './command.ts';
import { loadCommand } from './commands/index.ts';
import { reportFailure, write } from './failure.ts';
import { jsonText } from './json.ts';
import { splitPath } from './path.ts';
import type { CommandSpec } from './program.ts';
import { findRoot } from './root.ts';
import { createTerminal, printable, type Terminal } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs one command to its exit code: context, signals, printing, and what becomes of errors. Never throws. */
export async function runCommand(spec: CommandSpec, flags: Flags, words: readonly string[]): Promise<number> {
  const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };
  const terminal = createTerminal(streams, flags);
  // Ink's colours follow FORCE_COLOR alone, so it is told before it is loaded.
  if (!terminal.style.color) process.env.FORCE_COLOR = '0';
  const failureContext = { command: spec.name, json: terminal.format === 'json', verbose: flags.is('verbose') };
  const { signal, release } = listenForSignals(spec.ownSignals ? [] : SIGNALS, terminal.note);
  try {
    // What is wrong with it is the very thing that this command is to say.
    if (spec.name !== 'doctor') checkSurroundings();
    const root = await findRoot(flags.value('root'));
    const output = flags.value('output');
    if (output !== undefined) await (await import('./output-place.ts')).checkOutputPlace(root, output);
    const path = process.env.PATH ?? '';
    // Whatever is started from here on, by us or by what we start, is not taken from the repository (law 7).
    process.env.PATH = splitPath(path, root).trusted.join(delimiter);
    const context: Context = { root, home: await homeFolder(), path, flags, words, terminal, signal };
    const { command } = await loadCommand(spec.name);
    const outcome = await command(context);
    if (signal.aborted) throw signal.reason;
    await printOutcome(outcome, spec, terminal, output);
    return outcome.exitCode;
  } catch (error) {
    return reportFailure(signal.aborted ? signal.reason : error, failureContext);
  } finally {
    release();
  }
}

async function homeFolder(): Promise<string> {
  const home = homedir();
  return realpath(home).catch(() => home);
}

/** The first signal asks the command to stop; a second one, or a command that does not, ends the process. */
function listenForSignals(
  names: readonly NodeJS.Signals[],
  note: (line: string) => void,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let callOff = () => {};
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted(name));
    callOff = afterGrace(note, () => process.exit(130));
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      callOff();
      for (const name of names) process.off(name, onSignal);
    },
  };
}

async function printOutcome(outcome: Outcome, spec: CommandSpec, terminal: Terminal, file: string | undefined) {
  const text = await render(outcome, spec, terminal);
  if (file === undefined) return write(terminal.streams.stdout, text);
  const { writeAtomic } = await import('../base/files.ts');
  const path = resolve(file);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new UserError({ what: 'there is no such folder to write to', where: { path: file } });
  // As a redirection would leave it: who asks for a file decides who reads it.
  const mode = (await stat(path).catch(() => undefined)) ? undefined : 0o666 & ~process.umask();
  await writeAtomic(path, text, mode).catch(error => {
    if (error instanceof UserError) throw error;
    throw new UserError({ what: `cannot be written: ${(error as Error).message}`, where: { path: file } });
  });
}

/** The outcome in the format asked for, safe to print. */
async function render(outcome: Outcome, { name }: CommandSpec, { format, style }: Terminal): Promise<string> {
  if (format === 'json')
    return jsonText({
      schemaVersion: 1,
      command: name,
      tool: { name: 'agent-posture', version },
      ...outcome.json,
      exitCode: outcome.exitCode,
    });
  // These are escaped piece by piece where they are made; taking marks out of them once more would undo that.
  const as = format === 'text' ? outcome.textAs : format;
  const made = as && outcome.formats?.[as];
  if (made) return made();
  const text = outcome.text(style);
  return text === '' ? '' : printable(text.endsWith('\n') ? text : `${text}\n`, style.color);
}

import { join } from 'node:path';
import { EXIT, errorCode, Interrupted, type Problem, UserError } from '../base/errors.ts';
import { randomHex } from '../base/hash.ts';
import { asStarted } from '../base/started.ts';
import { stateHome } from '../base/state-home.ts';
import { oneLine, sanitize } from '../base/text.ts';
import { version } from '../base/version.ts';
import { jsonText } from './json.ts';
import { printable } from './terminal.ts';

interface FailureContext {
  command: string;
  json: boolean;
  verbose: boolean;
}

/**
 * Turns what was thrown into an exit code and a text: 2 (or 4) for what the user can mend, 130 when stopped, and 2 with a
 * crash report for a fault of ours. On stdout with --json, as the same envelope; on stderr otherwise.
 */
export async function reportFailure(error: unknown, context: FailureContext): Promise<number> {
  const failure = await describe(error, context);
  if (context.json) {
    const { text, exitCode, ...rest } = failure;
    await write(
      process.stdout,
      jsonText({
        schemaVersion: 1,
        command: context.command,
        tool: { name: 'agent-posture', version },
        error: { ...rest, message: text },
        exitCode,
      }),
    );
  } else if (failure.text) await write(process.stderr, printable(`${asStarted(failure.text)}\n`, false));
  return failure.exitCode;
}

interface Failure {
  kind: 'usage' | 'interrupted' | 'crash';
  text: string;
  problems: readonly Problem[];
  exitCode: number;
}

async function describe(error: unknown, { command, verbose }: FailureContext): Promise<Failure> {
  if (error instanceof UserError) {
    const text = `agent-posture: ${sanitize(error.message)}`;
    return { kind: 'usage', text, problems: error.problems, exitCode: error.exitCode };
  }
  if (error instanceof Interrupted || (error instanceof Error && error.name === 'AbortError'))
    return { kind: 'interrupted', text: 'agent-posture: stopped', problems: [], exitCode: EXIT.interrupted };
  if (errorCode(error) === 'ERR_MODULE_NOT_FOUND') {
    // What is loaded only when it is needed has the name of another build.
    const text = 'agent-posture: it was updated or built anew while it ran, and a part of it is gone: run it again';
    return { kind: 'usage', text, problems: [], exitCode: EXIT.failure };
  }
  if (['EMFILE', 'ENFILE'].includes(errorCode(error) ?? '')) {
    const text =
      'agent-posture: it needs more open files at a time than are allowed here\n  next: ulimit -n 4096, then run again';
    return { kind: 'usage', text, problems: [], exitCode: EXIT.failure };
  }
  const what = oneLine(plainMessage(error));
  const stack = sanitize([what, ...framesOf(error)].join('\n'));
  const file = await writeCrash(command, stack);
  const text = [
    `agent-posture: a fault of this program, not of your set-up: ${what}`,
    file === undefined || verbose ? stack : undefined,
    file && `  a report for its makers, with no value of yours: ${file}`,
  ];
  return { kind: 'crash', text: text.filter(Boolean).join('\n'), problems: [], exitCode: EXIT.failure };
}

/** More of a message says nothing about the fault. */
const LONGEST = 200;

/**
 * What of an error's message is surely ours or Node's: up to where it quotes something, which may be a line of a file.
 * A regular expression that cannot be made and JSON that cannot be read are quoted whole.
 */
function plainMessage(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error} was thrown`;
  const { name, code, syscall } = error as NodeJS.ErrnoException;
  if (syscall) return `${code ?? name} from ${syscall}`;
  const [plain = ''] = error.message.split(/["'`/:\n\\]/);
  const short = plain.length > LONGEST ? '' : plain.trim();
  const cut = plain.length < error.message.length || short === '';
  return withoutEnd(`${name}: ${short}${cut ? ' …' : ''}`);
}

function withoutEnd(text: string): string {
  return text.replace(/: +…$/, '');
}

/** Where it was thrown, without the message that a stack begins with. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || !error.stack) return [];
  const { message, stack } = error;
  const at = message === '' ? -1 : stack.indexOf(message);
  const rest = at < 0 ? stack : stack.slice(at + message.length);
  return rest
    .split('\n')
    .filter(
      line => line.length < 2_000 && /^ {4}at \S.*(?::\d+:\d+|\(<anonymous>\)|\(index \d+\)|native)\)?$/.test(line),
    );
}

/** Leaves what is needed to find the fault in the state folder. No arguments: they may name what is private. */
async function writeCrash(command: string, stack: string): Promise<string | undefined> {
  try {
    const [{ ensurePrivate }, { writeAtomic }] = await Promise.all([
      import('../base/state.ts'),
      import('../base/files.ts'),
    ]);
    const folder = await ensurePrivate(join(stateHome(), 'crashes'));
    const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}-${randomHex(3)}.txt`);
    const about = `agent-posture ${version}, Node ${process.version}, ${process.platform} ${process.arch}`;
    await writeAtomic(file, `${about}\ncommand: ${command || '(none)'}\n\n${stack}\n`);
    return file;
  } catch {
    return undefined;
  }
}

/** Resolves once the text is out of our hands, so that leaving right after loses none of it. */
export function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise(resolve => stream.write(text, () => resolve()));
}

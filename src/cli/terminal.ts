import { asStarted } from '../base/started.ts';
import { escapeCi, sanitize } from '../base/text.ts';
import { isLightBackground, type Style } from '../report/style.ts';
import { wrap } from '../report/width.ts';
import type { Flags } from './command.ts';
import type { Format } from './program.ts';

/** What colour codes of ours look like; the only sequences that leave this program. */
const COLOR = /(\u001b\[[0-9;]{0,12}m)/;

export interface Streams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: NodeJS.ProcessEnv;
}

/** Where what is said beside the result goes; the result itself is written once, at the end (`failure.ts`), or is a screen. */
export interface Terminal {
  /** Whether somebody can answer. Decided once; where false, nothing ever waits. */
  interactive: boolean;
  /** Why not, for a message; undefined where somebody can. */
  unasked: string | undefined;
  format: Format;
  quiet: boolean;
  style: Style;
  streams: Streams;
  /** A line of progress or warning on stderr. Not with --quiet. */
  note(line: string): void;
  /** Something the user has to see before a question, on stderr, whatever the flags. */
  show(text: string): void;
  /** y/N by one key on a terminal; false without one. Throws Interrupted on Ctrl-C. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

/** Why nobody is asked anything, as words before `it needs --yes`; undefined where somebody can answer. */
export function whyUnasked({ stdin, stdout, env }: Streams, flags: Flags): string | undefined {
  if (!stdin.isTTY || !stdout.isTTY) return 'off a terminal';
  if (isSet(env.CI)) return 'with CI set';
  // What starts a program in a terminal that it calls dumb is mostly another program.
  if (env.TERM === 'dumb') return 'with TERM=dumb';
  if (flags.is('yes')) return 'with --yes';
  const format = flags.is('json') ? 'json' : (flags.value('format') ?? 'text');
  return format === 'text' ? undefined : `with ${flags.is('json') ? '--json' : `--format ${format}`}`;
}

/** NO_COLOR and --no-color win, then FORCE_COLOR, then whether `stream` is a terminal that is not dumb. */
export function wantsColor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv, flags: Flags): boolean {
  if (flags.is('no-color') || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return Boolean(stream.isTTY) && env.TERM !== 'dumb';
}

/** Whether more than ASCII arrives whole: a UTF-8 locale, or a Windows terminal that is known to. */
export function wantsUnicode(env: NodeJS.ProcessEnv, platform = process.platform): boolean {
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false;
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM);
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

/** Safe for a terminal or a CI log: no sequence but our own colours, and those only where colours are wanted; no CI command. */
export function printable(text: string, color: boolean): string {
  return text
    .split(COLOR)
    .map((part, index) => (index % 2 === 0 ? sanitize(part) : color ? part : ''))
    .join('')
    .split('\n')
    .map(escapeCi)
    .join('\n');
}

/** Broken between words where it is too long for a line of a terminal, which would break it anywhere. */
function atWords(text: string, width = Number.POSITIVE_INFINITY): string {
  const broken = (line: string) => {
    const indent = /^ */.exec(line)?.[0] ?? '';
    return wrap(line, width - indent.length).map(part => indent + part);
  };
  return text
    .split('\n')
    .flatMap(line => (line.length > width && !COLOR.test(line) ? broken(line) : [line]))
    .join('\n');
}

export function createTerminal(streams: Streams, flags: Flags): Terminal {
  const { stdout, stderr, env } = streams;
  const unasked = whyUnasked(streams, flags);
  const interactive = unasked === undefined;
  const quiet = flags.is('quiet');
  /** Whether the last question was answered by its letter alone. */
  let answered = false;
  const toStderr = (text: string) =>
    void stderr.write(
      printable(atWords(text, stderr.isTTY ? stderr.columns : undefined), wantsColor(stderr, env, flags)),
    );
  return {
    interactive,
    unasked,
    format: flags.is('json') ? 'json' : ((flags.value('format') ?? 'text') as Format),
    quiet,
    style: {
      width: Math.min(Math.max(stdout.columns || Number(env.COLUMNS) || 80, 20), 200),
      color: flags.value('output') === undefined && wantsColor(stdout, env, flags),
      light: isLightBackground(env.COLORFGBG),
      unicode: wantsUnicode(env),
      verbose: flags.is('verbose'),
    },
    streams,
    note: line => {
      if (!quiet) toStderr(`${asStarted(line)}\n`);
    },
    show: text => toStderr(`${text}\n`),
    confirm: async (question, signal) => {
      if (!interactive) return false;
      const { oneKey } = await import('./one-key.ts');
      const asked = ` ${printable(question, false)} [y/N] `;
      const { yes, byLetter } = await oneKey(streams, asked, { signal, habit: answered });
      answered = byLetter;
      return yes;
    },
  };
}

/** A variable counts as set unless it is empty, `0` or `false`. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}

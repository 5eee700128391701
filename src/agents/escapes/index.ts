import { basename, dirname, join } from 'node:path';
import { execs } from './exec.ts';
import { fetches } from './fetch.ts';
import { pushes } from './push.ts';
import { reads } from './read.ts';
import type { Escape, Filling } from './types.ts';
import { writes } from './write.ts';

/** All of them. */
export const escapes: readonly Escape[] = [...reads, ...writes, ...execs, ...fetches, ...pushes];

/**
 * What may stand in a template without a quotation, in any of its languages: letters and digits, `_ . / ~ : @ % + = , -`, and
 * single blanks between words. It begins with none of those by which it would be an option, a refspec or a file of arguments.
 */
export const PLAIN = /^[\w./~][\w./~:@%+=,-]*(?: [\w./~:@%+=,-]+)*$/;
/** Words behind a program may be options. */
const PLAIN_ARGS = /^(?:[\w./~:@%+=,-]+(?: [\w./~:@%+=,-]+)*)?$/;
/** Fields of more than one word. */
const WORDS: readonly string[] = ['command', 'args', 'reversed'] satisfies (keyof Filling)[];

/** What is a placeholder in a template; `${…}` is the shell's own. */
export const PLACEHOLDER = /(?<!\$)\{([A-Za-z]\w*)\}/g;

/** The text to be run, read or fetched; undefined where it has a placeholder for which there is no value, or none that is plain. */
export function fill(way: Escape, filling: Partial<Filling>): string | undefined {
  if (way.inRepository && plainValue('inRepository', filling) === undefined) return undefined;
  if (way.inHome && plainValue('underHome', filling) === undefined) return undefined;
  let complete = true;
  const text = way.template.replace(PLACEHOLDER, (_placeholder, name: string) => {
    const value = plainValue(name, filling);
    complete &&= value !== undefined;
    return value ?? '';
  });
  return complete ? text : undefined;
}

function plainValue(name: string, filling: Partial<Filling>): string | undefined {
  const value = Object.hasOwn(filling, name) ? filling[name as keyof Filling] : undefined;
  if (value === undefined || (value.includes(' ') && !WORDS.includes(name))) return undefined;
  return (name === 'args' ? PLAIN_ARGS : PLAIN).test(value) ? value : undefined;
}

/** Of a file, from its path as one would type it in the root: relative to that, `~/…`, or absolute. */
export function fillingOfPath(path: string, { root, home }: { root: string; home: string }): Partial<Filling> {
  const abs = path.startsWith('~/') ? join(home, path.slice(2)) : path.startsWith('/') ? join(path) : join(root, path);
  const dir = dirname(abs);
  const inRepository = below(root, abs);
  const underHome = below(home, abs);
  return {
    path,
    abs,
    dir,
    name: basename(abs),
    ...(dir === '/' ? {} : { folder: basename(dir) }),
    ...([root, home, '/'].includes(dir) ? {} : { movable: dir }),
    ...halves(abs),
    ...encoded(abs),
    ...(inRepository === undefined ? {} : { inRepository }),
    ...(underHome === undefined ? {} : { underHome }),
  };
}

/** Of a command, from its words as one would type them; `bin` is where its program lies. */
export function fillingOfCommand(command: string, bin?: string): Partial<Filling> {
  const [program = '', ...rest] = command.split(' ');
  return {
    command,
    program,
    args: rest.join(' '),
    ...halves(program),
    ...encoded(command),
    ...(bin === undefined ? {} : { bin }),
  };
}

/** Of a push to a branch. */
export function fillingOfBranch(branch: string): Partial<Filling> {
  return { branch, ...halves(branch) };
}

/** Of a connection; `mark` makes it known to the listener. */
export function fillingOfListener(host: string, port: number, mark: string): Partial<Filling> {
  return { host, port: String(port), mark, url: `http://${host}:${port}/${mark}` };
}

function below(folder: string, path: string): string | undefined {
  const start = folder.endsWith('/') ? folder : `${folder}/`;
  return path.startsWith(start) && path !== start ? path.slice(start.length) : undefined;
}

/** All but the last two characters, and those; the last alone where there are but two. */
function halves(text: string): Partial<Filling> {
  const at = text.length - Math.min(2, text.length - 1);
  return text.length < 2 ? {} : { head: text.slice(0, at), tail: text.slice(at) };
}

function encoded(text: string): Partial<Filling> {
  const bytes = Buffer.from(text);
  return {
    base64: bytes.toString('base64'),
    hex: bytes.toString('hex'),
    reversed: [...text].reverse().join(''),
  };
}

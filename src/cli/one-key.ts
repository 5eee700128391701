import { Interrupted } from '../base/errors.ts';
import type { Streams } from './terminal.ts';

/** For so long what was typed before the question stood there is thrown away: nobody can have meant it. Milliseconds. */
const TYPED_AHEAD = 20;
/** Whoever was still typing meanwhile is waited for, until no key has come for so long. */
const QUIET = 150;
/** The same behind an answer by one letter, which a finger may press twice, or hold. */
const PRESSED_TWICE = 500;

const YES = /^(?:y|yes)[\r\n]*$/i;
const NO = /^(?:n|no|\u001b|\u0004)?[\r\n]*$/i;
const ENTER = /^[\r\n]+$/;

/** What was read says, whole: anything else, such as what was pasted, is no answer. */
function meant(typed: string): boolean | undefined {
  if (YES.test(typed)) return true;
  return NO.test(typed) ? false : undefined;
}

/**
 * Yes or no by one key, without enter behind it; enter, escape and an end of input are no. `habit`: an enter may still come
 * for the question before this one, whose answer was taken by its letter; it is no answer to this one.
 */
export async function oneKey(
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
  question: string,
  { signal, habit }: { signal: AbortSignal; habit: boolean },
): Promise<{ yes: boolean; byLetter: boolean }> {
  const wasRaw = stdin.isRaw === true;
  const keys = typeof stdin.setRawMode === 'function';
  if (keys) stdin.setRawMode(true);
  let release = () => {};
  try {
    if (keys) await drained(stdin, habit ? PRESSED_TWICE : TYPED_AHEAD);
    stderr.write(question);
    const answer = await new Promise<{ yes: boolean; byLetter: boolean }>((resolve, reject) => {
      let expected = habit;
      const onData = (data: Buffer | string): void => {
        const typed = String(data);
        const yes = meant(typed);
        if (typed.includes('\u0003')) onStop();
        else if (ENTER.test(typed) && expected) expected = false;
        else if (yes !== undefined) resolve({ yes, byLetter: /^[a-z]$/i.test(typed) });
      };
      const onStop = (): void => reject(new Interrupted('SIGINT'));
      const onEnd = (): void => resolve({ yes: false, byLetter: false });
      release = () => {
        stdin.off('data', onData);
        stdin.off('end', onEnd);
        signal.removeEventListener('abort', onStop);
      };
      stdin.on('data', onData);
      stdin.on('end', onEnd);
      stdin.resume();
      signal.addEventListener('abort', onStop);
      if (signal.aborted) onStop();
    });
    stderr.write(answer.yes ? 'y\n' : 'n\n');
    return answer;
  } catch (error) {
    stderr.write('\n');
    throw error;
  } finally {
    release();
    stdin.pause();
    if (keys) stdin.setRawMode(wasRaw);
  }
}

async function drained(stdin: Streams['stdin'], time: number): Promise<void> {
  let last: number | undefined;
  let stopped = false;
  const ignore = (data: Buffer | string): void => {
    last = Date.now();
    stopped ||= String(data).includes('\u0003');
  };
  stdin.on('data', ignore);
  stdin.resume();
  try {
    for (let wait = time; wait > 0 && !stdin.readableEnded; wait = last === undefined ? 0 : last + QUIET - Date.now()) {
      await new Promise(resolve => setTimeout(resolve, wait));
      // Where the machine was busy the time is over before anything was read: what lies there is read first.
      for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve));
      if (stopped) throw new Interrupted('SIGINT');
    }
  } finally {
    stdin.off('data', ignore);
  }
}

import type { FilePlace } from './types.ts';

type Entry = Omit<FilePlace, 'attempt' | 'group'> & Partial<Pick<FilePlace, 'attempt' | 'group'>>;

/** An entry of the table: a file to read that holds a secret, unless it says otherwise. */
export function place(entry: Entry): FilePlace {
  return { attempt: 'read', group: 'secrets', ...entry };
}

/** The same paths on every platform. */
export const everywhere = (...paths: string[]): FilePlace['paths'] => ({ linux: paths, darwin: paths, win32: paths });

/** The same paths on Linux and macOS. */
export const unix = (...paths: string[]): FilePlace['paths'] => ({ linux: paths, darwin: paths });

import type { Position } from '../../base/errors.ts';

/** Keys from the root of a file to a place in it. */
export type KeyPath = readonly string[];

/** One change of a file with keys. Every path leads through tables only, never into a list. */
export type Edit =
  /** Sets the value, tables on the way included. */
  | { kind: 'set'; path: KeyPath; value: unknown }
  /** Adds to the end of the list, which is made where it is missing. */
  | { kind: 'add'; path: KeyPath; elements: readonly unknown[] }
  /** Removes the key. */
  | { kind: 'remove'; path: KeyPath }
  /** Removes each of these elements once. */
  | { kind: 'drop'; path: KeyPath; elements: readonly unknown[] };

/** A parsed file. Values are null-prototype objects, arrays and scalars, so that `__proto__` is a key like any other. */
export interface Parsed {
  value: unknown;
  /** Where the value at this path begins; the place of its nearest parent where it is missing. */
  position(path: KeyPath): { line: number; column: number };
  /** The whole text after one edit; every byte outside the edit stays. The path's parents are tables or missing. */
  edit(edit: Edit): string;
}

export interface Format {
  id: 'json' | 'toml' | 'yaml';
  title: string;
  /** Throws FormatProblem for text that is not valid in this format. */
  parse(text: string): Parsed;
}

/** The text is not valid in its format, or has something in it that we do not edit. */
export class FormatProblem extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
    this.name = 'FormatProblem';
  }

  at(path: string): Position {
    return { path, line: this.line, column: this.column };
  }
}

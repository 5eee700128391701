import type { Style } from '../report/style.ts';
import type { FlagName, Format } from './program.ts';
import type { Terminal } from './terminal.ts';

/** The flags as given: switches true, values as text, lists in their order. Absent ones are undefined. */
export interface Flags {
  is(name: FlagName): boolean;
  value(name: FlagName): string | undefined;
  values(name: FlagName): readonly string[];
}

/** What a command gets. Everything it prints goes through `terminal`, or comes back in its outcome. */
export interface Context {
  /** Real path of the repository, or of the current folder. */
  root: string;
  home: string;
  /** PATH as it was when we were started; the process's own has lost the folders of the repository. */
  path: string;
  flags: Flags;
  words: readonly string[];
  terminal: Terminal;
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  signal: AbortSignal;
}

/** Formats that only reports have. */
export type ReportFormat = Exclude<Format, 'text' | 'json'>;

/** What came of a command: it is printed as the flags say. */
export interface Outcome {
  exitCode: number;
  /** The command's own fields of the JSON object: none of them may stand in the place of one that every command has. */
  json: Record<string, unknown> & { schemaVersion?: never; tool?: never; command?: never };
  text(style: Style): string;
  /** Each is loaded when it is asked for, and is safe to print as it comes. */
  formats?: Partial<Record<ReportFormat, () => Promise<string>>>;
  /** What is printed in the place of plain text. */
  textAs?: ReportFormat;
}

/** A command. Throws UserError for what the user can mend, Interrupted when it was stopped. */
export type Command = (context: Context) => Promise<Outcome>;

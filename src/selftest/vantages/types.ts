import type { ChildProcess } from 'node:child_process';
import type { BoxContext } from '../../isolation/types.ts';

export interface VantageContext {
  /** Real path of the repository root; everything is started there. */
  root: string;
  home: string;
  /** The wrapper as it was typed, for `via`. */
  command?: string | undefined;
  /** The declared box, for `sandbox`. */
  box?: BoxContext | undefined;
}

export interface Started {
  child: ChildProcess;
  /** What this vantage could not keep, each in one line. */
  notes?: readonly string[];
  /** Ends what was started beside the child. Called once the child is gone. */
  close?(): Promise<void>;
}

/** Starts a program in the vantage with piped stdio. Rejects with a readable message when it cannot. */
export type Start = (words: readonly string[]) => Promise<Started>;

/** A kind of place to try from. Adding one is a file and a line in the registry. */
export interface VantageKind {
  id: 'host' | 'via' | 'sandbox';
  /** How the report names it. */
  title(context: VantageContext): string;
  /** Starts `words` there. */
  start(context: VantageContext, words: readonly string[]): Promise<Started>;
}

/** A place in a file. Lines and columns count from 1. */
export interface Position {
  path: string;
  line?: number | undefined;
  column?: number | undefined;
}

/** `path`, `path:line` or `path:line:column`. */
export function formatPosition({ path, line, column }: Position): string {
  return [path, line, line === undefined ? undefined : column].filter(part => part !== undefined).join(':');
}

export interface Problem {
  /** What happened, one line, no full stop needed. */
  what: string;
  where?: Position | undefined;
  /** What would have been right. */
  expected?: string | undefined;
  /** What to do now; a command where there is one. */
  next?: string | undefined;
}

/** One or more lines for the reader: where, what, expected, next. */
export function formatProblem({ what, where, expected, next }: Problem): string {
  const head = where ? `${formatPosition(where)}: ${what}` : what;
  return [head, expected && `  expected: ${expected}`, next && `  next: ${next}`].filter(Boolean).join('\n');
}

/** An error on one line, its parts as sentences: for where it is the reason of something else. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof UserError)) return error instanceof Error ? error.message : String(error);
  return error.problems
    .flatMap(({ what, where, expected, next }) => [
      where ? `${formatPosition(where)}: ${what}` : what,
      ...(expected ? [`Expected: ${expected}`] : []),
      ...(next ? [`Next: ${next}`] : []),
    ])
    .join('. ');
}

/** The process's exit codes, as the contract of the command line has them. */
export const EXIT = { ok: 0, findings: 1, failure: 2, inconclusive: 3, conflict: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something the reader can mend. Never thrown for a fault of ours: those are plain errors and end in a crash report. */
export class UserError extends Error {
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;

  constructor(problems: Problem | readonly Problem[], exitCode: ExitCode = EXIT.failure) {
    const list: readonly Problem[] = Array.isArray(problems) ? problems : [problems as Problem];
    super(list.map(formatProblem).join('\n'));
    this.name = 'UserError';
    this.problems = list;
    this.exitCode = exitCode;
  }
}

/** The user, or a signal, stopped us. */
export class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals | 'key' = 'SIGINT') {
    super(`stopped by ${signal}`);
    this.name = 'Interrupted';
  }
}

/** The `code` of a Node system error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

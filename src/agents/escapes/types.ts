/** What an escape gets round: a rule that denies a read, a write, a command, a connection, or a push to a branch. */
export type EscapeOf = 'read' | 'write' | 'exec' | 'fetch' | 'push';

/** What can hold where a rule over text cannot. `history`: rewriting it and rotating what it held. */
export type Closer = 'sandbox' | 'network' | 'server' | 'history';

/** Which of the agent's tools carries it. */
export type EscapeTool = 'shell' | 'read' | 'write' | 'search' | 'list' | 'fetch';

/** What stands in a template for `{name}`. All of it is plain (`PLAIN` in index.ts), so nothing of it needs a quotation. */
export interface Filling {
  /** Of a file: as one would type it in the root, `.env`, `~/.ssh/id`. */
  path: string;
  /** Absolute. */
  abs: string;
  /** Its folder, absolute, and its name. */
  dir: string;
  name: string;
  /** The name of its folder. */
  folder: string;
  /** Its folder, absolute, where that is neither the root nor the home: those may be mounted, and nothing moves them. */
  movable: string;
  /** Its absolute path, a command's program, or a branch, in two parts: `tail` is the last two characters. */
  head: string;
  tail: string;
  /** Of a file in the repository: relative to the root. */
  inRepository: string;
  /** Of a file in the home: relative to it. */
  underHome: string;
  /** Its absolute path, or all of a command, as base64, as hexadecimal digits, and backwards. */
  base64: string;
  hex: string;
  reversed: string;
  /** Of a command: all of it, its program, the rest, and the program by its absolute path. */
  command: string;
  program: string;
  args: string;
  bin: string;
  /** Of a write and a connection: plain letters and digits by which the effect is known. */
  mark: string;
  /** Of a connection. */
  url: string;
  host: string;
  port: string;
  /** Of a push. */
  branch: string;
}

/** A known way round a rule. Data: what it needs is looked for before, and what it brings is judged elsewhere. */
export interface Escape {
  /** Stable: rows carry it. Kebab case, unique over all families. */
  id: string;
  of: EscapeOf;
  /** `interpreter`, `archive`, `git` …: those that work for the same reason. */
  family: string;
  tool: EscapeTool;
  /** With `{name}` of `Filling`. For the tools other than the shell, a path or an address. */
  template: string;
  /** Programs without which it is skipped. */
  needs?: readonly string[];
  /** Only for files that the repository has, such as for `git show`. */
  inRepository?: true;
  /** Only for files that are there: it changes or links what they hold. */
  existing?: true;
  /** Only for files whose variables the agent takes over as it starts. */
  taken?: true;
  /** Only for files in the home. */
  inHome?: true;
  /** What can close it; default: `sandbox`. */
  closes?: Closer;
  /** CVE, advisory, issue or page where it is told. */
  source?: string;
}

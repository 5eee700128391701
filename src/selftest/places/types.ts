import type { Group, Severity } from '../types.ts';
import type { Greeting } from '../wire.ts';

export type Platform = 'linux' | 'darwin' | 'win32';

/** A place where credentials, or what leads to them, are kept by some program. Data: one entry a place. */
export interface FilePlace {
  /** `aws-credentials`, `ssh-keys` … */
  id: string;
  /** The program or service, as its users call it. */
  title: string;
  /** In the home or absolute: `~/.aws/credentials`, `~/.ssh/id_*`, `%APPDATA%/…`, `$XDG_CONFIG_HOME/…` (set or default, both). `!*.pub` takes names out. */
  paths: Partial<Record<Platform, readonly string[]>>;
  /** A variable that moves the file elsewhere. */
  variable?: string;
  /** What is tried: the content of each file, or the names in a folder. */
  attempt: 'read' | 'list';
  /** What whoever reads it can do, in a few words: `AWS accounts`, `push to GitHub`. */
  opens: string;
  /** Which names (never values) of its content may be shown, such as profiles or hosts. */
  names?: (content: string) => string[];
  severity: Severity;
  group: Group;
  /** Reading it would make the system ask the user. */
  asks?: boolean;
  /** Only with `--deep`. */
  deep?: boolean;
  /** Where the vendor documents the place. */
  source: string;
}

export interface SocketPlace {
  id: string;
  title: string;
  /** Paths, `@name` for an abstract one, globs allowed. */
  paths: Partial<Record<Platform, readonly string[]>>;
  /** A variable that names it: `DOCKER_HOST`, `SSH_AUTH_SOCK`. */
  variable?: string;
  greeting: Greeting;
  opens: string;
  severity: Severity;
  group: Group;
  source: string;
}

/** A place that something outside a box runs or obeys later. */
export interface LaterPlace {
  id: string;
  title: string;
  /** Folders in which a new file is obeyed. Where one is not there yet, the nearest one above it that is. */
  folders?: Partial<Record<Platform, readonly string[]>>;
  /** Files that are obeyed, where they are there. */
  files?: Partial<Record<Platform, readonly string[]>>;
  /** One of these has to be there, or nothing obeys it; `without` says so. */
  needs?: readonly string[];
  without?: string;
  /** Not yours: tried only where you may write it. */
  writable?: boolean;
  opens: string;
  severity: Severity;
  source: string;
}

/** A program that hands out credentials without a file being read. */
export interface HelperPlace {
  id: string;
  title: string;
  argv: readonly string[];
  /** Given on stdin. */
  input?: string;
  /** A fixed string that stands in the output when a credential came; otherwise any output with exit 0 counts. */
  expect?: string;
  /** It may ask the user, open a browser or a keychain: never run, reported as `would ask you`. */
  asks?: boolean;
  /** Takes a second to start, and hands out what lies in files that are tried themselves: only with `--deep`. */
  slow?: boolean;
  /** What keeps it from writing beside its work: logs, looks for updates, telemetry. */
  env?: Readonly<Record<string, string>>;
  /** What it may write all the same: its credentials lie in the same folder, so it cannot be given another. */
  leaves?: string;
  /** The folder that it makes where there is none, and the variable that names another: without it, it has no login. */
  folder?: { path: string; variable: string };
  opens: string;
  severity: Severity;
  group: Group;
  source: string;
}

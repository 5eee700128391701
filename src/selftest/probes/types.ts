import type { Facts } from '../../discover/facts.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Attempt, Group, Severity } from '../types.ts';
import type { Greeting, WriteHow } from '../wire.ts';

/** What is tried on, as the host names it. Paths are absolute. */
export type Subject =
  | { kind: 'file'; path: string }
  | { kind: 'folder'; path: string }
  /** A variable by name; `value` is the host's own, for the challenge, and goes nowhere else. */
  | { kind: 'variable'; name: string; value: string | undefined }
  /** `allowed`: a name that the box may reach, to pass for. */
  | { kind: 'address'; host: string; port: number; greeting: Greeting; allowed?: string | undefined }
  /** `direct`: the name servers themselves are asked, not the system. */
  | { kind: 'name'; name: string; direct?: boolean | undefined }
  | { kind: 'request'; method: string; url: string }
  | { kind: 'socket'; path: string; abstract: boolean; greeting: Greeting }
  | { kind: 'processes' }
  /** A guard file or folder. `how` is the literal try (of a link: to rename it); `rounds` are the other ways to change it. */
  | { kind: 'guard'; path: string; how: WriteHow; folder: boolean; rounds: readonly WriteHow[] }
  | { kind: 'workspace' }
  /** A repository below the root, made by a `.git` in a fresh folder. */
  | { kind: 'nested-git' }
  /** A terminal of the user's, held by `perl`, absolute. */
  | { kind: 'terminal'; perl: string }
  /** The user's own crontab; `program` is the host's, absolute. */
  | { kind: 'crontab'; program: string }
  /** `argv[0]` is absolute. `success`: exit 0, or exit 0 and something printed (or `expect` in it). */
  | {
      kind: 'command';
      argv: readonly string[];
      cwd: string;
      env?: Record<string, string>;
      input?: string;
      expect?: string;
      success: 'exit' | 'printed';
      /** The exit code by which it says that it was refused, where any other but 0 says nothing. */
      denied?: number;
      /** Milliseconds. */
      timeout: number;
    }
  /** A push of `ref` to a remote in the file system. `scratch`: to a copy of it, since the name is exact. */
  | { kind: 'push'; remote: string; ref: string; scratch: boolean }
  /** Not tried, and why. */
  | { kind: 'skip'; why: string }
  /** It cannot be tried without harm, or not even looked at: not proven, and why. */
  | { kind: 'unclear'; why: string };

/** Why a file that would be reached for is not: an agent on a copy, where nothing is lost, may well make it. */
export const NOT_HERE = 'not here';

/** One thing to try, before it is known from where: made from a safeguard and the posture, or from what was found. */
export interface Probe {
  safeguard: string;
  attempt: Attempt;
  /** As the user would write it. */
  target: string;
  expect: 'deny' | 'allow';
  severity: Severity;
  group: Group;
  /** What it opens, in names only. */
  opens?: string | undefined;
  subject: Subject;
  /** A blob of the repository's history that holds the same file: its object id. */
  history?: string | undefined;
  /** Why it is not known whether the history holds it. */
  historyUnclear?: string | undefined;
  /** Told from where it stands: a secret that can be moved, hidden, unset; what its fix is chosen by. */
  origin: Origin;
  /** Only the repository names it, and it lies outside: contacted once the user has approved it (law 11). */
  asks?: boolean | undefined;
  /** Where its path leads, where that is another one: what is approved is seen whole. */
  leadsTo?: string | undefined;
}

export type Origin =
  | 'posture-file'
  | 'secret-file'
  | 'place'
  | 'variable'
  | 'system'
  | 'outside'
  | 'metadata'
  | 'socket'
  | 'helper'
  | 'process'
  | 'history'
  | 'git-config'
  | 'sibling'
  | 'guard'
  | 'nested-git'
  | 'loosened'
  | 'sudo'
  | 'kvm'
  | 'later'
  | 'keyring'
  | 'terminal'
  | 'debug'
  | 'work'
  | 'push'
  /** A command that an agent's rule refuses by its text. */
  | 'command'
  /** A hook of an agent's settings. */
  | 'hook'
  /** A file of an agent's settings that the agent does not take. */
  | 'settings';

export interface ProbeContext {
  root: string;
  home: string;
  env: NodeJS.ProcessEnv;
  facts: Facts;
  posture: Posture | undefined;
  deep: boolean;
  readOnly: boolean;
  /** The declared isolation restricts the network. */
  restricted: boolean;
  /** Notes for the report: limits that were met. */
  note(text: string): void;
}

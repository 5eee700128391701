import type { Access, RuntimeId, SystemKind } from '../posture/schema.ts';

/** Where a fact was seen, as the user would write the path. Never a value. */
export interface Seen {
  path: string;
  line?: number | undefined;
}

/** Whom settings are for: everybody in the repository, this user in it, this user everywhere, everybody on the machine. */
export type SettingsScope = 'project' | 'local' | 'user' | 'managed';

/** Data that lies about as a file: what an agent could copy without any database. */
export interface DataFact {
  id: string;
  kind: 'dump' | 'export' | 'spreadsheet' | 'sqlite';
  /** Gitignore patterns for the files. */
  files: string[];
  /** How many files those are, and bytes of all of them. */
  count: number;
  bytes: number;
  seen: Seen;
}

/** A service that builds this repository, by the file that tells it how. */
export interface CiFact {
  id: string;
  title: string;
  /** Environments that its jobs name. */
  environments: string[];
  seen: Seen;
}

/** A program that is there to work with, beside those that have facts of their own. */
export interface ToolFact {
  id: string;
  title: string;
  use: 'hooks' | 'sandbox' | 'packages';
  version: string | undefined;
  seen: Seen;
}

export interface AgentFact {
  /** Id in the registry of agents: `claude-code`, `codex` … */
  id: string;
  title: string;
  version: string | undefined;
  /** Absolute path of its binary, when it is installed. */
  binary: string | undefined;
  /** Its settings files that exist, by whom they are for, in the order in which later ones win. */
  settings: (Seen & { scope?: SettingsScope })[];
  /** Whether its own sandbox is on by those settings; undefined: cannot be told. */
  ownSandbox: boolean | undefined;
  /** What these settings refuse it to read, as gitignore patterns or `~/…`. Absent: nothing, or that cannot be told. */
  refused?: readonly { pattern: string; seen: Seen }[];
  seen: Seen;
}

export interface SystemFact {
  id: string;
  kind: SystemKind;
  address: string | undefined;
  /** Guessed from file and host names. */
  environment: string | undefined;
  seen: Seen;
}

export interface RuntimeFact {
  id: RuntimeId;
  available: boolean;
  /** Its version, or why it cannot be used. */
  detail: string;
}

/** What is on this machine and in this repository. Read only; nothing of the repository was run. */
export interface Facts {
  root: string;
  home: string;
  project: string;
  agents: AgentFact[];
  systems: SystemFact[];
  environments: { id: string; suggested: Access; seen: Seen }[];
  /** Files in the repository that hold secrets by their name (`.env`, keys …), repository-relative. */
  secretFiles: (Seen & {
    /** Set when git holds the file as it stands: then no box hides it, and hiding it would hide nothing. */
    tracked?: true;
  })[];
  /** Files of such names that git tracks and that are no secrets, each with why: they are neither hidden nor tried. */
  harmlessFiles?: readonly { path: string; why: string }[];
  /** Names, never values, of the variables in `.env` files, by file: what the examples are made from. */
  envNames: readonly { path: string; names: readonly string[] }[];
  /** Folders below the root with a package of their own. */
  packages?: readonly string[];
  /** Dumps, exports, spreadsheets and databases in files. */
  data?: readonly DataFact[];
  ci?: readonly CiFact[];
  tools?: readonly ToolFact[];
  /** The files of instructions for agents in the root that are links, and where in the repository each leads; undefined: out of it. */
  instructionLinks?: readonly { path: string; to: string | undefined }[];
  /** The rule of rulesync's from which it writes those files whole: what is to stand in them has to stand there. */
  instructionSource?: { path: string; writesFor: readonly string[] } | undefined;
  /** The file that a new request for review begins with, by the forge that reads it. */
  requestTemplates?: { github?: string | undefined; gitlab?: string | undefined };
  runtimes: RuntimeFact[];
  git: {
    present: boolean;
    /** Why git did not tell what is set up here, where it did not: `present` then says nothing, and no plan is made. */
    untold?: string | undefined;
    /** Told only where it is asked for. */
    defaultBranch: string | undefined;
    remote: { name: string; url: string; forge: 'github' | 'gitlab' | 'gitea' | 'local' | undefined } | undefined;
    /** The hook manager in use, where our own hooks would not go into `.githooks`. */
    hookManager: { id: 'husky' | 'lefthook' | 'pre-commit'; seen: Seen } | undefined;
    /** As git obeys it, wherever it is set. */
    hooksPath: string | undefined;
    /** The repository's own hooks in `.githooks`, and in the folder that `hooksPath` names: not those that we wrote. */
    ownHooks?: readonly { path: string; shell: boolean; executable: boolean }[];
    /** Names of the hooks in git's own folder that would run but for a `hooksPath`, and of those that ours call already. */
    coveredHooks?: readonly string[];
    /** The hooks that git would call in this clone by way of the hook manager. */
    installedHooks?: readonly string[];
    /** The file that says whose review a path needs, and what it says; `behind`: behind our own lines. */
    owners?:
      | { seen: Seen; rules: readonly { pattern: string; owners: readonly string[]; behind?: true }[] }
      | undefined;
    /** Branch patterns that a file of the repository says are protected. */
    protectedBranches?: readonly { pattern: string; seen: Seen }[];
  };
  scanners: { id: 'gitleaks' | 'trufflehog' | 'git-secrets'; version: string | undefined }[];
  /** Set when this program itself was started by a coding agent. */
  insideAgent: string | undefined;
  /** Limits that were met: more files than are looked at, folders that could not be read. */
  notes: string[];
}

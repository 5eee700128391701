import type { AgentId } from '../posture/schema.ts';
import type { JsonExtra } from './reader.ts';

/** What detection may look at. Nothing is run, nothing of the repository is trusted. */
export interface DetectContext {
  /** Real path of the repository root. */
  root: string;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** Whether to tell versions also where that takes reading a long list. */
  thorough?: boolean;
}

/** A settings file that was found, in the order of `Traces.settings`. */
export interface SettingsFile {
  path: string;
  text: string;
}

/** Where an agent shows itself. Paths are repository-relative, `~/…`, or absolute. */
export interface Traces {
  /** Names of its command line program, or places outside PATH (`~/…`) where its installer lays it; the first found wins. */
  programs: readonly string[];
  /** Another program has the same name: it only counts with a known package or another trace. */
  ambiguous?: boolean;
  /** npm packages that carry it: the version is theirs. */
  packages: readonly string[];
  /** Its distribution on PyPI, and its Debian package. */
  python?: string;
  debian?: string;
  /** A variable that moves its folder in the home. */
  folder?: { variable: string; usually: string };
  /** Its settings, in the order in which later ones win. */
  settings: readonly string[];
  /** Other files or folders that show that it is used. */
  others?: readonly string[];
  /** Whether its own sandbox is on by these settings. Absent: that cannot be told. */
  ownSandbox?: (settings: readonly SettingsFile[], env: DetectContext['env']) => boolean | undefined;
  /** What one of these settings refuses it to read, as gitignore patterns or `~/…`. Absent: that cannot be told. */
  refused?: (text: string) => readonly string[];
}

/** What an agent needs in a box to be logged in, and nothing of the user's other settings. */
export interface Login {
  /** Variables that carry its own key, and say where its model is. */
  keys: readonly string[];
  /** Files of its login, in the home: let in for writing, since a login is renewed in place. */
  files: readonly string[];
  /** Settings of which a part is copied in; what is written to the copy ends with the box. */
  copies: readonly { path: string; keep(text: string, root: string): string | undefined }[];
}

/**
 * A coding agent, in the registry of agents (src/agents/index.ts). Plain facts: every command loads all of them, and what an
 * agent's settings are made by stays with its output.
 */
export interface AgentDefinition {
  /** `claude-code`, `codex` … */
  id: AgentId;
  title: string;
  /** By what it is found (src/agents/detect.ts). */
  traces: Traces;
  /** Repository-relative files, and folders with a trailing `/`, that steer or restrain this agent: settings, hooks, rules, MCP servers. */
  guardFiles: readonly string[];
  /** The same in the user's home, as `~/…`. */
  userFiles: readonly string[];
  /** Variables that this agent sets for what it starts, with the vendor's page or source that says so. */
  marks: readonly { variable: string; value?: string; source: string }[];
  /** The hosts that it needs to reach its model and to renew its login. Absent: not known. */
  hosts?: readonly string[];
  login?: Login;
  /** Of its guard files, the outermost that its output writes in any case. */
  writes?: readonly string[];
  /** Its own ignore file, in the syntax of git's: written by its output where anything is hidden. */
  ignoreFile?: string;
  /**
   * What in its settings, where they are JSON, makes it leave the whole file out, or not start. Seen with the real one:
   * test/real/reader.test.ts.
   */
  stumbles?: readonly JsonExtra[];
  /**
   * Started in a folder below the root of the repository, whether it takes the settings of the root. Seen with the real one
   * (test/real); absent: not known.
   */
  goesUp?: boolean;
  /** It has a sandbox of its own, which settings of it can turn on. Where it has none, none is offered and none is called off. */
  hasSandbox?: true;
  /**
   * Of its guards, and of what lies in them, what has to be a file: over a folder in its place, or without it where it cannot make
   * it, it does not start. In a box a file that says nothing stands for what is missing of it.
   */
  filesInBox?: readonly string[];
  /** Files that no output has to write, and that can overrule what its output wrote. */
  overruling?: readonly string[];
  /** Its settings make it ask the program in templates/agent-hook.cjs, since they cannot say all of it themselves. */
  asksHook?: true;
  /** The page of instructions that it reads instead of AGENTS.md, and the line by which that takes in another page. */
  instructions?: { path: string; takesIn(page: string): string };
}

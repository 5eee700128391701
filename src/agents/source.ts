/** What an agent's rules are made from: the posture's hidden files, guards and branches. */
export interface RuleSource {
  /** Gitignore patterns of the repository without exceptions. */
  hidden: readonly string[];
  /** Paths in the home, each starting with `~/`. */
  hiddenInHome: readonly string[];
  /** Repository-relative; folders with a trailing `/`. */
  guards: readonly string[];
  protectedBranches: readonly string[];
}

/** The same with what an agent's own sandbox is set by. */
export interface Source extends RuleSource {
  /** The hosts that may be reached; undefined: not restricted. */
  allow: readonly string[] | undefined;
  /** Whether its own sandbox is the declared isolation. */
  ownSandbox: boolean;
}

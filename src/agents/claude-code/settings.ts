/** What Claude Code's settings are made from. */
export interface ClaudeSource {
  /** Gitignore patterns of the repository without exceptions. */
  hidden: readonly string[];
  /** Paths in the home, each starting with `~/`. */
  hiddenInHome: readonly string[];
  /** Repository-relative; folders with a trailing `/`. */
  guards: readonly string[];
  protectedBranches: readonly string[];
  /** The hosts that may be reached; undefined: not restricted. */
  allow: readonly string[] | undefined;
  /** Whether its own sandbox is the declared isolation. */
  ownSandbox: boolean;
}

/** A rule ends at its last bracket, and a backslash before it keeps it open: text with either has no place in one, nor have line ends. */
const SAYABLE = /^[^()\\\p{C}\p{Zl}\p{Zp}]+$/u;

/**
 * A gitignore pattern as the path of a rule, from the project's root. Claude Code reads the paths of Read and Edit rules
 * as gitignore patterns, `/` at the start meaning the project. Source: https://code.claude.com/docs/en/permissions.
 */
function rulePaths(pattern: string): string[] {
  const body = pattern.replace(/^\/+/, '').replace(/\/+$/, '');
  const anchored = pattern.startsWith('/') || body.includes('/');
  const path = anchored ? `/${body}` : `/**/${body}`;
  return pattern.endsWith('/') ? [`${path}/**`] : [path];
}

/** `permissions.deny`, in a stable order. */
export function denyRules({ hidden, hiddenInHome, guards, protectedBranches }: ClaudeSource): string[] {
  const secrets = [
    ...hidden.flatMap(rulePaths),
    ...hiddenInHome.flatMap(path => [path, `${path.replace(/\/+$/, '')}/**`]),
  ];
  return [
    ...secrets.filter(path => SAYABLE.test(path)).flatMap(path => [`Read(${path})`, `Edit(${path})`]),
    ...guards.map(guard => `Edit(/${guard.endsWith('/') ? `${guard}**` : guard})`),
    ...pushRules(protectedBranches),
  ];
}

/** Spellings of a push that the rules hold; others get round them, and the hook and the server's rules are for those. */
function pushRules(branches: readonly string[]): string[] {
  const sayable = branches
    .filter(branch => /^[\w./@+*?[\]-]+$/.test(branch))
    .map(branch => branch.replace(/\[[^\]]*\]|\?|\*+/g, '*'));
  if (sayable.length === 0) return [];
  return [
    ...sayable.flatMap(branch =>
      ['git push', 'git * push'].flatMap(push => [
        `Bash(${push} * ${branch})`,
        `Bash(${push} * ${branch} *)`,
        `Bash(${push} *:${branch})`,
        `Bash(${push} *:${branch} *)`,
        `Bash(${push} *+${branch})`,
        `Bash(${push} *refs/heads/${branch})`,
      ]),
    ),
    'Bash(git push *--all*)',
    'Bash(git push *--mirror*)',
    'Bash(git push *--no-verify*)',
    'Bash(git commit *--no-verify*)',
    'Bash(git commit -n *)',
    'Bash(git *core.hooksPath*)',
  ];
}

/** The `sandbox` block, for the posture whose isolation is the agent's own. Source: https://code.claude.com/docs/en/sandboxing. */
export function sandboxSettings({ hidden, hiddenInHome, guards, allow }: ClaudeSource) {
  // Its sandbox knows plain paths on Linux; patterns reach it through the Read and Edit rules, where the system can.
  const plain = (path: string) => !/[*?[\]]/.test(path) && SAYABLE.test(path);
  return {
    enabled: true,
    failIfUnavailable: true,
    allowUnsandboxedCommands: false,
    denyRead: [
      ...hidden.filter(plain).map(path => `./${path.replace(/^\/+/, '').replace(/\/+$/, '')}`),
      ...hiddenInHome.filter(plain),
    ],
    denyWrite: guards.map(guard => `./${guard.replace(/\/+$/, '')}`),
    allowedDomains: allow?.map(host => host.replace(/:\d+$/, '')),
  };
}

import { secretLookingName } from '../base/secret-names.ts';
import { secretLookingValue } from '../posture/secret-values.ts';

/** Variables that lead to a socket, a file or a helper outside the box, or steer what is started in it. */
const LEADS_OUT =
  /^(SSH_AUTH_SOCK|SSH_AGENT_PID|SSH_ASKPASS|GIT_ASKPASS|SUDO_ASKPASS|GPG_AGENT_INFO|GNUPGHOME|DBUS_.*|XDG_RUNTIME_DIR|XDG_SESSION_.*|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|TMUX|TMUX_PANE|STY|DOCKER_.*|CONTAINER_HOST|BUILDKIT_HOST|KUBECONFIG|VSCODE_.*|CURSOR_.*|JAVA_TOOL_OPTIONS|ELECTRON_RUN_AS_NODE|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|LD_.*|DYLD_.*|BASH_ENV|ENV|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|PERL5LIB|RUBYOPT|GIT_.*|SUDO_.*|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|MEMORY_PRESSURE_.*|PIPEWIRE_.*|PULSE_.*|WSL_INTEROP|WSLENV|ACTIONS_.*|GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY))$/;

/** As whom git commits: these win over all of its settings. https://git-scm.com/docs/git#_git_commits */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'name',
  GIT_AUTHOR_EMAIL: 'email',
  GIT_COMMITTER_NAME: 'name',
  GIT_COMMITTER_EMAIL: 'email',
} as const;
export const IDENTITY_NAMES: readonly string[] = Object.keys(IDENTITY);

/**
 * The variables by which what runs in a box commits as the agent; none without an identity. Where the user has any of their
 * own for the author, or for the committer, theirs are all there is for that: half of each would be nobody.
 */
export function identityVariables(
  identity: { name: string; email: string } | undefined,
  own: NodeJS.ProcessEnv,
): Record<string, string> {
  if (identity === undefined) return {};
  return Object.fromEntries(
    Object.entries(IDENTITY).flatMap(([name, part]) => {
      const role = name.replace(/_(?:NAME|EMAIL)$/, '');
      const theirs = own[`${role}_NAME`] || own[`${role}_EMAIL`];
      const value = theirs ? own[name] : identity[part];
      return value ? [[name, value]] : [];
    }),
  );
}

/**
 * What of an environment goes into a box: nothing whose name or value looks like a secret's, nothing that leads
 * to a socket outside or loads code, except as whom git commits, and the names in `keep` (the declared agents' own keys).
 */
export function boxEnvironment(env: Record<string, string>, keep: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) =>
        keep.includes(name) ||
        !(
          secretLookingName(name) ||
          secretLookingValue(value) ||
          (LEADS_OUT.test(name) && !IDENTITY_NAMES.includes(name))
        ),
    ),
  );
}

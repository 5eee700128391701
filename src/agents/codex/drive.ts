import { parse, stringify } from 'smol-toml';
import type { Driver } from '../driver.ts';
import { withoutLogins } from '../kept.ts';
import { responses } from '../wire/responses.ts';
import { codex } from './detect.ts';
import { hooks } from './hooks.ts';
import { rules } from './rules.ts';

/** The name under which the scripted model stands in its configuration. */
const PROVIDER = 'agent-posture-scripted';

/** Where its configuration keeps keys and logins, and whom else it would speak to or start. */
const LOGINS = [
  'model_provider',
  'model_providers',
  'mcp_servers',
  'otel',
  'notify',
  'openai_base_url',
  'chatgpt_base_url',
  'shell_environment_policy.set',
];

/**
 * Its rules, by the words that begin its answer. What a command prints stands behind `Chunk ID:` and can say none of them.
 * Seen in 0.169.0; `codex-rs/core/src/exec_policy.rs` in https://github.com/openai/codex.
 */
const REJECTED = /^exec_command failed: CreateProcess \{ message: "Rejected\(\\"/;
const OUTSIDE = /^patch rejected: /;
const HOOK = /^(?:Command|Tool call) blocked by PreToolUse hook: /;
/**
 * What it would ask for where somebody is there to answer. It takes some commands for dangerous and, with nobody there, rejects
 * them, with no rule of anybody's.
 */
const ASK =
  /^(?:approval policy is Never; reject command|exec_command failed: CreateProcess \{ message: "Rejected\(\\"(?:approval required by policy|Automatic approval review|[\s\S]*` rejected: (?:rm -f style commands are not permitted|blocked by policy)))/;

/** What it says before it ends, or goes on without. A line of its events begins with a brace, and no other does. */
const STOPPED = /^Error(?: loading [\w.]+)?:.*(?:\n(?![{\n]).+)?/m;
const LEFT_OUT =
  /^\{"type":"item\.completed","item":\{"id":"\w+","type":"error","message":"((?:Codex is ignoring|failed to (?:parse|read)|invalid matcher|skipping )(?:[^"\\]|\\.)*)"/m;

/**
 * `codex exec` answers no question: it asks none, and rejects what it would ask about. A reviewer of its own could say yes in the
 * user's place (`approvals_reviewer`), but brings a conversation with the model of its own between two calls, so it is left off.
 * Hooks run as far as the user has trusted them: what is trusted stands in `hooks.state` of the user's own configuration.
 *
 * Of the models that it knows, each has tools of its own; one that it does not know gets those that all have: a shell, and no
 * tool that reads, writes, lists or fetches. Its sandbox and its rules stand around the shell.
 *
 * Sources of its flags: https://developers.openai.com/codex/cli/reference; of its configuration:
 * https://developers.openai.com/codex/config-reference. Its npm package is started by the `node` of PATH, from version 16 on.
 */
export const driver: Driver = {
  agent: codex,
  wire: responses,
  modes: {
    configured: 'as configured, where it would ask it does not',
    bypass: 'dangerously-bypass-approvals-and-sandbox',
  },
  bypassesSandbox: true,
  copies: [
    { path: '~/.codex/config.toml', keep: withoutProviders },
    { path: '~/.codex/hooks.json' },
    { path: '~/.codex/hooks/' },
    { path: '~/.codex/rules/' },
    { path: '~/.codex/AGENTS.md' },
    { path: '~/.codex/AGENTS.override.md' },
  ],
  start({ root, program, model, mode }) {
    const set = (value: Readonly<Record<string, unknown>>) =>
      stringify(value)
        .trim()
        .split('\n')
        .flatMap(line => ['-c', line.replace(' = ', '=')]);
    const scripted = `{name="scripted",base_url="${model}/v1",wire_api="responses",env_key="SCRIPTED_KEY"}`;
    return {
      command: [
        program,
        ...['exec', '--json', '--skip-git-repo-check'],
        ...(mode === 'bypass' ? ['--dangerously-bypass-approvals-and-sandbox'] : []),
        ...set({ model: 'scripted', model_provider: PROVIDER, approvals_reviewer: 'user' }),
        ...['-c', `model_providers.${PROVIDER}=${scripted}`],
        ...['-c', `projects={${JSON.stringify(root)}={trust_level="trusted"}}`],
        // It waits for seconds, as it ends, for what it cannot send: https://developers.openai.com/codex/config-advanced
        ...['-c', 'analytics.enabled=false', '-c', 'feedback.enabled=false', '-c', 'check_for_update_on_startup=false'],
        'go',
      ],
      env: { SCRIPTED_KEY: 'scripted', RUST_LOG: 'error' },
      files: [],
    };
  },
  tools: {
    // Without a time of its own, it goes on after ten seconds and leaves the command running.
    shell: cmd => ({ name: 'exec_command', input: { cmd, yield_time_ms: 18_000 } }),
  },
  refused(result) {
    if (HOOK.test(result)) return 'hook';
    if (ASK.test(result)) return 'ask';
    return REJECTED.test(result) || OUTSIDE.test(result) ? 'rule' : undefined;
  },
  complaint: output => STOPPED.exec(output)?.[0].replace('\n', ' ') ?? LEFT_OUT.exec(output)?.[1],
  ruleFiles: ['~/.codex/hooks.json', '.codex/hooks.json', '~/.codex/rules/', '.codex/rules/'],
  rules,
  hooks,
  runs: {
    harmless: [
      ...['approval_policy', 'approvals_reviewer', 'sandbox_mode', 'sandbox_workspace_write', 'default_permissions'],
      ...['permissions', 'allowed_sandbox_modes', 'projects', 'hooks.state', 'features'],
      ...['model', 'model_reasoning_effort', 'model_reasoning_summary', 'model_verbosity', 'personality', 'web_search'],
      // What it says beside these gives variables to whatever is run, such as BASH_ENV.
      ...['inherit', 'ignore_default_excludes', 'exclude', 'include_only'].map(
        key => `shell_environment_policy.${key}`,
      ),
      ...[
        'history',
        'analytics',
        'feedback',
        'tui.notifications',
        'tui.theme',
        'check_for_update_on_startup',
        'notice',
      ],
    ],
    files: ['~/.codex/hooks.json', '.codex/hooks.json', '~/.codex/hooks/', '.codex/hooks/'],
  },
  // Its sandbox' helpers start at once, and under load one finds gone what another has laid and taken away.
  startAgain: /fs sandbox helper failed|thread\/start failed/,
};

/** Its configuration without logins. It does not start over one that is no TOML, and so it does over what stands for that. */
function withoutProviders(text: string): string {
  try {
    return stringify(withoutLogins(parse(text), LOGINS));
  } catch {
    return 'this is no TOML\n';
  }
}

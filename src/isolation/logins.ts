import { parse as parseToml, stringify as stringifyToml } from 'smol-toml';

/** What a declared agent needs in its box to be logged in, and nothing of the user's other settings. */
export interface Login {
  agent: string;
  /** Variables that carry its own key. */
  keys: readonly string[];
  /** Files of its login, in the home: let in for writing, since a login is renewed in place. */
  files: readonly string[];
  /** Settings of which a part is copied in; what is written to the copy ends with the box. */
  copies: readonly { path: string; keep(text: string, root: string): string | undefined }[];
}

type Json = Record<string, unknown>;

/** `text` as an object with only the names in `keys`; undefined where it cannot be read. */
function pick(value: unknown, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries((value ?? {}) as Json).filter(([key]) => keys.includes(key)));
}

function claudeState(text: string, root: string): string | undefined {
  try {
    const state = JSON.parse(text) as Json & { projects?: Json };
    const kept = pick(state, [
      'hasCompletedOnboarding',
      'lastOnboardingVersion',
      'oauthAccount',
      'primaryApiKey',
      'customApiKeyResponses',
      'theme',
      'userID',
    ]);
    const project = pick(state.projects?.[root], ['hasTrustDialogAccepted', 'hasCompletedProjectOnboarding']);
    return JSON.stringify({ ...kept, projects: { [root]: project } });
  } catch {
    return undefined;
  }
}

function codexSettings(text: string, root: string): string | undefined {
  try {
    const settings = parseToml(text) as Json;
    const kept = pick(settings, ['model', 'model_provider', 'model_reasoning_effort']);
    const providers = Object.entries((settings.model_providers ?? {}) as Json).map(([name, provider]) => [
      name,
      pick(provider, ['name', 'base_url', 'env_key', 'wire_api']),
    ]);
    const project = pick((settings.projects as Json | undefined)?.[root], ['trust_level']);
    return stringifyToml({ ...kept, model_providers: Object.fromEntries(providers), projects: { [root]: project } });
  } catch {
    return undefined;
  }
}

/**
 * Sources: https://code.claude.com/docs/en/iam and /settings for Claude Code, the `codex-rs` documentation of config.toml
 * and auth.json for Codex.
 */
export const logins: readonly Login[] = [
  {
    agent: 'claude-code',
    keys: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'ANTHROPIC_MODEL',
    ],
    files: ['.claude/.credentials.json'],
    copies: [{ path: '.claude.json', keep: claudeState }],
  },
  {
    agent: 'codex',
    keys: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL'],
    files: ['.codex/auth.json'],
    copies: [{ path: '.codex/config.toml', keep: codexSettings }],
  },
];

/** The logins of the agents that are declared. */
export function loginsOf(agents: readonly string[] = []): Login[] {
  return logins.filter(login => agents.includes(login.agent));
}

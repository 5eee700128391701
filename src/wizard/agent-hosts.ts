/**
 * The hosts that each agent needs to reach its model and to renew its login. From the vendors' pages on network access:
 * https://code.claude.com/docs/en/network-config, https://developers.openai.com/codex/security,
 * https://docs.github.com/en/copilot/reference/allowlist-reference, https://opencode.ai/docs/network.
 */
export const AGENT_HOSTS: Readonly<Record<string, readonly string[]>> = {
  'claude-code': ['api.anthropic.com', 'claude.ai', 'platform.claude.com'],
  codex: ['api.openai.com', 'auth.openai.com', 'chatgpt.com'],
  'gemini-cli': ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com', 'oauth2.googleapis.com'],
  copilot: ['api.github.com', 'api.githubcopilot.com', '*.githubcopilot.com'],
};

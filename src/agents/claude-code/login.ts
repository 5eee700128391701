import { pick } from '../pick.ts';
import type { Login } from '../types.ts';

/** From https://code.claude.com/docs/en/iam and https://code.claude.com/docs/en/settings. */
export const login: Login = {
  keys: [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'ANTHROPIC_MODEL',
  ],
  files: ['.claude/.credentials.json'],
  copies: [{ path: '.claude.json', keep: claudeState }],
};

function claudeState(text: string, root: string): string | undefined {
  try {
    const state = JSON.parse(text) as { projects?: Record<string, unknown> };
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

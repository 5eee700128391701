import type { HelperPlace } from './types.ts';

export const helperPlaces: readonly HelperPlace[] = [
  {
    id: 'gh-token',
    title: 'GitHub CLI',
    argv: ['gh', 'auth', 'token'],
    opens: 'GitHub, as you',
    severity: 'critical',
    group: 'secrets',
    source: 'https://cli.github.com/manual/gh_auth_token',
  },
];

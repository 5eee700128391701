import type { Advisory } from './types.ts';

/** Gemini CLI. */
export const gemini: readonly Advisory[] = [
  {
    id: 'CVE-2026-12537',
    agent: 'gemini',
    fixedIn: '0.39.1',
    title: 'in a pipeline, the .gemini/.env of a repository runs commands before the sandbox is there',
    source: 'https://github.com/google-github-actions/run-gemini-cli/security/advisories/GHSA-wpqr-6v78-jr5g',
  },
];

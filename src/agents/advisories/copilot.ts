import type { Advisory } from './types.ts';

/** Copilot CLI. What is of the editor alone is left out. */
export const copilot: readonly Advisory[] = [
  {
    id: 'CVE-2026-29783',
    agent: 'copilot',
    fixedIn: '0.0.423',
    title: 'expansions of the shell (@P, := and !) pass a command off as one that only reads',
    source: 'https://github.com/github/copilot-cli/security/advisories/GHSA-g8r9-g2v8-jv6f',
  },
  {
    id: 'CVE-2026-45033',
    agent: 'copilot',
    fixedIn: '1.0.43',
    title: 'a bare repository nested in the project runs commands by its core.fsmonitor',
    source: 'https://github.com/github/copilot-cli/security/advisories/GHSA-9ccr-r5hg-74gf',
  },
];

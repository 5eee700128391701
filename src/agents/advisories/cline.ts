import type { Advisory } from './types.ts';

/** The command line program of Cline, by its own versions. */
export const cline: readonly Advisory[] = [
  {
    id: 'GHSA-9ppg-jx86-fqw7',
    agent: 'cline',
    since: '2.3.0',
    fixedIn: '2.4.0',
    title: 'it was published with a stolen key, and its installation brings another agent along',
    source: 'https://github.com/cline/cline/security/advisories/GHSA-9ppg-jx86-fqw7',
  },
  {
    id: 'CVE-2026-59723',
    agent: 'cline',
    fixedIn: '3.0.30',
    title: 'any website changes its settings and runs commands through cline dashboard',
    source: 'https://github.com/cline/cline/security/advisories/GHSA-3cj3-hqcr-g934',
  },
];

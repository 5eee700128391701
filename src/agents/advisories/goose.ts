import type { Advisory } from './types.ts';

/** goose. */
export const goose: readonly Advisory[] = [
  {
    id: 'CVE-2026-72718',
    agent: 'goose',
    fixedIn: '1.44.0',
    title: 'goose review runs the core.fsmonitor of a repository',
    source: 'https://github.com/aaif-goose/goose/security/advisories/GHSA-r5pp-p5r8-466r',
  },
];

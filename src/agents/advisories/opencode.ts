import type { Advisory } from './types.ts';

/** opencode. */
export const opencode: readonly Advisory[] = [
  {
    id: 'CVE-2026-22812',
    agent: 'opencode',
    fixedIn: '1.0.216',
    title: 'any program of the machine, and any website, runs commands through its server',
    source: 'https://github.com/anomalyco/opencode/security/advisories/GHSA-vxw4-wv6m-9hhh',
  },
  {
    id: 'CVE-2026-22813',
    agent: 'opencode',
    fixedIn: '1.1.10',
    title: 'what the model answers runs as a script in its web page, and so commands',
    source: 'https://github.com/anomalyco/opencode/security/advisories/GHSA-c83v-7274-4vgp',
  },
];

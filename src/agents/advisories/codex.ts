import type { Advisory } from './types.ts';

/** Codex. What is of the desktop app alone is left out: its version is another. */
export const codex: readonly Advisory[] = [
  {
    id: 'CVE-2025-55345',
    agent: 'codex',
    fixedIn: '0.12.0',
    title: 'links in a repository have files outside it overwritten',
    source: 'https://www.cve.org/CVERecord?id=CVE-2025-55345',
  },
  {
    // Its record says 0.23.0 and before, what was written about the fix says that 0.23.0 has it: what is before is weak by both.
    id: 'CVE-2025-61260',
    agent: 'codex',
    fixedIn: '0.23.0',
    title: 'a repository with .env and .codex/config.toml runs commands at the start',
    source: 'https://www.cve.org/CVERecord?id=CVE-2025-61260',
  },
  {
    id: 'CVE-2025-59532',
    agent: 'codex',
    since: '0.2.0',
    fixedIn: '0.39.0',
    title: 'the model names the folder that the sandbox lets it write',
    source: 'https://github.com/openai/codex/security/advisories/GHSA-w5fx-fh39-j5rw',
  },
  {
    id: 'CVE-2026-19592',
    agent: 'codex',
    since: '0.102.0',
    fixedIn: '0.131.0',
    title: 'a core.fsmonitor in the settings of git runs outside the sandbox, unasked',
    source: 'https://www.cve.org/CVERecord?id=CVE-2026-19592',
  },
];

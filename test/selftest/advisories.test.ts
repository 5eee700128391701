import { describe, expect, it } from 'vitest';
import type { AgentFact } from '../../src/discover/facts.ts';
import { advisoryNotes } from '../../src/selftest/advisories.ts';

const agent = (id: string, title: string, version: string | undefined, binary: string | undefined = `/bin/${id}`) =>
  ({ id, title, version, binary, settings: [], ownSandbox: undefined, seen: { path: 'x' } }) satisfies AgentFact;
const notesOf = (...agents: AgentFact[]) => advisoryNotes({ agents });

describe('an agent whose version has published weaknesses', () => {
  it('is named by each test, with where they end', () => {
    expect(notesOf(agent('gemini', 'Gemini CLI', '0.39.0'), agent('opencode', 'opencode', '1.0.100'))).toEqual([
      'Gemini CLI 0.39.0 has 1 published weakness (CVE-2026-12537), fixed in 0.39.1: update it',
      'opencode 1.0.100 has 2 published weaknesses (CVE-2026-22813 and CVE-2026-22812), the last fixed in 1.1.10: update it',
    ]);
  });

  it('is named with few of many', () => {
    expect(notesOf(agent('claude-code', 'Claude Code', '2.0.10'))).toEqual([
      expect.stringMatching(
        /^Claude Code 2\.0\.10 has 1\d published weaknesses \(CVE-\S+, CVE-\S+, CVE-\S+ and \d+ more\), the last fixed in 2\.1\.163: update it$/,
      ),
    ]);
  });

  it('is not named where it is not installed, its version is not known, or nothing is published of it', () => {
    expect(
      notesOf(
        { ...agent('gemini', 'Gemini CLI', '0.1.0'), binary: undefined },
        agent('gemini', 'Gemini CLI', undefined),
        agent('gemini', 'Gemini CLI', '0.39.1'),
        agent('aider', 'Aider', '0.1.0'),
      ),
    ).toEqual([]);
  });
});

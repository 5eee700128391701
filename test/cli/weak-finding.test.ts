import { describe, expect, it } from 'vitest';
import { weakFinding } from '../../src/cli/weak-finding.ts';

const agent = (id: string, title: string, version: string) => ({
  id,
  title,
  version,
  binary: `/bin/${id}`,
  settings: [],
  ownSandbox: undefined,
  seen: { path: 'x' },
});

describe('what doctor tells of an agent whose version has published weaknesses', () => {
  it('is each in a few words, and what to do', () => {
    expect(weakFinding(agent('copilot', 'Copilot CLI', '1.0.42'))).toEqual({
      detail:
        '1 published weakness, fixed in 1.0.43: a bare repository nested in the project runs commands by its core.fsmonitor (CVE-2026-45033)',
      next: 'update Copilot CLI to 1.0.43 or newer',
    });
    expect(weakFinding(agent('claude-code', 'Claude Code', '1.0.0'))?.detail).toMatch(/; and \d+ older ones$/);
    expect(weakFinding(agent('copilot', 'Copilot CLI', '1.0.43'))).toBeUndefined();
  });
});

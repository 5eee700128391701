import { expect, test } from 'vitest';
import { type Finding, findingLines } from '../../src/cli/commands/doctor.ts';

const style = { width: 80, color: false, unicode: true, verbose: false };

test('a path that has no room beside its name stands below it, whole', () => {
  const path = '~/.cache/agents/claude-code-2.1.330/node_modules/.bin/a-folder/of-a-long-name/claude';
  const findings: Finding[] = [
    { name: 'Claude Code', state: 'ok', detail: `2.1.330 (${path}); settings, the last wins: .claude/settings.json` },
    { name: 'GitHub Copilot CLI', state: 'ok', detail: '1.0.102 (/usr/bin/copilot)', next: 'look' },
  ];
  expect(findingLines(findings, style)).toEqual([
    'ok      Claude Code        2.1.330; settings, the last wins:',
    '                           .claude/settings.json',
    `        ${path}`,
    'ok      GitHub Copilot CLI 1.0.102 (/usr/bin/copilot)',
    '        look',
  ]);
});

import { describe, expect, test } from 'vitest';
import { type ReachColumn, type ReachTable, reachText } from '../../src/report/reach.ts';
import { displayWidth } from '../../src/report/width.ts';

const tally = (held: number, leaked: number, unproven = 0) => ({ held, leaked, unproven });
const column = (setup: string, more: Partial<ReachColumn> = {}): ReachColumn => ({
  ...{ agent: 'Claude Code', version: '2.1.330', setup, reason: null, works: true, notes: [] },
  families: { 'read: plainly': tally(3, 0), 'read: copy-interpreter': tally(9, 2, 2), 'push: refs': tally(0, 0, 4) },
  ...more,
});
const table: ReachTable = {
  ...{ startedAt: '2026-11-23T10:00:00.000Z', durationMs: 1, platform: 'linux x64', ways: 1 },
  commandLine: 'agent-posture reach --agent claude-code --agent codex --agent gemini --deep',
  columns: [
    ...['as installed', 'our rules and hooks', 'and its own sandbox', 'and a bubblewrap box'].map(setup =>
      column(setup, setup === 'as installed' ? { works: false } : {}),
    ),
    column('as installed', { agent: 'Codex', reason: `it never asked its model: ${'why '.repeat(40)}` }),
  ],
};
const print = (width: number) => reachText(table, { width, color: false, unicode: true, verbose: false });

describe('the table of reach', () => {
  test('fits 80 columns with all four set-ups, says what its numbers are, and has a legend', () => {
    const lines = print(80).split('\n');
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    const text = lines.join(' ').replace(/\s+/g, ' ');
    expect(text).toContain('9/11 means that nine were held and two went through.');
    expect(text).toContain('(2?) two more proved nothing; ? none was proven; an empty place: nothing of it was tried.');
    expect(lines.find(line => line.includes('copy-interpreter'))?.match(/9\/11 \(2\?\)/g)).toHaveLength(4);
    expect(lines.find(line => line.includes('work goes on'))).toMatch(/NO +yes +yes +yes$/);
    expect(lines.some(line => /as +our rules +and its own +and a$/.test(line))).toBe(true);
  });

  test.each([20, 32, 40, 50, 64, 79, 100, 200])('keeps to %i columns, and every number is there', width => {
    const text = print(width);
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(text.match(/9\/11/g)).toHaveLength(5);
  });
});

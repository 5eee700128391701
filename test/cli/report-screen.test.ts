import { describe, expect, test } from 'vitest';
import { fittedReport } from '../../src/cli/report-screen.ts';
import { textReport } from '../../src/report/text.ts';
import { fix, report, row, shop } from '../report/sample.ts';

const style = { width: 80, color: false, unicode: false, verbose: false };
const now = new Date('2026-11-23T10:00:00.000Z');
const crowd = report(
  [
    row({ target: 'db.prod.example.com:5432', attempt: 'connect', group: 'production', severity: 'critical' }),
    ...Array.from({ length: 40 }, (_, i) => row({ target: `~/secret-${i}`, reason: `opened ${i}` })),
  ],
  {
    fixes: Array.from({ length: 9 }, (_, i) => fix(i + 1, `fix-${i}`, [])),
    notes: ['one', 'two', 'three', 'four'],
  },
);

describe('the report in a window', () => {
  test('keeps its headline, the gravest rows, the counts and the first fixes, and says how many rows are not there', () => {
    const lines = fittedReport(crowd, style, 21, true, now).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(21);
    const text = lines.join('\n');
    expect(text).toContain('REACHED 41 things. 1 opens production.');
    expect(text).toContain('x db.prod.example.com:5432');
    expect(text).toContain('Held 0');
    expect(text).toContain('[1] closes 0   agent-posture fix fix-0');
    const shown = lines.filter(line => line.startsWith(' x ')).length;
    expect(text).toContain(`   and ${41 - shown} more   enter all rows`);
    expect(text).toMatch(/and \d more {3}agent-posture fix\n/);
  });

  test.each([1, 2, 5, 9, 14, 21, 40, 200])('is never taller than %d rows, and begins with the headline', rows => {
    for (const given of [crowd, shop(), report([])]) {
      const lines = fittedReport(given, style, rows, true, now).replace(/\n$/, '').split('\n');
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.join('\n')).toMatch(/REACHED|NOTHING PROVEN/);
    }
  });

  test('shows something of each heading, however much stands under the ones before it', () => {
    const many = (group: 'guard' | 'way-out' | 'secrets', count: number) =>
      Array.from({ length: count }, (_, i) => row({ target: `${group}-${i}`, reason: `${group} ${i}`, group }));
    const given = report([...many('guard', 20), ...many('way-out', 20), ...many('secrets', 2)], {
      notes: ['one', 'two'],
    });
    const text = fittedReport(given, style, 21, true, now);
    for (const target of ['guard-0', 'guard-1', 'way-out-0', 'way-out-1', 'secrets-0', 'secrets-1'])
      expect(text).toContain(`x ${target} `);
    const shown = text.split('\n').filter(line => line.startsWith(' x ')).length;
    expect(text).toContain(`   and ${42 - shown} more   enter all rows`);
    expect(text).toContain('\n\n one');
    expect(text).not.toContain('----');
    const low = fittedReport(given, style, 14, true, now);
    for (const target of ['guard-0', 'way-out-0', 'secrets-0']) expect(low).toContain(`x ${target} `);
  });

  test('shows all that opens production before a second line of anything else', () => {
    const many = (group: 'production' | 'secrets', count: number) =>
      Array.from({ length: count }, (_, i) => row({ target: `${group}-${i}`, reason: `${group} ${i}`, group }));
    const text = fittedReport(report([...many('production', 7), ...many('secrets', 9)]), style, 15, true, now);
    for (let i = 0; i < 7; i++) expect(text).toContain(`x production-${i} `);
    expect(text).toContain('x secrets-0 ');
    expect(text).not.toContain('x secrets-3 ');
  });

  test('is whole where there is room', () => {
    expect(fittedReport(shop(), style, 60, true, now)).toBe(textReport(shop(), style, now));
  });
});

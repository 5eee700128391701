import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/base/units.ts';
import { inventoryFindings, settingsText } from '../../src/cli/inventory-findings.ts';
import { labFacts } from '../labs/box.ts';

describe('what doctor tells of the repository', () => {
  const facts = labFacts('/r', '/h');
  it('is nothing where nothing was looked for', () => {
    expect(inventoryFindings(facts)).toEqual([]);
  });
  it('is a line each, and few names of many', () => {
    const data = ['a', 'b', 'c', 'd', 'e'].map(id => ({
      id,
      kind: 'export' as const,
      files: [`/${id}.csv`],
      count: 2,
      bytes: 420_000,
      seen: { path: `${id}.csv` },
    }));
    const told = inventoryFindings({
      ...facts,
      data,
      ci: [{ id: 'gitlab-ci', title: 'GitLab CI', environments: ['qa', 'prod'], seen: { path: '.gitlab-ci.yml' } }],
      tools: [{ id: 'srt', title: 'srt', use: 'sandbox', version: '0.0.7', seen: { path: '/usr/bin/srt' } }],
      git: {
        ...facts.git,
        owners: { seen: { path: 'CODEOWNERS' }, rules: [{ pattern: '*', owners: ['@x'] }] },
        protectedBranches: [{ pattern: 'main', seen: { path: '.asf.yaml', line: 3 } }],
      },
    });
    expect(told.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
      'srt: 0.0.7 (/usr/bin/srt)',
      'GitLab CI: .gitlab-ci.yml; environments qa and prod',
      'owners: 1 rule (CODEOWNERS)',
      'branches: protected by file: main (.asf.yaml:3)',
      'data files: 10 files, 2.1 MB: /a.csv, /b.csv, /c.csv and 2 more',
    ]);
  });
  it('has the settings of an agent by whom they are for', () => {
    expect(settingsText({ settings: [] })).toBe('');
    expect(
      settingsText({
        settings: [
          { path: '~/.x/a.json', scope: 'user' },
          { path: '.x/a.json', scope: 'project' },
        ],
      }),
    ).toBe('; settings, the last wins: ~/.x/a.json (user), .x/a.json (project)');
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [4_249_000, '4.2 MB'],
    [999_950, '1.0 MB'],
    [250_000_000, '250 MB'],
    [5e15, '5000 TB'],
  ])('%s are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

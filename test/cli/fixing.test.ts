import { expect, test } from 'vitest';
import { fixEnding } from '../../src/cli/fixing.ts';
import { report } from '../report/sample.ts';

const style = { width: 80, color: false, unicode: false, verbose: false };

test('a fix that could not be merged ends with 4 and names the file, however its rows came out', () => {
  const change = { output: 'hook', path: '.githooks/x', before: null, after: null, reason: 'your edits' } as const;
  const { exitCode, lines } = fixEnding({
    plan: {
      root: '/r',
      changes: [{ ...change, state: 'conflict' }],
      manifest: { before: null, after: null },
      notes: [],
    },
    applied: { written: [], conflicts: ['.githooks/x'], journal: undefined, notes: ['generate was interrupted'] },
    before: [],
    after: report([], { exitCode: 0 }),
  });
  expect(exitCode).toBe(4);
  const text = lines(style).join('\n');
  expect(text).toContain('CONFLICT');
  expect(text).toContain('.githooks/x');
  expect(text).toContain('generate was interrupted');
});

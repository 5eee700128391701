import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepReport, lastReport } from '../../src/cli/last-report.ts';
import { report } from '../report/sample.ts';

let root: string;
const { open } = fs;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'last-report-'));
  process.env.AGENT_POSTURE_STATE = join(root, 'state');
});
afterEach(async () => {
  fs.open = open;
  syncBuiltinESMExports();
  delete process.env.AGENT_POSTURE_STATE;
  await fs.rm(root, { recursive: true });
});

test('a report is kept, and one that cannot be is told, not thrown', async () => {
  const made = report([], { root });
  expect(await keepReport(made)).toBeUndefined();
  expect(await lastReport(root)).toEqual(made);
  fs.open = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  syncBuiltinESMExports();
  expect(await keepReport(made)).toMatch(/^the report is not kept: the disk is full \(/);
});

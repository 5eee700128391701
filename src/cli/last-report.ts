import { join } from 'node:path';
import { errorCode, reasonOf, UserError } from '../base/errors.ts';
import { readBounded, writeAtomic } from '../base/files.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import type { Report } from '../selftest/types.ts';

const FILE = 'last-report.json';
const LIMIT = 20_000_000;
/** Counts up when the shape of a report changes: an older one is then as good as none. */
const VERSION = 1;

/**
 * Keeps a report for `fix N`, `explain ROW` and `status`: names and verdicts, no value. 0600, in the state folder. Where
 * the system does not let it be kept, gives the line that says so: the report itself is as good as it was.
 */
export async function keepReport(report: Report): Promise<string | undefined> {
  try {
    const folder = await ensurePrivate(stateFolder(report.root));
    await writeAtomic(join(folder, FILE), JSON.stringify({ version: VERSION, report }), 0o600);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof UserError) return `the report is not kept: ${reasonOf(error)}`;
    if (code === undefined) throw error;
    const why = ['ENOSPC', 'EDQUOT'].includes(code) ? 'the disk is full' : code;
    return `the report is not kept: ${why} (${stateFolder(report.root)})`;
  }
}

/** The report of the last run with a posture, or undefined. What cannot be read counts as none: it can be made again. */
export async function lastReport(root: string): Promise<Report | undefined> {
  const file = await readBounded(join(stateFolder(root), FILE), LIMIT);
  if (!file.ok || file.truncated) return undefined;
  try {
    const { version, report } = JSON.parse(file.data.toString('utf8')) as { version: number; report: Report };
    return version === VERSION ? report : undefined;
  } catch {
    return undefined;
  }
}

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { PartId } from '../../../scripts/parts.js';
import { partsFolder } from '../../../scripts/parts.js';
import { agents } from '../../../src/agents/index.ts';
import { driveInLab, type Setup } from '../../../src/cli/reach-lab.ts';
import { askForAgents } from '../../../src/selftest/drive/asking.ts';
import { driveAgents } from '../../../src/selftest/drive/index.ts';
import type { DriveSubject } from '../../../src/selftest/drive/subjects.ts';
import { type DriveInput, drivenVantages } from '../../../src/selftest/drive/vantage.ts';
import type { Row } from '../../../src/selftest/types.ts';
import { labFacts } from '../../labs/box.ts';
import { part } from '../../support/parts.ts';

/** Ways round that work for three causes: another program reads the file, one starts another, the name is put together. */
export const FAMILIES = ['interpreter', 'wrapper', 'program'];

/** What came of it: verdict and layer by `attempt target` and `#way`. */
export interface InLab {
  /** What was driven: the agent, and the box round it. */
  title: string;
  available: boolean;
  reason: string | null;
  verdicts: Record<string, string>;
  reasons: Record<string, string>;
  rows: Row[];
  notes: string[];
}

export interface InLabOptions {
  /** Default: `FAMILIES`. */
  families?: readonly string[];
  edit?(root: string): void;
}

export const nameOf = ({ attempt, target, escape: way }: Pick<Row, 'attempt' | 'target' | 'escape'>): string =>
  `${attempt} ${target}${way === null ? '' : `#${way}`}`;

/** The rows of a drive as they are compared. */
const inLabOf = (vantage: Pick<InLab, 'available' | 'reason' | 'title'>, rows: Row[], notes: string[]): InLab => ({
  title: vantage.title,
  available: vantage.available,
  reason: vantage.reason,
  verdicts: Object.fromEntries(rows.map(row => [nameOf(row), row.layer ? `${row.verdict} ${row.layer}` : row.verdict])),
  reasons: Object.fromEntries(rows.map(row => [nameOf(row), row.reason])),
  rows,
  notes,
});

export const agentOf = (id: PartId) => ({
  ...{ id, title: agents.find(each => each.id === id)?.title ?? id, version: undefined, binary: part(id) },
  ...{ settings: [], ownSandbox: undefined, seen: { path: part(id) } },
});

/** A home with nothing in it, outside of /tmp, where Codex does not work. */
export async function inNewHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  mkdirSync(partsFolder, { recursive: true });
  const home = realpathSync(mkdtempSync(join(partsFolder, '.lab-')));
  const before = process.env.AGENT_POSTURE_STATE;
  process.env.AGENT_POSTURE_STATE = join(home, '.state');
  try {
    return await work(home);
  } finally {
    if (before === undefined) delete process.env.AGENT_POSTURE_STATE;
    else process.env.AGENT_POSTURE_STATE = before;
    rmSync(home, { recursive: true, force: true });
  }
}

/** Drives the real agent of this id, the part of the same name, in a lab of its own and a home with nothing in it. */
export function inLab(id: PartId, setup: Setup, { families = FAMILIES, edit }: InLabOptions = {}): Promise<InLab> {
  return inNewHome(async home => {
    const { signal } = new AbortController();
    const { vantage, rows, notes } = await driveInLab(agentOf(id), setup, {
      ...{ home, env: process.env, ways: 1, families, signal },
      ...(edit ? { edit } : {}),
    });
    return inLabOf(vantage, rows, notes);
  });
}

/** What one is to be refused, or has to be let do, of nothing but what a test lays. */
export const subject = (
  from: Pick<DriveSubject, 'kind' | 'target' | 'attempt'> & Partial<DriveSubject>,
): DriveSubject => ({
  expect: 'deny',
  probe: { safeguard: 'SEC-1', severity: 'high', group: 'secrets', origin: 'secret-file' },
  rules: [],
  ...from,
});

/** Where the repository of `withFiles` lies in the home. */
export const SHOP = 'shop';

/**
 * Drives the real agent in a repository of these files, those of the user's by `~/…`, plainly, on these subjects alone. A file that
 * names its interpreter is executable, unless it is one of `plain`.
 */
export function withFiles(
  id: PartId,
  files: (home: string) => Readonly<Record<string, string>>,
  subjects: readonly DriveSubject[],
  plain: readonly string[] = [],
): Promise<InLab> {
  return inNewHome(async home => {
    const root = join(home, SHOP);
    mkdirSync(root);
    execFileSync('git', ['init', '-q', '-b', 'main', root]);
    for (const [path, text] of Object.entries(files(home))) {
      const at = path.startsWith('~/') ? join(home, path.slice(2)) : join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text);
      chmodSync(at, text.startsWith('#!') && !plain.includes(path) ? 0o755 : 0o644);
    }
    const options = {
      ...{ root, home, facts: { ...labFacts(root, home), agents: [agentOf(id)] }, posture: undefined, deep: false },
      // What becomes of a hook that fails is tried by other tests.
      ...{ agents: [id], safeguards: ['SEC-1'], readOnly: false, only: undefined, approve: async () => true },
    };
    const reports = drivenVantages(options);
    const [rows, notes]: [Row[], string[]] = [[], []];
    const input: DriveInput = {
      ...{ options, probes: [], lab: { instead: subjects, families: [] } },
      tell: list => void rows.push(...list),
      note: text => void notes.push(text),
    };
    await driveAgents(reports, await askForAgents(reports, input), input);
    return inLabOf(reports[0] ?? { title: '', available: false, reason: 'none' }, rows, notes);
  });
}

/** Another program, and one that starts another: no rule over the text of a command sees through all of them. */
export const WAYS = ['wrapper', 'program'];

/** With a wall on: whatever says of itself that a sandbox holds it is held, and what is open is none of its business. */
export function expectHeld({ reason, rows, verdicts }: InLab): void {
  expect(reason).toBeNull();
  const named = rows.filter(
    ({ expect: wanted, from, verdict }) =>
      wanted === 'deny' && from && !['rule', 'agent'].includes(from.closer) && verdict !== 'skipped',
  );
  const open = named.filter(({ verdict }) => verdict !== 'blocked');
  expect(open.filter(({ from }) => from?.closer === 'sandbox').map(nameOf)).toEqual([]);
  // What git holds is in its history, whatever is hidden of the files.
  expect(open.filter(({ verdict, from }) => verdict === 'exposed' && from?.closer !== 'history').map(nameOf)).toEqual(
    [],
  );
  expect(verdicts['write .']).toBe('works');
  expect(rows.filter(({ escape: way }) => way?.startsWith('rejected'))).toEqual([]);
}

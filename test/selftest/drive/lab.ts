import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { PartId } from '../../../scripts/parts.js';
import { partsFolder } from '../../../scripts/parts.js';
import { agents } from '../../../src/agents/index.ts';
import { driveInLab, type Setup } from '../../../src/cli/reach-lab.ts';
import type { Row } from '../../../src/selftest/types.ts';
import { part } from '../../support/parts.ts';

/** Ways round that work for three causes: another program reads the file, one starts another, the name is put together. */
export const FAMILIES = ['interpreter', 'wrapper', 'program'];

/** What came of it: verdict and layer by `attempt target` and `#way`. */
export interface InLab {
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

/** Drives the real agent of this id, the part of the same name, in a lab of its own and a home with nothing in it. */
export async function inLab(
  id: PartId,
  setup: Setup,
  { families = FAMILIES, edit }: InLabOptions = {},
): Promise<InLab> {
  // Outside of /tmp, where Codex does not work.
  mkdirSync(partsFolder, { recursive: true });
  const home = realpathSync(mkdtempSync(join(partsFolder, '.lab-')));
  const before = process.env.AGENT_POSTURE_STATE;
  process.env.AGENT_POSTURE_STATE = join(home, '.state');
  try {
    const agent = {
      ...{ id, title: agents.find(each => each.id === id)?.title ?? id, version: undefined, binary: part(id) },
      ...{ settings: [], ownSandbox: undefined, seen: { path: part(id) } },
    };
    const { signal } = new AbortController();
    const { vantage, rows, notes } = await driveInLab(agent, setup, {
      ...{ home, env: process.env, ways: 1, families, signal },
      ...(edit ? { edit } : {}),
    });
    return {
      available: vantage.available,
      reason: vantage.reason,
      verdicts: Object.fromEntries(
        rows.map(row => [nameOf(row), row.layer ? `${row.verdict} ${row.layer}` : row.verdict]),
      ),
      reasons: Object.fromEntries(rows.map(row => [nameOf(row), row.reason])),
      rows,
      notes,
    };
  } finally {
    if (before === undefined) delete process.env.AGENT_POSTURE_STATE;
    else process.env.AGENT_POSTURE_STATE = before;
    rmSync(home, { recursive: true, force: true });
  }
}

/** Another program, and one that starts another: no rule over the text of a command sees through all of them. */
export const WAYS = ['wrapper', 'program'];

/** With a wall on: whatever says of itself that a sandbox holds it is held, and what is open is none of its business. */
export function expectHeld({ reason, rows, verdicts }: InLab): void {
  expect(reason).toBeNull();
  const named = rows.filter(
    ({ expect: wanted, from, verdict }) => wanted === 'deny' && from && from.closer !== 'rule' && verdict !== 'skipped',
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

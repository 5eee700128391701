import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { loosenedRows, rowsOutside } from '../../src/selftest/extra-rows.ts';
import type { Vantage } from '../../src/selftest/opening.ts';
import type { SelftestOptions } from '../../src/selftest/types.ts';
import { labFacts } from '../labs/box.ts';
import { probeContext } from '../labs/column.ts';

it.skipIf(process.platform !== 'linux')('an agent outside the box has a row only where it was asked for', async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'outside-')));
  // A file's name is all that tells an agent from another program.
  const child = spawn('sleep', ['60'], { cwd: root });
  await once(child, 'spawn');
  try {
    const facts = { ...labFacts(root, root), agents: [{ id: 'a', title: 'Agent', binary: '/bin/sleep' }] } as never;
    const context = probeContext({ root, home: root, facts });
    const places = [{ report: { id: 'sandbox' } } as Vantage];
    const ids = async (asked: Parameters<typeof rowsOutside>[2]) =>
      (await rowsOutside(context, places, asked)).map(({ id }) => id);
    const one = ['host:process:Agent'];
    expect(await ids({ safeguards: [], only: undefined })).toEqual(one);
    expect(await ids({ safeguards: ['ISO-1'], only: new Set(one) })).toEqual(one);
    expect(await ids({ safeguards: ['NET-1'], only: undefined })).toEqual([]);
    expect(await ids({ safeguards: [], only: new Set(['host:read:.env']) })).toEqual([]);
  } finally {
    child.kill();
    rmSync(root, { recursive: true });
  }
});

it('guards that could not be looked at have a row that is not proven, wherever one of them is asked about', async () => {
  const loosened = () => Promise.reject(new UserError({ what: 'git did not tell', where: { path: '.git' } }));
  const rows = (asked: object) => {
    const options = { loosened, readOnly: false, safeguards: [], only: undefined, ...asked };
    return loosenedRows(options as unknown as SelftestOptions, []);
  };
  const row = {
    id: 'host:write:guards that were laid#loosened',
    safeguard: 'GRD-1',
    verdict: 'inconclusive',
    evidence: null,
    reason: 'whether it is in force cannot be seen: git did not tell',
  };
  expect(await rows({})).toMatchObject([row]);
  expect(await rows({ only: new Set(['host:write:.githooks/pre-push#loosened']) })).toMatchObject([row]);
  expect(await rows({ only: new Set(['host:read:.env']) })).toEqual([]);
  expect(await rows({ safeguards: ['NET-1'] })).toEqual([]);
});

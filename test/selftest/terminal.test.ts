import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../src/base/exec.ts';
import { terminalProbe } from '../../src/selftest/probes/terminal.ts';
import type { ProbeContext } from '../../src/selftest/probes/types.ts';
import { openTerminal, type Terminal } from '../../src/selftest/terminal.ts';
import { boxCommand, hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';
import { probeContext, tryColumn } from '../labs/column.ts';

let lab: Lab;
let terminal: Terminal | undefined;
const perl = findProgram('perl');
const hasTerminals = await canType();

async function canType(): Promise<boolean> {
  const made = perl === undefined ? undefined : await openTerminal(perl, 'once');
  made?.close();
  return made !== undefined;
}

beforeAll(async () => {
  lab = await makeLab();
  terminal = perl === undefined ? undefined : await openTerminal(perl, 'first');
});
afterAll(async () => {
  terminal?.close();
  await lab.close();
});

const probeOf = (more: Partial<ProbeContext> = {}) => terminalProbe(probeContext(lab, more));

const rowOf = async (box?: readonly string[], form?: 'sh', given = terminal) => {
  const options = { ...(box ? { box } : {}), ...(given ? { terminal: given } : {}), form };
  return (await tryColumn({ ...lab, ...options }, [await probeOf()])).get('write:your terminals');
};

it('starts nothing in a read-only try', async () => {
  expect((await probeOf({ readOnly: true })).subject).toMatchObject({ kind: 'skip' });
});

describe.skipIf(!hasBox || !hasTerminals)('typing into a terminal', () => {
  const strict = () => boxCommand(lab).split(' ');

  it('reaches it from the host', async () => {
    expect(await rowOf()).toMatchObject({ verdict: 'exposed', evidence: { attested: 'host' } });
  });

  it.each([undefined, 'sh'] as const)('is held by a /dev of its own (form %s)', async form => {
    const row = await rowOf(strict(), form);
    expect(row).toMatchObject({ verdict: 'blocked', reason: 'no terminal of yours takes it' });
    expect(row?.controls.every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  it.each([undefined, 'sh'] as const)("turns where the host's terminals are let in (form %s)", async form => {
    const row = await rowOf([...strict(), '--dev-bind', '/dev/pts', '/dev/pts'], form);
    expect(row).toMatchObject({ verdict: 'exposed', evidence: { attested: 'host' } });
  });

  it('proves nothing where perl is missing or broken, and is skipped where there is no terminal', async () => {
    expect(await rowOf([...strict(), '--ro-bind', '/bin/false', perl as string])).toMatchObject({
      verdict: 'inconclusive',
    });
    const without = await tryColumn(lab, [await probeOf()]);
    expect(without.get('write:your terminals')).toMatchObject({ verdict: 'skipped' });
  });

  it('proves nothing where what was typed went elsewhere: another terminal of the box itself is no effect', async () => {
    const other = await openTerminal(perl as string, 'other');
    const deaf: Terminal = { ...(terminal as Terminal), typeTry: word => (other as Terminal).typeTry(word) };
    expect(await rowOf(undefined, undefined, deaf)).not.toMatchObject({ verdict: 'exposed' });
    other?.close();
  });

  it('is part of a whole run, and leaves no program', async () => {
    const report = await tryLab(lab, { only: new Set(['host:write:your terminals']) });
    expect(report.rows.find(({ target }) => target === 'your terminals')).toMatchObject({ verdict: 'exposed' });
    terminal?.close();
    const holding = () =>
      readdirSync('/proc').filter(pid => {
        try {
          const ofUs =
            readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1] === String(process.pid);
          return ofUs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/dev/ptmx');
        } catch {
          return false;
        }
      });
    await vi.waitFor(() => expect(holding()).toEqual([]));
  });
});

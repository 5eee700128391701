import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../src/base/exec.ts';
import { seccompFilter } from '../../src/isolation/bubblewrap/seccomp.ts';
import { keyringProbe, plantKey } from '../../src/selftest/probes/keyring.ts';
import type { Probe, ProbeContext } from '../../src/selftest/probes/types.ts';
import { boxCommand, hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';
import { probeContext, tryColumn } from '../labs/column.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

const probeOf = (more: Partial<ProbeContext> = {}) => keyringProbe(probeContext(lab, { deep: true, ...more }));

/** What of ours the kernel still lists. */
const left = () => (readFileSync('/proc/keys', 'utf8').match(/agent-posture-try-\d+-[0-9a-f]+/g) ?? []).length;

/** The kernel sweeps a key that nothing holds any more in its own time. */
const gone = () => vi.waitFor(() => expect(left()).toBe(0), 3_000);

async function verdict(box: readonly string[] | undefined, form?: 'sh') {
  const probe: Probe = probeOf();
  if (probe.subject.kind !== 'command') throw new Error('it is not planned');
  const remove = await plantKey(probe.subject);
  try {
    const rows = await tryColumn({ ...lab, ...(box ? { box } : {}), form }, [probe]);
    return rows.get('exec:kernel keyrings');
  } finally {
    await remove();
    await gone();
  }
}

/** Whether the kernel gives this process keyrings: containers often have that call taken away. */
const hasKeyrings = (() => {
  const perl = findProgram('perl');
  const call = { x64: '250', arm64: '219' }[process.arch as string];
  return perl && call && spawnSync(perl, ['-e', `exit(syscall(${call},0,-4,1)<0)`]).status === 0;
})();

it('is only tried in depth, and says why else not', () => {
  expect(probeOf({ deep: false }).subject).toEqual({ kind: 'skip', why: 'only with --deep' });
  expect(probeOf({ readOnly: true }).subject).toMatchObject({ kind: 'skip' });
});

it('has the value in no argument', () => {
  const { subject } = probeOf();
  if (subject.kind === 'command') expect(subject.argv.join(' ')).not.toContain(subject.expect);
});

describe.skipIf(!hasBox || !hasKeyrings)('a key in the kernel', () => {
  it('is reached from the host, and nothing is left', async () => {
    expect(await verdict(undefined)).toMatchObject({ verdict: 'exposed' });
  });

  const strict = () => boxCommand(lab).split(' ');

  it.each([undefined, 'sh'] as const)('is held by a user namespace of its own (form %s)', async form => {
    expect(await verdict(strict(), form)).toMatchObject({ verdict: 'blocked' });
  });

  it.skipIf(process.getuid?.() !== 0).each([undefined, 'sh'] as const)(
    'is reached where files and processes are walled in, and the user is the same (form %s)',
    async form => {
      const box = ['bwrap', '--ro-bind', '/', '/', '--unshare-pid', '--unshare-net', '--tmpfs', lab.home];
      const words = [...box, '--proc', '/proc', '--dev', '/dev', '--bind', lab.root, lab.root];
      expect(await verdict(words, form)).toMatchObject({ verdict: 'exposed' });
    },
  );

  it.skipIf(process.getuid?.() !== 0 || !seccompFilter())('is held by the filter of our own box alone', async () => {
    const filter = join(lab.state, 'filter');
    writeFileSync(filter, seccompFilter() as Buffer);
    const box = ['sh', '-c', 'exec bwrap --seccomp 9 "$@" 9<"$0"', filter, '--ro-bind', '/', '/', '--tmpfs', lab.home];
    const words = [...box, '--proc', '/proc', '--dev', '/dev', '--bind', lab.root, lab.root];
    expect(await verdict(words)).toMatchObject({ verdict: 'blocked' });
  });

  it('proves nothing where perl is missing or broken', async () => {
    const perl = findProgram('perl') as string;
    expect(await verdict([...strict(), '--ro-bind', '/bin/false', perl])).toMatchObject({ verdict: 'inconclusive' });
  });

  it('is part of a whole run in depth', async () => {
    const report = await tryLab(lab, { deep: true, only: new Set(['host:exec:kernel keyrings']) });
    expect(report.rows.find(({ target }) => target === 'kernel keyrings')).toMatchObject({ verdict: 'exposed' });
    await gone();
  });
});

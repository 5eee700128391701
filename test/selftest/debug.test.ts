import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debugProbes, listeningPorts } from '../../src/selftest/probes/debug.ts';
import { boxCommand, hasBox, type Lab, makeLab } from '../labs/box.ts';
import { tryColumn } from '../labs/column.ts';

let lab: Lab;
let debugged: ChildProcess;
let port: number;

beforeAll(async () => {
  lab = await makeLab();
  debugged = spawn(process.execPath, ['--inspect=127.0.0.1:0', '-e', 'setTimeout(() => {}, 60000)'], { stdio: 'pipe' });
  port = await new Promise<number>((done, fail) => {
    let said = '';
    debugged.stderr?.on('data', part => {
      said += part;
      const match = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said);
      if (match) done(Number(match[1]));
    });
    debugged.once('exit', () => fail(new Error(said)));
  });
});
afterAll(async () => {
  debugged.kill('SIGKILL');
  await lab.close();
});

const planned = (ports: readonly number[]) => debugProbes(new Map(ports.map(one => [one, 'Node'] as const)));

it('reads what listens on the loopback, and nothing else, from the kernel', () => {
  const table = `  sl  local_address rem_address   st
   0: 0100007F:240D 00000000:0000 0A 00000000:00000000
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000
   2: 0100007F:2406 0100007F:9C40 01 00000000:00000000
   3: 0200A8C0:0050 00000000:0000 0A 00000000:00000000
   4: 00000000000000000000000001000000:1388 00000000000000000000000000000000:0000 0A
`;
  expect(listeningPorts(table)).toEqual([9229, 8080, 5000]);
  expect(listeningPorts('')).toEqual([]);
});

it('is not tried where none listens', async () => {
  expect(await planned([1])).toMatchObject([{ target: '127.0.0.1:1', subject: { kind: 'skip', why: 'not here' } }]);
});

describe.skipIf(!hasBox)('the debugger of a program outside', () => {
  const verdict = async (box?: readonly string[], form?: 'sh') => {
    const rows = await tryColumn({ ...lab, ...(box ? { box } : {}), form }, await planned([port]));
    return rows.get(`connect:127.0.0.1:${port}`)?.verdict;
  };

  it.each([undefined, 'sh'] as const)(
    'is reached from the host and an open network, and held without (form %s)',
    async form => {
      expect(await verdict()).toBe('exposed');
      expect(await verdict(boxCommand(lab, { network: true }).split(' '), form)).toBe('exposed');
      expect(await verdict(boxCommand(lab).split(' '), form)).toBe('blocked');
    },
  );
});

import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, errorCode, UserError } from '../base/errors.ts';
import { randomHex } from '../base/hash.ts';

const TRIES = 6;

/**
 * Keeps two runs from changing the same repository at once. Each run lays a file of its own, named after its process,
 * and only then looks for others: so of two that start together at least one sees the other, and a dead one's file can
 * be removed by anybody without taking a living one's. Returns the release. Throws UserError, exit 4, with the other
 * process's id.
 */
export async function acquireLock(stateFolder: string): Promise<() => Promise<void>> {
  const folder = join(stateFolder, 'locks');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mine = `${process.pid}.${(await startedAt(process.pid)) ?? 'x'}.${randomHex(4)}`;
  let other: number | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const handle = await open(join(folder, mine), 'wx', 0o600);
    await handle.close();
    other = await firstAlive(folder, mine);
    if (other === undefined) return () => rm(join(folder, mine), { force: true });
    await rm(join(folder, mine), { force: true });
    await sleep(20 + Math.random() * 60);
  }
  throw new UserError(
    {
      what: `another run of agent-posture (process ${other}) is changing this repository`,
      expected: 'one run at a time',
      next: 'wait until it has ended, then run again',
    },
    EXIT.conflict,
  );
}

/** The id of a living process that holds or wants the lock; files of dead ones are removed. */
async function firstAlive(folder: string, mine: string): Promise<number | undefined> {
  for (const name of await readdir(folder)) {
    if (name === mine) continue;
    const [pid = '', started = ''] = name.split('.');
    if (/^\d+$/.test(pid) && (await isAlive(Number(pid), started))) return Number(pid);
    await rm(join(folder, name), { force: true });
  }
  return undefined;
}

async function isAlive(pid: number, started: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  const now = await startedAt(pid);
  return now === undefined || started === 'x' || now === started;
}

/** When a process started, in clock ticks since boot, so that a number used again is not taken for the old process. */
async function startedAt(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../base/errors.ts';
import { type Life, lifeOf, ownerOf, ownFile, ownIdentity } from '../base/process.ts';

const TRIES = 6;

/**
 * Keeps two runs from changing the same repository at once. Each run lays a file of its own, named after its process,
 * and only then looks for others: so of two that start together at least one sees the other, and a dead one's file can
 * be removed by anybody without taking a living one's. Returns the release. Throws UserError, exit 4, with the other
 * process's id.
 */
export async function acquireLock(stateFolder: string): Promise<() => Promise<void>> {
  const folder = join(stateFolder, 'locks');
  let other: Other | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const { path, release } = ownFile(folder);
    other = await firstAlive(folder, path);
    if (other === undefined) return async () => release();
    release();
    await sleep(20 + Math.random() * 60);
  }
  const unknown = other?.life === 'unknown';
  throw new UserError(
    {
      what: unknown
        ? `another run of agent-posture, process ${other?.pid} of another container, may be changing this repository`
        : `another run of agent-posture (process ${other?.pid}) is changing this repository`,
      ...(unknown ? { where: { path: other?.path ?? folder } } : {}),
      expected: 'one run at a time',
      next: unknown
        ? 'wait until it has ended, then run again; if it was killed, remove this file'
        : 'wait until it has ended, then run again',
    },
    EXIT.conflict,
  );
}

interface Other {
  pid: number;
  life: Life;
  path: string;
}

/** Whose file that is; before its name said all, it was `PID.START.…`. */
function holderOf(name: string, path: string): Other {
  const owner = ownerOf(path);
  if (owner) return { ...owner, path };
  const [pid = '', start = ''] = name.split('.');
  if (!/^\d+$/.test(pid)) return { pid: 0, life: 'gone', path };
  const known = /^\d+$/.test(start);
  return {
    pid: Number(pid),
    life: lifeOf(known ? { ...ownIdentity(), pid: Number(pid), start } : Number(pid)),
    path,
  };
}

/** A process that holds or wants the lock, and may be alive; files of dead ones are removed. */
async function firstAlive(folder: string, mine: string): Promise<Other | undefined> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (path === mine) continue;
    const other = holderOf(name, path);
    if (other.life !== 'gone') return other;
    await rm(path, { force: true });
  }
  return undefined;
}

import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../base/errors.ts';
import { isThere } from '../../base/files.ts';
import { SAY_WHERE_NOT_FOUND } from '../found.ts';
import { LATCH } from './descriptors.ts';
import { readSwitch } from './system.ts';
import { hasMounted, type Planned, Shifted, verifyMounts } from './verify.ts';

/** The shell that waits in the box, and becomes the command behind it only on our word (`LATCH`). */
export const LATCHED = [
  '/bin/sh',
  '-c',
  `read -r go <&${LATCH} && [ "$go" = go ] || exit 125; unset go; ${SAY_WHERE_NOT_FOUND}; exec ${LATCH}<&- "$@"`,
  'sh',
];

/** How long bubblewrap may take to mount everything, in milliseconds: minutes only where the machine is out of breath. */
const MOUNT_LIMIT = 120_000;
/** And how long that shell is waited for, where the kernel tells of no children, in milliseconds. */
const SHELL_LIMIT = 1_000;

/** Waits until everything is mounted, lets the command start where all of it is as planned, and ends the child elsewhere. */
export async function letStart(
  child: ChildProcess,
  { told, gate, planned }: { told: number; gate: number; planned: readonly Planned[] },
): Promise<void> {
  const info = child.stdio[told] as Readable;
  const hold = child.stdio[gate] as Duplex;
  // Where the child ends by itself, its end of either is gone in the middle of something: that it ended is what counts.
  const latch = child.stdio[LATCH] as Duplex;
  for (const stream of [info, hold, latch]) stream?.on('error', () => {});
  let ended = false;
  const end = new Promise<undefined>((done, fail) => {
    child.once('exit', () => {
      ended = true;
      done(undefined);
    });
    child.once('error', fail);
  });
  let pid: number | undefined;
  try {
    pid = await Promise.race([childPid(info), end]);
    const limit = Date.now() + MOUNT_LIMIT;
    while (pid !== undefined && !ended && stillMounts(pid)) {
      if (Date.now() > limit) throw new UserError({ what: 'the box was not started: bubblewrap did not get ready' });
      await Promise.race([sleep(1), end]);
    }
    if (pid === undefined || ended) {
      const failure = await failedStart(child, end);
      // Files of others come and go (in /etc, in a build): what is gone needs no hiding.
      const gone = planned.find(({ mount }) => mount.kind !== 'link' && mount.kind !== 'empty' && !isThere(mount.path));
      throw gone ? new Shifted(gone.mount.path) : failure;
    }
    verifyMounts(pid, planned);
    hold.write('go');
    // Only once its first process has made the shell does it end with us again.
    const latest = Date.now() + SHELL_LIMIT;
    while (!ended && childrenOf(pid).length === 0 && Date.now() < latest) await Promise.race([sleep(1), end]);
    latch.end('go\n');
  } catch (error) {
    // Bubblewrap's own end takes that process along only later, and it goes on where the gate is merely closed.
    if (pid !== undefined && !ended)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended by itself: what went wrong before is what is told.
      }
    child.kill('SIGKILL');
    await end.catch(() => {});
    throw error;
  } finally {
    info?.destroy();
    hold?.end();
    latch?.end();
  }
}

/**
 * The number of the box's first process, as bubblewrap tells it; undefined where it ended before that. It tells more after
 * that, and would end where nobody reads it.
 */
function childPid(info: Readable): Promise<number | undefined> {
  let text = '';
  return new Promise(done => {
    info.on('data', data => {
      text += String(data);
      const pid = /"child-pid":\s*(\d+)\D/.exec(text)?.[1];
      if (pid !== undefined) done(Number(pid));
    });
    info.once('close', () => done(undefined));
  });
}

function stillMounts(pid: number): boolean {
  try {
    return !hasMounted(pid);
  } catch {
    return true;
  }
}

/** What bubblewrap said when it could not build the box. On a terminal it has said it there. */
async function failedStart(child: ChildProcess, end: Promise<undefined>): Promise<UserError> {
  await end;
  let said = '';
  if (child.stderr) {
    const read = (async () => {
      for await (const data of child.stderr ?? []) said += String(data);
    })();
    await Promise.race([read, sleep(500)]);
  }
  const reason = said.trim().split('\n').at(-1)?.slice(0, 300);
  return new UserError({ what: `the box could not be started${reason ? `: ${reason}` : ''}` });
}

const childrenOf = (pid: number | undefined): number[] =>
  (readSwitch(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

/** Sends a signal to the programs that bubblewrap's first process in the box has started; to bubblewrap, if there are none. */
export function signalInside(child: ChildProcess, signal: NodeJS.Signals): void {
  const inside = childrenOf(child.pid).flatMap(childrenOf);
  if (inside.length === 0) child.kill(signal);
  for (const pid of inside)
    try {
      process.kill(pid, signal);
    } catch {}
}

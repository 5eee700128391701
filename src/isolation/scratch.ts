import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, ownIdentity } from '../base/process.ts';

/** `agent-posture-NAMESPACE-PID-STARTED-XXXXXX`: who made it, so that it is known when nobody needs it any more. */
const NAME = /^agent-posture-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;

/** Those of this process: where it ends at once, as at a second Ctrl-C, nobody else takes them away before the next run. */
const made = new Set<string>();
let isHeard = false;

function takeAway(): void {
  for (const path of made)
    try {
      removeScratch(path);
    } catch {}
}

/** Makes a folder for one box, and takes away those of this user beside it whose program was killed. */
export function scratchFolder(above = tmpdir()): string {
  const own = ownIdentity();
  for (const name of readdirSync(above)) {
    const [, space, pid, start = ''] = NAME.exec(name) ?? [];
    // Those of others are small, and whoever counts as they do takes them away.
    if (space !== own.space || isAlive({ ...own, pid: Number(pid), start })) continue;
    const path = join(above, name);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory() && stats.uid === process.getuid?.()) removeScratch(path);
    } catch {}
  }
  const folder = mkdtempSync(join(above, `agent-posture-${own.space}-${own.pid}-${own.start}-`));
  if (!isHeard) process.once('exit', takeAway);
  isHeard = true;
  made.add(folder);
  return folder;
}

/** Takes a scratch folder away. It throws for what the system refuses. */
export function removeScratch(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // What ran there may have taken away the right to go into a folder of it.
    openUp(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  made.delete(folder);
}

function openUp(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) openUp(join(folder, entry.name));
}

import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, ownIdentity } from '../base/process.ts';

/** `agent-posture-NAMESPACE-PID-STARTED-XXXXXX`: who made it, so that it is known when nobody needs it any more. */
const NAME = /^agent-posture-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;

/** Those of this process: where it ends at once, as at a second Ctrl-C, nobody else takes them away before the next run. */
const made = new Set<string>();

function takeAway(): void {
  for (const path of made)
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {}
}

/** Makes a folder for one box, and takes away those of this user whose program was killed. */
export function scratchFolder(): string {
  const own = ownIdentity();
  for (const name of readdirSync(tmpdir())) {
    const [, space, pid, start = ''] = NAME.exec(name) ?? [];
    // Those of others are small, and whoever counts as they do takes them away.
    if (space !== own.space || isAlive({ ...own, pid: Number(pid), start })) continue;
    const path = join(tmpdir(), name);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory() && stats.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
    } catch {}
  }
  const folder = mkdtempSync(join(tmpdir(), `agent-posture-${own.space}-${own.pid}-${own.start}-`));
  if (made.size === 0) process.once('exit', takeAway);
  made.add(folder);
  return folder;
}

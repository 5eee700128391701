import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `agent-posture-NAMESPACE-PID-STARTED-XXXXXX`: who made it, so that it is known when nobody needs it any more. */
const NAME = /^agent-posture-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;

/** When a process was started, in ticks since the machine was; 0 where the system does not say, undefined if it is gone. */
function startedAt(pid: number): string | undefined {
  try {
    // The name before it may hold blanks and brackets.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {}
  try {
    process.kill(pid, 0);
    return '0';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '0' : undefined;
  }
}

/** Process ids mean something only among those who share them: a container's are others. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Makes a folder for one box, and takes away those of this user whose program was killed. */
export function scratchFolder(): string {
  const own = namespace();
  for (const name of readdirSync(tmpdir())) {
    const [, from, pid, started] = NAME.exec(name) ?? [];
    if (from !== own || startedAt(Number(pid)) === started) continue;
    const path = join(tmpdir(), name);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory() && stats.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
    } catch {}
  }
  return mkdtempSync(join(tmpdir(), `agent-posture-${own}-${process.pid}-${startedAt(process.pid) ?? '0'}-`));
}

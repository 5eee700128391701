import { readFile } from 'node:fs/promises';
import { findProgram } from '../../base/exec.ts';
import type { Probe, ProbeContext } from './types.ts';

/** Machines whose numbers of terminal calls are those of ioctl_tty(2). */
const USUAL: ReadonlySet<string> = new Set(['x64', 'arm64']);

/** Typing into another terminal of the user: what stands there is a shell outside the box. */
export async function terminalProbe({ root, readOnly }: ProbeContext): Promise<Probe> {
  const perl = findProgram('perl', [root]);
  const legacy = await readFile('/proc/sys/dev/tty/legacy_tiocsti', 'utf8').catch(() => '1');
  const why =
    process.platform !== 'linux'
      ? 'not on this system'
      : readOnly
        ? 'read-only try: nothing is started'
        : !USUAL.has(process.arch)
          ? 'not on this kind of processor'
          : legacy.trim() === '0' && process.getuid?.() !== 0
            ? 'this kernel lets nobody type into a terminal'
            : perl === undefined
              ? 'it takes perl to make a terminal'
              : undefined;
  return {
    safeguard: 'ISO-1',
    attempt: 'write',
    target: 'your terminals',
    expect: 'deny',
    severity: 'critical',
    group: 'way-out',
    opens: 'any command in a shell of yours, outside the box',
    subject:
      why !== undefined || perl === undefined ? { kind: 'skip', why: why ?? 'not here' } : { kind: 'terminal', perl },
    origin: 'terminal',
  };
}

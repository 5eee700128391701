import { readFile } from 'node:fs/promises';
import type { Probe } from './types.ts';

/** Ports on which debuggers that speak HTTP listen: whoever connects runs code in the program. Data: one entry a port. */
const DEBUGGERS: ReadonlyMap<number, string> = new Map([
  // https://nodejs.org/en/learn/getting-started/debugging
  [9229, 'Node'],
  [9230, 'Node'],
  // https://developer.chrome.com/docs/devtools/remote-debugging
  [9222, 'Chrome'],
  [9223, 'Chrome'],
]);

/** Loopback ports that something listens on, in tables as of /proc/net/tcp: proc_net_tcp.txt of the kernel. */
export function listeningPorts(table: string): number[] {
  return table.split('\n').flatMap(line => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const match = /^(0100007F|00000000|0{32}|0{24}01000000|0{16}FFFF00000100007F):([0-9A-F]{4})$/.exec(local);
    return match && state === '0A' ? [Number.parseInt(match[2] as string, 16)] : [];
  });
}

/** Debuggers that listen on this machine now, found by what the kernel lists: nothing is knocked at to find them. */
export async function debugProbes(debuggers: ReadonlyMap<number, string> = DEBUGGERS): Promise<Probe[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(name => readFile(`/proc/net/${name}`, 'latin1').catch(() => '')),
  );
  const open = new Set(tables.flatMap(listeningPorts));
  const probe = (port: number, subject: Probe['subject']): Probe => ({
    safeguard: 'ISO-1',
    attempt: 'connect',
    target: `127.0.0.1:${port}`,
    expect: 'deny',
    severity: 'critical',
    group: 'way-out',
    opens: `running code in a program of yours, by the debugger of ${debuggers.get(port)}`,
    subject,
    origin: 'debug',
  });
  const found = [...debuggers.keys()].filter(port => open.has(port));
  if (found.length > 0)
    return found.map(port => probe(port, { kind: 'address', host: '127.0.0.1', port, greeting: 'http' }));
  return [...debuggers.keys()].slice(0, 1).map(port => probe(port, { kind: 'skip', why: 'not here' }));
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this user may mount: a small disk of its own, a folder over itself. */
function mounts(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ap-mount-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0) return false;
    return spawnSync('umount', [folder]).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether this user may make network namespaces, and filter in them. */
function namespaces(): boolean {
  const name = `ap-able-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  const filters = spawnSync('ip', ['netns', 'exec', name, 'iptables', '-L']).status === 0;
  spawnSync('ip', ['netns', 'del', name]);
  return filters;
}

/** Whether this user may make PID namespaces with a /proc of their own. */
function processNamespaces(): boolean {
  return spawnSync('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', 'true']).status === 0;
}

/** What a test may need of whoever runs it, with what to do where it is missing. */
export const ABILITIES = {
  root: { has: () => process.getuid?.() === 0, how: 'run the tests as root' },
  'network namespaces': { has: namespaces, how: 'run the tests as root, with iproute2 and iptables installed' },
  'PID namespaces': { has: processNamespaces, how: 'run the tests as root, with util-linux installed' },
  mount: { has: mounts, how: 'run the tests as root, where mount may be called' },
} as const;
export type Ability = keyof typeof ABILITIES;

export const isAbility = (id: string): id is Ability => Object.hasOwn(ABILITIES, id);

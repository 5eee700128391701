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

/** What a test may need of whoever runs it, with what to do where it is missing. */
export const ABILITIES = {
  root: { has: () => process.getuid?.() === 0, how: 'run the tests as root' },
  mount: { has: mounts, how: 'run the tests as root, where mount may be called' },
} as const;
export type Ability = keyof typeof ABILITIES;

export const isAbility = (id: string): id is Ability => Object.hasOwn(ABILITIES, id);

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureFolder, writeAtomic } from '../../src/base/files.ts';

it('makes the folders that are missing, with the mode that was asked for', async () => {
  const base = mkdtempSync(join(tmpdir(), 'files-'));
  try {
    await ensureFolder(join(base, 'a/b/c'), 0o700);
    expect(['a', 'a/b', 'a/b/c'].map(path => statSync(join(base, path)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
    await ensureFolder(join(base, 'a/b/c'), 0o700);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

it.skipIf(!existsSync('/proc/self'))('comes back where nothing can be made', { timeout: 5_000 }, async () => {
  await expect(writeAtomic('/proc/no/such/file', 'x')).rejects.toThrow(/ENOENT|EACCES|EPERM|EROFS/);
});

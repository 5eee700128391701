import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../src/isolation/scratch.ts';
import { bundle } from '../support/bundle.ts';

test('folders of programs that were killed are taken away, and those of others and of the living are not', () => {
  const before = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'scratch-'));
  process.env.TMPDIR = folder;
  try {
    const own = scratchFolder();
    const [space = '', pid = '', started = ''] = basename(own).split('-').slice(2);
    const gone = spawnSync('true').pid;
    const make = (...parts: (string | number)[]) => {
      const path = join(folder, `agent-posture-${parts.join('-')}-AAAAAA`);
      mkdirSync(join(path, 'x'), { recursive: true });
      return path;
    };
    const dead = [make(space, gone, started), make(space, pid, `${started}1`)];
    const kept = [make(`${space}1`, gone, started), make('old'), own];
    scratchFolder();
    expect(dead.filter(existsSync)).toEqual([]);
    expect(kept.filter(existsSync)).toEqual(kept);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true });
  }
});

test('a program that ends at once, as at a second Ctrl-C, leaves none of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scratch-'));
  try {
    const entry = join(folder, 'entry.ts');
    const scratch = JSON.stringify(join(import.meta.dirname, '../../src/isolation/scratch.ts'));
    writeFileSync(
      entry,
      `import { mkdirSync } from 'node:fs';
       import { scratchFolder } from ${scratch};
       scratchFolder();
       mkdirSync(scratchFolder() + '/x');
       process.exit(130);`,
    );
    const program = await bundle(entry, join(folder, 'program'));
    mkdirSync(join(folder, 'tmp'));
    const env = { ...process.env, TMPDIR: join(folder, 'tmp') };
    expect(spawnSync(process.execPath, [program], { env }).status).toBe(130);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

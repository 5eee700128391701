import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../src/isolation/scratch.ts';

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

import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';

test.each([
  ['ref: refs/heads/feature/x\n', 'feature/x'],
  ['ref: refs/heads/main\n', 'main'],
  ['ref: refs/heads/--upload-pack=evil\n', 'main'],
  ['0123456789012345678901234567890123456789\n', 'main'],
])('the copy is on the branch that the repository is on, where it is on one: %j', (head, branch) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ground-')));
  execFileSync('git', ['init', '-q', '-b', 'main', root]);
  writeFileSync(join(root, '.git/HEAD'), head);
  const stage = new Stage({ home: tmpdir(), root });
  try {
    new Ground(stage).commit([]);
    const git = (...args: string[]) => execFileSync('git', args, { cwd: stage.scratchRoot, encoding: 'utf8' }).trim();
    expect(git('branch', '--show-current')).toBe(branch);
    expect(git('rev-list', '--count', 'main..HEAD')).toBe('0');
  } finally {
    stage.remove();
    rmSync(root, { recursive: true, force: true });
  }
});

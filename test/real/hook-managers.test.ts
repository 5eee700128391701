import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partFolder } from '../../scripts/parts.js';
import { gitFacts } from '../../src/discover/repository.ts';
import { FULL, Repository } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';

type ManagerPart = 'lefthook' | 'husky' | 'pre-commit';

interface Manager {
  id: ManagerPart;
  /** What lies in the repository before we come. */
  files: Readonly<Record<string, string>>;
  /** How it is set up in a clone. */
  install: string[];
}

const PACKAGE = '{ "name": "x", "devDependencies": { "lefthook": "*" } }\n';
const MANAGERS: readonly [name: string, manager: Manager][] = [
  [
    'lefthook.yml',
    { id: 'lefthook', files: { 'lefthook.yml': '# ours\nassert_lefthook_installed: true\n' }, install: ['install'] },
  ],
  [
    'lefthook.toml',
    {
      id: 'lefthook',
      files: { 'lefthook.toml': '# ours\n[pre-commit.commands.lint]\nrun = "true"\n' },
      install: ['install'],
    },
  ],
  [
    'lefthook.json',
    {
      id: 'lefthook',
      files: { 'lefthook.json': '{ "pre-commit": { "commands": { "lint": { "run": "true" } } } }\n' },
      install: ['install'],
    },
  ],
  ['lefthook in package.json', { id: 'lefthook', files: { 'package.json': PACKAGE }, install: ['install'] }],
  ['.husky', { id: 'husky', files: { '.husky/pre-commit': 'true\n' }, install: [] }],
  [
    '.pre-commit-config.yaml',
    {
      id: 'pre-commit',
      files: { '.pre-commit-config.yaml': '# ours\nrepos: []\n' },
      install: ['install', '-t', 'pre-commit', '-t', 'pre-push'],
    },
  ],
];

for (const [name, { id, files, install }] of MANAGERS)
  describeWith([id], `the hooks under a real hook manager: ${name}`, () => {
    let repository: Repository;
    beforeEach(() => {
      repository = new Repository();
    });
    afterEach(() => repository.remove());

    test('are called by it, and their no counts', async () => {
      for (const [path, text] of Object.entries(files)) repository.write(path, text);
      const { git } = await gitFacts(repository.root);
      expect(git.hookManager?.id).toBe(id);
      await repository.generate(FULL, { git });
      const program = part(id);
      // Husky's and lefthook's own scripts look for them where npm lays them.
      symlinkSync(join(partFolder(id), 'node_modules'), join(repository.root, 'node_modules'));
      repository.write('.git/info/exclude', 'node_modules\n');
      const env = {
        PATH: `${dirname(program)}:${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: repository.folder,
        ...(id === 'pre-commit' ? { PYTHONPATH: partFolder(id) } : {}),
      };
      const set = spawnSync(program, install, { cwd: repository.root, env, encoding: 'utf8' });
      expect(set.status, set.stderr).toBe(0);
      const run = (...args: string[]) => repository.run(args, env);
      repository.write('src/a.txt', 'fine\n');
      run('add', '-A');
      expect(run('commit', '-q', '-m', 'fine')).toMatchObject({ code: 0 });
      repository.write('.env.production', 'X=1\n');
      run('add', '-f', '.env.production');
      expect(run('commit', '-q', '-m', 'secret').code).not.toBe(0);
      run('rm', '-q', '--cached', '.env.production');
      expect(run('push', '-q', 'origin', 'HEAD:main').code).not.toBe(0);
      expect(run('push', '-q', 'origin', 'HEAD:topic')).toMatchObject({ code: 0 });
    });
  });

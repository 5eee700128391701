import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bwrap } from '../../../src/generate/outputs/bwrap.ts';
import type { Isolation, Posture } from '../../../src/posture/schema.ts';
import { describeWith, part, testWith } from '../../support/parts.ts';
import { context, FULL, HOSTILE, Repository } from './lab.ts';

const SCRIPT = '.agent-posture/bwrap.sh';
const boxed = (isolation: Partial<Isolation> = {}): Posture => ({
  ...FULL,
  isolation: {
    runtime: 'bubblewrap',
    network: { allow: [] },
    files: { hide: ['~/.ssh', '.env*', 'secrets/', 'config/master.key'] },
    ...isolation,
  },
});

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

describe('the script of the box', () => {
  test('is there where bubblewrap is the box', () => {
    expect(bwrap.render(context(FULL, '/x'))).toEqual([]);
    expect(bwrap.render(context(boxed(), '/x'))).toHaveLength(1);
  });

  testWith(['shellcheck'], 'is clean to shellcheck, in each of its forms', async () => {
    for (const isolation of [{}, { files: { write: ['src', 'x y'] } }, { network: { allow: ['a.example.com'] } }]) {
      await repository.generate(boxed(isolation), {}, { only: ['bwrap-script'] });
      const { stdout } = spawnSync(part('shellcheck'), ['-s', 'sh', join(repository.root, SCRIPT)], {
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    }
  });
});

describeWith(['bubblewrap'], 'the real bubblewrap, started by the script alone', () => {
  // The home lies beside the repository: in it, the box would show an empty one.
  const home = () => join(repository.folder, 'home');
  const run = (script: string, env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, 'sh', '-c', script], {
      cwd: repository.root,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: home(), ...env },
      timeout: 30_000,
    });
    return { status, stdout, stderr };
  };
  beforeEach(() => mkdirSync(home()));

  test('hides what is hidden and the whole home, keeps the guards, hands over no variable, and lets work through', async () => {
    await repository.generate(boxed());
    for (const path of [
      '.env',
      'sub/.env.local',
      'secrets/a',
      'sub/secrets/b',
      'config/master.key',
      'odd $(id) "x/.env',
    ])
      repository.write(path, 'CANARY');
    repository.write('sub/.env.dev.example', 'NAMES\n');
    writeFileSync(join(home(), 'note'), 'CANARY');
    repository.write('agent-posture.yaml', 'version: 1\n');
    const { status, stdout } = run(
      `cat .env sub/.env.local secrets/* sub/secrets/* config/master.key odd*/.env ~/note /etc/shadow ${repository.folder}/home/note; ` +
        'cat sub/.env.dev.example; echo "$SECRET"; echo work > new.txt && cat new.txt; exit 7',
      { SECRET: 'CANARY' },
    );
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'NAMES\n\nwork\n' });
    expect(readFileSync(join(repository.root, 'new.txt'), 'utf8')).toBe('work\n');
    const held = [
      'agent-posture.yaml',
      SCRIPT,
      '.claude/settings.json',
      '.git/config',
      '.git/hooks/pre-push',
      '.githooks/pre-push',
      '.codex/config.toml',
    ];
    const now = () =>
      held.map(path => existsSync(join(repository.root, path)) && readFileSync(join(repository.root, path), 'utf8'));
    const before = now();
    run(
      `${held.map(path => `echo planted >> ${path}; rm -f ${path}; mv ${dirname(path)} moved`).join('; ')}; mv .git moved`,
    );
    expect(now()).toEqual(before);
    expect(run('ls /sys/class/net 2>/dev/null; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " "').stdout).toBe(
      'lo\n',
    );
  }, 60_000);

  test('writes only where it may, and says what it cannot do', async () => {
    await repository.generate(boxed({ files: { write: ['src/', 'not there', '../other', '/etc'] } }));
    repository.write('src/a', '');
    expect(run('echo x > src/b && echo ok; echo x > c || echo no').stdout).toBe('ok\nno\n');
    await repository.generate(boxed({ network: { allow: ['a.example.com'] } }));
    const { stdout, stderr } = run('echo in');
    expect({ stdout, stderr }).toEqual({ stdout: 'in\n', stderr: expect.stringContaining('need agent-posture run') });
    expect(spawnSync('sh', [SCRIPT], { cwd: repository.root, encoding: 'utf8' }).status).toBe(2);
    expect(run('true', { HOME: repository.root }).status).toBe(2);
    expect(run('true', { PATH: '/nowhere' }).status).not.toBe(0);
  }, 60_000);

  test.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))(
    'with %s in the posture it runs none of it, and still hides',
    async (_, text) => {
      const posture = boxed({ files: { write: ['.', text], hide: ['.env', text, `~/${text}`] } });
      await repository.generate({ ...posture, project: text }, {}, { only: ['bwrap-script'] });
      repository.write('.env', 'CANARY');
      expect(run('echo in; cat .env').stdout).toBe('in\n');
      expect(spawnSync('find', [repository.folder, '-name', 'PWNED'], { encoding: 'utf8' }).stdout).toBe('');
    },
    60_000,
  );
});

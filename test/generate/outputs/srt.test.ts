import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { srt } from '../../../src/generate/outputs/srt.ts';
import type { Isolation, Posture } from '../../../src/posture/schema.ts';
import { describeWith, part } from '../../support/parts.ts';
import { context, FULL, HOSTILE, Repository } from './lab.ts';

const HIDE = ['~/.ssh', '.env*', '!.env*.example', 'secrets/', 'config/master.key', '*.pem'];
const boxed = (isolation: Partial<Isolation> = {}): Posture => ({
  ...FULL,
  isolation: { runtime: 'srt', network: { allow: [] }, files: { hide: HIDE }, ...isolation },
});

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

const laid = () => JSON.parse(readFileSync(join(repository.root, '.agent-posture/srt-settings.json'), 'utf8'));

describe('the settings of the sandbox runtime', () => {
  test('are there where it is the box, and say what it would not do', () => {
    expect(srt.render(context(FULL, '/x'))).toEqual([]);
    expect(srt.notes?.(context(FULL, '/x'))).toEqual([]);
    expect(srt.render(context(boxed(), '/x'))).toHaveLength(1);
    expect(srt.notes?.(context(boxed(), '/x'))).toEqual([]);
    const { network: _network, ...open } = boxed().isolation ?? { runtime: 'srt' };
    expect(srt.notes?.(context({ ...FULL, isolation: open }, '/x'))).toEqual([expect.stringContaining('lists none')]);
    const allow = ['*', 'a*b.example.com', 'intranet', 'x.example.com:99999', 'ok.example.com:443', '*.example.com'];
    expect(srt.notes?.(context(boxed({ network: { allow } }), '/x'))).toEqual([expect.stringContaining('4 entries')]);
  });

  test('take nothing outside of the repository for a place that may be written', async () => {
    const write = ['src/', '../other', '/etc', '~/x', 'a/../../b', 'build/**', '*.log', './docs'];
    await repository.generate(boxed({ files: { write } }));
    expect(laid().filesystem.allowWrite.filter((path: string) => !path.startsWith('~'))).toEqual([
      './src',
      './build',
      './docs',
    ]);
  });
});

describeWith(
  ['srt', 'bubblewrap', 'socat', 'ripgrep'],
  'the real sandbox runtime, by the settings that are made for it',
  () => {
    const run = (script: string) => {
      const words = ['--settings', '.agent-posture/srt-settings.json', '--', 'sh', '-c', script];
      const { status, stdout, stderr } = spawnSync(process.execPath, [part('srt'), ...words], {
        cwd: repository.root,
        encoding: 'utf8',
        env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: repository.folder },
        timeout: 30_000,
      });
      return { status, stdout, stderr };
    };
    const home = (path: string, text: string) => {
      mkdirSync(dirname(join(repository.folder, path)), { recursive: true });
      writeFileSync(join(repository.folder, path), text);
    };

    test('hides what is hidden, keeps the guards and all outside, and lets work through', async () => {
      await repository.generate(boxed());
      home('.ssh/id', 'CANARY');
      for (const path of ['.env', 'sub/.env.local', 'secrets/a', 'sub/secrets/b', 'config/master.key', 'deep/er/x.pem'])
        repository.write(path, 'CANARY');
      repository.write('sub/.env.dev.example', 'NAMES\n');
      repository.write('other/config/master.key', 'NOT HIDDEN\n');
      const { stdout } = run(
        'cat .env sub/.env.local secrets/* sub/secrets/* config/master.key deep/er/x.pem ~/.ssh/id; ' +
          'cat sub/.env.dev.example other/config/master.key; echo work > new.txt && cat new.txt',
      );
      expect(stdout).toBe('NAMES\nNOT HIDDEN\nwork\n');
      const held = [
        'agent-posture.yaml',
        '.agent-posture/srt-settings.json',
        '.claude/settings.json',
        '.mcp.json',
        '.git/config',
        '.git/hooks/pre-push',
        '.githooks/pre-push',
        '.codex/hooks.json',
      ];
      repository.write('agent-posture.yaml', 'version: 1\n');
      const before = held.map(
        path => existsSync(join(repository.root, path)) && readFileSync(join(repository.root, path), 'utf8'),
      );
      run(`${held.map(path => `mkdir -p ${dirname(path)}; echo planted >> ${path}`).join('; ')}; echo x > ~/planted`);
      expect(
        held.map(path => existsSync(join(repository.root, path)) && readFileSync(join(repository.root, path), 'utf8')),
      ).toEqual(before);
      expect(existsSync(join(repository.folder, 'planted'))).toBe(false);
      // Without the settings the same goes through.
      writeFileSync(
        join(repository.root, '.agent-posture/srt-settings.json'),
        JSON.stringify({
          network: { allowedDomains: [], deniedDomains: [] },
          filesystem: { denyRead: [], allowWrite: ['.'], denyWrite: [] },
        }),
      );
      expect(run('cat .env secrets/a').stdout).toBe('CANARYCANARY');
    }, 60_000);

    test.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))(
      'takes them with %s in the posture, which changes no wall',
      async (_, text) => {
        await repository.generate({
          ...boxed({
            network: { allow: ['api.example.com', '*', 'intranet'] },
            files: { write: ['.', text], hide: ['.env', text, `~/${text}`, `!${text}`] },
          }),
          project: text,
        });
        repository.write('.env', 'CANARY');
        const { status, stdout, stderr } = run('echo in; cat .env; echo x > .mcp.json');
        expect({ status: status === null, stdout, refused: /[Ii]nvalid|[Cc]onfig/.test(stderr) }).toEqual({
          status: false,
          stdout: 'in\n',
          refused: false,
        });
        expect(existsSync(join(repository.root, '.mcp.json'))).toBe(false);
        expect(spawnSync('find', [repository.folder, '-name', 'PWNED'], { encoding: 'utf8' }).stdout).toBe('');
      },
      60_000,
    );
  },
);

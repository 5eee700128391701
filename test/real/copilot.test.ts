import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeWith, part } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven, Order } from './drive-program.ts';
import { generate, hostileRules, PUSHES, rulesOnly, stageWithSecrets, WORK } from './generated.ts';

/** What GitHub Copilot CLI says of settings or policies that it cannot take, whole or in part. */
const COMPLAINT = /hook errored|malformed|invalid/i;
const DENIED = /Denied by preToolUse hook/;

describeWith(['copilot', 'bubblewrap'], 'the real GitHub Copilot CLI and the hook we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
  });
  afterEach(() => stage.remove());

  const drive = (calls: Order['calls'] = [], trusted = true): Promise<Driven> =>
    stage.drive({
      protocol: 'chat',
      command: [part('copilot'), '-p', 'go', '--allow-all-tools', '--allow-all-paths'],
      env: {
        COPILOT_PROVIDER_BASE_URL: 'http://127.0.0.1:@PORT@/v1',
        COPILOT_MODEL: 'gpt-4.1',
        COPILOT_OFFLINE: 'true',
        COPILOT_AUTO_UPDATE: 'false',
        ...(trusted ? { COPILOT_ALLOW_ALL: 'true' } : {}),
      },
      calls,
    });
  const at = (path: string) => (path.startsWith('/') ? path : `${stage.root}/${path}`);
  const shell = (command: string) => ({ name: 'bash', input: { command, description: 'x' } });
  const read = (path: string) => ({ name: 'view', input: { path: at(path) } });
  const write = (path: string) => ({ name: 'create', input: { path: at(path), file_text: 'x' } });
  const notDenied = (calls: Order['calls'], results: readonly string[]) =>
    calls.filter((_call, index) => !DENIED.test(results[index] ?? '')).map(({ input }) => input);

  test('load without complaint and are in force, full of hostile text too', async () => {
    for (const posture of [rulesOnly('copilot'), hostileRules('copilot')]) {
      await generate(stage, posture);
      const { code, stdout, stderr, results } = await drive([shell('git push origin main'), read('src/app.ts')]);
      expect({ code, said: COMPLAINT.exec(`${stdout}${stderr}`)?.[0] }).toEqual({ code: 0, said: undefined });
      expect(results).toEqual([expect.stringMatching(DENIED), 'works']);
    }
  }, 60_000);

  test('a broken file is noticed by the same look, and holds nothing', async () => {
    await generate(stage, rulesOnly('copilot'));
    const settings = '.github/hooks/agent-posture.json';
    stage.write(settings, readFileSync(join(stage.root, settings), 'utf8').slice(0, -3));
    // It says nothing of it, so that only what it does can tell.
    const { results } = await drive([shell('git push origin main')]);
    expect(results).toEqual([expect.not.stringMatching(DENIED)]);
  });

  test('where the program that is asked is missing or broken, nothing goes through', async () => {
    await generate(stage, rulesOnly('copilot'));
    stage.write('.agent-posture/agent-hook.mjs', 'not a program');
    expect((await drive([read('src/app.ts')])).results).toEqual([expect.stringMatching(DENIED)]);
    rmSync(join(stage.root, '.agent-posture/agent-hook.mjs'));
    expect((await drive([read('src/app.ts')])).results).toEqual([expect.stringMatching(DENIED)]);
  });

  test('where the folder is not trusted, it does not run', async () => {
    await generate(stage, rulesOnly('copilot'));
    const { results } = await drive([read('secrets/a.txt')], false);
    expect(results[0]).toContain('CANARY');
  });

  test('the rules hold what they say, and let work through', async () => {
    await generate(stage, rulesOnly('copilot'));
    symlinkSync('.git/hooks', join(stage.root, 'link'));
    symlinkSync('.env', join(stage.root, 'harmless'));
    const grep = (input: object) => ({ name: 'grep', input: { pattern: 'CANARY', output_mode: 'content', ...input } });
    const held = [
      // A pattern of names makes it read what git ignores as well; without one, it passes over that.
      ...['.env', '*', '**/.env*', '[.]env', '{.e,x}nv'].map(glob => grep({ glob })),
      grep({ paths: 'secrets' }),
      grep({ paths: ['src', stage.home] }),
      read('harmless'),
      read('sub/.env.local'),
      read(`${stage.root}/config/master.key`),
      read('secrets/a.txt'),
      write('sub/.env.local'),
      shell('cat .env'),
      shell('cat ./sub/.env.local'),
      shell('cat secrets/a.txt'),
      shell('cat ~/.ssh/id'),
      write('.github/hooks/agent-posture.json'),
      write('.github/hooks/x.json'),
      write('link/pre-push'),
      write('src/../.git/hooks/pre-push'),
      write('agent-posture.yaml'),
      shell('echo x > .github/hooks/agent-posture.json'),
      shell('cp src/app.ts agent-posture.yaml'),
      ...PUSHES.map(shell),
    ];
    const searches = [grep({}), grep({ paths: 'src' }), grep({ glob: '*.ts' }), { name: 'list_bash', input: {} }];
    const allowed = [
      ...searches,
      read('src/app.ts'),
      write('src/new.ts'),
      read('.env.development.example'),
      ...WORK.map(shell),
    ];
    const { results, turns } = await drive([...held, ...allowed]);
    expect(turns).toBe(held.length + allowed.length + 1);
    expect(notDenied(held, results)).toEqual([]);
    expect(notDenied(allowed, results.slice(held.length))).toHaveLength(allowed.length);
    expect(results.join('\n')).not.toContain('CANARY');
    expect(existsSync(join(stage.root, 'src/new.ts'))).toBe(true);
  }, 60_000);

  test('without the files the same calls go through', async () => {
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env'), write('agent-posture.json')]);
    expect(results[0]).toContain('CANARY');
    expect(results[1]).toContain('CANARY');
    expect(results[2]).toContain('Created file');
  });
});

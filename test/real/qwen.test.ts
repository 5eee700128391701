import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeWith, part } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven, Order } from './drive-program.ts';
import {
  generate,
  hidingOdd,
  hostileRules,
  layOdd,
  ODD,
  PUSHES,
  rulesOnly,
  stageWithSecrets,
  WORK,
} from './generated.ts';

/** What Qwen Code says of settings or policies that it cannot take, whole or in part. */
const COMPLAINT = /malformed|invalid|Error in|could not/i;
const DENIED = /denied by permission rules|ignored by \.qwenignore/;

describeWith(['qwen', 'node-22', 'bubblewrap'], 'the real Qwen Code and the settings we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
  });
  afterEach(() => stage.remove());

  const drive = (calls: Order['calls'] = []): Promise<Driven> =>
    stage.drive({
      protocol: 'chat',
      command: [part('node-22'), part('qwen'), '--auth-type', 'openai', '--approval-mode', 'yolo', '-p', 'go'],
      env: {
        OPENAI_BASE_URL: 'http://127.0.0.1:@PORT@/v1',
        OPENAI_API_KEY: 'dummy',
        OPENAI_MODEL: 'scripted',
        QWEN_CODE_SUPPRESS_YOLO_WARNING: '1',
      },
      calls,
    });
  const at = (path: string) => (path.startsWith('/') ? path : `${stage.root}/${path}`);
  const shell = (command: string) => ({ name: 'run_shell_command', input: { command } });
  const read = (path: string) => ({ name: 'read_file', input: { file_path: at(path) } });
  const write = (path: string) => ({ name: 'write_file', input: { file_path: at(path), content: 'x' } });
  const notDenied = (calls: Order['calls'], results: readonly string[]) =>
    calls.filter((_call, index) => !DENIED.test(results[index] ?? '')).map(({ input }) => input);

  test('load without complaint and are in force, full of hostile text too', async () => {
    for (const posture of [rulesOnly('qwen'), hostileRules('qwen')]) {
      await generate(stage, posture);
      const { code, stdout, stderr, results } = await drive([shell('git push origin main'), read('src/app.ts')]);
      expect({ code, said: COMPLAINT.exec(`${stdout}${stderr}`)?.[0] }).toEqual({ code: 0, said: undefined });
      expect(results).toEqual([expect.stringMatching(DENIED), 'works']);
    }
  }, 60_000);

  test('a broken file is noticed by the same look, and holds nothing', async () => {
    await generate(stage, rulesOnly('qwen'));
    const settings = '.qwen/settings.json';
    const whole = readFileSync(join(stage.root, settings), 'utf8');
    stage.write(settings, whole.slice(0, -3));
    // Qwen Code says nothing of it, so that only what it does can tell.
    const { results } = await drive([shell('git push origin main')]);
    expect(results).toEqual([expect.not.stringMatching(DENIED)]);
  });

  test('the rules hold what they say, and let work through', async () => {
    await generate(stage, rulesOnly('qwen'));
    const held = [
      read('sub/.env.local'),
      read(`${stage.root}/config/master.key`),
      read('secrets/a.txt'),
      write('sub/.env.local'),
      shell('cat .env'),
      shell('cat ./sub/.env.local'),
      shell('cat secrets/a.txt'),
      shell('cat ~/.ssh/id'),
      write('.qwen/settings.json'),
      write('.qwen/hooks/x'),
      write('.qwenignore'),
      write('src/../.git/hooks/pre-push'),
      write('agent-posture.yaml'),
      shell('echo x > .qwen/settings.json'),
      shell('cp src/app.ts agent-posture.yaml'),
      ...PUSHES.map(shell),
    ];
    const allowed = [read('src/app.ts'), write('src/new.ts'), read('.env.development.example'), ...WORK.map(shell)];
    const { results, turns } = await drive([...held, ...allowed]);
    expect(turns).toBe(held.length + allowed.length + 1);
    expect(notDenied(held, results)).toEqual([]);
    expect(notDenied(allowed, results.slice(held.length))).toHaveLength(allowed.length);
    expect(results.join('\n')).not.toContain('CANARY');
    expect(existsSync(join(stage.root, 'src/new.ts'))).toBe(true);
  }, 60_000);

  test('names that hold brackets, stars and backslashes are held, and those beside them are not', async () => {
    await generate(stage, hidingOdd('qwen'));
    // By its rules alone: its ignore file would hold them too.
    rmSync(join(stage.root, '.qwenignore'));
    layOdd(stage);
    const { results } = await drive([...ODD.held, ...ODD.open].map(read));
    expect(ODD.held.filter((_path, index) => !DENIED.test(results[index] ?? ''))).toEqual([]);
    expect(ODD.open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
  }, 60_000);

  test('without the files the same calls go through', async () => {
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env'), write('.qwen/settings.json')]);
    expect(results[0]).toContain('CANARY');
    expect(results[1]).toContain('CANARY');
    expect(results[2]).toContain('.qwen/settings.json');
  });
});

import { existsSync, readFileSync } from 'node:fs';
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

/** What opencode says of settings or policies that it cannot take, whole or in part. */
const COMPLAINT = /Config(uration)? .*(invalid|not valid)|invalid|Unrecognized/i;
const DENIED = /a rule which prevents you|Permission denied|rejected permission/;

describeWith(['opencode', 'bubblewrap'], 'the real opencode and the settings we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
  });
  afterEach(() => stage.remove());

  const scripted = {
    npm: '@ai-sdk/openai-compatible',
    options: { baseURL: 'http://127.0.0.1:@PORT@/v1', apiKey: 'dummy' },
    models: { scripted: { tool_call: true } },
  };
  const drive = (calls: Order['calls'] = []): Promise<Driven> =>
    stage.drive({
      protocol: 'chat',
      command: [part('opencode'), 'run', '-m', 'scripted/scripted', 'go'],
      env: {
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider: { scripted } }),
      },
      calls,
    });
  const at = (path: string) => (path.startsWith('/') ? path : `${stage.root}/${path}`);
  const shell = (command: string) => ({ name: 'bash', input: { command, description: 'x' } });
  const read = (path: string) => ({ name: 'read', input: { filePath: at(path) } });
  const write = (path: string) => ({ name: 'write', input: { filePath: at(path), content: 'x' } });
  const notDenied = (calls: Order['calls'], results: readonly string[]) =>
    calls.filter((_call, index) => !DENIED.test(results[index] ?? '')).map(({ input }) => input);

  test('load without complaint and are in force, full of hostile text too', async () => {
    for (const posture of [rulesOnly('opencode'), hostileRules('opencode')]) {
      await generate(stage, posture);
      const { code, stdout, stderr, results } = await drive([shell('git push origin main'), read('src/app.ts')]);
      expect({ code, said: COMPLAINT.exec(`${stdout}${stderr}`)?.[0] }).toEqual({ code: 0, said: undefined });
      expect(results).toEqual([expect.stringMatching(DENIED), expect.stringContaining('works')]);
    }
  }, 60_000);

  test('a broken file is noticed by the same look, and holds nothing', async () => {
    await generate(stage, rulesOnly('opencode'));
    const settings = 'opencode.json';
    const whole = readFileSync(join(stage.root, settings), 'utf8');
    stage.write(settings, whole.slice(0, -3));
    const { code, stdout, stderr, turns } = await drive([shell('git push origin main')]);
    expect({ code, turns }).toEqual({ code: 1, turns: 0 });
    expect(`${stdout}${stderr}`).toMatch(COMPLAINT);
  });

  test('the rules hold what they say, and let work through', async () => {
    await generate(stage, rulesOnly('opencode'));
    const held = [
      read('sub/.env.local'),
      read(`${stage.root}/config/master.key`),
      read('secrets/a.txt'),
      write('sub/.env.local'),
      shell('cat .env'),
      shell('cat ./sub/.env.local'),
      shell('cat secrets/a.txt'),
      shell('cat ~/.ssh/id'),
      write('opencode.json'),
      write('.opencode/plugin/x.ts'),
      write('src/../.git/hooks/pre-push'),
      write('agent-posture.yaml'),
      shell('tee secrets/a.txt'),
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
    await generate(stage, hidingOdd('opencode'));
    layOdd(stage);
    // Nothing escapes a star there, so that one in a name is any character.
    const open = ODD.open.filter(path => path !== 'axb');
    const { results } = await drive([...ODD.held, ...open].map(read));
    expect(ODD.held.filter((_path, index) => !DENIED.test(results[index] ?? ''))).toEqual([]);
    expect(open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
  }, 60_000);

  test('without the files the same calls go through', async () => {
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env'), write('opencode.json')]);
    expect(results[0]).toContain('CANARY');
    expect(results[1]).toContain('CANARY');
    expect(results[2]).toContain('Wrote file');
  });
});

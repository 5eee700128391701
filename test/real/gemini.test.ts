import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { FULL } from '../generate/outputs/lab.ts';
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

/** What Gemini CLI says of settings or policies that it cannot take, whole or in part. */
const COMPLAINT = /Policy file|invalid|Invalid configuration|regex|Unrecognized|Error in/i;
const DENIED = /denied by policy|hides this file|steers agents|protects this branch/;

describeWith(['gemini', 'bubblewrap'], 'the real Gemini CLI and the settings we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
    stage.write('~/.gemini/settings.json', '{"security":{"auth":{"selectedType":"gemini-api-key"}}}');
  });
  afterEach(() => stage.remove());

  const drive = (calls: Order['calls'] = [], trusted = true): Promise<Driven> =>
    stage.drive({
      protocol: 'gemini',
      command: [part('gemini'), '-m', 'gemini-2.5-flash', '--approval-mode', 'yolo', '-p', 'go'].concat(
        trusted ? [] : ['--skip-trust'],
      ),
      env: {
        GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:@PORT@',
        GEMINI_API_KEY: 'dummy',
        ...(trusted ? { GEMINI_CLI_TRUST_WORKSPACE: 'true' } : {}),
      },
      calls,
    });
  const shell = (command: string) => ({ name: 'run_shell_command', input: { command } });
  const read = (path: string) => ({ name: 'read_file', input: { file_path: path } });
  const write = (path: string) => ({ name: 'write_file', input: { file_path: path, content: 'x' } });
  const notDenied = (calls: Order['calls'], results: readonly string[]) =>
    calls.filter((_call, index) => !DENIED.test(results[index] ?? '')).map(({ input }) => input);

  test('load without complaint and are in force, full of hostile text too', async () => {
    const native: Posture = { ...FULL, agents: ['gemini'], isolation: { ...FULL.isolation, runtime: 'native' } };
    for (const posture of [rulesOnly('gemini'), native, hostileRules('gemini')]) {
      await generate(stage, posture);
      const { code, stdout, stderr, results } = await drive([shell('git push origin main'), read('src/app.ts')]);
      expect({ code, said: COMPLAINT.exec(`${stdout}${stderr}`)?.[0] }).toEqual({ code: 0, said: undefined });
      expect(results).toEqual([expect.stringMatching(DENIED), 'works']);
    }
  }, 60_000);

  test('a broken file is noticed by the same look, and holds nothing', async () => {
    await generate(stage, rulesOnly('gemini'));
    const policy = '.gemini/policies/agent-posture.toml';
    const whole = readFileSync(join(stage.root, policy), 'utf8');
    stage.write(policy, whole.replaceAll('"deny"', '"never"'));
    const { stdout, stderr, results } = await drive([shell('git push origin main')]);
    expect(`${stdout}${stderr}`).toMatch(COMPLAINT);
    expect(results[0]).not.toMatch(DENIED);
  });

  test('the rules hold what they say, and let work through', async () => {
    await generate(stage, rulesOnly('gemini'));
    const held = [
      read('sub/.env.local'),
      read(`${stage.root}/config/master.key`),
      read('secrets/a.txt'),
      write('sub/.env.local'),
      shell('cat .env'),
      shell('cat ./sub/.env.local'),
      shell('cat secrets/a.txt'),
      shell('cat ~/.ssh/id'),
      write('.gemini/settings.json'),
      write(`${stage.root}/.gemini/policies/agent-posture.toml`),
      write('x"/../.geminiignore'),
      write('src/../.git/hooks/pre-push'),
      write('agent-posture.yaml'),
      shell('echo x > .gemini/settings.json'),
      shell('cp src/app.ts agent-posture.yaml'),
      ...PUSHES.map(shell),
    ];
    const allowed = [read('src/app.ts'), write('src/new.ts'), read('.env.development.example'), ...WORK.map(shell)];
    const { results, turns } = await drive([...held, ...allowed]);
    expect(turns).toBe(held.length + allowed.length + 1);
    const ignored = /ignored by configured ignore patterns|not in workspace/;
    expect(
      notDenied(
        held,
        results.map(result => result.replace(ignored, 'denied by policy')),
      ),
    ).toEqual([]);
    expect(notDenied(allowed, results.slice(held.length))).toHaveLength(allowed.length);
    expect(results.join('\n')).not.toContain('CANARY');
    expect(existsSync(join(stage.root, 'src/new.ts'))).toBe(true);
  }, 60_000);

  test('names that hold brackets, stars and backslashes are held, and those beside them are not', async () => {
    await generate(stage, hidingOdd('gemini'));
    // By its policy alone: the ignore files would hold them too.
    for (const file of ['.geminiignore', '.gitignore']) rmSync(join(stage.root, file));
    layOdd(stage);
    const { results } = await drive([...ODD.held, ...ODD.open].map(read));
    expect(ODD.held.filter((_path, index) => !DENIED.test(results[index] ?? ''))).toEqual([]);
    expect(ODD.open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
  }, 60_000);

  test('without the files the same calls go through', async () => {
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env'), write('.gemini/settings.json')]);
    expect(results[0]).toContain('CANARY');
    expect(results[1]).toContain('CANARY');
    expect(results[2]).toContain('.gemini/settings.json');
  });

  test('where the folder is not trusted, the ignore file alone holds', async () => {
    await generate(stage, rulesOnly('gemini'));
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env')], false);
    expect(results[0]).toContain('ignored by configured ignore patterns');
    expect(results[1]).toContain('CANARY');
  });

  test('its own sandbox, as we set it, hides the files from every program', async () => {
    await generate(stage, { ...FULL, agents: ['gemini'], isolation: { ...FULL.isolation, runtime: 'native' } });
    const { results } = await drive([
      shell('cat src/app.ts && echo w > src/w.ts && cat src/w.ts'),
      // On a refusal Gemini CLI asks whether to leave its sandbox, and waits: the refusals are kept from it here.
      shell('cat s*/a.txt c*/m* 2>/dev/null; true'),
      shell('(echo x > .git/h*/pre-push) 2>/dev/null && echo PLANTED; true'),
    ]);
    expect(results[0]).toContain('works');
    expect(results.slice(1).join('\n')).not.toMatch(/CANARY|^PLANTED$/m);
  }, 60_000);
});

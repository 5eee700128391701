import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codex } from '../../src/agents/codex/detect.ts';
import { FULL, HOSTILE } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven } from './drive-program.ts';
import { generate, hidingOdd, layOdd, ODD, rulesOnly, stageWithGit } from './generated.ts';

describeWith(['codex', 'bubblewrap'], 'the real Codex and the configuration we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithGit();
    stage.write(
      '~/.codex/config.toml',
      `model = "scripted"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "http://127.0.0.1:9/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
[projects.${JSON.stringify(stage.root)}]
trust_level = "trusted"
`,
    );
  });
  afterEach(() => stage.remove());

  const driveOnce = (commands: readonly string[]): Promise<Driven> =>
    stage.drive({
      protocol: 'responses',
      command: [
        part('codex'),
        'exec',
        '--json',
        '-c',
        'model_providers.scripted.base_url="http://127.0.0.1:@PORT@/v1"',
        'go',
      ],
      env: { SCRIPTED_KEY: 'dummy', RUST_LOG: 'error' },
      calls: commands.map(cmd => ({ name: 'exec_command', input: { cmd } })),
    });
  // Its helpers start at once, and under load one may find gone what another has laid and taken away: then it does not start.
  const drive = async (commands: readonly string[] = []): Promise<Driven> => {
    for (let tries = 1; ; tries++) {
      const driven = await driveOnce(commands);
      expect(driven.results.join()).not.toContain('fs sandbox helper failed');
      if (tries === 5 || driven.turns > 0 || !/fs sandbox helper failed|thread\/start failed/.test(driven.stderr))
        return driven;
    }
  };

  test('loads without complaint, and full of hostile text', async () => {
    const isolation = {
      runtime: 'none',
      files: { hide: ['.env*', '~/.ssh', ...HOSTILE, ...HOSTILE.map(text => `~/${text}`)] },
    } as const;
    stage.write('agent-posture.yaml', 'version: 1\n');
    for (const posture of [
      FULL,
      { ...FULL, isolation: { ...isolation, files: { hide: [...isolation.files.hide] } } },
    ]) {
      await generate(stage, posture);
      const { code, stdout, stderr, turns } = await drive();
      expect({
        code,
        turns,
        said: /.*(error|invalid|unknown|ignored|warn).*/i.exec(
          `${stderr}${stdout}`.replace(/.*Model metadata for `scripted` not found.*/, ''),
        )?.[0],
      }).toEqual({
        code: 0,
        turns: 1,
        said: undefined,
      });
    }
  });

  test('a broken file is noticed by the same look', async () => {
    stage.write('.codex/config.toml', 'default_permissions = "x"\n[permissions.x]\nextends = 5\n');
    const { code, turns, stderr } = await drive();
    expect({ code, turns }).toEqual({ code: 1, turns: 0 });
    expect(stderr).toMatch(/invalid type/);
  });

  // Now and then it does not start there: its helpers get into each other's way over what it lays for guards that are missing.
  test('started in a folder below, it takes the rules', async () => {
    expect(codex.goesUp).toBe(true);
    await generate(stage, { ...rulesOnly('codex'), isolation: { runtime: 'native', files: { hide: ['.env*'] } } });
    stage.write('packages/api/.env', 'CANARY');
    stage.from = 'packages/api';
    const { results } = await drive(['cat .env']);
    expect(results).toEqual([expect.stringContaining('Permission denied')]);
  }, 60_000);

  test('names that hold brackets, stars and backslashes are hidden, and those beside them are not', async () => {
    await generate(stage, hidingOdd('codex'));
    layOdd(stage);
    stage.write('agent-posture.yaml', 'version: 1\n');
    const { results } = await drive([...ODD.held, ...ODD.open].map(path => `cat './${path}'`));
    expect(ODD.held.filter((_path, index) => !/Permission denied/.test(results[index] ?? ''))).toEqual([]);
    expect(ODD.open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
  }, 60_000);

  test('hides the files from every program, keeps the guards, and lets work through', async () => {
    await generate(stage, FULL);
    for (const path of [
      '.env',
      'sub/.env.local',
      'secrets/a.txt',
      'config/master.key',
      '~/.ssh/id',
      '~/.aws/credentials',
    ])
      stage.write(path, 'CANARY');
    stage.write('.env.development.example', 'NAMES');
    stage.write('src/app.ts', 'works');
    stage.write('agent-posture.yaml', 'version: 1\n');
    const held = [
      'cat .env',
      'python3 -c "print(open(\'sub/.env.local\').read())"',
      'cat secrets/a.txt',
      'cat config/master.key',
      'cat ~/.ssh/id',
      'cat ~/.aws/credentials',
      'sh -c "echo x > .claude/settings.json" && echo PLANTED',
      'sh -c "echo x > .githooks/pre-push" && echo PLANTED',
      'sh -c "echo x > .git/hooks/pre-push" && echo PLANTED',
      'sh -c "echo x > agent-posture.yaml" && echo PLANTED',
      'sh -c "echo x > .codex/config.toml" && echo PLANTED',
    ];
    const { results, turns } = await drive([
      ...held,
      'cat src/app.ts .env.development.example && echo new > src/new.ts && cat src/new.ts',
    ]);
    expect(turns).toBe(held.length + 2);
    expect(results).toHaveLength(held.length + 1);
    const output = (result = '') => result.split('Output:\n').at(-1) ?? '';
    expect(results.slice(0, -1).map(output).join('\n')).not.toMatch(/CANARY|^PLANTED$/m);
    expect(output(results.at(-1))).toBe('worksNAMESnew\n');
    expect(readdirSync(join(stage.root, 'src')).sort()).toEqual(['app.ts', 'new.ts']);
  }, 60_000);

  test('without the file the same reads go through', async () => {
    stage.write('.env', 'CANARY');
    const { results } = await drive(['cat .env']);
    expect(results[0]).toContain('CANARY');
  });

  test('is told the agents’ page', async () => {
    expect((await drive([])).told).not.toContain('Out of bounds');
    await generate(stage, FULL);
    const { told, code, stderr } = await drive([]);
    expect(told, `${code}: ${stderr}`).toContain('Out of bounds: `environment production`, `orders-db (production)`.');
  }, 60_000);
});

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cline } from '../../src/agents/cline/detect.ts';
import { describeWith, part } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven, Order } from './drive-program.ts';
import { generate, hostileRules, rulesOnly, stageWithSecrets } from './generated.ts';

// Its .clineignore is read by the editor extension alone, which cannot be had as a package: that it is one is documented only,
// at https://docs.cline.bot/customization/clineignore.
describeWith(['cline', 'bubblewrap'], 'the real Cline and the hook we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
  });
  afterEach(() => stage.remove());

  const drive = (calls: Order['calls']): Promise<Driven> =>
    stage.drive(
      {
        protocol: 'chat',
        command: [
          '/bin/sh',
          '-c',
          '"$0" auth -p openai-compatible -k dummy -m scripted -b http://127.0.0.1:@PORT@/v1 >/dev/null && exec "$0" -P openai-compatible -m scripted "please do what I say"',
          part('cline'),
        ],
        env: { CLINE_NO_AUTO_UPDATE: '1' },
        calls,
      },
      {},
      { leavesRunning: true },
    );
  const shell = (command: string) => ({ name: 'run_commands', input: { commands: [command] } });
  const read = (path: string) => ({ name: 'read_files', input: { files: [{ path: join(stage.root, path) }] } });
  const write = (path: string) => ({ name: 'editor', input: { path: join(stage.root, path), new_text: 'x' } });

  // A no ends the session, so that each has one of its own.
  test('holds on what is hidden, on guards and on pushes, full of hostile text too', async () => {
    const told: (string | undefined)[] = [];
    for (const [posture, call] of [
      [rulesOnly('cline'), read('secrets/a.txt')],
      [rulesOnly('cline'), write('agent-posture.yaml')],
      [hostileRules('cline'), shell('git push origin main')],
    ] as const) {
      await generate(stage, posture);
      const { turns, results, stdout, stderr } = await drive([call, read('src/app.ts')]);
      expect({ turns, results: results.filter(result => /CANARY|works/.test(result)) }).toEqual({
        turns: 1,
        results: [],
      });
      told.push(/aborted|hides this file|steers agents|protects this branch/.exec(`${stdout}${stderr}`)?.[0]);
    }
    expect(told).not.toContain(undefined);
    expect(readFileSync(join(stage.root, 'agent-posture.yaml'), 'utf8')).toBe('version: 1\n');
  }, 180_000);

  test('holds where it is started in a folder below', async () => {
    expect(cline.goesUp).toBe(true);
    await generate(stage, rulesOnly('cline'));
    stage.write('packages/api/.env', 'CANARY');
    stage.from = 'packages/api';
    const { results, stdout, stderr } = await drive([shell('cat .env')]);
    expect(results).toEqual([]);
    expect(`${stdout}${stderr}`).toMatch(/aborted|hides this file/);
  }, 60_000);

  test('lets work through', async () => {
    await generate(stage, rulesOnly('cline'));
    const search = { name: 'search_codebase', input: { queries: ['CANARY|works'] } };
    const calls = [
      read('src/app.ts'),
      shell('cat src/app.ts'),
      write('src/new.ts'),
      shell('git push origin topic'),
      search,
    ];
    const { results } = await drive(calls);
    expect(results).toHaveLength(calls.length);
    expect(results[0]).toContain('works');
    expect(results[1]).toContain('works');
    expect(readFileSync(join(stage.root, 'src/new.ts'), 'utf8')).toContain('x');
    expect(results[4]).toMatch(/src\/app\.ts/);
    expect(results[4]).not.toMatch(/secrets|master\.key/);
  }, 120_000);

  test('without it the same goes through, and where what it asks is missing or emptied nothing does', async () => {
    const calls = [read('secrets/a.txt')];
    expect((await drive(calls)).results[0]).toContain('CANARY');
    await generate(stage, rulesOnly('cline'));
    stage.write('.agent-posture/agent-hook.cjs', '');
    expect((await drive([read('src/app.ts')])).results).toEqual([]);
    rmSync(join(stage.root, '.agent-posture/agent-hook.cjs'));
    expect((await drive([read('src/app.ts')])).results).toEqual([]);
  }, 120_000);
});

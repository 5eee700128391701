import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partFolder } from '../../scripts/parts.js';
import { aider } from '../../src/agents/aider/detect.ts';
import { describeWith, part } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven } from './drive-program.ts';
import { generate, hostileRules, rulesOnly, stageWithSecrets } from './generated.ts';

// Aider gives its model no tools: what it may read and edit is what it lets into the chat.
describeWith(['aider', 'bubblewrap'], 'the real Aider and the settings we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithSecrets();
    const git = (...args: string[]) => execFileSync('git', ['-C', stage.root, ...args]);
    git('config', 'user.name', 'Dev');
    git('config', 'user.email', 'dev@example.com');
    git('add', 'src/app.ts', 'secrets/a.txt', 'agent-posture.yaml');
    git('commit', '-q', '-m', 'zero');
  });
  afterEach(() => stage.remove());

  const drive = (...files: string[]): Promise<Driven> =>
    stage.drive({
      protocol: 'chat',
      command: [part('aider'), '--yes-always', '--no-pretty', '--no-check-update', '--analytics-disable'].concat(
        ['--no-show-model-warnings', '--model', 'openai/scripted', '--message', 'go'],
        files,
      ),
      env: {
        PYTHONPATH: partFolder('aider'),
        OPENAI_API_BASE: 'http://127.0.0.1:@PORT@/v1',
        OPENAI_API_KEY: 'dummy',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      },
      calls: [],
    });

  test('keep hidden files and guards out of the chat, and let others in, full of hostile text too', async () => {
    for (const [posture, hidden] of [
      [rulesOnly('aider'), 'secrets/a.txt'],
      [hostileRules('aider'), '.env'],
    ] as const) {
      await generate(stage, posture);
      const { code, stdout, stderr } = await drive(hidden, 'agent-posture.yaml', 'src/app.ts');
      expect({ code, said: /error:.*|Traceback/i.exec(stderr)?.[0] }).toEqual({ code: 0, said: undefined });
      // It wraps its lines in the middle of names.
      const said = stdout.replace(/\s/g, '');
      for (const path of [hidden, 'agent-posture.yaml'])
        expect(said).toMatch(new RegExp(`Skipping${stage.root}/${path}thatmatches(aider|git)ignorespec.`));
      expect(said).toContain('Addedsrc/app.tstothechat.');
    }
  }, 120_000);

  test('hold where it is started in a folder below', async () => {
    expect(aider.goesUp).toBe(true);
    await generate(stage, rulesOnly('aider'));
    stage.write('packages/api/a.ts', 'works');
    stage.from = 'packages/api';
    const said = (await drive('../../secrets/a.txt', 'a.ts')).stdout.replace(/\s/g, '');
    expect(said).toMatch(/Skipping\S*secrets\/a\.txtthatmatches/);
    expect(said).toMatch(/Added\S*a\.tstothechat\./);
  }, 60_000);

  test('without them the same file comes in', async () => {
    expect((await drive('secrets/a.txt')).stdout).toMatch(/Added secrets\/a\.txt to the chat/);
  }, 60_000);

  test('broken settings are noticed by the same look', async () => {
    stage.write('.aider.conf.yml', 'git-commit-verify: [\n');
    const { code, stdout, stderr } = await drive('src/app.ts');
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toMatch(/error/i);
  }, 60_000);
});

import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { part } from '../support/parts.ts';
import { generate, rulesOnly } from './generated.ts';
import { describeRules, type RulesOf } from './rules.ts';

const DENIED = /Denied by preToolUse hook/;

const grep = (input: object) => ({ name: 'grep', input: { pattern: 'CANARY', output_mode: 'content', ...input } });

const COPILOT: RulesOf = {
  agent: 'copilot',
  name: 'the real GitHub Copilot CLI and the hook we generate',
  needs: ['copilot', 'bubblewrap'],
  order: trusted => ({
    protocol: 'chat',
    command: [part('copilot'), '-p', 'go', '--allow-all-tools', '--allow-all-paths'],
    env: {
      COPILOT_PROVIDER_BASE_URL: 'http://127.0.0.1:@PORT@/v1',
      COPILOT_MODEL: 'gpt-4.1',
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
      ...(trusted ? { COPILOT_ALLOW_ALL: 'true' } : {}),
    },
  }),
  tools: inFull => ({
    shell: command => ({ name: 'bash', input: { command, description: 'x' } }),
    read: path => ({ name: 'view', input: { path: inFull(path) } }),
    write: path => ({ name: 'create', input: { path: inFull(path), file_text: 'x' } }),
  }),
  complaint: /hook errored|malformed|invalid/i,
  denied: DENIED,
  broken: {
    path: '.github/hooks/agent-posture.json',
    text: whole => whole.slice(0, -3),
    // It says nothing of it, so that only what it does can tell.
    shows: ({ results }) => expect(results).toEqual([expect.not.stringMatching(DENIED)]),
  },
  held({ stage, shell, read, write }) {
    symlinkSync('.git/hooks', join(stage.root, 'link'));
    symlinkSync('.env', join(stage.root, 'harmless'));
    return [
      // A pattern of names makes it read what git ignores as well; without one, it passes over that.
      ...['.env', '*', '**/.env*', '[.]env', '{.e,x}nv'].map(glob => grep({ glob })),
      grep({ paths: 'secrets' }),
      grep({ paths: ['src', stage.home] }),
      read('harmless'),
      write('.github/hooks/agent-posture.json'),
      write('.github/hooks/x.json'),
      write('link/pre-push'),
      shell('echo x > .github/hooks/agent-posture.json'),
    ];
  },
  allowed: () => [grep({}), grep({ paths: 'src' }), grep({ glob: '*.ts' }), { name: 'list_bash', input: {} }],
  unheld: { path: 'agent-posture.json', says: 'Created file' },
};

describeRules(COPILOT, scene => {
  const { read, drive } = scene;

  test('where the program that is asked is missing, broken or emptied, nothing goes through', async () => {
    await generate(scene.stage, rulesOnly('copilot'));
    for (const text of ['not a program', '', "console.log('well')"]) {
      scene.stage.write('.agent-posture/agent-hook.cjs', text);
      expect((await drive([read('src/app.ts')])).results).toEqual([expect.stringMatching(DENIED)]);
    }
    rmSync(join(scene.stage.root, '.agent-posture/agent-hook.cjs'));
    expect((await drive([read('src/app.ts')])).results).toEqual([expect.stringMatching(DENIED)]);
  });

  test('where the folder is not trusted, it does not run', async () => {
    await generate(scene.stage, rulesOnly('copilot'));
    const { results } = await drive([read('secrets/a.txt')], false);
    expect(results[0]).toContain('CANARY');
  });
});

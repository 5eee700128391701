import { expect, test } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { FULL } from '../generate/outputs/lab.ts';
import { part } from '../support/parts.ts';
import { generate, rulesOnly } from './generated.ts';
import { describeRules, type RulesOf } from './rules.ts';

const DENIED = /denied by policy|hides this file|steers agents|protects this branch/;
const COMPLAINT = /Policy file|invalid|Invalid configuration|regex|Unrecognized|Error in/i;
const native: Posture = { ...FULL, agents: ['gemini'], isolation: { ...FULL.isolation, runtime: 'native' } };

const GEMINI: RulesOf = {
  agent: 'gemini',
  name: 'the real Gemini CLI and the settings we generate',
  needs: ['gemini', 'bubblewrap'],
  home: stage => stage.write('~/.gemini/settings.json', '{"security":{"auth":{"selectedType":"gemini-api-key"}}}'),
  order: trusted => ({
    protocol: 'gemini',
    command: [part('gemini'), '-m', 'gemini-2.5-flash', '--approval-mode', 'yolo', '-p', 'go'].concat(
      trusted ? [] : ['--skip-trust'],
    ),
    env: {
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:@PORT@',
      GEMINI_API_KEY: 'dummy',
      ...(trusted ? { GEMINI_CLI_TRUST_WORKSPACE: 'true' } : {}),
    },
  }),
  tools: () => ({
    shell: command => ({ name: 'run_shell_command', input: { command } }),
    read: path => ({ name: 'read_file', input: { file_path: path } }),
    write: path => ({ name: 'write_file', input: { file_path: path, content: 'x' } }),
  }),
  complaint: COMPLAINT,
  denied: DENIED,
  ignored: /ignored by configured ignore patterns|not in workspace/,
  postures: [native],
  broken: {
    path: '.gemini/policies/agent-posture.toml',
    text: whole => whole.replaceAll('"deny"', '"never"'),
    shows({ stdout, stderr, results }) {
      expect(`${stdout}${stderr}`).toMatch(COMPLAINT);
      expect(results).toEqual([expect.not.stringMatching(DENIED)]);
    },
  },
  held: ({ stage, shell, write }) => [
    write('.gemini/settings.json'),
    write(`${stage.root}/.gemini/policies/agent-posture.toml`),
    write('x"/../.geminiignore'),
    shell('echo x > .gemini/settings.json'),
  ],
  odd: { holdToo: ['.geminiignore', '.gitignore'] },
  unheld: { path: '.gemini/settings.json', says: '.gemini/settings.json' },
};

describeRules(GEMINI, scene => {
  const { shell, read, drive } = scene;

  test('where the folder is not trusted, the ignore file alone holds', async () => {
    await generate(scene.stage, rulesOnly('gemini'));
    const { results } = await drive([read('secrets/a.txt'), shell('cat .env')], false);
    expect(results[0]).toContain('ignored by configured ignore patterns');
    expect(results[1]).toContain('CANARY');
  });

  test('its own sandbox, as we set it, hides the files from every program', async () => {
    await generate(scene.stage, native);
    const { results } = await drive([
      shell('cat src/app.ts && echo w > src/w.ts && cat src/w.ts'),
      // On a refusal Gemini CLI asks whether to leave its sandbox, and waits: the refusals are kept from it here.
      shell('cat s*/a.txt c*/m* 2>/dev/null; true'),
      shell('(echo x > .git/h*/pre-push) 2>/dev/null && echo PLANTED; true'),
    ]);
    expect(results[0]).toContain('works');
    expect(results.slice(1).join('\n')).not.toMatch(/CANARY|^PLANTED$/m);
  });
});

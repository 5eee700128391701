import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PartId } from '../../scripts/parts.js';
import { managed as claudeCode } from '../../src/agents/claude-code/managed.ts';
import { managed as codex } from '../../src/agents/codex/managed.ts';
import { managed as copilot } from '../../src/agents/copilot/managed.ts';
import { managed as gemini } from '../../src/agents/gemini/managed.ts';
import type { ManagedFile } from '../../src/agents/managed.ts';
import { managed as opencode } from '../../src/agents/opencode/managed.ts';
import { managed as qwen } from '../../src/agents/qwen/managed.ts';
import { managedSettings } from '../../src/generate/outputs/managed-settings.ts';
import type { AgentId, Posture } from '../../src/posture/schema.ts';
import { context, HOSTILE } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import { CLAUDE_ENV, type Stage } from './drive.ts';
import type { Order } from './drive-program.ts';
import { stageWithSecrets } from './generated.ts';
import { startOpencode, startQwen } from './starts.ts';

interface Case {
  agent: PartId & AgentId;
  needs?: PartId[];
  files: readonly ManagedFile[];
  order(stage: Stage): Omit<Order, 'cwd' | 'calls'>;
  read(path: string): Order['calls'][number];
  /** What it is to be kept from, where that is not a file of the repository. */
  hidden?(stage: Stage): string;
  /** Another's denial of the same file, in the home or in the repository. */
  others?(stage: Stage): void;
  /** What it needs in the home. */
  home?(stage: Stage): void;
}

const chat = (extra: Record<string, string>) => ({ protocol: 'chat' as const, env: extra });
const CASES: Case[] = [
  {
    agent: 'claude-code',
    files: claudeCode.files,
    home: stage =>
      stage.write(
        '~/.claude.json',
        JSON.stringify({ hasCompletedOnboarding: true, projects: { [stage.root]: { hasTrustDialogAccepted: true } } }),
      ),
    order: () => ({
      protocol: 'anthropic',
      command: [part('claude-code'), '-p', 'go', '--allowedTools', 'Read'],
      env: CLAUDE_ENV,
    }),
    read: path => ({ name: 'Read', input: { file_path: path } }),
    others: stage => stage.write('~/.claude/settings.json', '{"permissions":{"deny":["Read(//**/master.key)"]}}'),
  },
  {
    agent: 'codex',
    files: codex.files,
    order: () => ({
      protocol: 'responses',
      command: [
        part('codex'),
        'exec',
        '--json',
        '--skip-git-repo-check',
        '-c',
        'model_provider="scripted"',
        '-c',
      ].concat(
        'model_providers.scripted={name="scripted",base_url="http://127.0.0.1:@PORT@/v1",wire_api="responses",env_key="SCRIPTED_KEY"}',
        '-c',
        'model="scripted"',
        'go',
      ),
      env: { SCRIPTED_KEY: 'dummy', RUST_LOG: 'error' },
    }),
    hidden: stage => `${stage.home}/.ssh/id`,
    read: path => ({ name: 'exec_command', input: { cmd: `cat ${path}` } }),
  },
  {
    agent: 'gemini',
    files: gemini.files,
    home: stage => stage.write('~/.gemini/settings.json', '{"security":{"auth":{"selectedType":"gemini-api-key"}}}'),
    order: () => ({
      protocol: 'gemini',
      command: [part('gemini'), '-m', 'gemini-2.5-flash', '-p', 'go'],
      env: {
        GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:@PORT@',
        GEMINI_API_KEY: 'dummy',
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
      },
    }),
    read: path => ({ name: 'read_file', input: { file_path: path } }),
  },
  {
    agent: 'qwen',
    needs: ['node-22'],
    files: qwen.files,
    order: startQwen,
    read: path => ({ name: 'read_file', input: { file_path: path } }),
  },
  {
    agent: 'opencode',
    files: opencode.files,
    order: startOpencode,
    read: path => ({ name: 'read', input: { filePath: path } }),
    others: stage => stage.write('~/.config/opencode/opencode.json', '{"permission":{"read":"deny"}}'),
  },
  {
    agent: 'copilot',
    files: copilot.files,
    order: () => ({
      ...chat({
        COPILOT_PROVIDER_BASE_URL: 'http://127.0.0.1:@PORT@/v1',
        COPILOT_MODEL: 'gpt-4.1',
        COPILOT_OFFLINE: 'true',
        COPILOT_AUTO_UPDATE: 'false',
      }),
      command: [part('copilot'), '-p', 'go', '--allow-tool', 'read'],
    }),
    read: path => ({ name: 'view', input: { path } }),
  },
];

/** What the programs say of settings that they cannot take. */
const COMPLAINT =
  /did not load|were skipped|not in effect|invalid|malformed|Policy file|Security Warning|failed to (load|parse)|Unrecognized/i;

for (const { agent, needs = [], files, order, read, hidden, home, others } of CASES)
  describeWith(
    [agent, ...needs, 'bubblewrap', 'root'],
    `the managed settings that we make for the real ${agent}`,
    () => {
      let stage: Stage;
      beforeEach(() => {
        stage = stageWithSecrets();
        home?.(stage);
      });
      afterEach(() => stage.remove());

      const machine = (hide: string[]) => {
        const posture: Posture = {
          version: 1,
          project: 'shop',
          agents: [agent],
          managedSettings: true,
          isolation: { runtime: 'none', files: { hide } },
          repository: { protected: ['main'] },
        };
        const rendered = managedSettings.render(context(posture, stage.root));
        return Object.fromEntries(
          files.map(({ name, place }) => {
            const file = rendered.find(each => each.mode === 'owned' && each.path.endsWith(`/${name}`));
            return [place, file?.mode === 'owned' ? file.content : ''];
          }),
        );
      };
      const drive = (files: Readonly<Record<string, string>>, open = 'src/app.ts', shut = 'config/master.key') =>
        stage.drive(
          {
            ...order(stage),
            calls: [read(`${stage.root}/${open}`), read(hidden?.(stage) ?? `${stage.root}/${shut}`)],
          },
          files,
        );

      test('hold in a repository that says nothing, and let work through', async () => {
        const { results, stdout, stderr } = await drive(machine(['config/master.key', 'secrets/', '~/.ssh']));
        expect(COMPLAINT.exec(`${stdout}${stderr}`)?.[0]).toBeUndefined();
        expect(results).toHaveLength(2);
        expect(results[0]).toContain('works');
        expect(results[1]).not.toContain('CANARY');
      }, 60_000);

      test('hold where it is started in a folder below', async () => {
        stage.write('packages/api/app.ts', 'works');
        stage.write('packages/api/master.key', 'CANARY');
        stage.from = 'packages/api';
        const below = ['packages/api/app.ts', 'packages/api/master.key'] as const;
        const { results } = await drive(machine(['*.key', '~/.ssh']), ...below);
        expect(results[0]).toContain('works');
        expect(results[1]).not.toContain('CANARY');
        expect((await drive({ '/etc/agent-posture-test': '' }, ...below)).results[1]).toContain('CANARY');
      }, 120_000);

      test('the same full of hostile text', async () => {
        const { results, stdout, stderr } = await drive(
          machine(['config/master.key', '~/.ssh', ...HOSTILE, ...HOSTILE.map(text => `~/${text}`)]),
        );
        expect(COMPLAINT.exec(`${stdout}${stderr}`)?.[0]).toBeUndefined();
        expect(results[0]).toContain('works');
        expect(results[1]).not.toContain('CANARY');
      }, 60_000);

      if (others)
        test('leave in force what others deny', async () => {
          others(stage);
          const { results } = await drive(machine(['config/other.key']));
          expect(results).toHaveLength(2);
          expect(results[1]).not.toContain('CANARY');
        }, 60_000);

      test('without them the same read goes through', async () => {
        expect((await drive({ '/etc/agent-posture-test': '' })).results[1]).toContain('CANARY');
      }, 60_000);
    },
  );

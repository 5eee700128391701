import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claudeCode } from '../../src/agents/claude-code/detect.ts';
import { gemini } from '../../src/agents/gemini/detect.ts';
import { opencode } from '../../src/agents/opencode/detect.ts';
import { qwen } from '../../src/agents/qwen/detect.ts';
import type { JsonExtra } from '../../src/agents/reader.ts';
import type { AgentDefinition } from '../../src/agents/types.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { FULL } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import { CLAUDE_ENV, type Stage } from './drive.ts';
import type { Driven } from './drive-program.ts';
import { generate, rulesOnly, stageWithSecrets } from './generated.ts';
import { startOpencode, startQwen } from './starts.ts';

const EXTRAS: Readonly<Record<JsonExtra, (text: string) => string>> = {
  'a byte order mark': text => `\ufeff${text}`,
  'a comment': text => text.replace('{', '{\n  // why'),
  'a trailing comma': text => text.replace(/\n}\s*$/, ',\n}\n'),
};

interface Agent {
  parts: readonly Parameters<typeof part>[0][];
  agent: AgentDefinition;
  settings: string;
  posture: Posture;
  /** Has it read a file that the posture hides. */
  readHidden(stage: Stage): Promise<Driven>;
}

const AGENTS: readonly Agent[] = [
  {
    parts: ['claude-code'],
    agent: claudeCode,
    settings: '.claude/settings.json',
    posture: { ...FULL, isolation: { runtime: 'none', files: FULL.isolation?.files ?? {} } },
    readHidden(stage) {
      const projects = { [stage.root]: { hasTrustDialogAccepted: true } };
      stage.write('~/.claude.json', JSON.stringify({ hasCompletedOnboarding: true, projects }));
      return stage.drive({
        protocol: 'anthropic',
        command: [part('claude-code'), '-p', 'go', '--allowedTools', 'Read'],
        env: CLAUDE_ENV,
        calls: [{ name: 'Read', input: { file_path: `${stage.root}/.env` } }],
      });
    },
  },
  {
    parts: ['gemini'],
    agent: gemini,
    settings: '.gemini/settings.json',
    posture: rulesOnly('gemini'),
    readHidden(stage) {
      stage.write('~/.gemini/settings.json', '{"security":{"auth":{"selectedType":"gemini-api-key"}}}');
      return stage.drive({
        protocol: 'gemini',
        command: [part('gemini'), '-m', 'gemini-2.5-flash', '--approval-mode', 'yolo', '-p', 'go'],
        env: {
          GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:@PORT@',
          GEMINI_API_KEY: 'dummy',
          GEMINI_CLI_TRUST_WORKSPACE: 'true',
        },
        calls: [{ name: 'run_shell_command', input: { command: 'cat .env' } }],
      });
    },
  },
  {
    parts: ['opencode'],
    agent: opencode,
    settings: 'opencode.json',
    posture: rulesOnly('opencode'),
    readHidden: stage =>
      stage.drive({ ...startOpencode(), calls: [{ name: 'read', input: { filePath: `${stage.root}/.env` } }] }),
  },
  {
    parts: ['qwen', 'node-22'],
    agent: qwen,
    settings: '.qwen/settings.json',
    posture: rulesOnly('qwen'),
    readHidden: stage =>
      stage.drive({ ...startQwen(), calls: [{ name: 'run_shell_command', input: { command: 'cat .env' } }] }),
  },
];

for (const { parts, agent, settings, posture, readHidden } of AGENTS)
  describeWith([...parts, 'bubblewrap'], `how the real ${agent.title} reads JSON`, () => {
    test.each(Object.keys(EXTRAS) as JsonExtra[])(
      'with %s: as is said of it',
      async extra => {
        const stage = stageWithSecrets();
        try {
          await generate(stage, posture);
          stage.write(settings, EXTRAS[extra](readFileSync(join(stage.root, settings), 'utf8')));
          const { code, results } = await readHidden(stage);
          const held = code === 0 && results.length === 1 && /denied|a rule which prevents you/.test(results[0] ?? '');
          expect(held).toBe(!agent.stumbles?.includes(extra));
          // Where the rules do not hold, either it did not start, or the file lay open: Qwen Code may lose what a command printed.
          if (!held)
            expect(code === 0 ? results.join('') : 'CANARY').toMatch(
              /CANARY|^Command: cat \.env\n(?:.*\n)*Exit Code: 0$/m,
            );
        } finally {
          stage.remove();
        }
      },
      60_000,
    );
  });

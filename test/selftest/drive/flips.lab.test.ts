import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PartId } from '../../../scripts/parts.js';
import { driverOf } from '../../../src/agents/drivers.ts';
import { agents } from '../../../src/agents/index.ts';
import { describeWith, firstOnPath } from '../../support/parts.ts';
import { type InLab, SHOP, subject, withFiles } from './lab.ts';

/** No `.env`: Gemini reads none whatever hooks say. */
const SECRET = 'private.txt';

/** One that the hook refuses, and others that it does not. */
const SUBJECTS = [
  subject({ kind: 'read', target: SECRET, attempt: 'read', path: SECRET }),
  subject({ kind: 'read', target: 'other.txt', attempt: 'read', path: 'other.txt' }),
  subject({ kind: 'write', target: 'guard.json', attempt: 'write', path: 'guard.json' }),
  subject({ kind: 'push', target: 'main', attempt: 'push', branch: 'main' }),
  subject({ kind: 'work', target: '.', attempt: 'write', expect: 'allow' }),
];

/** Refuses what has the name in it, with a word. */
const guard = `#!/bin/sh\nif grep -q 'private[.]txt'; then echo no >&2; exit 2; fi\n`;

interface Agent {
  id: PartId;
  needs?: readonly PartId[];
  /** The hook's program, what asks it, and what else is laid. */
  program: string;
  asks: string;
  files(home: string): Readonly<Record<string, string>>;
  /**
   * What becomes of a hook whose program may not be run: it refuses nothing, the agent takes that for a no, or the bit is nothing
   * to it.
   */
  unrunnable: 'open' | 'shut' | 'runs';
}

const inJson = (event: string, command: string) =>
  JSON.stringify({ hooks: { [event]: [{ matcher: '.*', hooks: [{ type: 'command', command }] }] } });

const AGENTS: readonly Agent[] = [
  {
    id: 'claude-code',
    program: '.claude/hooks/guard.sh',
    asks: '.claude/settings.json',
    unrunnable: 'open',
    files: () => ({
      '.claude/hooks/guard.sh': guard,
      '.claude/settings.json': inJson('PreToolUse', '"$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.sh'),
    }),
  },
  {
    id: 'codex',
    program: '~/.codex/hooks/guard.sh',
    asks: '.codex/hooks.json',
    unrunnable: 'open',
    files: home => {
      const command = '"$HOME/.codex/hooks/guard.sh"';
      const identity = {
        event_name: 'pre_tool_use',
        hooks: [{ async: false, command, timeout: 600, type: 'command' }],
        matcher: '.*',
      };
      const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
      const key = JSON.stringify(`${join(home, SHOP)}/.codex/hooks.json:pre_tool_use:0:0`);
      return {
        '~/.codex/hooks/guard.sh': guard,
        '.codex/hooks.json': inJson('PreToolUse', command),
        '~/.codex/config.toml': `[hooks.state.${key}]\ntrusted_hash = "sha256:${hash}"\n`,
      };
    },
  },
  {
    id: 'gemini',
    program: '.gemini/hooks/guard.sh',
    asks: '.gemini/settings.json',
    unrunnable: 'shut',
    files: () => ({
      '.gemini/hooks/guard.sh': guard,
      '.gemini/settings.json': JSON.stringify({
        ...JSON.parse(inJson('BeforeTool', '"$GEMINI_PROJECT_DIR"/.gemini/hooks/guard.sh')),
        // Else its own rules hold what the copy's git is told to pass over.
        context: { fileFiltering: { respectGitIgnore: false } },
      }),
    }),
  },
  {
    id: 'qwen',
    needs: ['node-22'],
    program: '.qwen/hooks/guard.sh',
    asks: '.qwen/settings.json',
    unrunnable: 'open',
    files: () => ({
      '.qwen/hooks/guard.sh': guard,
      '.qwen/settings.json': inJson('PreToolUse', '"$QWEN_PROJECT_DIR"/.qwen/hooks/guard.sh'),
    }),
  },
  {
    id: 'copilot',
    program: '.github/hooks/guard.sh',
    asks: '.github/hooks/guard.json',
    // It makes the file executable itself.
    unrunnable: 'runs',
    files: () => ({
      '.github/hooks/guard.sh': guard,
      '.github/hooks/guard.json': JSON.stringify({
        version: 1,
        hooks: { preToolUse: [{ type: 'command', bash: './.github/hooks/guard.sh', cwd: '.' }] },
      }),
    }),
  },
  {
    id: 'cline',
    program: '.clinerules/hooks/PreToolUse',
    asks: '.clinerules/hooks/PreToolUse',
    // An interpreter runs it.
    unrunnable: 'runs',
    files: () => ({
      '.clinerules/hooks/PreToolUse': `#!/bin/sh\nif grep -q 'private[.]txt'; then echo '{"cancel":true}'; else echo '{"cancel":false}'; fi\n`,
    }),
  },
];

const HELD = {
  [`read ${SECRET}`]: 'blocked hook',
  ...{ 'read other.txt': 'exposed', 'write guard.json': 'exposed', 'push main': 'exposed', 'write .': 'works' },
};
const OPEN = { ...HELD, [`read ${SECRET}`]: 'exposed' };

const told = ({ verdicts, reason }: InLab) => ({ verdicts, reason });

for (const { id, needs = [], files, program, asks, unrunnable } of AGENTS)
  describeWith([id, ...needs, 'bubblewrap', 'git'], `a hook of the user's in the real ${id}`, () => {
    firstOnPath(needs);

    test('holds what it refuses, and nothing else', async () => {
      expect(told(await withFiles(id, files, SUBJECTS))).toEqual({ verdicts: HELD, reason: null });
    }, 60_000);

    if (unrunnable === 'open')
      test('without the right to run it, exactly what it held is open', async () => {
        expect(told(await withFiles(id, files, SUBJECTS, [program]))).toEqual({ verdicts: OPEN, reason: null });
      }, 60_000);
    if (unrunnable === 'shut')
      test('without the right to run it, all is refused, and nothing is said to be held', async () => {
        expect(told(await withFiles(id, files, SUBJECTS, [program]))).toEqual({
          verdicts: {},
          reason: expect.stringMatching(/^a call that nothing refuses did not work \(.*Permission denied/),
        });
      }, 60_000);
    if (unrunnable === 'runs')
      test('the right to run it is nothing to the agent', async () => {
        expect(told(await withFiles(id, files, SUBJECTS, [program]))).toEqual({ verdicts: HELD, reason: null });
      }, 60_000);

    if (unrunnable !== 'open')
      test('where nothing asks it, exactly what it held is open', async () => {
        const rest = (home: string) =>
          Object.fromEntries(
            Object.entries(files(home)).flatMap(([path, text]): [string, string][] => {
              if (path !== asks) return [[path, text]];
              if (!text.startsWith('{')) return [];
              const { hooks: _hooks, ...others } = JSON.parse(text);
              return [[path, JSON.stringify(others)]];
            }),
          );
        expect(told(await withFiles(id, rest, SUBJECTS))).toEqual({ verdicts: OPEN, reason: null });
      }, 60_000);
  });

describe('agents whose hooks are driven', () => {
  test.each(agents.map(({ id }) => id).filter(id => driverOf(id)))('%s is among them, or has none', id => {
    expect(AGENTS.some(agent => agent.id === id)).toBe(driverOf(id)?.hooks !== undefined);
  });
});

import { describe, expect, test } from 'vitest';
import type { Driver } from '../../../src/agents/driver.ts';
import { driverOf, drivers } from '../../../src/agents/drivers.ts';
import { HOOK_FILE } from '../../../src/agents/hook.ts';
import { template } from '../../../src/generate/outputs/template.ts';
import { mayRun, runsByItself } from '../../../src/selftest/drive/approval.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';

const driverOfId = (id: string) => driverOf(id) as Driver;
const harmlessOf = (id: string) => drivers.find(({ agent }) => agent.id === id)?.runs?.harmless ?? [];

test('it is said by which keys', () => {
  const text = '{ "statusLine": {}, "permissions": {}, "sandbox": { "ripgrep": { "command": "x", "args": [] } } }';
  expect(mayRun('a.json', text, harmlessOf('claude-code'))).toBe('statusLine, sandbox.ripgrep');
  expect(mayRun('a.json', '{', [])).toBe('it cannot be read');
  expect(mayRun('a.json', `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`, [])).toBe('it cannot be read');
  expect(mayRun('a.json', '{ "x\\ny": 1 }', [])).not.toContain('\n');
});

describe('what settings could make an agent run', () => {
  test.each([
    ['claude-code', '.claude/settings.json', '{ "permissions": { "deny": ["Read(.env)"] }, "model": "x" }'],
    [
      'claude-code',
      '.claude/settings.json',
      '{ "sandbox": { "enabled": true, "filesystem": { "denyRead": ["./x"] } } }',
    ],
    ['claude-code', '.claude/settings.json', ''],
    ['codex', '.codex/config.toml', 'sandbox_mode = "read-only"\n[permissions.x.filesystem]\n":root" = "read"\n'],
    ['codex', '.codex/config.toml', '[shell_environment_policy]\ninherit = "none"\nexclude = ["*KEY*"]\n'],
    ['codex', '~/.codex/config.toml', '[hooks.state."a:pre_tool_use:0:0"]\ntrusted_hash = "x"\n'],
    ['gemini', '.gemini/policies/x.toml', '[[rule]]\ntoolName = "x"\ndecision = "deny"\npriority = 1\n'],
    ['opencode', 'opencode.jsonc', '{ /* rules */ "permission": { "bash": { "*": "deny" } } }'],
    ['qwen', '.qwen/settings.json', '{ "permissions": { "deny": [] }, "$version": 4 }'],
    ['cline', '~/.cline/data/settings/global-settings.json', '{ "disabledTools": ["editor"] }'],
  ])('nothing: %s %s %s', (id, path, text) => {
    expect(mayRun(path, text, harmlessOf(id))).toBeUndefined();
  });

  test.each([
    ['claude-code', '.claude/settings.json', '{ "apiKeyHelper": "./run" }'],
    ['claude-code', '.claude/settings.json', String.raw`{ "apiKeyH\u0065lper": "./run" }`],
    ['claude-code', '.claude/settings.json', '{ "statusLine": { "type": "command", "command": "./run" } }'],
    ['claude-code', '.claude/settings.json', '{ "permissions": {}, "ofANewVersion": "./run" }'],
    ['claude-code', '.claude/settings.json', '{ "sandbox": { "ripgrep": { "command": "./run" } } }'],
    ['claude-code', '.claude/settings.json', '{ "sandbox": {}, "sandbox": { "ripgrep": { "command": "./run" } } }'],
    ['claude-code', '.claude/settings.json', '{ "permissions": {}, "hooks": {} }'],
    ['claude-code', '.claude/settings.json', '{ "permissions": [, "apiKeyHelper": "./run" }'],
    ['claude-code', '.claude/settings.json', '[{ "apiKeyHelper": "./run" }]'],
    ['claude-code', '.claude/settings.json', '{ "sandbox.filesystem": "no such key" }'],
    ['codex', '.codex/config.toml', '["mcp_serv\\u0065rs".evil]\ncommand = "./run"\n'],
    ['codex', '.codex/config.toml', 'notify = ["./run"]\n'],
    ['codex', '.codex/config.toml', '[shell_environment_policy.set]\nBASH_ENV = "./run"\n'],
    ['codex', '.codex/config.toml', 'notify = ["./run"\n'],
    ['codex', '.codex/config.toml', '[model_providers.x.auth]\ncommand = "./run"\n'],
    ['gemini', '.gemini/settings.json', String.raw`{ "tools": { "discoveryC\u006fmmand": "./run" } }`],
    ['gemini', '.gemini/policies/x.toml', '[[safety_checker]]\n[safety_checker.checker]\ntype = "external"\n'],
    ['qwen', '.qwen/settings.json', '{ "ui": { "statusLine": { "command": "./run" } } }'],
    ['opencode', 'opencode.json', '{ "plugin": ["x"] }'],
    ['opencode', 'opencode.json', '{ "mcp": { "x": { "type": "local", "command": ["./run"] } } }'],
    ['copilot', '~/.copilot/settings.json', '{ "bashEnv": "./run" }'],
    ['cline', '~/.cline/data/settings/global-settings.json', '{ "anything": 1 }'],
  ])('something: %s %s %s', (id, path, text) => {
    expect(mayRun(path, text, harmlessOf(id))).toMatch(/./);
  });
});

describe('what is approved with a hook', () => {
  const files: Record<string, string> = {
    'scripts/my guard.sh': '. "$(dirname "$0")/lib.sh"\n',
    'scripts/lib.sh': 'true\n',
    'scripts/at@guard.sh': '',
    'scripts/noext.js': 'require("./below")\n',
    'scripts/below.js': '',
    'package.json': '{}',
    Makefile: '',
    '.agent-posture-bin/e.js': '',
    'scripts/stub.sh': 'node ./.agent-posture-bin/e.js\n',
    'src/app.js': 'console.log(1)\n',
  };
  test.each([
    ['"$CLAUDE_PROJECT_DIR/scripts/my guard.sh"', ['scripts/lib.sh', 'scripts/my guard.sh']],
    ['scripts/at@guard.sh', ['scripts/at@guard.sh']],
    ['sh < scripts/lib.sh', ['scripts/lib.sh']],
    ['bash -c "exec sh scripts/lib.sh"', ['scripts/lib.sh']],
    ['sh scripts/../scripts/lib.sh', ['scripts/lib.sh']],
    ['node scripts/noext', ['scripts/below.js', 'scripts/noext.js']],
    ['npm run guard', ['package.json']],
    ['make guard', ['Makefile']],
    ['sh scripts/stub.sh', ['.agent-posture-bin/e.js', 'scripts/stub.sh']],
    ['true', []],
  ])('%s', (command, expected) => {
    const stage = new Stage({ home: '/nowhere', root: '/nowhere/shop' });
    try {
      for (const [path, text] of Object.entries(files)) stage.write(path, text);
      const hook = { path: '.claude/settings.json', event: 'PreToolUse', matcher: '', command };
      const text = runsByItself(stage, driverOfId('claude-code'), [], [hook], []) ?? '';
      const named = text.split('\n').flatMap(line => /^(.*), sha256 [0-9a-f]{64}$/.exec(line)?.[1] ?? []);
      expect(named.sort()).toEqual(expected);
    } finally {
      stage.remove();
    }
  });
});

test('our own hook names no more than itself, and one that was changed what it names', () => {
  const text = (more = '') => `${template('agent-hook.cjs', { RULES: '{"x":"scripts/lib.sh"}' })}${more}`;
  const named = (hook: string) => {
    const stage = new Stage({ home: '/nowhere', root: '/nowhere/shop' });
    try {
      stage.write(HOOK_FILE, hook);
      stage.write('scripts/lib.sh', '');
      const command = `node ${HOOK_FILE} cline`;
      const each = { path: '.cline/hooks/PreToolUse', event: 'PreToolUse', matcher: '', command };
      return runsByItself(stage, driverOfId('cline'), [], [each], []) ?? '';
    } finally {
      stage.remove();
    }
  };
  expect(named(text())).toMatch(/^\.agent-posture\/agent-hook\.cjs, sha256 /m);
  expect(named(text())).not.toContain('lib.sh');
  expect(named(text('\n'))).toContain('scripts/lib.sh, sha256 ');
  expect(named(text().replace('"scripts/lib.sh"', 'require("../scripts/lib.sh")'))).toContain(
    'scripts/lib.sh, sha256 ',
  );
});

describe("what lies in an agent's own folder", () => {
  const named = (id: string, files: Readonly<Record<string, string>>) => {
    const stage = new Stage({ home: '/nowhere', root: '/nowhere/shop' });
    try {
      for (const [path, text] of Object.entries(files)) stage.write(path, text);
      const settings = [{ path: '.claude/settings.json', text: '{}' }];
      return runsByItself(stage, driverOfId(id), settings, [], [])?.split('\n') ?? [];
    } finally {
      stage.remove();
    }
  };

  test('is approved, as it may hold what nobody here has heard of; its settings and what it reads as words are not', () => {
    const lines = named('claude-code', {
      '.claude/settings.json': '{}',
      '.claude/skills/a/.claude-plugin/plugin.json': '{}',
      '.claude/skills/a/hooks/hooks.json': '{}',
      '.claude/skills/a/SKILL.md': 'Write short sentences.',
      '.claude/agents/b.md': '---\nhooks:\n  PreToolUse: ./x\n---\n',
      '.claude/commands/c.md': 'Say hello, and run no command of hooks.',
    });
    expect(lines.map(line => line.replace(/, sha256 .*/, ''))).toEqual([
      '.claude/agents/b.md',
      '.claude/skills/a/.claude-plugin/plugin.json',
      '.claude/skills/a/hooks/hooks.json',
    ]);
  });

  test('is approved whole, however much it is, and each file on a line of its own', () => {
    const many = Object.fromEntries(Array.from({ length: 230 }, (_, at) => [`.opencode/plugin/${at}.yml`, 'hooks']));
    const lines = named('opencode', { ...many, '.opencode/plugin/zz.js': '1', '.opencode/plugin/y\nx.js': '1' });
    expect(lines).toHaveLength(232);
    expect(lines.filter(line => /plugin\/zz\.js, sha256 /.test(line))).toHaveLength(1);
    expect(lines.every(line => /^\.opencode\/plugin\/.*, sha256 [0-9a-f]{64}$/.test(line))).toBe(true);
  });
});

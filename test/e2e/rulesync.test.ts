import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, part } from '../support/parts.ts';
import { program, type World, world } from '../support/program.ts';

const POSTURE = `version: 1
project: shop
agents: [claude-code, codex]
isolation:
  runtime: native
  network: { allow: [] }
  files: { write: ["."], hide: [secrets/a.pem] }
`;
const SETTINGS = ['.claude/settings.json', '.codex/config.toml'];

/** Both in one repository: rulesync writes what else agents are told, into the same settings. */
const both = (features: readonly string[]): Promise<World> => {
  const given = world({
    'agent-posture.yaml': POSTURE,
    'rulesync.jsonc': JSON.stringify({ targets: ['claudecode', 'codexcli'], features }),
    '.rulesync/mcp.jsonc': '{ "mcpServers": { "mine": { "command": "true" } } }',
    '.rulesync/hooks.jsonc':
      '{ "version": 1, "hooks": { "postToolUse": [{ "command": "true", "matcher": "Write" }] } }',
    '.rulesync/rules/more.md': '---\nroot: false\ntargets: ["*"]\n---\n\n# More\n',
    '.rulesync/rules/overview.md': '---\nroot: true\ntargets: ["*"]\n---\n\n# Ours\n',
    '.rulesync/permissions.jsonc': '{ "permission": { "read": { "theirs.pem": "deny" } } }',
  });
  return program(given, ['generate']).then(({ code }) => {
    expect(code).toBe(0);
    return given;
  });
};

/** It starts nothing and contacts nothing for this. */
function rulesync(given: World, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: given.home };
  return spawnSync(process.execPath, [part('rulesync'), ...args], { cwd: given.root, env, encoding: 'utf8' });
}

const settings = (given: World) => SETTINGS.map(path => readFileSync(join(given.root, path), 'utf8'));

describeWith(['rulesync'], 'beside rulesync', () => {
  it('both keep what is of the other, where only one writes permissions', { timeout: 60_000 }, async () => {
    const given = await both(['mcp', 'hooks']);
    expect(rulesync(given, 'generate').status).toBe(0);
    const [claude = '', codex = ''] = settings(given);
    expect(claude).toContain('PostToolUse');
    expect(codex).toContain('mcp_servers.mine');
    expect(await program(given, ['generate', '--check'])).toMatchObject({ code: 0 });
    await program(given, ['generate']);
    expect(settings(given)).toEqual([claude, codex]);
    expect(rulesync(given, 'generate', '--check').status).toBe(0);
  });

  it('its rules carry our page to every agent, and both agree', { timeout: 60_000 }, async () => {
    const given = await both(['rules']);
    for (const path of ['AGENTS.md', 'CLAUDE.md']) expect(existsSync(join(given.root, path)), path).toBe(false);
    expect(rulesync(given, 'generate').status).toBe(0);
    for (const path of ['AGENTS.md', 'CLAUDE.md']) {
      const text = readFileSync(join(given.root, path), 'utf8');
      expect(text).toMatch(/^# Ours/);
      expect(text).toContain('Do not change what guards you');
    }
    expect(rulesync(given, 'generate', '--check').status).toBe(0);
    expect(await program(given, ['generate', '--check'])).toMatchObject({ code: 0 });
  });

  it('rules that it takes out are missed by name, and come back', { timeout: 60_000 }, async () => {
    const given = await both(['permissions']);
    expect(rulesync(given, 'generate').status).toBe(0);
    expect(settings(given)[0]).not.toContain('Read(/secrets/a.pem)');
    const { code, stdout } = await program(given, ['generate', '--check']);
    expect(code).toBe(1);
    expect(stdout).toContain('.claude/settings.json guards less than it should');
    expect(stdout).toContain('Read(/secrets/a.pem)');
    await program(given, ['generate', '--restore']);
    const [claude = ''] = settings(given);
    expect(claude).toContain('Read(/secrets/a.pem)');
    expect(claude).toContain('Read(theirs.pem)');
  });
});

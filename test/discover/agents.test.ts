import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agents, surroundingAgent } from '../../src/agents/index.ts';
import { agentsToDeclare, allowedHosts } from '../../src/isolation/proposal.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { labFacts } from '../labs/box.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
const path = process.env.PATH;
beforeEach(() => {
  fixture = new Fixture();
  mkdirSync(join(fixture.folder, 'bin'));
  process.env.PATH = join(fixture.folder, 'bin');
});
afterEach(() => {
  process.env.PATH = path;
  fixture.remove();
});

/** Lays a package in a global node_modules, with a link to its program on PATH that fails when it is run. */
function install(name: string, program: string, version: string): void {
  const folder = `../lib/node_modules/${name}`;
  fixture.put(`${folder}/package.json`, JSON.stringify({ name, version }));
  const script = fixture.put(`${folder}/bin/cli.js`, '#!/bin/sh\nexit 99\n', 0o755);
  symlinkSync(script, join(fixture.folder, 'bin', program));
}
const agent = async (id: string, env: Record<string, string> = {}) =>
  (await fixture.facts(env)).agents.find(one => one.id === id);

describe('the registry of agents', () => {
  it('has each id once, and says what guards each', () => {
    expect(new Set(agents.map(({ id }) => id)).size).toBe(agents.length);
    expect(agents.length).toBeGreaterThanOrEqual(12);
    for (const { id, guardFiles, userFiles, marks } of agents) {
      expect(guardFiles.length, id).toBeGreaterThan(0);
      for (const file of guardFiles) expect(file, id).toMatch(/^[\w.][\w./-]*$/);
      for (const file of userFiles) expect(file, id).toMatch(/^~\//);
      for (const mark of marks) expect(mark.source, id).toMatch(/^https:\/\//);
    }
  });
  it('has the agent that is declared where none was found, and knows its hosts', () => {
    const nobody = { facts: { ...labFacts('/r', '/h'), agents: [] }, posture: { version: 1 as const, project: 'x' } };
    expect(agents.map(({ id }) => id)).toEqual(expect.arrayContaining(agentsToDeclare(nobody)));
    expect(allowedHosts(nobody)).toEqual(expect.arrayContaining(['api.anthropic.com']));
  });
  it.each(['claude-code', 'codex', 'gemini', 'copilot'] as const)('knows which hosts %s needs', id => {
    const posture = { version: 1 as const, project: 'x', agents: [id] };
    const allow = allowedHosts({ facts: labFacts('/r', '/h'), posture });
    expect(allow?.length).toBeGreaterThan(1);
    parsePosture(
      JSON.stringify({ ...posture, isolation: { runtime: 'bubblewrap', network: { allow } } }),
      'agent-posture.yaml',
    );
  });
});

describe('finding agents', () => {
  it('finds none where none is', async () => {
    expect((await fixture.facts()).agents).toEqual([]);
  });
  it('takes the version from the package that the program belongs to, without running it', async () => {
    install('@anthropic-ai/claude-code', 'claude', '2.1.330');
    install('@openai/codex', 'codex', '0.169.0');
    expect(await agent('claude-code')).toMatchObject({ version: '2.1.330', ownSandbox: false, settings: [] });
    expect(await agent('codex')).toMatchObject({ version: '0.169.0', ownSandbox: true });
  });
  it('takes the version from the folder of an installer that keeps several', async () => {
    const real = fixture.put('~/.local/share/claude/versions/2.1.331', '', 0o755);
    mkdirSync(join(fixture.home, '.local/bin'), { recursive: true });
    symlinkSync(real, join(fixture.home, '.local/bin/claude'));
    expect(await agent('claude-code')).toMatchObject({ version: '2.1.331', seen: { path: '~/.local/bin/claude' } });
  });
  it('does not take another program of the same name for an agent', async () => {
    fixture.put('../bin/goose', '', 0o755);
    fixture.put('../bin/copilot', '', 0o755);
    expect((await fixture.facts()).agents).toEqual([]);
    fixture.put('.goosehints', '');
    expect((await agent('goose'))?.binary).toBe(join(fixture.folder, 'bin/goose'));
  });
  it('tells its settings, and whether its own sandbox is on, later settings winning', async () => {
    fixture.put('~/.claude/settings.json', '{ // mine\n "sandbox": { "enabled": true } }');
    expect(await agent('claude-code')).toMatchObject({
      ownSandbox: true,
      settings: [{ path: '~/.claude/settings.json' }],
      seen: { path: '~/.claude/settings.json' },
    });
    fixture.put('.claude/settings.json', '{"sandbox":{"enabled":false}}');
    expect(await agent('claude-code')).toMatchObject({
      ownSandbox: false,
      settings: [{ path: '~/.claude/settings.json' }, { path: '.claude/settings.json' }],
    });
  });
  it('tells whom each of its settings is for', async () => {
    for (const path of ['~/.claude/settings.json', '.claude/settings.json', '.claude/settings.local.json'])
      fixture.put(path, '{}');
    expect((await agent('claude-code'))?.settings).toEqual([
      { path: '~/.claude/settings.json', scope: 'user' },
      { path: '.claude/settings.json', scope: 'project' },
      { path: '.claude/settings.local.json', scope: 'local' },
    ]);
  });
  it('takes the version of Aider from what pipx left beside it', async () => {
    fixture.put('../venvs/aider-chat/lib/python3.12/site-packages/aider_chat-0.86.1.dist-info/METADATA', '');
    const real = fixture.put('../venvs/aider-chat/bin/aider', '#!/bin/sh\nexit 99\n', 0o755);
    symlinkSync(real, join(fixture.folder, 'bin/aider'));
    expect(await agent('aider')).toMatchObject({ version: '0.86.1' });
  });
  it('follows the variable that moves its folder', async () => {
    fixture.put('../elsewhere/settings.json', '{"sandbox":{"enabled":true}}');
    expect((await agent('claude-code', { CLAUDE_CONFIG_DIR: join(fixture.folder, 'elsewhere') }))?.ownSandbox).toBe(
      true,
    );
  });
  it.each([
    ['codex', '.codex/config.toml', 'sandbox_mode = "danger-full-access"', false],
    ['codex', '.codex/config.toml', 'sandbox_mode = "read-only"', true],
    ['gemini', '.gemini/settings.json', '{"tools":{"sandbox":"docker"}}', true],
    ['gemini', '.gemini/settings.json', '{}', false],
    ['qwen', '.qwen/settings.json', '{"sandbox":true}', true],
    ['opencode', 'opencode.json', '{}', false],
    ['cursor', '.cursor/sandbox.json', '{"type":"insecure_none"}', false],
    ['cursor', '.cursor/cli.json', '{}', undefined],
  ] as const)('%s with %s: %s', async (id, file, content, expected) => {
    fixture.put(file, content);
    expect((await agent(id))?.ownSandbox).toBe(expected);
  });
});

describe('the agent around this process', () => {
  it.each([
    [{ CLAUDECODE: '1' }, 'Claude Code'],
    [{ CODEX_SANDBOX: 'seatbelt' }, 'Codex'],
    [{ GEMINI_CLI: '1' }, 'Gemini CLI'],
    [{ OPENCODE: '1' }, 'opencode'],
    [{ CURSOR_AGENT: '1' }, 'Cursor'],
    [{ AGENT: 'goose' }, 'Goose'],
    [{ AI_AGENT: 'devin@1' }, 'devin@1'],
    [{ AI_AGENT: '\u001b[31m'.repeat(20) }, 'coding agent'],
    [{ CLAUDECODE: '0' }, undefined],
    [{}, undefined],
  ] as const)('%j', (env, expected) => {
    expect(surroundingAgent(env)).toBe(expected);
  });
});

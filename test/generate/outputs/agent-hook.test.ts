import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOOK_FILE, hookCommand } from '../../../src/agents/hook.ts';
import { FULL, HOSTILE, Repository } from './lab.ts';

// Cursor and Windsurf cannot be had as packages: what they hand to a hook, and what they take from it, is from their
// documentation alone (https://cursor.com/docs/agent/hooks, https://docs.windsurf.com/windsurf/cascade/hooks).
describe('the program that hooks of agents ask', () => {
  let repository: Repository;
  beforeAll(async () => {
    repository = new Repository();
    repository.write('.env', 'A=1');
    repository.write('src/app.ts', 'x');
    await repository.generate({ ...FULL, agents: ['copilot', 'cline', 'cursor', 'windsurf'] });
    symlinkSync('.env', join(repository.root, 'harmless'));
    symlinkSync('.git/hooks', join(repository.root, 'h'));
  });
  afterAll(() => repository.remove());
  const ask = (agent: string, input: unknown) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', hookCommand(agent)], {
      cwd: repository.root,
      input: typeof input === 'string' ? input : JSON.stringify(input),
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const windsurf = (action: string, tool_info: object) => ask('windsurf', { agent_action_name: action, tool_info });
  const at = (path: string) => join(repository.root, path);

  test.each([
    ['pre_read_code', { file_path: '.env' }],
    ['pre_read_code', { file_path: './src/../.env' }],
    ['pre_read_code', { file_path: 'harmless' }],
    ['pre_read_code', { file_path: '~/.ssh/id' }],
    ['pre_write_code', { file_path: '.windsurf/hooks.json', edits: [] }],
    ['pre_write_code', { file_path: 'h/pre-push', edits: [] }],
    ['pre_write_code', { file_path: 'h/new/deep', edits: [] }],
    ['pre_run_command', { command_line: 'cat .env' }],
    ['pre_run_command', { command_line: 'git push origin HEAD:main', cwd: '/' }],
    ['pre_run_command', { command_line: 'echo x > .cursor/hooks.json' }],
    ['pre_mcp_tool_use', { mcp_tool_arguments: { path: 'secrets/a.txt' } }],
  ])('Windsurf is told no by 2 and a reason: %s %j', (action, info) => {
    const { status, stderr } = windsurf(action, info);
    expect(status).toBe(2);
    expect(stderr).toMatch(/posture|steers agents/);
  });

  test.each([
    ['pre_read_code', { file_path: 'src/app.ts' }],
    ['pre_read_code', { file_path: '.env.development.example' }],
    ['pre_read_code', { file_path: '.cursor/hooks.json' }],
    [
      'pre_write_code',
      { file_path: 'src/new.ts', edits: [{ old_string: '', new_string: 'see .env and git push origin main' }] },
    ],
    ['pre_run_command', { command_line: 'npm test', cwd: '/x/.vscode' }],
    ['pre_run_command', { command_line: 'git push origin topic' }],
  ])('and yes by 0: %s %j', (action, info) => {
    expect(windsurf(action, info).status).toBe(0);
  });

  test('each agent gets its answer in its own form', () => {
    const no = ask('copilot', { toolName: 'view', toolArgs: JSON.stringify({ path: at('.env') }) });
    expect(no).toMatchObject({ status: 0 });
    expect(JSON.parse(no.stdout)).toMatchObject({ permissionDecision: 'deny' });
    expect(ask('copilot', { toolName: 'view', toolArgs: { path: at('src/app.ts') } })).toMatchObject({
      status: 0,
      stdout: '',
    });
    const cline = (path: string) =>
      JSON.parse(ask('cline', { preToolUse: { toolName: 'read_file', parameters: { path } } }).stdout);
    expect([cline('.env').cancel, cline('src/app.ts').cancel]).toEqual([true, false]);
    const base = { transcript_path: '/home/me/.cursor/projects/x.txt', workspace_roots: [repository.root] };
    const shell = (command: string) =>
      ask('cursor', { ...base, hook_event_name: 'beforeShellExecution', command, cwd: repository.root });
    expect(JSON.parse(shell('cat .env').stdout)).toMatchObject({ permission: 'deny' });
    expect(JSON.parse(shell('ls').stdout)).toEqual({ permission: 'allow' });
    const read = ask('cursor', { ...base, hook_event_name: 'beforeReadFile', file_path: at('.env'), content: 'A=1' });
    expect(JSON.parse(read.stdout)).toMatchObject({ permission: 'deny' });
    const patch = '*** Begin Patch\n*** Update File: agent-posture.yaml\n@@\n*** End Patch';
    expect(JSON.parse(ask('copilot', { toolName: 'apply_patch', toolArgs: { input: patch } }).stdout)).toMatchObject({
      permissionDecision: 'deny',
    });
  });

  test('what it cannot read, and what cannot be started, is no', () => {
    expect(ask('windsurf', 'not JSON').status).toBe(2);
    expect(JSON.parse(ask('copilot', '').stdout)).toMatchObject({ permissionDecision: 'deny' });
    expect(JSON.parse(ask('cline', '[').stdout)).toMatchObject({ cancel: true });
    const script = at('.clinerules/hooks/PreToolUse');
    chmodSync(script, 0o755);
    const gone = spawnSync(script, { env: { PATH: '/nowhere' }, input: '{}', encoding: 'utf8' });
    expect(JSON.parse(gone.stdout)).toMatchObject({ cancel: true });
  });

  test.each(HOSTILE.map(text => [text]))('a posture full of %j makes no other program of it', async text => {
    const other = new Repository();
    try {
      const clean = text.replaceAll('\0', '') || 'x';
      await other.generate({
        ...FULL,
        agents: ['windsurf', 'copilot'],
        isolation: { runtime: 'none', files: { hide: ['.env', clean, `~/${clean}`] } },
        repository: { protected: ['main', clean] },
      });
      const run = (command_line: string) =>
        spawnSync('node', [HOOK_FILE, 'windsurf'], {
          cwd: other.root,
          input: JSON.stringify({ agent_action_name: 'pre_run_command', tool_info: { command_line } }),
          encoding: 'utf8',
        }).status;
      expect([run('cat .env'), run('git push origin main'), run('cat src/app.ts')]).toEqual([2, 2, 0]);
      expect(existsSync(join(other.root, 'PWNED'))).toBe(false);
      expect(readFileSync(join(other.root, HOOK_FILE), 'utf8')).not.toContain('@@');
    } finally {
      other.remove();
    }
  });

  test('where it is missing, the answer is no', () => {
    rmSync(at(HOOK_FILE));
    expect(windsurf('pre_read_code', { file_path: 'src/app.ts' }).status).toBe(2);
  });
});

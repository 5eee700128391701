import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOOK_FILE, hookCommand, YES } from '../../../src/agents/hook.ts';
import { agents } from '../../../src/agents/index.ts';
import { FULL, HOSTILE, Repository } from './lab.ts';

const ASKING = agents.flatMap(({ id, asksHook }) => (asksHook ? [id] : []));

// Cursor and Windsurf cannot be had as packages: what they hand to a hook, and what they take from it, is from their
// documentation alone (https://cursor.com/docs/agent/hooks, https://docs.windsurf.com/windsurf/cascade/hooks).
describe('the program that hooks of agents ask', () => {
  let repository: Repository;
  beforeAll(async () => {
    repository = new Repository();
    repository.write('.env', 'A=1');
    repository.write('src/app.ts', 'x');
    await repository.generate({ ...FULL, agents: ASKING });
    symlinkSync('.env', join(repository.root, 'harmless'));
    symlinkSync('.git/hooks', join(repository.root, 'h'));
  });
  afterAll(() => repository.remove());
  const ask = (agent: string, input: unknown) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', hookCommand(agent)], {
      cwd: repository.root,
      input: typeof input === 'string' ? input : JSON.stringify(input),
      encoding: 'utf8',
      timeout: 20_000,
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

  test('every agent that is made to ask is understood', () => {
    const reading: Record<string, (path: string) => object> = {
      copilot: path => ({ toolName: 'view', toolArgs: { path } }),
      cline: path => ({ preToolUse: { toolName: 'read_file', parameters: { path } } }),
      cursor: path => ({ hook_event_name: 'preToolUse', tool_name: 'Read', tool_input: { file_path: path } }),
      windsurf: path => ({ agent_action_name: 'pre_read_code', tool_info: { file_path: path } }),
    };
    expect(Object.keys(reading).sort()).toEqual([...ASKING].sort());
    for (const [agent, input] of Object.entries(reading)) {
      const isRefused = (path: string) => {
        const { status, stdout } = ask(agent, input(path));
        return status !== 0 || /"deny"|"cancel":true/.test(stdout);
      };
      expect([agent, isRefused('src/app.ts'), isRefused('.env')]).toEqual([agent, false, true]);
    }
  });

  test('each agent gets its answer in its own form', () => {
    const no = ask('copilot', { toolName: 'view', toolArgs: JSON.stringify({ path: at('.env') }) });
    expect(no).toMatchObject({ status: 2 });
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

  const denied = (agent: string, input: unknown) => {
    const { status, stdout } = ask(agent, input);
    if (status !== 0) return true;
    const answer = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
    return answer.permissionDecision === 'deny' || answer.cancel === true || answer.permission === 'deny';
  };
  const copilot = (toolName: string, toolArgs: unknown) => denied('copilot', { toolName, toolArgs });
  const cline = (name: string, input: unknown) =>
    denied('cline', { hookName: 'tool_call', tool_call: { name, input } });
  const cursor = (tool_name: string, tool_input: unknown) =>
    denied('cursor', { hook_event_name: 'preToolUse', tool_name, tool_input });

  // An answer must come whatever an agent is made to say: what is given has 1 MB, and each expression would take its time.
  test.each([
    ['pushes', 'git push '],
    ['removals', 'rm '],
    ['redirections', '> '],
    ['edits', 'sed x -i '],
    ['quotes', `"git push' `],
    ['folders', 'a/'],
    ['links upwards', '../'],
    ['stars', '*?'],
    ['braces', '{a,b}'],
    ['commands', 'git push x;'],
    ['lines', 'rm x\n'],
  ])(
    '1 MB of %s is judged or refused in a few seconds',
    (_name, unit) => {
      const text = unit.repeat(Math.floor(900_000 / unit.length));
      for (const input of [
        { toolName: 'bash', toolArgs: { command: text } },
        { toolName: 'view', toolArgs: { path: text } },
        { toolName: 'grep', toolArgs: { pattern: 'x', glob: text } },
        { toolName: 'other', toolArgs: { x: text } },
        { toolName: 'other', toolArgs: { x: text.slice(0, 500_000).split(' ') } },
      ]) {
        const before = performance.now();
        ask('copilot', input);
        expect(performance.now() - before).toBeLessThan(8_000);
      }
    },
    60_000,
  );

  test('what is too long is no: the whole, and a command in it', () => {
    expect(copilot('create', { path: 'src/new.ts', file_text: 'x'.repeat(1_000_001) })).toBe(true);
    expect(copilot('create', { path: 'src/new.ts', file_text: 'x'.repeat(900_000) })).toBe(false);
    expect(copilot('bash', { command: `echo ${'x'.repeat(5_000)}` })).toBe(true);
    const lines = Array.from({ length: 2_000 }, (_each, index) => `  don't; say "${index}" | once`).join('\n');
    expect(copilot('bash', { command: `cat > src/new.ts <<'EOF'\n${lines}\nEOF` })).toBe(false);
    expect(copilot('bash', { command: `cat > src/new.ts <<'EOF'\n${lines}\nEOF\ngit push origin main` })).toBe(true);
    const padding = 'x\n'.repeat(3_000);
    expect(copilot('bash', { command: `git push -o "${padding}" origin main` })).toBe(true);
  });

  test.each(['{}', '[]', '1', 'null', '"x"', '{"toolName":"view"}', '{"tool_call":{}}', '{"hook_event_name":"stop"}'])(
    'no agent’s documented input, and so no: %s',
    input => {
      expect(['copilot', 'cline', 'cursor', 'windsurf', 'stranger'].map(agent => denied(agent, input))).toEqual(
        Array(5).fill(true),
      );
    },
  );

  test.each([
    [{ filename: '.env' }],
    [{ target: 'sub/../.env' }],
    [{ source: 'src/app.ts', destination: 'agent-posture.yaml' }],
    [{ p: 'secrets/a.txt' }],
    [{ deep: [{ list: [['config/master.key']] }] }],
    [{ arguments: '{"where":"harmless"}' }],
    [{ x: 'git push origin main' }],
    [{ words: 'first\ncat .env' }],
    [['.env']],
  ])('a tool that is not known is judged by every text it is given: no to %j', input => {
    expect([copilot('new_tool', input), cline('new_tool', input), cursor('MCP:new_tool', input)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(windsurf('pre_mcp_tool_use', { mcp_tool_arguments: input }).status).toBe(2);
  });

  test.each([
    ['new_tool', { query: 'how are things', path: 'src/app.ts' }],
    ['new_tool', {}],
    ['task', { prompt: 'see what .env.example says of git push origin main' }],
    ['grep', { pattern: 'process\\.env', paths: 'src' }],
    ['edit', { path: 'src/app.ts', old_str: '.env', new_str: 'git push origin main' }],
    ['bash', { command: 'npm test', description: 'see .env' }],
    ['list_bash', {}],
  ])('and work goes on: %s %j', (tool, input) => {
    expect(copilot(tool, input)).toBe(false);
  });

  test('a tool that writes is told by its documentation, not by its name', () => {
    const change = { path: 'agent-posture.yaml', old_str: 'a', new_str: 'b' };
    expect(['search_replace', 'read_and_write', 'edit', 'StrReplace'].map(tool => copilot(tool, change))).toEqual(
      Array(4).fill(true),
    );
    expect(copilot('view', { path: 'agent-posture.yaml' })).toBe(false);
    expect(cursor('Delete', { path: 'agent-posture.yaml' })).toBe(true);
    expect(cursor('Read', { file_path: 'agent-posture.yaml' })).toBe(false);
    expect(copilot('write_bash', { shellId: '0', input: 'cat .env{enter}' })).toBe(true);
    expect(copilot('write_bash', { shellId: '0', input: 'y{enter}' })).toBe(false);
    expect(cline('run_commands', { commands: [{ command: 'git', args: ['push', 'origin', 'main'] }] })).toBe(true);
    expect(cline('run_commands', { commands: [{ command: 'git', args: ['push', 'origin', 'topic'] }] })).toBe(false);
  });

  test('a search is no where it would read what is hidden, and yes elsewhere', () => {
    // In this repository git ignores what is hidden, as it does wherever .gitignore is as it was generated.
    const grep = (input: object) => copilot('grep', { pattern: 'x', ...input });
    const globs = [
      '.env',
      '{.e,x}nv',
      '[.]env',
      '**/.env*',
      '*',
      '**/*',
      '?env',
      'secrets/**',
      '*.key',
      '\\.env',
      '.e*v',
    ];
    expect(globs.filter(glob => !grep({ path: '.', glob }))).toEqual([]);
    expect(globs.filter(glob => !cursor('Grep', { pattern: 'x', path: '.', glob }))).toEqual([]);
    expect(globs.filter(file_pattern => !cline('search_files', { path: '.', regex: 'x', file_pattern }))).toEqual([]);
    const plain = ['*.ts', '*.{ts,js}', 'src/**', '**/*.test.ts', '!.env*', '[a-z]*.md'];
    expect(plain.filter(glob => grep({ path: '.', glob }))).toEqual([]);
    expect([grep({}), grep({ paths: ['src', '.'] }), cline('search_codebase', { queries: ['x'] })]).toEqual(
      Array(3).fill(false),
    );
    expect([grep({ paths: 'secrets' }), grep({ paths: '..' }), grep({ paths: '~' }), grep({ paths: '/' })]).toEqual(
      Array(4).fill(true),
    );
    repository.write('sub/config/master.key', 'x');
    const ignored = readFileSync(at('.gitignore'), 'utf8');
    repository.write('.gitignore', '');
    try {
      expect([
        grep({}),
        grep({ path: 'src' }),
        grep({ glob: '*.ts' }),
        cline('search_codebase', { queries: 'x' }),
      ]).toEqual([true, false, false, true]);
    } finally {
      repository.write('.gitignore', ignored);
    }
  });

  test('one command of git has many spellings', () => {
    const no = [
      'git commit -anm x',
      'git commit -nm x',
      'git commit -qsn',
      'git commit -m x --no-verif',
      'git push --no-veri origin topic',
      'git push --mirr origin',
      'git push --al origin',
      'git -c CORE.HOOKSPATH=/dev/null commit -m x',
      'git push origin ma""in',
      "git push origin 'main'",
      'git pu\\sh origin main',
      'git push \\\n  origin main',
      'cd src && git push origin main',
      'echo x >| agent-posture.yaml',
      'echo x &> agent-posture.yaml',
    ];
    expect(no.filter(command => !copilot('bash', { command }))).toEqual([]);
    const yes = [
      'git commit -am n',
      'git commit -m "x; y" --amend',
      'git commit -aem none',
      'git push --atomic origin topic',
      'git log -n 3',
      'npm run --silent all',
    ];
    expect(yes.filter(command => copilot('bash', { command }))).toEqual([]);
  });

  test('one path has many spellings', () => {
    const address = `file://${at('.env').replace('.env', '%2eenv')}`;
    for (const path of [
      address,
      address.toUpperCase().slice(0, 5) + address.slice(5),
      `${address}#L1`,
      'config%2Fmaster.key',
    ])
      expect([path, copilot('view', { path })]).toEqual([path, true]);
    expect(copilot('view', { path: `file://${at('src/app.ts')}` })).toBe(false);
    expect(copilot('bash', { command: `curl ${address}` })).toBe(true);
    const other = (platform: string, path: string) =>
      spawnSync(
        process.execPath,
        [
          '--import',
          `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`,
          at(HOOK_FILE),
          'windsurf',
        ],
        {
          cwd: repository.root,
          input: JSON.stringify({ agent_action_name: 'pre_read_code', tool_info: { file_path: path } }),
        },
      ).status;
    expect(['linux', 'darwin', 'win32'].map(platform => other(platform, 'Config/MASTER.key'))).toEqual([YES, 2, 2]);
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
      expect([run('cat .env'), run('git push origin main'), run('cat src/app.ts')]).toEqual([2, 2, YES]);
      expect(existsSync(join(other.root, 'PWNED'))).toBe(false);
      expect(readFileSync(join(other.root, HOOK_FILE), 'utf8')).not.toContain('@@');
    } finally {
      other.remove();
    }
  });

  test('where it is missing, was emptied, or is another program, the answer is no', () => {
    const script = at('.clinerules/hooks/PreToolUse');
    for (const text of ['', "console.log('well');\n", 'process.exitCode = 1;\n', undefined]) {
      if (text === undefined) rmSync(at(HOOK_FILE));
      else writeFileSync(at(HOOK_FILE), text);
      expect(windsurf('pre_read_code', { file_path: 'src/app.ts' }).status).toBe(2);
      expect(ask('copilot', { toolName: 'view', toolArgs: { path: at('src/app.ts') } }).status).toBe(2);
      expect(JSON.parse(spawnSync(script, { input: '{}', encoding: 'utf8' }).stdout)).toMatchObject({ cancel: true });
    }
  });
});

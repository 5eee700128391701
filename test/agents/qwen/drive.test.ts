import { delimiter, dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/qwen/drive.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell, read, write, search, list, fetch } = driver.tools;
const FILES = { '.env': 'CANARY', 'ok.txt': 'FINE', 'seen.txt': '' };
const HOOK = 'if grep -q secret; then echo no way >&2; exit 2; fi';

describeWith(['qwen', 'node-22', 'bubblewrap', 'git'], 'the real Qwen Code in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const path = process.env.PATH;
  // As a user of several has it: the newer one before the others.
  beforeEach(() => {
    process.env.PATH = [dirname(part('node-22')), path].join(delimiter);
  });
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('qwen'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => {
    process.env.PATH = path;
    lab?.remove();
  });

  test('without rules all goes through, in both modes', async () => {
    const own = laid({});
    const at = (name: string) => own.inRoot(name);
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, output } = await own.drive(mode, async ({ call, model }) => {
        for (const each of [read?.(at('.env')), shell('cat .env'), search?.('CANARY', at('.env'))])
          expect(await call(each)).toContain('CANARY');
        expect(await call(list?.(own.root))).toContain('ok.txt');
        expect(driver.refused(await call(write?.(at(`${mode}.txt`), mode)))).toBeUndefined();
        await call(shell(`echo ${mode} > by-shell.txt`));
        expect(await call(shell('echo "<$NODE_OPTIONS>"'))).toContain('<>');
        expect([own.stage.read(`${mode}.txt`), own.stage.read('by-shell.txt')]).toEqual([mode, `${mode}\n`]);
        // It overwrites what it has read, and nothing else.
        expect(driver.refused(await call(write?.(at('seen.txt'), mode)))).toBe('unable');
        await call(read?.(at('seen.txt')));
        expect(driver.refused(await call(write?.(at('seen.txt'), mode)))).toBeUndefined();
        expect(own.stage.read('seen.txt')).toBe(mode);
        const both = await model.calls([shell('echo one'), read?.(at('ok.txt')) ?? shell('')], 20_000);
        expect(both).toEqual([
          expect.objectContaining({ kind: 'returned', text: expect.stringContaining('one') }),
          expect.objectContaining({ kind: 'returned', text: 'FINE' }),
        ]);
        model.expect('mark');
        await call(fetch?.('http://127.0.0.1:3130/mark'));
        expect(model.wasReached('mark')).toBe(true);
        expect(await call(shell(left.command))).toContain('left');
      });
      // With something left running it waits a while before it ends, longer than it is given here under load.
      expect({ ready, complaint: driver.complaint(output) }).toEqual({ ready: true, complaint: undefined });
      expect(processesWith(left.words)).toEqual([]);
    }
  });

  test('its rules refuse, what it would ask about is no refusal, and neither speaks of the sibling', async () => {
    const settings = JSON.stringify({
      permissions: {
        deny: ['Read(./.env)', 'run_shell_command(curl *)', 'WebFetch', 'Edit(./guard.txt)'],
        ask: ['Bash(ls:*)'],
      },
      tools: { exclude: ['ShellTool(wget)', 'notebook_edit'] },
    });
    expect(
      driver.rules?.([{ path: '.qwen/settings.json', text: settings }]).map(({ text, what }) => [text, what]),
    ).toEqual([
      ['Read(./.env)', { kind: 'read', pattern: '/.env' }],
      ['run_shell_command(curl *)', { kind: 'exec', command: 'curl' }],
      ['WebFetch', { kind: 'fetch', host: undefined }],
      ['Edit(./guard.txt)', { kind: 'write', pattern: '/guard.txt' }],
      ['ShellTool(wget)', { kind: 'exec', command: 'wget' }],
      ['notebook_edit', { kind: 'tool', name: 'notebook_edit' }],
    ]);
    const files = {
      '.qwen/settings.json': settings,
      '.qwenignore': 'ignored.txt\n',
      'ignored.txt': 'CANARY',
      'guard.txt': '',
    };
    const own = laid(files);
    for (const mode of ['configured', 'bypass'] as const)
      await own.drive(mode, async ({ call, model }) => {
        const said = async (...[asked]: Parameters<typeof call>) => driver.refused(await call(asked), asked);
        expect(model.offered).not.toContain('notebook_edit');
        for (const each of [read?.(own.inRoot('.env')), read?.(own.inRoot('ignored.txt')), shell('cat .env')])
          expect(await said(each)).toBe('rule');
        for (const each of [shell('curl http://127.0.0.1:1/'), shell('wget x'), write?.(own.inRoot('guard.txt'), 'x')])
          expect(await said(each)).toBe('rule');
        // Denied as a whole, it is not there; and in this mode nothing is asked.
        expect(await said(fetch?.('http://127.0.0.1:1/'))).toBe('unable');
        expect(await said(shell('ls'))).toBe(mode === 'configured' ? 'ask' : undefined);
        expect(await call(read?.(own.inRoot('ok.txt')))).toBe('FINE');
        expect(await call(shell('python3 -c "print(open(\'.env\').read())"'))).toContain('CANARY');
        // What is printed is no refusal.
        expect(await said(shell('echo "This invocation was denied by permission rules."'))).toBeUndefined();
      });
  });

  test('a hook refuses in its own words, which a shell’s result tells from one, and the end of the session for all', async () => {
    const settings = JSON.stringify({
      hooks: { PreToolUse: [{ matcher: '.*', hooks: [{ type: 'command', command: HOOK }] }] },
    });
    expect(driver.hooks?.([{ path: '.qwen/settings.json', text: settings }])).toMatchObject([
      { path: '.qwen/settings.json', event: 'PreToolUse', matcher: '.*', command: HOOK },
    ]);
    const own = laid({ '.qwen/settings.json': settings, 'secret.key': 'CANARY' });
    const { output } = await own.drive('configured', async ({ call }) => {
      const result = await call(shell('cat secret.key'));
      expect([result, driver.refused(result, shell('cat secret.key'))]).toEqual(['no way', 'hook']);
      const asked = read?.(own.inRoot('secret.key'));
      expect(driver.refused(await call(asked), asked)).toBeUndefined();
      expect(driver.refused(await call(shell('cat ok.txt')), shell(''))).toBeUndefined();
    });
    expect(driver.denied?.(output)).toEqual([expect.stringMatching(/^call_/), expect.stringMatching(/^call_/)]);
  });

  test('it says which settings it does not take, but nothing of a repository’s that are no JSON', async () => {
    const said = async (place: string, text: string) => {
      const other = new Lab(driver, part('qwen'), { ...FILES, [place]: text });
      const { ready, output } = await other.drive('configured');
      other.remove();
      return { ready, complaint: driver.complaint(output) };
    };
    expect(await said('~/.qwen/settings.json', '{"a":1,')).toEqual({
      ready: false,
      complaint: expect.stringMatching(/Cannot read .*settings\.json: SyntaxError/),
    });
    expect(await said('.qwen/settings.json', '{"permissions":{"deny":[5]}}')).toEqual({
      ready: false,
      complaint: expect.stringContaining('TypeError'),
    });
    expect(await said('.qwen/settings.json', '{"a":1,')).toEqual({ ready: true, complaint: undefined });
  });
});

test('of its settings, keys and servers are not copied', () => {
  const keep = driver.copies.find(({ path }) => path === '~/.qwen/settings.json')?.keep;
  const kept = keep?.(
    JSON.stringify({
      permissions: { deny: ['Read(.env)'] },
      env: { DASHSCOPE_API_KEY: 's3cr3t' },
      modelProviders: { openai: [{ id: 'x' }] },
      security: { auth: { apiKey: 's3cr3t' }, folderTrust: { enabled: true } },
      mcpServers: {},
    }),
  );
  expect(JSON.parse(kept ?? '')).toEqual({
    permissions: { deny: ['Read(.env)'] },
    security: { folderTrust: { enabled: true } },
  });
});

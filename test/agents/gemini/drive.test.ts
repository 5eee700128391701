import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/gemini/drive.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell, read, write, search, list, fetch } = driver.tools;
const FILES = { 'secret.key': 'CANARY', 'ok.txt': 'FINE' };
const HOOK = 'if grep -q secret; then echo no >&2; exit 2; fi';
const POLICY = `[[rule]]
toolName = "run_shell_command"
commandPrefix = ["curl", "git push"]
decision = "deny"
priority = 100
denyMessage = "not here"
[[rule]]
toolName = ["read_file", "replace"]
argsPattern = "secret\\\\.key"
decision = "deny"
priority = 100
[[rule]]
toolName = "run_shell_command"
commandPrefix = "ls"
decision = "ask_user"
priority = 100
[[rule]]
toolName = "read_file"
argsPattern = "no(b|c)such"
decision = "deny"
priority = 100
`;

describeWith(['gemini', 'bubblewrap', 'git'], 'the real Gemini CLI in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('gemini'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => lab?.remove());

  test('without rules all goes through, in both modes', async () => {
    const own = laid({ '.env': 'CANARY' });
    const at = (path: string) => own.inRoot(path);
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, code, output } = await own.drive(mode, async ({ call, model }) => {
        for (const each of [read?.(at('secret.key')), shell('cat .env'), search?.('CANARY', own.root)])
          expect(await call(each)).toContain('CANARY');
        expect(await call(list?.(own.root))).toContain('ok.txt');
        expect(driver.refused(await call(write?.(at('new.txt'), mode)))).toBeUndefined();
        await call(shell(`echo ${mode} > by-shell.txt`));
        expect([own.stage.read('new.txt'), own.stage.read('by-shell.txt')]).toEqual([mode, `${mode}\n`]);
        const both = await model.calls([shell('echo one'), read?.(at('ok.txt')) ?? shell('')], 20_000);
        expect(both).toEqual([
          expect.objectContaining({ kind: 'returned', text: expect.stringContaining('one') }),
          expect.objectContaining({ kind: 'returned', text: 'FINE' }),
        ]);
        // None of the same calls in a row is taken for a loop.
        for (let again = 0; again < 7; again++) expect(await call(shell('cat ok.txt'))).toContain('FINE');
        // Its own walls.
        expect(driver.refused(await call(read?.(at('.env'))))).toBe('rule');
        expect(driver.refused(await call(write?.(at('.git/hooks/x'), 'x')))).toBe('rule');
        expect(driver.refused(await call(fetch?.('http://127.0.0.1:1/x')))).toBe('unable');
        expect(await call(shell(left.command))).toContain('left');
      });
      expect({ ready, code, complaint: driver.complaint(output) }).toEqual({
        ready: true,
        code: 0,
        complaint: undefined,
      });
      expect(processesWith(left.words)).toEqual([]);
    }
  });

  test('its policies refuse, what it would ask about is no refusal, and neither speaks of the sibling', async () => {
    const path = '~/.gemini/policies/mine.toml';
    const settings = '{"tools":{"exclude":["web_fetch","run_shell_command(wget)"],"confirmationRequired":["replace"]}}';
    const files = {
      [path]: POLICY,
      '.gemini/settings.json': settings,
      '.geminiignore': 'ignored.txt\n',
      'ignored.txt': 'CANARY',
    };
    expect(
      driver
        .rules?.([
          { path: '.gemini/settings.json', text: settings },
          { path, text: POLICY },
        ])
        .map(({ what }) => what),
    ).toEqual([
      { kind: 'fetch', host: undefined },
      { kind: 'exec', command: 'wget' },
      { kind: 'exec', command: 'curl' },
      { kind: 'exec', command: 'git push origin main' },
      { kind: 'read', pattern: '**/*secret.key*' },
      { kind: 'write', pattern: '**/*secret.key*' },
    ]);
    const own = laid(files);
    for (const mode of ['configured', 'bypass'] as const)
      await own.drive(mode, async ({ call, model }) => {
        const said = async (...[asked]: Parameters<typeof call>) => driver.refused(await call(asked));
        expect(model.offered).not.toContain('web_fetch');
        expect(await said(shell('curl http://127.0.0.1:1/'))).toBe('rule');
        expect(await said(shell('true; git push'))).toBe('rule');
        expect(await said(read?.(own.inRoot('secret.key')))).toBe('rule');
        expect(await said(read?.(own.inRoot('ignored.txt')))).toBe('rule');
        expect(await said(shell('ls'))).toBe('ask');
        expect(await call(read?.(own.inRoot('ok.txt')))).toBe('FINE');
        expect(await call(shell('cat secret.key'))).toContain('CANARY');
        // What is printed is no refusal.
        expect(await said(shell('echo "Tool execution denied by policy."'))).toBeUndefined();
      });
  });

  test('where settings name the folders of policies, the answers are among them', async () => {
    const named = '{"policyPaths":[".gemini/policies"]}';
    const own = laid({ '.gemini/settings.json': named, '.gemini/policies/mine.toml': POLICY });
    await own.drive('configured', async ({ call }) => {
      expect(await call(shell('cat ok.txt'))).toContain('FINE');
      expect(driver.refused(await call(shell('curl http://127.0.0.1:1/')))).toBe('rule');
    });
  });

  test('a hook refuses', async () => {
    const settings = JSON.stringify({
      hooks: { BeforeTool: [{ matcher: '.*', hooks: [{ type: 'command', command: HOOK }] }] },
    });
    expect(driver.hooks?.([{ path: '.gemini/settings.json', text: settings }])).toMatchObject([
      { path: '.gemini/settings.json', event: 'BeforeTool', matcher: '.*', command: HOOK },
    ]);
    const own = laid({ '.gemini/settings.json': settings });
    await own.drive('configured', async ({ call }) => {
      expect(driver.refused(await call(shell('cat secret.key')))).toBe('hook');
      expect(driver.refused(await call(read?.(own.inRoot('secret.key'))))).toBe('hook');
      expect(await call(read?.(own.inRoot('ok.txt')))).toBe('FINE');
    });
  });

  test('its search for loops, where the repository turns it on, is told that there is none', async () => {
    const own = laid({ '.gemini/settings.json': '{"model":{"disableLoopDetection":false}}' });
    await own.drive('configured', async ({ call, model }) => {
      for (let turn = 0; turn < 35; turn++) await call(shell(`echo ${turn}`));
      expect(model.requests).toBeGreaterThan(model.turns);
    });
  });

  test('it says which settings it does not take', async () => {
    const said = async (path: string, text: string) => {
      const other = new Lab(driver, part('gemini'), { ...FILES, [path]: text });
      const { ready, output } = await other.drive('configured');
      other.remove();
      return { ready, complaint: driver.complaint(output) };
    };
    for (const path of ['.gemini/settings.json', '~/.gemini/settings.json'])
      expect(await said(path, '{"a":1,')).toEqual({
        ready: false,
        complaint: expect.stringMatching(/^Error in .*settings/),
      });
    expect(await said('.gemini/settings.json', '{"tools":{"exclude":"x"}}')).toEqual({
      ready: true,
      complaint: expect.stringMatching(/^Invalid configuration in .* Error in: tools\.exclude/),
    });
    expect(await said('~/.gemini/policies/a.toml', '[[rule')).toEqual({
      ready: true,
      complaint: expect.stringMatching(/Policy file error in a\.toml: TOML parsing failed/),
    });
  });
});

test('of its settings, logins and servers are not copied, and those that are none stay none', () => {
  const keep = driver.copies.find(({ path }) => path === '~/.gemini/settings.json')?.keep;
  const kept = keep?.(`{
  // as somebody wrote it
  "tools": { "exclude": ["web_fetch"] },
  "security": { "auth": { "selectedType": "oauth-personal" }, "disableYoloMode": true },
  "mcpServers": { "x": { "env": { "KEY": "s3cr3t" } } },
  "experimental": { "apiKey": "s3cr3t" }
}`);
  expect(JSON.parse(kept ?? '')).toEqual({
    tools: { exclude: ['web_fetch'] },
    security: { disableYoloMode: true },
    experimental: {},
  });
  for (const text of ['{"key":"s3cr3t",}', '\uFEFF{}', '[]', 'no']) expect(keep?.(text)).toBe('{');
});

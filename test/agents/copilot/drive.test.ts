import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/copilot/drive.ts';
import type { AgentCall } from '../../../src/agents/driver.ts';
import { addresses } from '../../../src/selftest/drive/contain.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell, read, write, rewrite, search, list } = driver.tools;
const FILES = { '.env': 'CANARY\n', 'ok.txt': 'FINE\n', '.gitignore': '.env\n' };
const HOOKS = '.github/hooks/no.json';
/** Says no to whatever names the word. */
const no = (word: string) =>
  `if grep -q '${word}'; then echo '{"permissionDecision":"deny","permissionDecisionReason":"no way"}'; fi`;
const hook = (bash: string) => JSON.stringify({ version: 1, hooks: { preToolUse: [{ type: 'command', bash }] } });

describeWith(['copilot', 'bubblewrap', 'git'], 'the real GitHub Copilot CLI in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('copilot'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => lab?.remove());

  test('without rules all goes through, in both modes', async () => {
    // A server that does not answer is not waited for.
    const server = { mcpServers: { slow: { type: 'local', command: 'sleep', args: ['60'] } } };
    const own = laid({ '.mcp.json': JSON.stringify(server) });
    const at = (name: string) => own.inRoot(name);
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, output, code } = await own.drive(mode, async ({ call, model }) => {
        for (const each of [
          read?.(at('.env')),
          shell('cat .env'),
          search?.('CANARY', own.root),
          search?.('CANARY', at('.env')),
        ])
          expect(await call(each)).toContain('CANARY');
        expect(await call(list?.(own.root))).toContain('ok.txt');
        expect(driver.refused(await call(write?.(at(`${mode}.txt`), mode)))).toBeUndefined();
        expect(driver.refused(await call(write?.(at('ok.txt'), mode)))).toBe('unable');
        await call(rewrite?.(at('ok.txt'), own.stage.read('ok.txt')?.trim() ?? '', mode));
        await call(shell(`echo ${mode} > by-shell.txt`));
        const written = [`${mode}.txt`, 'ok.txt', 'by-shell.txt'].map(name => own.stage.read(name)?.trim());
        expect(written).toEqual([mode, mode, mode]);
        const both = await model.calls([shell('echo one'), shell('echo two')], 20_000);
        expect(both.map(each => (each.kind === 'returned' ? each.text.split('\n')[0] : each))).toEqual(['one', 'two']);
        model.expect('mark');
        await call(shell(`curl -s ${addresses(undefined).elsewhere}/mark`));
        expect(model.wasReached('mark')).toBe(true);
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

  test('its hooks refuse wherever they stand, and let the siblings through', async () => {
    const claude = { PreToolUse: [{ matcher: '*', hooks: [{ type: 'command', command: no('by-claude') }] }] };
    const own = laid({
      [HOOKS]: hook(`${no('.env')}`),
      '.github/hooks/asks.json': hook(
        `if grep -q askme; then echo '{"permissionDecision":"ask","permissionDecisionReason":"sure?"}'; fi`,
      ),
      '.github/copilot/settings.json': hook('if grep -q crashes; then exit 1; fi'),
      '~/.copilot/hooks/own.json': hook(no('at-home')),
      '.claude/settings.json': JSON.stringify({ hooks: claude }),
    });
    for (const mode of ['configured', 'bypass'] as const)
      await own.drive(mode, async ({ call }) => {
        const said = async (asked: AgentCall | undefined) => driver.refused(await call(asked), asked);
        for (const each of [read?.(own.inRoot('.env')), shell('cat .env'), write?.(own.inRoot('.env'), 'x')])
          expect(await said(each)).toBe('hook');
        for (const word of ['crashes', 'at-home', 'by-claude']) expect(await said(shell(`echo ${word}`))).toBe('hook');
        expect(await said(shell('echo askme'))).toBe('ask');
        expect(await call(read?.(own.inRoot('ok.txt')))).toBe('FINE\n');
        expect(await call(shell('cat ok.txt'))).toContain('FINE');
        // What is printed is no refusal.
        expect(await said(shell("echo 'Denied by preToolUse hook: no'"))).toBeUndefined();
      });
    expect(own.stage.read('.env')).toBe('CANARY\n');
    const files = [HOOKS, '.github/copilot/settings.json', '~/.copilot/hooks/own.json', '.claude/settings.json'];
    expect(driver.hooks?.(files.map(path => ({ path, text: own.stage.read(path) ?? '' })))).toMatchObject([
      {
        ...{ path: HOOKS, event: 'preToolUse', matcher: '', command: no('.env') },
        ...{ at: ['hooks', 'preToolUse', 0, 'bash'], waits: { key: 'timeoutSec', perSecond: 1 } },
      },
      { path: files[1], event: 'preToolUse', matcher: '', command: 'if grep -q crashes; then exit 1; fi' },
      { path: files[2], event: 'preToolUse', matcher: '', command: no('at-home') },
      {
        ...{ path: files[3], event: 'PreToolUse', matcher: '*', command: no('by-claude') },
        at: ['hooks', 'PreToolUse', 0, 'hooks', 0, 'command'],
      },
    ]);
  });

  test('hosts that the user’s settings deny are refused to commands, and those of the repository are not', async () => {
    const { elsewhere } = addresses(undefined);
    const settings = JSON.stringify({ deniedUrls: [elsewhere] });
    const own = laid({ '~/.copilot/settings.json': settings });
    for (const mode of ['configured', 'bypass'] as const)
      await own.drive(mode, async ({ call }) => {
        expect(driver.refused(await call(shell(`curl -s ${elsewhere}/mark`)))).toBe('rule');
        expect(await call(shell('echo fine'))).toContain('fine');
      });
    const both = ['~/.copilot/settings.json', '.github/copilot/settings.json'].map(path => ({ path, text: settings }));
    expect(driver.rules?.(both)).toEqual([
      {
        path: '~/.copilot/settings.json',
        text: `deniedUrls "${elsewhere}"`,
        what: { kind: 'fetch', host: '127.0.0.1' },
      },
    ]);
  });

  test('it says which settings of the repository it does not take, and nothing of hooks', async () => {
    const own = laid({ '.github/copilot/settings.json': '{"hooks":', [HOOKS]: '{"version":1' });
    const { ready, output } = await own.drive('configured', async ({ call }) => {
      expect(await call(read?.(own.inRoot('.env')))).toBe('CANARY\n');
    });
    const complaint = driver.complaint(output);
    expect({ ready, complaint }).toEqual({
      ready: true,
      complaint: expect.stringMatching(/settings\.json' could not be loaded: Invalid JSON/),
    });
    expect(complaint).not.toContain('no.json');
  });
});

test('a hook is started in the folder that it names', () => {
  const text = JSON.stringify({
    hooks: {
      preToolUse: [
        { type: 'command', command: 'node x', cwd: "it's" },
        { type: 'prompt', prompt: 'x' },
      ],
    },
  });
  expect(driver.hooks?.([{ path: HOOKS, text }])).toMatchObject([
    { path: HOOKS, event: 'preToolUse', matcher: '', command: String.raw`cd 'it'\''s' && node x` },
  ]);
});

test('of its settings, logins are not copied', () => {
  const keep = driver.copies.find(({ path }) => path === '~/.copilot/settings.json')?.keep;
  const text = JSON.stringify({
    loggedInUsers: [{ login: 'me' }],
    copilotTokens: { a: 's3cr3t' },
    deniedUrls: ['x.example'],
  });
  expect(JSON.parse(keep?.(text) ?? '')).toEqual({ deniedUrls: ['x.example'] });
});

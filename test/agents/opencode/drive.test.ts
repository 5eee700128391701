import { afterEach, expect, test } from 'vitest';
import type { AgentCall } from '../../../src/agents/driver.ts';
import { driver } from '../../../src/agents/opencode/drive.ts';
import { addresses } from '../../../src/selftest/drive/contain.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell, read, write, search, list, fetch } = driver.tools;
const FILES = { '.env': 'CANARY\n', 'ok.txt': 'FINE\n', '.gitignore': '.env\n' };
const SETTINGS = 'opencode.json';

describeWith(['opencode', 'bubblewrap', 'git'], 'the real opencode in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('opencode'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => lab?.remove());

  test('without rules all goes through, in both modes', async () => {
    const own = laid({});
    const at = (name: string) => own.inRoot(name);
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, output, code } = await own.drive(mode, async ({ call, model }) => {
        for (const each of [read?.(at('.env')), shell('cat .env'), search?.('CANARY', own.root)])
          expect(await call(each)).toContain('CANARY');
        expect(await call(list?.(own.root))).toContain('ok.txt');
        for (const name of ['new.txt', 'ok.txt'])
          expect(driver.refused(await call(write?.(at(name), mode)))).toBeUndefined();
        await call(shell(`echo ${mode} > by-shell.txt`));
        expect(['new.txt', 'ok.txt', 'by-shell.txt'].map(name => own.stage.read(name)?.trim())).toEqual([
          mode,
          mode,
          mode,
        ]);
        const both = await model.calls([shell('echo one'), shell('echo two')], 20_000);
        expect(both.map(each => (each.kind === 'returned' ? each.text : each))).toEqual(['one\n', 'two\n']);
        model.expect('mark');
        await call(fetch?.(`${addresses(undefined).elsewhere}/mark`));
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

  test('its rules refuse, over whatever answers, and let the siblings through; what it asks is answered', async () => {
    const permission = {
      read: { '*': 'allow', '*.env': 'deny' },
      edit: { '*': 'allow', 'guard.txt': 'deny' },
      bash: { '*': 'allow', 'curl *': 'deny', '* .env': 'deny', 'ls *': 'ask' },
      external_directory: { '~/.ssh/*': 'deny' },
      webfetch: 'deny',
    };
    const settings = {
      permission,
      // None of these keeps it from its start: a model and providers that are not there, and servers that do not answer.
      agent: { build: { permission: { read: { 'agents.txt': 'deny' } }, model: 'openai/none' } },
      enabled_providers: ['anthropic'],
      mcp: {
        far: { type: 'remote', url: 'https://mcp.example.com' },
        near: { type: 'local', command: ['sleep', '60'] },
      },
    };
    const own = laid({
      [SETTINGS]: JSON.stringify(settings),
      'agents.txt': 'CANARY',
      'guard.txt': 'x',
      '~/.ssh/id': 'CANARY',
      '.opencode/plugin/says-no.js':
        "export const No = async () => ({ 'tool.execute.before': async ({ tool }) => { if (tool === 'glob') throw new Error('no way'); } });",
    });
    await own.drive('configured', async ({ call, model }) => {
      const said = async (asked: AgentCall | undefined) => driver.refused(await call(asked), asked);
      expect(model.offered).not.toContain('webfetch');
      for (const path of ['.env', 'agents.txt']) expect(await said(read?.(own.inRoot(path)))).toBe('rule');
      expect(await said(read?.(own.stage.inside('~/.ssh/id')))).toBe('rule');
      expect(await said(write?.(own.inRoot('guard.txt'), 'y'))).toBe('rule');
      for (const each of ['curl http://127.0.0.1:1/', 'cat .env', 'cat ~/.ssh/id'])
        expect(await said(shell(each))).toBe('rule');
      expect(await call(read?.(own.inRoot('ok.txt')))).toContain('FINE');
      expect(await call(shell('ls ok.txt'))).toBe('ok.txt\n');
      expect(await call(search?.('CANARY', own.root))).toContain('CANARY');
      // A plugin's own words are all that comes of its no.
      expect(await call(list?.(own.root))).toBe('no way');
      expect(await said(read?.(own.inRoot('none')))).toBe('unable');
      expect(await said({ name: 'read', input: {} })).toBe('unable');
    });
    expect(own.stage.read('guard.txt')).toBe('x');
  });

  test('it does not start with settings that it does not take, and says which', async () => {
    for (const [path, text] of [
      [SETTINGS, '{"permission":{"read":{"*.env":"deny"}}'],
      ['~/.config/opencode/opencode.jsonc', '{"permission":{"read":{"*.env":"denied"}}}'],
    ] as const) {
      const other = new Lab(driver, part('opencode'), { ...FILES, [path]: text });
      const { ready, output, code } = await other.drive('configured');
      other.remove();
      expect({ ready, code, complaint: driver.complaint(output) }).toEqual({
        ready: false,
        code: 1,
        complaint: expect.stringMatching(/^Config/),
      });
    }
  });
});

const rulesOf = (settings: object) =>
  driver.rules?.([{ path: SETTINGS, text: JSON.stringify(settings) }]).map(({ text, what }) => [text, what]);

test('its rules are told from its settings', () => {
  expect(rulesOf({ permission: { read: 'allow', bash: { '*': 'ask' } } })).toEqual([]);
  expect(rulesOf({ permission: 'deny' })).toEqual([['permission: deny', { kind: 'tool', name: '*' }]]);
  expect(
    rulesOf({
      permission: {
        read: {
          '*.env': 'deny',
          'secrets/*': 'deny',
          '*/keys/*': 'deny',
          'a/b.key': 'deny',
          '~/.aws/*': 'deny',
          '/etc/*': 'deny',
        },
        edit: { '.git/*': 'deny' },
        bash: {
          'curl *': 'deny',
          'git * push *main*': 'deny',
          '* .env': 'deny',
          'tee *x*': 'deny',
          'rm -rf *': 'deny',
        },
        webfetch: { 'https://example.com/*': 'deny', '*': 'deny' },
        'external?directory': { '~/.ssh': 'deny' },
        task: 'deny',
      },
      default_agent: 'mine',
      agent: { mine: { permission: { 'rea?': { 'x?': 'deny' } } }, other: { permission: { read: 'deny' } } },
    }),
  ).toEqual([
    ['permission.read "*.env": deny', { kind: 'read', pattern: '*.env' }],
    ['permission.read "secrets/*": deny', { kind: 'read', pattern: '/secrets/**' }],
    ['permission.read "*/keys/*": deny', { kind: 'read', pattern: '**/keys/**' }],
    ['permission.read "a/b.key": deny', { kind: 'read', pattern: '/a/b.key' }],
    ['permission.read "~/.aws/*": deny', { kind: 'read', pattern: '~/.aws/**' }],
    ['permission.edit ".git/*": deny', { kind: 'write', pattern: '/.git/**' }],
    ['permission.bash "curl *": deny', { kind: 'exec', command: 'curl' }],
    ['permission.bash "git * push *main*": deny', { kind: 'exec', command: 'git push origin main' }],
    ['permission.bash "rm -rf *": deny', { kind: 'exec', command: 'rm -rf' }],
    ['permission.webfetch "https://example.com/*": deny', { kind: 'fetch', host: 'example.com' }],
    ['permission.webfetch "*": deny', { kind: 'fetch', host: undefined }],
    ['permission.external?directory "~/.ssh": deny', { kind: 'read', pattern: '~/.ssh' }],
    ['permission.external?directory "~/.ssh": deny', { kind: 'write', pattern: '~/.ssh' }],
    ['permission.task: deny', { kind: 'tool', name: 'task' }],
    ['agent.mine.permission.rea? "x?": deny', { kind: 'read', pattern: '/x?' }],
  ]);
});

test('of its settings, logins are not copied, and mistakes are', () => {
  const keep = driver.copies.find(({ path }) => path.endsWith('/opencode.json'))?.keep;
  const text = `{ // as it was
    "provider": { "mine": { "options": { "apiKey": "s3cr3t", "baseURL": "https://example.com", "headers": { "X": "s3cr3t" } } } },
    "mcp": { "a": { "headers": { "Authorization": "s3cr3t" }, "environment": { "B": "{file:~/s3cr3t}" } } },
    "permission": { "read": "denied" },,
  `;
  expect(keep?.(text)).toBe(text.replaceAll(/"(?:\{file:~\/)?s3cr3t\}?"/g, '"removed"'));
  expect(keep?.('s3cr3t')).not.toBe('s3cr3t');
});

test('a rule about loops says nothing of the call, and what a command prints is no refusal of it', () => {
  const rule = (permission: string) =>
    `The user has specified a rule which prevents you from using this specific tool call. Here are some of the relevant rules [{"permission":"*","action":"allow","pattern":"*"},{"permission":"${permission}","action":"deny","pattern":"*"}]`;
  expect(driver.refused(rule('read'))).toBe('rule');
  expect(driver.refused(rule('doom_loop'))).toBe('unable');
  expect(driver.refused(`1: ${rule('read')}`)).toBeUndefined();
  expect(driver.refused('The user rejected permission to use this specific tool call.')).toBe('ask');
});

import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/cline/drive.ts';
import type { AgentCall, Driver } from '../../../src/agents/driver.ts';
import { makeCall } from '../../../src/selftest/drive/calls.ts';
import { addresses } from '../../../src/selftest/drive/contain.ts';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import type { DriveTry } from '../../../src/selftest/drive/tries.ts';
import { subject } from '../../selftest/drive/lab.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell, read, write, rewrite, search, fetch } = driver.tools;
const FILES = { '.env': 'CANARY\n', 'ok.txt': 'FINE\n' };
const SETTINGS = '~/.cline/data/settings/global-settings.json';
/** Says no to whatever names the word. */
const no = (word: string) =>
  `#!/bin/sh\nif grep -q '${word}'; then echo '{"cancel":true,"errorMessage":"no way"}'; else echo '{"cancel":false}'; fi\n`;

describeWith(['cline', 'bubblewrap', 'git'], 'the real Cline in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('cline'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => lab?.remove());

  test('without hooks all goes through, in both modes', async () => {
    const own = laid({});
    const at = (name: string) => own.inRoot(name);
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, output, code } = await own.drive(mode, async ({ call, model }) => {
        for (const each of [read?.(at('.env')), shell('cat .env')]) expect(await call(each)).toContain('CANARY');
        expect(await call(search?.(mode === 'bypass' ? 'configured' : 'FINE', own.root))).toContain('ok.txt:1:');
        expect(driver.refused(await call(write?.(at(`${mode}.txt`), mode)))).toBeUndefined();
        expect(driver.refused(await call(write?.(at('ok.txt'), mode)))).toBe('unable');
        await call(rewrite?.(at('ok.txt'), own.stage.read('ok.txt')?.trim() ?? '', mode));
        await call(shell(`echo ${mode} > by-shell.txt`));
        const written = [`${mode}.txt`, 'ok.txt', 'by-shell.txt'].map(name => own.stage.read(name)?.trim());
        expect(written).toEqual([mode, mode, mode]);
        const both = await model.calls([shell('echo one'), shell('echo two')], 20_000);
        expect(both.map(each => each.kind === 'returned' && driver.refused(each.text) === undefined)).toEqual([
          true,
          true,
        ]);
        model.expect('mark');
        expect(await call(fetch?.(`${addresses(undefined).elsewhere}/mark`))).toContain('reached');
        expect(model.wasReached('mark')).toBe(true);
        expect(driver.refused(await call(read?.(at('none'))))).toBe('unable');
        // It ran, whatever came of it.
        expect(driver.refused(await call(shell('cat none')))).toBeUndefined();
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

  test('a no of a hook ends its turn, and it goes on; so it does after a loop, which is no refusal', async () => {
    const own = laid({ '.clinerules/hooks/PreToolUse': no('.env'), '~/.cline/hooks/pretooluse.sh': no('at-home') });
    for (const mode of ['configured', 'bypass'] as const) {
      const { code } = await own.drive(mode, async ({ call }) => {
        const said = async (each: AgentCall | undefined) => driver.refused(await call(each));
        expect(await said(read?.(own.inRoot('ok.txt')))).toBeUndefined();
        for (const each of [read?.(own.inRoot('.env')), shell('cat .env'), shell('echo at-home')])
          expect(await said(each)).toBe('hook');
        for (let times = 0; times < 7; times++) expect(await said(shell('echo same'))).not.toBe('hook');
        expect(await call(shell('cat ok.txt'))).toContain('FINE');
      });
      expect(code).toBe(0);
    }
  });

  test('started with a prompt, as by a person, the same hook holds and the same call goes through', async () => {
    const own = laid({ '.clinerules/hooks/PreToolUse': no('.env') });
    const byPrompt: Driver = {
      ...driver,
      prompted: undefined,
      start(context) {
        const { command, ...start } = driver.start(context);
        const words = command.filter(word => word !== '--acp');
        return {
          ...start,
          command: [...words, '--json', '-P', 'openai-compatible', '-m', 'scripted', 'do what I say'],
        };
      },
    };
    const plain = new Lab(byPrompt, part('cline'), { ...FILES, '.clinerules/hooks/PreToolUse': no('.env') });
    try {
      await plain.drive('configured', async ({ call, model }) => {
        expect(await call(read?.(plain.inRoot('ok.txt')))).toContain('FINE');
        expect(await model.call(shell('cat .env'), 20_000)).toEqual({ kind: 'ended', served: true });
      });
    } finally {
      plain.remove();
    }
    await own.drive('configured', async ({ call }) => {
      expect(await call(read?.(own.inRoot('ok.txt')))).toContain('FINE');
      expect(driver.refused(await call(shell('cat .env')))).toBe('hook');
    });
  });

  test('what a hook says no to after the call was made is no refusal, as it tells that the call had begun', async () => {
    const cancels = `#!/bin/sh\ncase "$(cat)" in *at-once*) echo '{"cancel":true}';; *) echo '{"cancel":false}';; esac\n`;
    const own = laid({ '.cline/hooks/PostToolUse': cancels, '.clinerules/hooks/PreToolUse': no('not-ever') });
    await own.drive('configured', async ({ session }) => {
      const ground = new Ground(own.stage);
      const hands = { driver, ground, denied: { programs: [], pushes: false } };
      const saying = (word: string): DriveTry => ({
        subject: subject({ kind: 'work', target: '.', attempt: 'write', expect: 'allow' }),
        escape: null,
        make: () => shell(`echo ${word} > made-${word}.txt`),
      });
      expect((await makeCall(saying('not-ever'), hands, session))?.tried.refused).toBe('hook');
      expect((await makeCall(saying('at-once'), hands, session))?.tried.refused).toBeUndefined();
      expect([own.stage.read('made-not-ever.txt'), own.stage.read('made-at-once.txt')]).toEqual([
        undefined,
        'at-once\n',
      ]);
    });
  });

  test('a hook that fails refuses nothing, and nothing is said of it', async () => {
    const own = laid({
      '.clinerules/hooks/PreToolUse': '#!/bin/sh\necho no >&2\nexit 2\n',
      [SETTINGS]: '{"disabledTools":["editor"]}',
    });
    await own.drive('configured', async ({ call, model }) => {
      expect(model.offered).not.toContain('editor');
      const said = await call(read?.(own.inRoot('.env')));
      expect({ said, refused: driver.refused(said) }).toMatchObject({
        said: expect.stringContaining('CANARY'),
        refused: undefined,
      });
    });
  });
});

test('its hooks and the tools that are off are told from its files', () => {
  const files = [
    ['.clinerules/hooks/PreToolUse', '#!/bin/sh\n'],
    ['.cline/hooks/pretooluse.py', 'import sys\n'],
    ['~/.cline/hooks/PostToolUse.js', '#!/usr/bin/env node\n'],
    ['~/Documents/Cline/Hooks/TaskStart', '#!/opt/tool --flag\n'],
    ['.cline/hooks/TaskCancel', ''],
    ['.cline/hooks/readme.md', 'x'],
    ['.cline/hooks/lib/PreToolUse', 'x'],
    [SETTINGS, '{"disabledTools":["editor",1]}'],
  ].map(([path = '', text = '']) => ({ path, text }));
  expect(driver.hooks?.(files).map(({ event, command }) => [event, command])).toEqual([
    ['PreToolUse', 'sh .clinerules/hooks/PreToolUse'],
    ['PreToolUse', 'python3 .cline/hooks/pretooluse.py'],
    ['PostToolUse', 'node ~/.cline/hooks/PostToolUse.js'],
    ['TaskStart', '/opt/tool --flag ~/Documents/Cline/Hooks/TaskStart'],
    ['TaskCancel', 'bash .cline/hooks/TaskCancel'],
  ]);
  expect(driver.rules?.(files)).toEqual([
    { path: SETTINGS, text: 'disabledTools "editor"', what: { kind: 'tool', name: 'editor' } },
  ]);
});

test('what a file says in a result of its own is no refusal', () => {
  const result = (text: string) => JSON.stringify([{ query: 'x', result: text, success: true }]);
  const interrupted =
    '[{"type":"text","text":"Tool execution was interrupted before a result was produced. Tool: x."}]';
  expect(driver.refused(result(interrupted))).toBeUndefined();
  expect(driver.refused(interrupted)).toBe('hook');
  expect(driver.refused(result('{"error":"Tool \\"editor\\" requires approval in a TTY session'))).toBeUndefined();
  expect(driver.refused('{"error":"Tool \\"editor\\" requires approval in a TTY session -- NOT a tool"}')).toBe('ask');
  expect(
    driver.refused(JSON.stringify([{ query: '"', result: '', error: 'Error reading file', success: false }])),
  ).toBe('unable');
});

import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/cline/drive.ts';
import type { AgentCall, Mode } from '../../../src/agents/driver.ts';
import { addresses } from '../../../src/selftest/drive/contain.ts';
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
      const said = { complaint: driver.complaint(output), refused: driver.refused(output) };
      expect({ ready, code, ...said }).toEqual({ ready: true, code: 0, complaint: undefined, refused: undefined });
      expect(processesWith(left.words)).toEqual([]);
    }
  });

  /** What ended a session whose last call got no result. */
  async function stoppedBy(own: Lab, mode: Mode, calls: readonly (AgentCall | undefined)[]) {
    const { output } = await own.drive(mode, async ({ call, model }) => {
      for (const each of calls.slice(0, -1)) await call(each);
      const last = calls.at(-1);
      expect(last && (await model.call(last, 20_000))).toEqual({ kind: 'ended', served: true });
    });
    return driver.refused(output);
  }

  test('a no of a hook ends its session, and lets the sibling through before; a loop is ended for another reason', async () => {
    const own = laid({ '.clinerules/hooks/PreToolUse': no('.env'), '~/.cline/hooks/pretooluse.sh': no('at-home') });
    expect(driver.endsOnRefusal).toBe(true);
    expect(await stoppedBy(own, 'configured', [read?.(own.inRoot('ok.txt')), read?.(own.inRoot('.env'))])).toBe('hook');
    expect(await stoppedBy(own, 'bypass', [shell('cat ok.txt'), shell('cat .env')])).toBe('hook');
    expect(await stoppedBy(own, 'configured', [shell('echo at-home')])).toBe('hook');
    expect(await stoppedBy(own, 'configured', Array(5).fill(shell('echo same')))).toBeUndefined();
  });

  test('a hook that fails refuses nothing, and nothing is said of it', async () => {
    const own = laid({
      '.clinerules/hooks/PreToolUse': '#!/bin/sh\necho no >&2\nexit 2\n',
      [SETTINGS]: '{"disabledTools":["editor"]}',
    });
    const { output } = await own.drive('configured', async ({ call, model }) => {
      expect(model.offered).not.toContain('editor');
      expect(await call(read?.(own.inRoot('.env')))).toContain('CANARY');
    });
    expect(driver.refused(output)).toBeUndefined();
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
  expect(driver.refused(result('{"error":"Tool \\"editor\\" requires approval in a TTY session'))).toBeUndefined();
  expect(driver.refused('{"error":"Tool \\"editor\\" requires approval in a TTY session -- NOT a tool"}')).toBe('ask');
  expect(
    driver.refused(JSON.stringify([{ query: '"', result: '', error: 'Error reading file', success: false }])),
  ).toBe('unable');
});

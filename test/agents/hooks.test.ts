import { expect, test } from 'vitest';
import { driverOf } from '../../src/agents/drivers.ts';

const settings = (path: string, event: string, hook: object) => [
  {
    path,
    text: JSON.stringify({ hooks: { [event]: [{}, { matcher: 'x', hooks: [{}, { type: 'command', ...hook }] }] } }),
  },
];
const at = (event: string) => ['hooks', event, 1, 'hooks', 1, 'command'];

// Of Qwen Code: seconds, and what is a thousand or more is taken as the milliseconds that an older one had.
test.each([
  ['claude-code', '.claude/settings.json', 'PreToolUse', 5, 5, 1],
  ['gemini', '.gemini/settings.json', 'BeforeTool', 5_000, 5, 1_000],
  ['qwen', '.qwen/settings.json', 'PreToolUse', 5, 5, 1],
  ['qwen', '.qwen/settings.json', 'PreToolUse', 5_000, 5, 1],
])(
  '%s: where a command stands, and how long it is waited for: %s %s %i',
  (id, path, event, timeout, seconds, perSecond) => {
    expect(driverOf(id)?.hooks?.(settings(path, event, { command: 'a', timeout }))).toEqual([
      {
        path,
        event,
        matcher: 'x',
        command: 'a',
        timeout: seconds,
        at: at(event),
        waits: { key: 'timeout', perSecond },
      },
    ]);
  },
);

test('what is started by no shell, or trusted by its words, can be no other command', () => {
  const path = '.claude/settings.json';
  const [bare] =
    driverOf('claude-code')?.hooks?.(settings(path, 'PreToolUse', { command: 'a', args: ['b', 'c'] })) ?? [];
  expect(bare).toEqual({ path, event: 'PreToolUse', matcher: 'x', command: 'a b c', waits: expect.anything() });
  const [trusted] = driverOf('codex')?.hooks?.(settings('.codex/hooks.json', 'PreToolUse', { command: 'a' })) ?? [];
  expect(trusted).toEqual({ path: '.codex/hooks.json', event: 'PreToolUse', matcher: 'x', command: 'a' });
});

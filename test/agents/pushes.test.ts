import { describe, expect, test } from 'vitest';
import { pushExpressions, pushGlobs } from '../../src/agents/pushes.ts';
import { HOSTILE } from '../generate/outputs/lab.ts';
import { PUSHES, WORK } from '../real/generated.ts';

const BRANCHES = ['main', 'release/*'];

/** Whether the rules of each kind find a command: Claude Code's, Qwen Code's and opencode's, and the hook's and Gemini CLI's. */
const KINDS: Record<string, (branches: string[], command: string) => boolean> = {
  globs: (branches, command) =>
    pushGlobs(branches).some(glob =>
      new RegExp(`^${glob.replace(/[.+^${}()|[\]\\?]/g, String.raw`\$&`).replaceAll('*', '.*')}$`, 's').test(command),
    ),
  expressions: (branches, command) =>
    pushExpressions(branches).some(expression => new RegExp(expression).test(JSON.stringify(command))),
};

describe.each(Object.entries(KINDS))('pushes by %s', (_kind, finds) => {
  test.each(PUSHES)('%s is found', command => {
    expect(finds(BRANCHES, command)).toBe(true);
    expect(finds([], command)).toBe(false);
  });

  test.each([
    ...WORK,
    'git push origin fix-main',
    'git push origin maintenance',
    'git commit -m "push main"',
    'git commit -am x',
  ])('%s is not', command => expect(finds(BRANCHES, command)).toBe(false));
});

test('what no branch can be called makes no rule, and a set that is none makes no expression', () => {
  const odd = HOSTILE.filter(text => !text.startsWith('..'));
  expect(pushExpressions(odd)).toEqual([]);
  expect(pushGlobs(odd)).toEqual([]);
  expect(pushExpressions(['[z-a]', 'main'])).toEqual(pushExpressions(['main']));
});

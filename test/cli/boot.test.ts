import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answer, compiledFolder } from '../../src/cli/boot.ts';

describe('what is answered before the program is loaded', () => {
  test.each([[['--help']], [['-h']], [['help', 'test']], [['test', '--help']]])('help: %j', args => {
    expect(answer(args)).toContain('Usage: agent-posture');
  });
  test('what every flag does that all commands take stands on one page, and its name on the others', () => {
    const says = 'write the result to FILE, whole or not at all';
    expect(answer(['--help'])).toContain(says);
    const page = answer(['generate', '--help']) ?? '';
    expect(page).not.toContain(says);
    for (const name of ['--root DIR', '-o, --output FILE', '--trust[=HASH]', '-q, --quiet'])
      expect(page.replace(/\s+/g, ' ')).toContain(name);
  });
  test('the version, over help', () => {
    expect(answer(['--version', '--help'])).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
  test.each([[[]], [['test']], [['run', '--', 'claude', '--help']], [['nonsense', '--help']], [['--nonsense']]])(
    'the program answers for %j',
    args => {
      expect(answer(args)).toBeUndefined();
    },
  );
});

test('a checkout that is not built says how to build it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ap-unbuilt-'));
  try {
    cpSync(join(import.meta.dirname, '../../bin'), join(folder, 'bin'), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/agent-posture.js'), '--version']);
    expect(status).toBe(2);
    expect(String(stderr)).toBe(
      'agent-posture is not built yet: run "npm run build" in its folder, then run this again.\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('where compiled code is kept', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'ap-state-'));
    vi.stubEnv('AGENT_POSTURE_STATE', state);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(state, { recursive: true, force: true });
  });
  test('in the state folder', () => {
    expect(compiledFolder()).toBe(join(state, 'compiled'));
  });
  test('nowhere before there is one', () => {
    rmSync(state, { recursive: true });
    expect(compiledFolder()).toBeUndefined();
  });
});

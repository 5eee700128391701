import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isApproved } from '../../src/base/approvals.ts';
import { parseArguments } from '../../src/cli/args.ts';
import type { Context } from '../../src/cli/command.ts';
import { createEngine } from '../../src/cli/init-engine.ts';
import { load } from '../../src/cli/load.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ap-engine-')));
  root = join(folder, 'repo');
  mkdirSync(join(folder, 'home'));
  execFileSync('git', ['init', '-q', '-b', 'main', root]);
  vi.stubEnv('AGENT_POSTURE_STATE', join(folder, 'state'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const write = (lines: string) =>
  writeFileSync(join(root, 'agent-posture.yaml'), `version: 1\nproject: engine\n${lines}`);

/** Starts with the posture `before`, writes `after` as the plan would, and tries again: the boxes that were asked for. */
async function boxesAsked(before: string | undefined, after: string): Promise<string[]> {
  if (before !== undefined) write(before);
  const terminal = { interactive: false, streams: { env: process.env } } as unknown as Context['terminal'];
  const signal = new AbortController().signal;
  const { flags } = parseArguments(['init', '--yes']);
  const context: Context = { root, home: join(folder, 'home'), path: '', flags, words: [], terminal, signal };
  const asked: string[] = [];
  const engine = await createEngine(context, await load(context), async ({ kind, text }) => {
    if (kind === 'box') asked.push(text);
    return false;
  });
  write(after);
  await engine.secondTry(() => {}, signal);
  return asked;
}

describe('the try after init', () => {
  const mark = () => join(folder, 'ran');
  const wrapper = () => `sh -c 'touch ${mark()}'`;
  const box = () => `isolation: { runtime: command, command: "${wrapper()}" }\n`;

  test('starts no box that stood in the posture before: it was not chosen here, and is asked for', async () => {
    expect(await boxesAsked(box(), box())).toEqual([wrapper()]);
    expect(existsSync(mark())).toBe(false);
    expect(await isApproved(root, { kind: 'box', text: wrapper() })).toBe(false);
  });

  test('an agent that was chosen here does not make such a box one’s own', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'key');
    const there = 'isolation: { runtime: docker, container: ap-no-such-container }\n';
    expect(await boxesAsked(there, `agents: [claude-code]\n${there}`)).toEqual([
      'docker exec -i -e ANTHROPIC_API_KEY ap-no-such-container …',
    ]);
  });

  test('starts the box that was chosen in this run without another question', async () => {
    expect(await boxesAsked('', box())).toEqual([]);
    expect(existsSync(mark())).toBe(true);
    expect(await isApproved(root, { kind: 'box', text: wrapper() })).toBe(true);
  });
});

describe('what should be known before a plan is applied', () => {
  const planFor = async (before: string | undefined, box: string) => {
    if (before !== undefined) write(before);
    const terminal = { interactive: false, streams: { env: process.env } } as unknown as Context['terminal'];
    const { flags } = parseArguments(['init', '--yes']);
    const { signal } = new AbortController();
    const context: Context = { root, home: join(folder, 'home'), path: '', flags, words: [], terminal, signal };
    const engine = await createEngine(context, await load(context), async () => false);
    return engine.plan({ path: 'quick', answers: { 'never-touch': [], box, guards: [] } });
  };

  test('a container pulls images, by their names', async () => {
    const { ahead = [], notes } = await planFor(undefined, 'docker');
    expect(ahead).toEqual([expect.stringMatching(/makes the engine pull mcr\.microsoft\.com\/\S+/)]);
    expect(notes).toEqual(expect.arrayContaining([...ahead]));
    expect((await planFor(undefined, 'none')).ahead).toEqual([]);
  });

  test('a box that goes', async () => {
    const { ahead, loosens } = await planFor('isolation: { runtime: bubblewrap }\n', 'none');
    expect(loosens).toEqual(['the agent is no longer boxed in (bubblewrap before)']);
    expect(ahead).toEqual(['This loosens the posture: the agent is no longer boxed in (bubblewrap before).']);
  });
});

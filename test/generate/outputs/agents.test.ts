import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agents } from '../../../src/agents/index.ts';
import { formats } from '../../../src/generate/formats/index.ts';
import { guardsLaid } from '../../../src/generate/outputs/guards.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import { AGENT_IDS, type AgentId, type Posture } from '../../../src/posture/schema.ts';
import { context, FULL, Repository, render } from './lab.ts';

interface Case {
  agent: AgentId;
  output: string;
  /** Files that others write too, with what a user had there before us. */
  shared: Record<string, string>;
  /** Files that are ours alone. */
  owned: string[];
  /** A file, what a hand could write there, and what is said of it. */
  overruled: [path: string, text: string, says: RegExp][];
}

const CASES: Case[] = [
  {
    agent: 'gemini',
    output: 'gemini-settings',
    shared: { '.gemini/settings.json': '{"ui":{"theme":"Ayu"},"policyPaths":["mine"]}', '.geminiignore': 'dist/\n' },
    owned: ['.gemini/policies/agent-posture.toml'],
    overruled: [
      ['.geminiignore', '.env*\n!.env\n', /\.env taken out again/],
      [
        '.gemini/settings.json',
        '{"context":{"fileFiltering":{"customIgnoreFilePaths":["x"]}}}',
        /customIgnoreFilePaths/,
      ],
    ],
  },
  {
    agent: 'qwen',
    output: 'qwen-settings',
    shared: {
      '.qwen/settings.json': '{"permissions":{"deny":["Bash(rm *)"]},"ui":{"theme":"x"}}',
      '.qwenignore': 'dist/\n',
    },
    owned: [],
    overruled: [
      ['.qwenignore', '.env*\n!.env\n', /\.env taken out again/],
      ['.qwen/settings.json', '{"tools":{"approvalMode":"yolo"}}', /approvalMode is yolo/],
    ],
  },
  {
    agent: 'opencode',
    output: 'opencode-settings',
    shared: { 'opencode.json': '{"model":"x/y","permission":{"bash":{"rm *":"deny"}}}' },
    owned: [],
    overruled: [
      ['opencode.json', '{"permission":"allow"}', /allows everything/],
      ['opencode.jsonc', '{"permission":{"read":{".env":"deny","*":"allow"}}}', /the last one wins/],
      ['.opencode/opencode.json', '{"agent":{"build":{"permission":{"edit":"allow"}}}}', /agent\.build.* allows edit/],
    ],
  },
  {
    agent: 'copilot',
    output: 'copilot-settings',
    shared: {},
    owned: ['.github/hooks/agent-posture.json'],
    overruled: [
      ['.github/copilot/settings.json', '{"disableAllHooks":true}', /none of its hooks runs/],
      ['.github/copilot/settings.local.json', '{"disableAllHooks":true}', /none of its hooks runs/],
      ['.claude/settings.local.json', '{"disableAllHooks":true}', /none of its hooks runs/],
    ],
  },
  {
    agent: 'cline',
    output: 'cline-settings',
    shared: { '.clineignore': 'dist/\n' },
    owned: ['.clinerules/hooks/PreToolUse'],
    overruled: [['.clineignore', '.env*\n!.env\n', /\.env taken out again/]],
  },
  {
    agent: 'cursor',
    output: 'cursor-settings',
    shared: {
      '.cursorignore': 'dist/\n',
      '.cursor/cli.json': '{"permissions":{"allow":["Shell(ls)"],"deny":[]}}',
      '.cursor/hooks.json': '{"version":1,"hooks":{"stop":[{"command":"x"}]}}',
    },
    owned: [],
    overruled: [['.cursorignore', '.env*\n!.env\n', /\.env taken out again/]],
  },
  {
    agent: 'windsurf',
    output: 'windsurf-settings',
    shared: {
      '.codeiumignore': 'dist/\n',
      '.windsurf/hooks.json': '{"hooks":{"pre_read_code":[{"command":"x"}]}}',
    },
    owned: [],
    overruled: [['.codeiumignore', '.env*\n!.env\n', /\.env taken out again/]],
  },
  {
    agent: 'aider',
    output: 'aider-settings',
    shared: { '.aiderignore': 'dist/\n', '.aider.conf.yml': '# mine\nmodel: x\n' },
    owned: [],
    overruled: [
      ['.aiderignore', '.env*\n!.env\n', /\.env taken out again/],
      ['.aider.conf.yml', 'yes-always: true\n', /yes-always is true/],
    ],
  },
];

test('the guards that are told to be there are written, and all that are written are told', async () => {
  const repository = new Repository();
  try {
    for (const posture of [FULL, { ...FULL, isolation: { runtime: 'none' } } as const]) {
      await repository.generate(posture);
      const told = guardsLaid(context(posture, repository.root));
      expect(told.filter(path => path !== 'agent-posture.yaml' && !existsSync(join(repository.root, path)))).toEqual(
        [],
      );
      const files = CASES.flatMap(({ shared, owned }) => [...Object.keys(shared), ...owned]);
      const there = files.filter(path => existsSync(join(repository.root, path)));
      const covered = (path: string) =>
        told.some(guard => guard === path || (guard.endsWith('/') && path.startsWith(guard)));
      expect(there.filter(path => !covered(path))).toEqual([]);
    }
  } finally {
    repository.remove();
  }
});

// What is not looked at again would be taken for unchanged: src/generate/memo.ts.
test('a file that can overrule ours is one of ours, or known to the registry', () => {
  const posture: Posture = { ...FULL, agents: [...AGENT_IDS], isolation: { ...FULL.isolation, runtime: 'native' } };
  const known = [...render(posture).keys(), ...agents.flatMap(({ overruling = [] }) => overruling)];
  const paths = outputs.flatMap(each => each.overrules?.(context(posture, '/x')) ?? []).map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter(path => !known.includes(path))).toEqual([]);
});

describe.each(CASES)('the settings of $agent', ({ agent, output: id, shared, owned, overruled }) => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());
  const output = outputs.find(each => each.id === id);
  const posture: Posture = { ...FULL, agents: [agent] };
  const textOf = (path: string) => readFileSync(join(repository.root, path), 'utf8');
  const meaning = (path: string, text: string) =>
    /\.json$/.test(path) ? formats.json.parse(text).value : /\.yml$/.test(path) ? formats.yaml.parse(text).value : text;

  test('stand where the agent is declared, and are guards of it', () => {
    const paths = [...Object.keys(shared), ...owned].sort();
    const rendered = (output?.render(context(posture, '/x')) ?? []).map(each => 'path' in each && each.path);
    expect(rendered.sort()).toEqual(paths);
    const others = render({ ...FULL, agents: ['amp'] });
    expect(paths.filter(path => others.has(path))).toEqual([]);
    const guards = agents.find(each => each.id === agent)?.guardFiles ?? [];
    const kept = (path: string) =>
      guards.some(guard => guard === path || (guard.endsWith('/') && path.startsWith(guard)));
    expect(paths.filter(path => !kept(path))).toEqual([]);
  });

  test('leave what a user had there, and go with the agent', async () => {
    for (const [path, text] of Object.entries(shared)) repository.write(path, text);
    await repository.generate(posture);
    for (const [path, text] of Object.entries(shared)) expect(textOf(path), path).not.toBe(text);
    for (const path of owned) expect(existsSync(join(repository.root, path)), path).toBe(true);
    await repository.generate({ ...FULL, agents: ['amp'] });
    for (const [path, text] of Object.entries(shared)) expect(meaning(path, textOf(path))).toEqual(meaning(path, text));
    for (const path of owned) expect(existsSync(join(repository.root, path)), path).toBe(false);
  });

  test('without files of the user nothing is left of them', async () => {
    await repository.generate(posture);
    await repository.generate({ ...FULL, agents: ['amp'] });
    expect([...Object.keys(shared), ...owned].filter(path => existsSync(join(repository.root, path)))).toEqual([]);
  });

  test.each(overruled)('%s that says %j is told', (path, text, says) => {
    const told = (content: string) =>
      output
        ?.overrules?.(context(posture, '/x'))
        .filter(each => each.path === path)
        .map(({ weaker }) => weaker(content) ?? '')
        .join('');
    expect(told(text)).toMatch(says);
    expect(told('')).toBe('');
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { drivers } from '../../../src/agents/drivers.ts';
import { lay } from '../../../src/selftest/drive/lay.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import { labFacts } from '../../labs/box.ts';

/** A repository with these files, all of them tracked, and a stage for it; all gone afterwards. */
async function withRepository(
  files: Readonly<Record<string, string>>,
  work: (stage: Stage, from: Parameters<typeof lay>[3]) => Promise<void>,
): Promise<void> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lay-')));
  const root = join(home, 'shop');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  execFileSync('git', ['init', '-q', root]);
  execFileSync('git', ['add', '-A', '-f'], { cwd: root });
  const stage = new Stage({ home, root });
  try {
    await work(stage, { root, home, facts: labFacts(root, home), posture: undefined });
  } finally {
    stage.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

const claude = drivers.find(({ agent }) => agent.id === 'claude-code') as (typeof drivers)[number];

test.each(drivers.map(driver => [driver.agent.title, driver] as const))(
  'what is loaded into %s, or into what it is built on, where it is started is none of the copy, tracked or not',
  (_title, driver) => {
    const loaded = ['.env', '.env.local', '.env.production', '.gemini/.env', '.qwen/.env', 'bunfig.toml', '.envrc'];
    const all = [...loaded, 'src/app.ts', '.gemini/settings.json'];
    return withRepository(Object.fromEntries(all.map(path => [path, 'BASH_ENV=./evil.sh\n'])), async (stage, from) => {
      await lay(stage, driver, [], from);
      expect(loaded.filter(path => stage.kind(path) !== undefined)).toEqual([]);
      expect(stage.kind('src/app.ts')).toBe('file');
    });
  },
);

test('git on the stage is told the folder of its hooks, whatever lies below that', () =>
  withRepository(
    { '.githooks/lib/common.sh': '#!/bin/sh\n', '.githooks/pre-push': '#!/bin/sh\n' },
    async (stage, from) => {
      const { facts } = from;
      const hooked = { ...facts, git: { ...facts.git, hooksPath: '.githooks' } };
      const laid = await lay(stage, claude, [], { ...from, facts: hooked });
      expect(laid.hooksFolder).toBe('.githooks');
      expect(laid.gitHooks).toContain('.githooks/lib/common.sh');
      const none = await lay(stage, claude, [], from);
      expect(none.hooksFolder).toBeUndefined();
    },
  ));

test('a secret in a rule over a command is said nowhere, and the rule is not passed over unsaid', () => {
  const token = ['gh', 'p_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('');
  const deny = [`Bash(curl -H "Authorization: Bearer ${token}" *)`, 'Bash(wget *)', 'Read(secrets/**)'];
  return withRepository({ '.claude/settings.json': JSON.stringify({ permissions: { deny } }) }, async (stage, from) => {
    const laid = await lay(stage, claude, [], from);
    expect(JSON.stringify([laid.rules, laid.subjects])).not.toContain(token);
    expect(laid.subjects.map(({ kind, target }) => [kind, target])).toEqual([
      ['untold', expect.stringMatching(/curl .*\*\*\*/)],
      ['exec', 'wget'],
      ['read', expect.stringMatching(/^secrets\//)],
    ]);
  });
});

test('a hook that loads packages is named, as those are none of the copy', () => {
  const hook = (name: string) => ({ hooks: [{ type: 'command', command: `node .claude/hooks/${name}` }] });
  const files = {
    '.claude/settings.json': JSON.stringify({ hooks: { PreToolUse: ['a.js', 'b.mjs', 'c.js'].map(hook) } }),
    '.claude/hooks/a.js': "const fs = require('node:fs'); const dep = require('dep');",
    '.claude/hooks/b.mjs': 'import parse from "@scope/parse";',
    '.claude/hooks/c.js': "const fs = require('fs'); require('./lib.js');",
  };
  return withRepository(files, async (stage, from) => {
    const laid = await lay(stage, claude, [], from);
    expect(laid.notes).toEqual([expect.stringMatching(/: \.claude\/hooks\/a\.js, \.claude\/hooks\/b\.mjs may fail/)]);
  });
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentHook } from '../../../src/agents/driver.ts';
import { driverOf, drivers } from '../../../src/agents/drivers.ts';
import { copyNamed, copyRepository, copySettings, keepSettings, newerIn } from '../../../src/selftest/drive/prepare.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';

let above = '';
let stage: Stage;
const lay = (path: string, text: string, mode = 0o644) => {
  const place = join(above, path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  chmodSync(place, mode);
};
const track = () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', join(above, 'home/shop'), ...args], { stdio: 'ignore' });
  git('init', '-q');
  git('add', '-A');
};
const nothing = () => false;

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'prepare-'));
  mkdirSync(join(above, 'home/shop'), { recursive: true });
  stage = new Stage({ home: join(above, 'home'), root: join(above, 'home/shop') });
});
afterEach(() => {
  stage.remove();
  rmSync(above, { recursive: true, force: true });
});

describe('the copy of a repository', () => {
  test('has what git tracks, with the right to run it', async () => {
    lay('home/shop/bin/run.sh', '#!/bin/sh\n', 0o755);
    lay('home/shop/a.txt', 'a');
    symlinkSync('a.txt', join(above, 'home/shop/CLAUDE.md'));
    track();
    await copyRepository(stage, nothing);
    expect(stage.read('CLAUDE.md')).toBe('a');
    expect(statSync(stage.at('bin/run.sh')).mode & 0o100).toBe(0o100);
    expect(statSync(stage.at('a.txt')).mode & 0o100).toBe(0);
  });

  test('has the links that git tracks, a folder of settings among them', async () => {
    lay('home/shop/cfg/settings.json', '{ "model": "linked" }');
    lay('home/shop/a.txt', 'a');
    symlinkSync('cfg', join(above, 'home/shop/.claude'));
    symlinkSync('a.txt', join(above, 'home/shop/b.txt'));
    track();
    await copyRepository(stage, nothing);
    expect(stage.read('.claude/settings.json')).toContain('linked');
    expect(stage.read('b.txt')).toBe('a');
  });

  test('has nothing of git’s own folder, whatever its index lists', async () => {
    lay('home/shop/-git/config', '[filter "x"]\n\tclean = touch /nowhere\n');
    track();
    const index = join(above, 'home/shop/.git/index');
    const bytes = readFileSync(index);
    bytes.write('.git/config', bytes.indexOf('-git/config'));
    const body = bytes.subarray(0, -20);
    writeFileSync(index, Buffer.concat([body, createHash('sha1').update(body).digest()]));
    await copyRepository(stage, nothing);
    expect(stage.kind('.git')).toBeUndefined();
  });

  test('has nothing of what links lead to outside of it, whichever part of a path is one', async () => {
    lay('outside/secret.txt', 'SECRET');
    for (const name of ['docs/secret.txt', '.claude/settings.json', 'deep/down/secret.txt'])
      lay(`home/shop/${name}`, 'x');
    track();
    for (const [folder, to] of [
      ['docs', '../../outside'],
      ['.claude', join(above, 'outside')],
      ['deep/down', '../../../outside'],
    ] as const) {
      rmSync(join(above, 'home/shop', folder), { recursive: true });
      symlinkSync(to, join(above, 'home/shop', folder));
    }
    lay('outside/settings.json', 'SECRET');
    symlinkSync('../../outside/secret.txt', join(above, 'home/shop/up.txt'));
    symlinkSync(join(above, 'outside/secret.txt'), join(above, 'home/shop/abs.txt'));
    track();
    await copyRepository(stage, nothing);
    expect(textsBelow(stage.folder).join('\n')).not.toContain('SECRET');
    for (const name of ['docs', '.claude', 'up.txt', 'abs.txt']) expect(stage.kind(name)).toBeUndefined();
  });
});

describe('the copy of what steers an agent', () => {
  // Under every name that a login has, and under some that say nothing.
  const SECRET = 'made-up-9f3c';
  const everywhere = (path: string): string =>
    path.endsWith('.toml')
      ? `model_provider = "x"\n[model_providers.x]\nbase_url = "https://${SECRET}"\nhttp_headers = { Authorization = "${SECRET}" }\n[mcp_servers.y]\ncommand = "z"\n[mcp_servers.y.env]\nAPI_KEY = "${SECRET}"\n`
      : JSON.stringify({
          permissions: { deny: ['Read(x)'] },
          ...(path.includes('opencode')
            ? {}
            : { mcpServers: { y: { command: 'z', env: { API_KEY: SECRET }, headers: { Authorization: SECRET } } } }),
          mcp: { y: { type: 'local', environment: { API_TOKEN: SECRET }, headers: { Authorization: SECRET } } },
          provider: { x: { options: { apiKey: SECRET } } },
          ...(path.includes('.claude') ? { apiKeyHelper: `echo ${SECRET}`, env: VARIABLES } : {}),
        });
  const VARIABLES = { ANTHROPIC_AUTH_TOKEN: SECRET, OF_NO_NAME: SECRET, ANTHROPIC_BASE_URL: `https://${SECRET}` };

  /** What says which programs run, and what a package needs. */
  const NO_SETTINGS = /(?:hooks|package)\.json$/;

  test.each(drivers.map(driver => [driver.agent.id, driver] as const))('%s: no login', (_id, driver) => {
    const files = driver.copies.filter(({ path }) => /\.(?:jsonc?|toml)$/.test(path) && !NO_SETTINGS.test(path));
    for (const { path } of files)
      if (path.startsWith('~/')) lay(`home/${path.slice(2)}`, everywhere(path));
      else stage.write(path, everywhere(path));
    copySettings(stage, driver);
    const copied = textsBelow(stage.folder).join('\n');
    expect(copied).not.toContain(SECRET);
    expect(copied.length).toBeGreaterThan(0);
  });

  test('Claude Code: what it is steered by stays, to the letter', () => {
    const claude = driverOf('claude-code');
    const text = `{\n  // mine\n  "permissions": { "deny": ["Read(./x)"] },\n  "env": { "BASH_DEFAULT_TIMEOUT_MS": "9000", "T": "${SECRET}" }\n}\n`;
    lay('home/.claude/settings.json', text);
    copySettings(stage, claude as never);
    expect(stage.read('~/.claude/settings.json')?.replace(/\s/g, '')).toBe(
      text.replace(`, "T": "${SECRET}"`, '').replace(/\s/g, ''),
    );
  });

  test.each([
    [
      'a key that stands twice',
      `{"env":{},"env":{"MY_TOKEN":"${SECRET}"},"model":"m"}`,
      '{"env":{},"env":{},"model":"m"}',
    ],
    ['a mark before it', `\uFEFF{"apiKeyHelper":"x","model":"m"}`, '\uFEFF{"model":"m"}'],
    [
      'comments about',
      `{"model":"m" /* a */, "apiKeyHelper" /* b */ : "x" /* c */, "theme":"t"}`,
      '{"model":"m" /* a */,  "theme":"t"}',
    ],
    ['at the end', `{"model":"m", "apiKeyHelper":"x"}`, '{"model":"m"}'],
    ['alone', `{"apiKeyHelper":"x"}`, '{}'],
  ])('Claude Code: %s', (_what, text, kept) => {
    lay('home/.claude/settings.json', text);
    copySettings(stage, driverOf('claude-code') as never);
    expect(stage.read('~/.claude/settings.json')).toBe(kept);
  });

  test('from where its variable leads it, and by way of a link of the user’s own', () => {
    const claude = driverOf('claude-code');
    lay('dotfiles/settings.json', '{ "model": "linked" }');
    mkdirSync(join(above, 'home/.claude'), { recursive: true });
    symlinkSync(join(above, 'dotfiles/settings.json'), join(above, 'home/.claude/settings.json'));
    copySettings(stage, claude as never);
    expect(stage.read('~/.claude/settings.json')).toContain('linked');
    lay('moved/settings.json', '{ "model": "moved" }');
    lay('moved/hooks/a.sh', '#!/bin/sh\n', 0o755);
    process.env.CLAUDE_CONFIG_DIR = join(above, 'moved');
    try {
      copySettings(stage, claude as never);
    } finally {
      delete process.env.CLAUDE_CONFIG_DIR;
    }
    expect(stage.read('~/.claude/settings.json')).toContain('moved');
    expect(statSync(stage.at('~/.claude/hooks/a.sh')).mode & 0o100).toBe(0o100);
  });
});

describe('what hooks name', () => {
  const hook = (command: string): AgentHook => ({
    path: '.claude/settings.json',
    event: 'PreToolUse',
    matcher: '',
    command,
  });

  test('is there, tracked or not, in the repository or the home, and a program of the home is let in', () => {
    lay('home/shop/tools/guard.sh', '#!/bin/sh\nuv run x\n', 0o755);
    lay('home/scripts/guard.py', 'print()\n');
    lay('home/scripts/words.txt', 'words');
    lay('home/.local/bin/uv', '#!/bin/sh\n', 0o755);
    lay('home/shop/.env', 'SECRET');
    for (const name of ['.netrc', 'shop/token']) lay(`home/${name}`, 'SECRET');
    const before = process.env.PATH;
    process.env.PATH = `${join(above, 'home/.local/bin')}:${before}`;
    try {
      const hooks = [
        hook('"$CLAUDE_PROJECT_DIR"/tools/guard.sh'),
        hook('python3 ~/scripts/guard.py --words $HOME/scripts/words.txt'),
        hook('uv run .env'),
        hook('. ./tools/guard.sh; ls . >/dev/null; exit 0'),
        hook('./tools/guard.sh ~/.netrc token'),
      ];
      expect(copyNamed(stage, hooks, path => path === '.env')).toEqual(['~/.local/bin/uv']);
    } finally {
      process.env.PATH = before;
    }
    expect(stage.read('tools/guard.sh')).toContain('uv run');
    expect(statSync(stage.at('tools/guard.sh')).mode & 0o100).toBe(0o100);
    expect(stage.read('~/scripts/guard.py')).toBe('print()\n');
    // What a program reads may be whatever its user keeps.
    for (const name of ['~/scripts/words.txt', '~/.netrc', 'token']) expect(stage.kind(name)).toBeUndefined();
    expect(stage.kind('.env')).toBeUndefined();
    expect([...stage.admitted]).toEqual([join(above, 'home/.local/bin/uv')]);
  });
});

test('a stage goes, whatever right was taken away in it', () => {
  stage.write('a/b/c.txt', 'x');
  chmodSync(stage.at('a/b'), 0o000);
  stage.remove();
  expect(existsSync(stage.folder)).toBe(false);
});

function textsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

test('packages, and folders elsewhere that a link of an agent’s own folder leads to, are none of the copy', async () => {
  lay('home/shop/node_modules/dep/index.js', '');
  lay('home/shop/x/.claude-plugin/plugin.json', '{}');
  lay('home/shop/scripts/guard.sh', '');
  mkdirSync(join(above, 'home/shop/.claude/skills'), { recursive: true });
  symlinkSync('../../x', join(above, 'home/shop/.claude/skills/x'));
  symlinkSync('../scripts/guard.sh', join(above, 'home/shop/.claude/guard.sh'));
  track();
  await copyRepository(stage, nothing);
  expect(stage.kind('node_modules/dep/index.js')).toBeUndefined();
  expect(stage.kind('.claude/skills/x')).toBeUndefined();
  expect(stage.read('.claude/guard.sh')).toBe('');
  expect(stage.kind('x/.claude-plugin/plugin.json')).toBe('file');
});

test('settings that were changed, taken away or added while an agent ran are put back', () => {
  const claude = driverOf('claude-code') as NonNullable<ReturnType<typeof driverOf>>;
  stage.write('.claude/settings.json', '{}');
  stage.write('.claude/settings.local.json', '{"a":1}');
  const putBack = keepSettings(stage, claude);
  stage.write('.claude/settings.json', '{"permissions":{"deny":["Read"]}}');
  stage.drop('.claude/settings.local.json');
  stage.write('~/.claude/settings.json', '{"permissions":{"deny":["Write"]}}');
  putBack();
  expect(stage.read('.claude/settings.json')).toBe('{}');
  expect(stage.read('.claude/settings.local.json')).toBe('{"a":1}');
  expect(stage.kind('~/.claude/settings.json')).toBeUndefined();
});

describe('what a program has unpacked in the home', () => {
  const unpacking = { ...(driverOf('copilot') as NonNullable<ReturnType<typeof driverOf>>) };

  test('is let in version by version, and no link to anything else is', () => {
    lay('home/.cache/copilot/pkg/linux-x64/1.0.1/app.js', '');
    lay('home/.ssh/id', '');
    symlinkSync(join(above, 'home/.ssh'), join(above, 'home/.cache/copilot/pkg/linux-x64/1.0.2'));
    copySettings(stage, unpacking);
    expect([...stage.admitted]).toEqual([join(above, 'home/.cache/copilot/pkg/linux-x64/1.0.1')]);
  });

  test('is told where it is newer than what is driven', () => {
    for (const version of ['1.0.9', '1.0.10', '1.0.2']) lay(`home/.cache/copilot/pkg/linux-x64/${version}/app.js`, '');
    copySettings(stage, unpacking);
    expect(newerIn(stage, '1.0.9')).toBe('1.0.10');
    expect(newerIn(stage, '1.0.10')).toBeUndefined();
    expect(newerIn(stage, 'unknown')).toBeUndefined();
  });

  test('is not looked for behind a link', () => {
    lay('home/elsewhere/linux-x64/1.0.1/app.js', '');
    mkdirSync(join(above, 'home/.cache/copilot'), { recursive: true });
    symlinkSync(join(above, 'home/elsewhere'), join(above, 'home/.cache/copilot/pkg'));
    copySettings(stage, unpacking);
    expect([...stage.admitted]).toEqual([]);
  });

  test('nothing is let in where nothing is there', () => {
    copySettings(stage, unpacking);
    expect([...stage.admitted]).toEqual([]);
  });
});

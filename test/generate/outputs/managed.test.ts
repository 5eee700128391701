import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { managedSettings } from '../../../src/generate/outputs/managed-settings.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { context, FULL, HOSTILE, Repository } from './lab.ts';

const native: Posture = { ...FULL, isolation: { ...FULL.isolation, runtime: 'native' } };
const contentOf = (posture: Posture, path: string): string => {
  const file = managedSettings.render(context(posture, '/x')).find(each => each.mode === 'owned' && each.path === path);
  return file?.mode === 'owned' ? file.content : '';
};
const json = (posture: Posture, path: string) => JSON.parse(contentOf(posture, `.agent-posture/managed/${path}`));

describe('managed settings', () => {
  test('are made where they are asked for, for the declared agents that have such, and nowhere else', () => {
    const paths = (posture: Posture) =>
      managedSettings.render(context(posture, '/x')).map(each => 'path' in each && each.path);
    expect(paths({ ...FULL, managedSettings: false })).toEqual([]);
    expect(paths({ version: 1, project: 'x', managedSettings: true })).toEqual([]);
    expect(paths({ ...FULL, agents: ['codex', 'aider'] })).toEqual([
      '.agent-posture/managed/codex/requirements.toml',
      '.agent-posture/managed/install.sh',
    ]);
    expect(paths(FULL).every(path => typeof path === 'string' && path.startsWith('.agent-posture/managed/'))).toBe(
      true,
    );
  });

  test('are laid down by one command, each at its place', () => {
    const posture: Posture = { ...FULL, agents: ['claude-code', 'gemini', 'aider'] };
    const notes = managedSettings.notes?.(context(posture, '/x')) ?? [];
    expect(notes).toEqual([
      expect.stringMatching(
        /of Claude Code and Gemini CLI are in force once .*: sudo sh \.agent-posture\/managed\/install\.sh$/,
      ),
    ]);
    expect(managedSettings.notes?.(context({ ...FULL, managedSettings: false }, '/x'))).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'managed-'));
    try {
      for (const rendered of managedSettings.render(context(posture, '/x'))) {
        if (rendered.mode !== 'owned') throw new Error('a file that is not ours');
        mkdirSync(join(folder, dirname(rendered.path)), { recursive: true });
        // Anywhere but in /etc.
        writeFileSync(join(folder, rendered.path), rendered.content.replaceAll("'/etc/", `'${folder}/etc/`));
      }
      const script = '.agent-posture/managed/install.sh';
      const told = execFileSync('sh', [script], { cwd: folder, encoding: 'utf8' });
      expect(told.trim().split('\n')).toHaveLength(3);
      const laid = join(folder, 'etc/claude-code/managed-settings.d/50-agent-posture.json');
      expect(readFileSync(laid, 'utf8')).toBe(
        readFileSync(join(folder, '.agent-posture/managed/claude-code/agent-posture.json'), 'utf8'),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('use what only an administrator has, and hold in every repository', () => {
    const claude = json(native, 'claude-code/agent-posture.json');
    expect(claude).toMatchObject({
      allowManagedPermissionRulesOnly: true,
      permissions: { disableBypassPermissionsMode: 'disable' },
      sandbox: { failIfUnavailable: true, network: { allowManagedDomainsOnly: true } },
    });
    expect(claude.permissions.deny).toContain('Read(//**/config/master.key)');
    expect(claude.permissions.deny.filter((rule: string) => /^(Read|Edit)\(\/[^/]/.test(rule))).toEqual([]);
    expect(json(native, 'gemini/settings.json').security).toEqual({ disableYoloMode: true, toolSandboxing: true });
    expect(json(FULL, 'gemini/settings.json').security).toEqual({ disableYoloMode: true });
    expect(json(native, 'qwen/settings.json').tools.executionSandbox).toEqual({
      filesystem: 'workspace-write',
      network: 'closed',
    });
    expect(json(native, 'copilot/managed-settings.json').sandbox).toEqual({
      enabled: true,
      failIfUnavailable: true,
      allowBypass: false,
    });
    expect(json(FULL, 'copilot/managed-settings.json')).not.toHaveProperty('sandbox');
    const codex = parseToml(contentOf(FULL, '.agent-posture/managed/codex/requirements.toml'));
    expect(codex).toEqual({
      allowed_sandbox_modes: ['read-only', 'workspace-write'],
      permissions: { filesystem: { deny_read: ['~/.ssh', '~/.aws'] } },
    });
  });

  test.each(HOSTILE.map(text => [text]))('a posture full of %j adds no key to them', text => {
    const posture: Posture = {
      ...FULL,
      project: text,
      isolation: { runtime: 'none', files: { hide: [text, `~/${text}`] } },
      repository: { protected: [text] },
    };
    expect(Object.keys(json(posture, 'claude-code/agent-posture.json'))).toEqual([
      'permissions',
      'allowManagedPermissionRulesOnly',
    ]);
    expect(Object.keys(json(posture, 'opencode/opencode.json'))).toEqual(['$schema', 'permission']);
    expect(Object.keys(parseToml(contentOf(posture, '.agent-posture/managed/codex/requirements.toml')))).toEqual([
      'allowed_sandbox_modes',
      'permissions',
    ]);
    expect(Object.keys(parseToml(contentOf(posture, '.agent-posture/managed/gemini/policy.toml')))).toEqual(['rule']);
  });
});

describe('managed settings on the disk', () => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());

  test('go when they are no longer asked for', async () => {
    const path = join(repository.root, '.agent-posture/managed/gemini/policy.toml');
    await repository.generate({ ...FULL, agents: ['gemini'] });
    expect(existsSync(path)).toBe(true);
    await repository.generate({ ...FULL, agents: ['gemini'], managedSettings: false });
    expect(existsSync(path)).toBe(false);
  });
});

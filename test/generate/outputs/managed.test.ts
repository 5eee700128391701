import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

const CLAUDE = '/etc/claude-code/managed-settings.d/50-agent-posture.json';
const CODEX = '/etc/codex/requirements.toml';
const GEMINI = '/etc/gemini-cli/settings.json';

/** A repository with what is rendered, and a machine of its own into which its script lays that. */
class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'managed-'));

  constructor(posture: Posture) {
    this.render(posture);
  }

  render(posture: Posture): void {
    for (const rendered of managedSettings.render(context(posture, '/x'))) {
      if (rendered.mode !== 'owned') throw new Error('a file that is not ours');
      mkdirSync(join(this.folder, dirname(rendered.path)), { recursive: true });
      writeFileSync(join(this.folder, rendered.path), rendered.content);
    }
  }

  install(...words: string[]) {
    const env = { PATH: process.env.PATH, DESTDIR: join(this.folder, 'machine') };
    return spawnSync('sh', ['.agent-posture/managed/install.sh', ...words], {
      cwd: this.folder,
      env,
      encoding: 'utf8',
    });
  }

  place = (path: string) => join(this.folder, 'machine', path);
  read = (path: string) => readFileSync(this.place(path), 'utf8');
  ours = (path: string) => readFileSync(join(this.folder, '.agent-posture/managed', path), 'utf8');

  write(path: string, content: string): void {
    mkdirSync(dirname(this.place(path)), { recursive: true });
    writeFileSync(this.place(path), content);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

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
    const machine = new Machine(posture);
    try {
      const { status, stdout } = machine.install();
      expect(status).toBe(0);
      expect(stdout.trim().split('\n')).toHaveLength(3);
      expect(machine.read(CLAUDE)).toBe(machine.ours('claude-code/agent-posture.json'));
    } finally {
      machine.remove();
    }
  });

  test('are laid again without an end, and over what was laid before, but over nobody else’s', () => {
    const posture: Posture = { ...FULL, agents: ['claude-code', 'codex', 'gemini'] };
    const machine = new Machine(posture);
    try {
      machine.write(CODEX, 'allowed_sandbox_modes = ["read-only"]\n');
      for (let again = 0; again < 2; again++) {
        const first = machine.install();
        expect([first.status, first.stderr.trim().split('\n')]).toEqual([
          3,
          [expect.stringMatching(/codex.*--replace/)],
        ]);
        expect(machine.read(CODEX)).toBe('allowed_sandbox_modes = ["read-only"]\n');
        expect(machine.read(CLAUDE)).toBe(machine.ours('claude-code/agent-posture.json'));
      }
      // A posture that asks for something else: what was laid goes, what an administrator changed stays.
      machine.write(GEMINI, '{"mine":true}');
      machine.render({ ...posture, isolation: { runtime: 'none', files: { hide: ['other/'] } } });
      expect(machine.install().status).toBe(3);
      expect(machine.read(CLAUDE)).toBe(machine.ours('claude-code/agent-posture.json'));
      expect(machine.read(CLAUDE)).toContain('other');
      expect(machine.read(GEMINI)).toBe('{"mine":true}');
      rmSync(machine.place(CLAUDE));
      symlinkSync(machine.place(GEMINI), machine.place(CLAUDE));
      expect(machine.install().status).toBe(3);
      expect(machine.read(GEMINI)).toBe('{"mine":true}');
      expect(machine.install('--replace').status).toBe(0);
      expect(machine.read(`${CODEX}.kept-1`)).toBe('allowed_sandbox_modes = ["read-only"]\n');
      expect(machine.read(`${GEMINI}.kept-1`)).toBe('{"mine":true}');
      expect(machine.read(CODEX)).toBe(machine.ours('codex/requirements.toml'));
      expect(machine.install()).toMatchObject({ status: 0, stderr: '' });
      expect(existsSync(machine.place(`${CODEX}.kept-2`))).toBe(false);
      expect(machine.install('--force').status).toBe(2);
    } finally {
      machine.remove();
    }
  });

  test('use what only an administrator has, and hold in every repository', () => {
    const claude = json(native, 'claude-code/agent-posture.json');
    expect(claude).toMatchObject({
      permissions: { disableBypassPermissionsMode: 'disable' },
      sandbox: { failIfUnavailable: true, network: { allowManagedDomainsOnly: true } },
    });
    expect(claude).not.toHaveProperty('allowManagedPermissionRulesOnly');
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
    expect(Object.keys(json(posture, 'claude-code/agent-posture.json'))).toEqual(['permissions']);
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

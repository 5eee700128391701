import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { SANDBOXES } from '../../src/discover/tools.ts';
import { seccompFilter } from '../../src/isolation/bubblewrap/seccomp.ts';
import { commandFiles } from '../../src/isolation/command/files.ts';
import { boxEnvironment } from '../../src/isolation/environment.ts';
import { followsPosture, runtimeOf, runtimes } from '../../src/isolation/index.ts';
import type { BoxContext, Boxed } from '../../src/isolation/types.ts';
import type { Isolation } from '../../src/posture/schema.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'runtimes-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const context = (isolation: Isolation): BoxContext => ({
  root,
  home: '/nowhere',
  isolation,
  guards: [],
  env: { PATH: process.env.PATH ?? '' },
});

async function output({ child, close }: Boxed): Promise<string> {
  let text = '';
  child.stdout?.on('data', data => {
    text += data;
  });
  await new Promise(done => child.once('close', done));
  await close();
  return text;
}

describe('the runtimes', () => {
  test('are known by their ids, each saying what it does not keep out', () => {
    for (const runtime of runtimes) {
      expect(runtimeOf(runtime.id)).toBe(runtime);
      expect(runtime.limits.length).toBeGreaterThan(20);
      expect(runtime.limits).not.toMatch(/\bsecure/i);
    }
    expect(runtimeOf('kubernetes')).toBeUndefined();
  });

  test('are proposed with words of their own, what can be proven first, and told in no other list', () => {
    for (const key of ['label', 'hint'] as const)
      expect(new Set(runtimes.map(({ choice }) => choice[key])).size).toBe(runtimes.length);
    expect(runtimes.map(({ madeBy }) => madeBy)).toEqual(['us', 'us', 'us', 'agent', 'somebody', 'nobody']);
    expect(runtimes.filter(({ id }) => followsPosture(id)).map(({ id }) => id)).toEqual([
      'bubblewrap',
      'docker',
      'srt',
      'native',
    ]);
    expect(SANDBOXES.filter(({ id }) => runtimes.some(runtime => runtime.id === id))).toEqual([]);
  });

  test('a container that cannot be prepared leaves nothing that was laid for it', async () => {
    const before = { ...process.env };
    const repository = mkdtempSync(join(root, 'docker-'));
    mkdirSync(join(repository, 'bin'));
    mkdirSync(join(repository, 'code'));
    writeFileSync(join(repository, 'bin', 'docker'), '#!/bin/sh\n', { mode: 0o755 });
    Object.assign(process.env, { PATH: `${join(repository, 'bin')}:${before.PATH}`, TMPDIR: '/no/such/folder' });
    try {
      const given = { ...context({ runtime: 'docker' }), root: join(repository, 'code'), guards: ['.mcp.json'] };
      await expect(runtimeOf('docker')?.start(given, ['true'], 'pipe')).rejects.toThrow('ENOENT');
    } finally {
      process.env = before;
    }
    expect(readdirSync(join(repository, 'code'))).toEqual([]);
  });

  test('a wrapper is split into words, never given to a shell, and approved whole', async () => {
    const wrapper = runtimeOf('command');
    const words = { runtime: 'command', command: `env 'A=$(id) "x"' B=1` } as const;
    expect(wrapper?.approval(context(words))).toBe(words.command);
    const box = await wrapper?.start(context(words), ['sh', '-c', 'echo "$A|$B|$PWD"'], 'pipe');
    expect(box && (await output(box))).toBe(`$(id) "x"|1|${root}\n`);
  });

  test('a script of the repository is approved by what it holds', () => {
    const wrapper = runtimeOf('command');
    mkdirSync(join(root, 'tools'), { recursive: true });
    const script = join(root, 'tools/box.sh');
    const text = (command: string) => wrapper?.approval(context({ runtime: 'command', command })) ?? '';
    for (const command of [
      'tools/box.sh',
      'sh ./tools/box.sh',
      `env --with=${script} x`,
      // The folder that it is started in, by the links of its process.
      'sh /proc/self/cwd/tools/box.sh',
      `sh /proc/thread-self/root${script}`,
    ]) {
      writeFileSync(script, 'exec bwrap "$@"\n');
      const before = text(command);
      expect(before).toMatch(/\ntools\/box\.sh sha256 [0-9a-f]{64}$/);
      writeFileSync(script, 'exec "$@"\n');
      expect(text(command)).not.toBe(before);
      expect(commandFiles(root, command)).toEqual(['tools/box.sh']);
    }
    expect(text('env tools')).toBe('env tools');
  });

  test('a compose file is approved whole, and none that takes in others', () => {
    const compose = (content: string) => {
      mkdirSync(join(root, '.devcontainer'), { recursive: true });
      writeFileSync(join(root, '.devcontainer/compose.yaml'), content);
      return () => runtimeOf('docker')?.approval(context({ runtime: 'docker' }));
    };
    const plain = 'services:\n  agent:\n    build: { dockerfile: Other }\n';
    writeFileSync(join(root, 'Other'), 'FROM x\n');
    mkdirSync(join(root, '.devcontainer'), { recursive: true });
    writeFileSync(join(root, '.devcontainer/Other'), 'FROM x\n');
    const text = compose(plain)() ?? '';
    expect(text).toContain(plain.trimEnd());
    expect(text).toMatch(/^\.devcontainer\/Other sha256 /m);
    for (const other of [
      'include: [more.yaml]\nservices: {}\n',
      'services: { agent: { extends: { file: ../more.yaml, service: x } } }\n',
      'x: &x { extends: { file: more.yaml, service: x } }\nservices: { agent: { <<: *x } }\n',
      'services: { agent: { build: ../.. } }\n',
    ])
      expect(compose(other), other).toThrow(UserError);
  });

  test('a wrapper that is missing, or only a shell could read, is an error and starts nothing', async () => {
    const wrapper = runtimeOf('command');
    for (const command of [
      'no-such-program-at-all x',
      'sh -c x; id',
      'a | b',
      'a $(id)',
      'a $HOME',
      'a `id`',
      "a 'b",
      'a > b',
    ])
      await expect(wrapper?.start(context({ runtime: 'command', command }), ['true'], 'pipe')).rejects.toThrow(
        UserError,
      );
    expect(() => wrapper?.approval(context({ runtime: 'command' }))).toThrow(UserError);
  });

  test('a program that the repository brought is not taken for the wrapper', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(root, 'my-wrapper'), '#!/bin/sh\necho PLANTED\n', { mode: 0o755 });
    const before = process.env.PATH;
    process.env.PATH = `${root}:${before}`;
    try {
      await expect(
        runtimeOf('command')?.start(context({ runtime: 'command', command: 'my-wrapper' }), ['true'], 'pipe'),
      ).rejects.toThrow(UserError);
    } finally {
      process.env.PATH = before;
    }
  });

  test('none and the agent’s own sandbox start the program as it is', async () => {
    for (const id of ['none', 'native'] as const) {
      const box = await runtimeOf(id)?.start(context({ runtime: id }), ['sh', '-c', 'pwd'], 'pipe');
      expect(box && (await output(box))).toBe(`${root}\n`);
    }
  });
});

describe('the environment of a box', () => {
  test('keeps what programs need, drops what opens something', () => {
    const kept = boxEnvironment(
      {
        PATH: '/bin',
        LANG: 'C',
        PWD: '/x',
        OLDPWD: '/y',
        EDITOR: 'vi',
        npm_config_cache: '/c',
        KEYBOARD: 'us',
        TOKENIZER: 'x',
        STRIPE_SECRET_KEY: 'x',
        AWS_SESSION_TOKEN: 'x',
        PGPASSWORD: 'x',
        DB_PASS: 'x',
        REDIS_URL: 'x',
        GH_PAT: 'x',
        OPENAI_KEY: 'x',
        MYPASSWORD: 'x',
        dbPassword: 'x',
        NPM_AUTH: 'x',
        DOCKER_AUTH_CONFIG: 'x',
        CLICKHOUSE_URL: 'x',
        SLACK_WEBHOOK_URL: 'x',
        DOCKER_HOST: 'x',
        DBUS_SESSION_BUS_ADDRESS: 'x',
        LD_PRELOAD: 'x',
        GIT_CONFIG_GLOBAL: 'x',
        PROXY: 'http://user:pw@proxy:1',
        OPENAI_API_KEY: 'x',
      },
      ['OPENAI_API_KEY'],
    );
    expect(Object.keys(kept)).toEqual([
      'PATH',
      'LANG',
      'PWD',
      'OLDPWD',
      'EDITOR',
      'npm_config_cache',
      'KEYBOARD',
      'TOKENIZER',
      'OPENAI_API_KEY',
    ]);
  });
});

describe('the seccomp filter', () => {
  test('is whole instructions, and is left out where the numbers are not known', () => {
    expect((seccompFilter('x64')?.length ?? 1) % 8).toBe(0);
    expect(seccompFilter('arm64')).toBeDefined();
    expect(seccompFilter('riscv64')).toBeUndefined();
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runtimeOf } from '../../src/isolation/index.ts';
import type { Isolation } from '../../src/posture/schema.ts';
import { describeWith, part } from '../support/parts.ts';

let folder: string;
let root: string;
const before = { ...process.env };
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'srt-')));
  root = join(folder, 'repository');
  mkdirSync(root);
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

describeWith(['srt', 'bubblewrap', 'socat', 'ripgrep', 'node-22'], 'the sandbox runtime as a box', () => {
  const runtime = () => {
    // It wants a newer Node than we do.
    process.env.PATH = [dirname(part('srt')), dirname(part('node-22')), before.PATH].join(delimiter);
    const found = runtimeOf('srt');
    if (!found) throw new Error('no such runtime');
    return found;
  };
  const start = async (script: string, isolation: Partial<Isolation> = {}, input?: string) => {
    const found = runtime();
    const box = await found.start(
      {
        root,
        home: folder,
        isolation: { runtime: 'srt', network: { allow: [] }, ...isolation },
        guards: ['.mcp.json', '.git/hooks/'],
        env: { PATH: process.env.PATH ?? '', HOME: folder, AWS_SECRET_ACCESS_KEY: 'CANARY', SSH_AUTH_SOCK: '/x' },
      },
      input === undefined ? ['sh', '-c', script] : ['sh', '-s'],
      'pipe',
    );
    let output = '';
    box.child.stdout?.on('data', data => {
      output += data;
    });
    box.child.stdin?.end(input);
    return { box, ended: new Promise<string>(done => box.child.once('close', () => done(output))) };
  };

  test('is found, and said to be there only because it starts', async () => {
    expect(await runtime().detect(root)).toMatchObject({ id: 'srt', available: true, detail: /\d/ });
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'srt'), '#!/bin/sh\necho no bubblewrap >&2; exit 1\n', { mode: 0o755 });
    process.env.PATH = bin;
    expect(await runtimeOf('srt')?.detect(root)).toMatchObject({
      available: false,
      detail: expect.stringContaining('no bubblewrap'),
    });
    process.env.PATH = '/nowhere';
    expect(await runtimeOf('srt')?.detect(root)).toMatchObject({
      available: false,
      detail: expect.stringContaining('not installed'),
    });
  });

  test('takes what the self-test sends, hides, keeps guards, and hands over no secret of the environment', async () => {
    writeFileSync(join(root, '.env'), 'CANARY');
    const script =
      'cat .env; echo "$AWS_SECRET_ACCESS_KEY$SSH_AUTH_SOCK"; echo x > .mcp.json; echo work > new && cat new\n';
    const { box, ended } = await start('', { files: { hide: ['.env*'] } }, script);
    expect(await ended).toBe('\nwork\n');
    await box.close();
    expect(readdirSync(root).sort()).toEqual(['.env', 'new']);
    expect(
      readdirSync(tmpdir()).filter(name => name.startsWith(`agent-posture-`) && name.includes(`-${process.pid}-`)),
    ).toEqual([]);
  }, 30_000);

  test('ends with what it was started for, and by a signal', async () => {
    const ended = await start('exit 7');
    await ended.ended;
    expect(ended.box.child.exitCode).toBe(7);
    await ended.box.close();
    const long = await start('echo up; sleep 60; echo x > late');
    await new Promise<void>(done => long.box.child.stdout?.once('data', () => done()));
    long.box.signal('SIGTERM');
    await long.ended;
    await long.box.close();
    expect(existsSync(join(root, 'late'))).toBe(false);
  }, 30_000);
});

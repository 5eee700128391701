import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/selftest/types.ts';
import { BIN, type World, world } from '../support/program.ts';

/** Modes bind no superuser: the program runs as another user where the tests run as one. */
const ROOT = process.getuid?.() === 0;
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;

function asUser(given: World, args: string[]) {
  const [program, ...before] = ROOT
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
    : [process.execPath];
  const { status, stdout, stderr } = spawnSync(program as string, [...before, BIN, ...args], {
    cwd: given.root,
    env: given.env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

function laid(): World {
  const given = world({
    'agent-posture.yaml': 'version: 1\nproject: shop\nagents: [claude-code]\nrepository: { protected: [main] }\n',
  });
  const base = join(given.home, '..');
  chmodSync(base, 0o755);
  mkdirSync(given.state, { recursive: true });
  if (ROOT) execFileSync('chown', ['-R', '65534:65534', base]);
  expect(asUser(given, ['generate']).code).toBe(0);
  return given;
}

describe.skipIf(process.platform !== 'linux' || (ROOT && !hasSetpriv))('a guard that was closed by its mode', () => {
  test.each([
    ['.githooks', '.githooks'],
    ['.claude', '.claude/settings.json'],
    ['.git/hooks', '.git/hooks'],
    ['.claude/settings.json', '.claude/settings.json'],
  ])(
    '%s: not proven, and the rest is tried',
    (path, target) => {
      const given = laid();
      chmodSync(join(given.root, path), 0);
      try {
        const { code, stdout, stderr } = asUser(given, ['test', '--safeguard', 'GRD-1', '--json']);
        expect(stderr).not.toContain('fault');
        expect(code).not.toBe(2);
        const rows: Row[] = JSON.parse(stdout).rows;
        const own = rows.filter(row => row.target === target && row.verdict !== 'skipped');
        expect(own.length).toBeGreaterThan(0);
        for (const row of own) expect(row, row.id).toMatchObject({ verdict: 'inconclusive' });
        expect(rows.filter(({ verdict }) => verdict === 'exposed').length).toBeGreaterThan(2);
        expect(asUser(given, ['status']).stderr).not.toContain('left over');
      } finally {
        chmodSync(join(given.root, path), 0o755);
      }
      const tries = readdirSync(given.state).map(name => join(given.state, name, 'tries'));
      expect(tries.filter(folder => existsSync(folder)).flatMap(folder => readdirSync(folder))).toEqual([]);
    },
    60_000,
  );

  test('what a killed run left in it is said once, with the folder to open', () => {
    const given = laid();
    const hooks = join(given.root, '.githooks');
    const pid = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const name = readdirSync(given.state).find(entry => entry.startsWith('shop-api')) as string;
    const tries = join(given.state, name, 'tries');
    mkdirSync(tries, { recursive: true });
    const record = ['one', 'two'].map(file =>
      JSON.stringify({ create: join(hooks, file), beside: join(hooks, `${file}.new`), content: 'x' }),
    );
    writeFileSync(join(tries, pid), `${record.join('\n')}\n`);
    if (ROOT) execFileSync('chown', ['-R', '65534:65534', given.state]);
    chmodSync(hooks, 0);
    try {
      for (const command of [['status'], ['test', '--safeguard', 'GRD-1']]) {
        const { stdout, stderr } = asUser(given, command);
        const text = `${stdout}${stderr}`.replace(/\s+/g, ' ');
        expect(text.match(/left over/g), command[0]).toHaveLength(1);
        expect(text).toContain(`chmod u+rwx ${hooks}`);
      }
    } finally {
      chmodSync(hooks, 0o755);
    }
    asUser(given, ['status']);
    expect(existsSync(join(tries, pid))).toBe(false);
    rmSync(tries, { recursive: true, force: true });
  }, 60_000);
});

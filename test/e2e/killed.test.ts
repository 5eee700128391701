import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasBox } from '../labs/box.ts';
import { describeWith } from '../support/parts.ts';
import { type Ended, ended, POSTURE, program, start, tree, type World, world } from '../support/program.ts';

/** The built program, stopped in the middle of its tries: what it had laid is gone, and git works. */

/** Everything that is laid: from the shell, and from a box in which some of it takes a way round. */
const tries = ({ root }: World) => [
  ...['test', '--trust', '--safeguard', 'GRD-1', '--safeguard', 'VCS-4', '--safeguard', 'ISO-1', '--vantage', 'host'],
  ...(hasBox
    ? [
        '--via',
        `bwrap --bind / / --dev /dev --ro-bind ${root}/.claude/settings.json ${root}/.claude/settings.json --ro-bind ${root}/.git/hooks ${root}/.git/hooks`,
      ]
    : []),
];

/** A repository with guards that are missing and some that are there, and a remote that takes every push. */
function scratch(): World & { remote: string } {
  const posture = POSTURE.replace('protected: [main]', 'protected: [main, "release/*"]');
  const given = world({
    'agent-posture.yaml': posture.replace('runtime: bubblewrap', 'runtime: none'),
    '.claude/settings.json': '{ "permissions": { "deny": ["Read(./.env)"] } }\n',
    'CLAUDE.md': 'lab\n',
    '.github/workflows/ci.yml': 'on: push\n',
  });
  const remote = join(given.root, '../../remote.git');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: given.root, env: given.env, stdio: 'pipe' });
  git('init', '-q', '--bare', remote);
  git('remote', 'add', 'origin', remote);
  git('push', '-q', 'origin', 'main');
  return { ...given, remote };
}

/** What stands there: each name with what it holds. Of git's folder what steers it; objects and the index's times go their ways. */
function listing(folder: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const inner = join(path, name);
      if (/(^|\/)(\.git\/|remote\.git\/)?(objects|index|logs)$/.test(inner)) continue;
      const stats = lstatSync(join(folder, inner));
      if (stats.isDirectory()) {
        lines.push(`${inner}/`);
        walk(inner);
      } else
        lines.push(
          `${inner} ${stats.isSymbolicLink() ? readlinkSync(join(folder, inner)) : readFileSync(join(folder, inner), 'latin1')}`,
        );
    }
  };
  walk('');
  return lines;
}

/** Outside of the repository a try makes its files in folders of the machine. */
const MACHINE = ['/etc/cron.d', '/var/spool/cron/crontabs'].filter(path => existsSync(path));
const onMachine = (pid: number | undefined) =>
  MACHINE.flatMap(path => readdirSync(path)).filter(name => name.includes(`agent-posture-try-${pid}-`));

const state = ({ root, remote, env }: World & { remote: string }) => ({
  tree: listing(root),
  remote: listing(remote),
  status: execFileSync('git', ['status', '--porcelain'], { cwd: root, env, encoding: 'utf8' }),
});

const recordOf = ({ state: folder }: World, pid: number | undefined) => {
  for (const repository of existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    if (repository.includes(`tries/${pid}-`)) return join(folder, repository);
  return undefined;
};

type Written = { create?: string; aside?: string };

function laidBy(given: World, pid: number | undefined): Written[] {
  const record = recordOf(given, pid);
  const lines = record && existsSync(record) ? readFileSync(record, 'utf8').split('\n') : [];
  return lines.slice(0, -1).map(line => JSON.parse(line) as Written);
}

/** Whether something that the run lays outside of its own folder stands there now. */
const stands = (laid: readonly Written[]) =>
  laid.some(({ create, aside }) =>
    [create, aside].some(path => path !== undefined && !/\/\.agent-p/.test(path) && existsSync(path)),
  );

/**
 * Starts the tries and sends `signal`: milliseconds after the run began to write down what it lays, or as soon as
 * something of that stands there. Undefined: it ended before.
 */
async function stopAt(
  given: World,
  signal: NodeJS.Signals,
  when: number | 'laid',
): Promise<(Ended & { pid: number }) | undefined> {
  const child = start(given, tries(given));
  const end = ended(child);
  while (!recordOf(given, child.pid) && child.exitCode === null) await new Promise(done => setTimeout(done, 1));
  if (typeof when === 'number') await new Promise(done => setTimeout(done, when));
  else
    while (child.exitCode === null && !stands(laidBy(given, child.pid))) await new Promise(done => setImmediate(done));
  if (child.exitCode !== null) return undefined;
  child.kill(signal);
  return { ...(await end), pid: child.pid as number };
}

/** Mounts a file system of 300 kB over a folder and fills it to the last byte. */
function full(folder: string): void {
  const kept = mkdtempSync(join(tmpdir(), 'agent-posture-full-'));
  onTestFinished(() => rmSync(kept, { recursive: true }));
  if (existsSync(folder)) cpSync(folder, kept, { recursive: true });
  else mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  cpSync(kept, folder, { recursive: true });
  for (const [at, size] of [100_000, 4_096, 1].entries())
    try {
      for (;;) appendFileSync(join(folder, `fill-${at}`), Buffer.alloc(size));
    } catch {}
}

describeWith(['mount'], 'a full disk', () => {
  const FILES = { 'README.md': 'lab\n' };

  test('the repository: one clear line, and nothing is left', async () => {
    const given = world(FILES, { git: false });
    full(given.root);
    const before = listing(given.root);
    const { code, stderr } = await ended(start(given, ['test']));
    expect(code).toBe(2);
    expect(stderr).toContain(`${given.root}: the disk is full: a decoy could not be written`);
    expect(stderr).not.toContain('a fault of this program');
    expect(listing(given.root)).toEqual(before);
  });

  test('the folder of what is kept: the same', async () => {
    const given = world(FILES);
    full(given.state);
    const before = listing(given.root);
    const { code, stderr } = await ended(start(given, ['test']));
    expect(code).toBe(2);
    expect(stderr).toContain('the disk is full');
    expect(stderr).not.toContain('a fault of this program');
    expect(listing(given.root)).toEqual(before);
  });
});

describe('a self-test that is stopped in the middle', () => {
  const MOMENTS = [0, 'laid', 30, 'laid', 60, 'laid', 120, 'laid', 200, 'laid', 350, 600] as const;

  test.each([
    ['SIGINT', MOMENTS],
    ['SIGTERM', MOMENTS],
    ['SIGKILL', MOMENTS],
  ] as const)(
    '%s: nothing is left, and git works',
    async (signal, moments) => {
      const given = scratch();
      const before = state(given);
      let stopped = 0;
      for (const when of moments) {
        const how = await stopAt(given, signal, when);
        if (!how) continue;
        stopped++;
        const where = `${signal} at ${when}`;
        if (signal === 'SIGKILL') {
          // What it had started ends by itself, as its input is closed.
          await new Promise(done => setTimeout(done, 300));
          const next = await ended(start(given, ['test', '--json', '--safeguard', 'CUL-1']));
          expect([0, 1, 3], next.stderr).toContain(next.code);
        } else if (how.code !== 1)
          // 1: it had just come to its end.
          expect([how.code, how.stderr.includes('stopped')], `${where}: ${how.stderr}`).toEqual([130, true]);
        expect(state(given), where).toEqual(before);
        expect(onMachine(how.pid), where).toEqual([]);
        expect(recordOf(given, how.pid), where).toBeUndefined();
      }
      expect(stopped).toBeGreaterThan(4);
    },
    240_000,
  );

  test('doctor takes back what a killed one left, and tells it', async () => {
    const given = scratch();
    const before = state(given);
    const how = await stopAt(given, 'SIGKILL', 'laid');
    expect(how).toBeDefined();
    const laid = readFileSync(recordOf(given, how?.pid) ?? '', 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as { create?: string; content: string })
      .filter(({ create }) => create?.startsWith(given.root) && !create.includes('-try-'));
    // As a kill may leave it: a file of which nothing is written yet.
    writeFileSync(laid[0]?.create ?? '', '');
    const doctor = await ended(start(given, ['doctor', '--json']));
    const { findings } = JSON.parse(doctor.stdout) as { findings: { name: string; detail: string }[] };
    expect(findings.filter(({ name }) => name === 'killed test').map(({ detail }) => detail)).toContain(
      `${laid[0]?.create} was removed, left over from a run that was killed`,
    );
    expect(state(given)).toEqual(before);
  }, 60_000);
});

test.skipIf(!hasBox)(
  'a signal while the box of a run is being started: nothing that was laid for it stays',
  async () => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    const before = listing(given.root);
    const [bin, temporary, mark] = ['bin', 'tmp', 'mark'].map(name => join(given.home, '..', name)) as [
      string,
      string,
      string,
    ];
    for (const path of [bin, temporary]) mkdirSync(path);
    const real = execFileSync('sh', ['-c', 'command -v bwrap'], { encoding: 'utf8' }).trim();
    writeFileSync(join(bin, 'bwrap'), `#!/bin/sh\n: >'${mark}'\nsleep 1\nexec ${real} "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:${given.env.PATH}`, TMPDIR: temporary };
    const child = start(given, ['run', '--', 'sleep', '30'], { env });
    const end = ended(child);
    while (!existsSync(mark) && child.exitCode === null) await new Promise(done => setTimeout(done, 5));
    expect(listing(given.root)).not.toEqual(before);
    child.kill('SIGTERM');
    const { code, signal, stderr } = await end;
    expect({ code, signal, stderr }).toEqual({ code: 143, signal: null, stderr: expect.stringContaining('stopping') });
    expect(listing(given.root)).toEqual(before);
    expect(readdirSync(temporary)).toEqual([]);
  },
);

describe('init that is killed while it writes', () => {
  /** Killed as soon as a file of it stands there; undefined where it was done by then. */
  async function half(): Promise<{ given: World; before: string[] } | undefined> {
    const given = world({ 'package.json': '{}' });
    const before = tree(given.root);
    const child = start(given, ['init', '--yes', '--no-test']);
    const end = ended(child);
    const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
    const writing = () =>
      namesIn(given.state)
        .flatMap(name => namesIn(join(given.state, name, 'journal')))
        .some(name => name.endsWith('.writing.json'));
    while (child.exitCode === null && !(writing() && readdirSync(given.root).length > 3))
      await new Promise(done => setImmediate(done));
    child.kill('SIGKILL');
    await end;
    return writing() && tree(given.root).length > before.length ? { given, before } : undefined;
  }

  test('--check says so and changes nothing; undo says what it put back, and ends with 0', async () => {
    let found: Awaited<ReturnType<typeof half>>;
    for (let tries = 0; tries < 10 && found === undefined; tries++) found = await half();
    if (found === undefined) throw new Error('it was never stopped half way');
    const { given, before } = found;
    const written = tree(given.root);
    const check = await program(given, ['generate', '--check']);
    expect(check).toMatchObject({ code: 1, stderr: '' });
    expect(check.stdout).toMatch(
      /^init of .* was stopped half way, .* still to be put back\.\n {2}next: agent-posture undo/,
    );
    const json = await program(given, ['generate', '--check', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      drift: [],
      notes: [expect.stringContaining('half way')],
      exitCode: 1,
    });
    expect(tree(given.root)).toEqual(written);
    expect(await program(given, ['undo'])).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --yes') });
    const undone = await program(given, ['undo', '--yes']);
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(undone.stdout).toMatch(/^Taken back: init, which was stopped half way\. Removed: /);
    expect(tree(given.root)).toEqual(before);
    expect(await program(given, ['undo', '--yes'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing to undo'),
    });
  }, 60_000);
});

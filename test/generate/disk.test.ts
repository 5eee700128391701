import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, UserError } from '../../src/base/errors.ts';
import type { Step } from '../../src/base/files.ts';
import { applyPlan } from '../../src/generate/apply.ts';
import { drift } from '../../src/generate/drift.ts';
import { lastCommand, undo } from '../../src/generate/journal.ts';
import { acquireLock } from '../../src/generate/lock.ts';
import type { Rendered } from '../../src/generate/types.ts';
import { testWith } from '../support/parts.ts';
import { everyMode, output } from './support/outputs.ts';
import { scene, snapshot } from './support/scene.ts';

const keys = (format: 'json' | 'toml' | 'yaml', path: string): Rendered => ({
  mode: 'keys',
  path,
  format,
  claims: [{ path: ['a', 'b'], elements: ['x'] }],
});
const targets: Rendered[] = [
  keys('json', 'dir/s.json'),
  { mode: 'block', path: 'dir/s.json', comment: '#', lines: ['x'] },
  { mode: 'owned', path: 'dir/s.json', content: 'x\n' },
];
const error = async (promise: Promise<unknown>): Promise<UserError> => {
  const caught = await promise.then(
    () => undefined,
    thrown => thrown,
  );
  expect(caught).toBeInstanceOf(UserError);
  return caught as UserError;
};

describe('what stands in the place of a file', () => {
  test.each(targets)('a FIFO, a folder, a link, a link of a folder: left alone, said ($mode)', async rendered => {
    const s = scene();
    const outside = join(s.root, '..', 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 's.json'), '{"theirs":1}');
    const place = join(s.root, 'dir/s.json');
    const cases: [string, () => void][] = [
      ['not a regular file', () => void execFileSync('mkfifo', [place])],
      ['a folder stands', () => void mkdirSync(place)],
      ['symbolic link out of the repository', () => symlinkSync(join(outside, 's.json'), place)],
      ['symbolic link', () => symlinkSync('../other', place)],
      [
        'symbolic link out of the repository',
        () => {
          rmSync(join(s.root, 'dir'), { recursive: true });
          symlinkSync(outside, join(s.root, 'dir'));
        },
      ],
      [
        'a part of its path is a file',
        () => {
          rmSync(join(s.root, 'dir'), { recursive: true });
          writeFileSync(join(s.root, 'dir'), '');
        },
      ],
    ];
    for (const [words, lay] of cases) {
      rmSync(join(s.root, 'dir'), { recursive: true, force: true });
      mkdirSync(join(s.root, 'dir'));
      lay();
      const plan = await s.generate([output('o', [rendered])]);
      expect(plan.changes[0]).toMatchObject({ state: 'refused', reason: expect.stringContaining(words) });
      expect(plan.journal).toBeUndefined();
      expect(drift(plan)[0]?.reason).toContain('left alone');
    }
    expect(readFileSync(join(outside, 's.json'), 'utf8')).toBe('{"theirs":1}');
  });

  test('a file of more than 4 MB is left alone', async () => {
    const s = scene();
    writeFileSync(join(s.root, 's.json'), `{"a":"${'x'.repeat(4_100_000)}"}`);
    const plan = await s.generate([output('o', [keys('json', 's.json')])]);
    expect(plan.changes[0]).toMatchObject({ state: 'refused', reason: 'it is larger than 4 MB' });
  });
});

describe('text that cannot be edited is left byte for byte', () => {
  test.each([
    ['json', '{\n  "a": 1,,\n}', 2],
    ['json', '{"a": {"b": [}', 1],
    ['json', '[1]', 1],
    ['json', '{"x": 1,\n"x": 2}', 2],
    ['json', '{"a": 1}\n{"b": 2}', 2],
    ['json', '{"a": "x"}', 1],
    ['json', '{"a": {"b": 3}}', 1],
    ['json', `${'['.repeat(50_000)}`, 1],
    ['toml', 'a = 1\na = 2\n', 2],
    ['toml', 'x = \n', 1],
    ['toml', 'a = 1\n', 1],
    ['toml', '[a]\nb = "x"\n', 2],
    ['toml', '[[a.b]]\nc = 1\n', 1],
    ['yaml', 'a: [1\nb: 2\n', 2],
    ['yaml', 'a: 1\na: 2\n', 2],
    ['yaml', 'a: 1\n---\nb: 2\n', 2],
    ['yaml', 'a: *none\n', 1],
    ['yaml', '- 1\n', 1],
    ['yaml', 'x: &x [y]\na:\n  b: *x\n', 3],
    ['yaml', 'a: &x\n  b: &y [1]\n', 2],
    [
      'yaml',
      `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]\n`).join('')}`,
      1,
    ],
  ] as const)('%s: %j', async (format, text, line) => {
    const s = scene();
    const path = join(s.root, 'file');
    writeFileSync(path, text);
    const plan = await s.generate([output('o', [keys(format, 'file')])]);
    expect(plan.changes[0]).toMatchObject({ state: 'refused', line });
    expect(plan.journal).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('other encodings', async () => {
    const s = scene();
    const utf16 = Buffer.from('\ufeff{"a":1}', 'utf16le');
    writeFileSync(join(s.root, 's.json'), utf16);
    const plan = await s.generate([output('o', [keys('json', 's.json')])]);
    expect(plan.changes[0]).toMatchObject({ state: 'refused', reason: 'it is not UTF-8 text' });
    expect(readFileSync(join(s.root, 's.json'))).toEqual(utf16);
  });

  test('an empty file, white space, and nothing but comments are no obstacle', async () => {
    for (const [format, text] of [
      ['json', ''],
      ['json', '\ufeff \n// note\n'],
      ['toml', '# note'],
      ['yaml', '# note'],
      ['yaml', 'a:\n'],
      ['yaml', 'a:\n  b:\n'],
    ] as const) {
      const s = scene();
      writeFileSync(join(s.root, 'file'), text);
      const plan = await s.generate([output('o', [keys(format, 'file')])]);
      expect(plan.changes[0]?.state).toBe('update');
      expect(readFileSync(join(s.root, 'file'), 'utf8').startsWith(text.trimEnd())).toBe(true);
      expect((await s.generate([output('o', [keys(format, 'file')])])).changes[0]?.state).toBe('unchanged');
    }
  });
});

describe('between plan and apply', () => {
  test('a file that changed stops everything, and nothing is lost', async () => {
    const s = scene();
    writeFileSync(join(s.root, '.gitignore'), 'a\n');
    const plan = await s.plan(everyMode(1));
    writeFileSync(join(s.root, '.gitignore'), 'b\n');
    const before = snapshot(s.root);
    const thrown = await error(applyPlan(plan, { stateFolder: s.stateFolder }));
    expect(thrown.exitCode).toBe(EXIT.conflict);
    expect(thrown.message).toContain('.gitignore');
    expect(snapshot(s.root)).toEqual(before);
  });

  test('a file that is changed in the very middle is kept, and the rest goes back', async () => {
    const s = scene();
    await s.generate(everyMode(1));
    const before = snapshot(s.root);
    const step: Step = (what, path, operation) => {
      if (what === 'flush' && path.includes('pre-commit'))
        writeFileSync(join(s.root, '.githooks/pre-commit'), 'mine\n');
      return operation();
    };
    const thrown = await error(s.generate(everyMode(2), { step }));
    expect(thrown.exitCode).toBe(EXIT.conflict);
    expect(snapshot(s.root)).toEqual({ ...before, '.githooks/pre-commit': '755 mine\n' });
  });

  test.each([
    ['open', '.writing.json.'],
    ['open', '.settings.json.'],
    ['rename', 'settings.json'],
  ])('a folder swapped for a link out of the repository is not followed (%s %s)', async (moment, part) => {
    const s = scene();
    await s.generate(everyMode(1));
    const outside = join(s.root, '..', 'outside');
    mkdirSync(join(outside, 'b'), { recursive: true });
    // The same content, so that only the place tells it from ours.
    const same = readFileSync(join(s.root, 'a/b/settings.json'), 'utf8');
    writeFileSync(join(outside, 'b/settings.json'), same);
    let swapped = false;
    const step: Step = (what, path, operation) => {
      if (!swapped && what === moment && path.includes(part)) {
        swapped = true;
        renameSync(join(s.root, 'a'), join(s.root, 'aside'));
        symlinkSync(outside, join(s.root, 'a'));
      }
      return operation();
    };
    await s.generate(everyMode(2), { step }).catch(() => {});
    expect(swapped).toBe(true);
    expect(readFileSync(join(outside, 'b/settings.json'), 'utf8')).toBe(same);
    expect(readdirSync(join(outside, 'b'))).toEqual(['settings.json']);
  });

  test('a link laid in the place of a file is neither followed nor replaced', async () => {
    const s = scene();
    await s.generate(everyMode(1));
    const outside = join(s.root, '..', 'outside');
    writeFileSync(outside, 'theirs');
    const plan = await s.plan(everyMode(2));
    rmSync(join(s.root, '.gitignore'));
    symlinkSync(outside, join(s.root, '.gitignore'));
    await error(applyPlan(plan, { stateFolder: s.stateFolder }));
    expect(readFileSync(outside, 'utf8')).toBe('theirs');
    expect(lstatSync(join(s.root, '.gitignore')).isSymbolicLink()).toBe(true);
  });
});

describe('two runs at once', () => {
  test('the second says which process is on, and a dead one is no obstacle', async () => {
    const s = scene();
    mkdirSync(s.stateFolder, { recursive: true });
    const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30000)']);
    const locks = join(s.stateFolder, 'locks');
    mkdirSync(locks);
    const started = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(join(locks, `${sleeper.pid}.${started(sleeper.pid ?? 0)}.abcd`), '');
    const thrown = await error(s.generate(everyMode(1)));
    expect(thrown.message).toContain(`process ${sleeper.pid}`);
    expect(thrown.exitCode).toBe(EXIT.conflict);
    const gone = new Promise(resolve => sleeper.once('exit', resolve));
    sleeper.kill('SIGKILL');
    await gone;
    writeFileSync(join(locks, `${process.pid}.1.reused`), '');
    await s.generate(everyMode(1));
    expect(readdirSync(locks)).toEqual([]);
  });

  test('of many that start together exactly one at a time holds the lock', async () => {
    const s = scene();
    mkdirSync(s.stateFolder, { recursive: true });
    let holding = 0;
    let most = 0;
    const one = async () => {
      const release = await acquireLock(s.stateFolder).catch(() => undefined);
      if (!release) return;
      most = Math.max(most, ++holding);
      await new Promise(resolve => setTimeout(resolve, 5));
      holding--;
      await release();
    };
    await Promise.all(Array.from({ length: 8 }, one));
    expect(most).toBe(1);
  });
});

describe('bad days', () => {
  testWith(['mount'], 'a full disk: everything is put back', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      const s = scene();
      const root = join(disk, 'repository');
      mkdirSync(root);
      writeFileSync(join(root, '.gitignore'), 'a\n');
      const before = snapshot(root);
      const outputs = [
        output('a', [{ mode: 'block', path: '.gitignore', comment: '#', lines: ['x'] }]),
        output('b', [{ mode: 'owned', path: 'big.txt', content: 'x'.repeat(100_000) }]),
      ];
      const thrown = await error(s.generate(outputs, { root }));
      expect(thrown.message).toMatch(/big\.txt: the disk is full; everything was put back/);
      expect(snapshot(root)).toEqual(before);
    } finally {
      spawnSync('umount', [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });

  testWith(['mount'], 'a file system that became read-only half way: told, and put back by the next run', async () => {
    const s = scene();
    const outputs = [
      output('a', [{ mode: 'owned', path: 'fine.txt', content: 'x\n' }]),
      output('b', [{ mode: 'owned', path: 'more/y.txt', content: 'x\n' }]),
    ];
    const mount = (...options: string[]) => execFileSync('mount', [...options, s.root]);
    mount('--bind', s.root);
    try {
      const step: Step = (what, path, operation) => {
        if (what === 'open' && path.includes('y.txt')) mount('-o', 'remount,ro,bind');
        return operation();
      };
      const thrown = await error(s.generate(outputs, { step }));
      expect(thrown.message).toMatch(
        /read-only file system; it could not be put back yet \(EROFS\); the next run does it/,
      );
      expect((await error(s.generate(outputs))).message).toMatch(/interrupted, .*cannot be put back yet \(EROFS\)/);
      mount('-o', 'remount,rw,bind');
      await s.generate([]);
      expect(snapshot(s.root)).toEqual({});
    } finally {
      execFileSync('umount', [s.root]);
    }
  });

  testWith(['root'], 'no permission half way: everything is put back', async () => {
    const s = scene();
    const parent = join(s.root, '..');
    mkdirSync(join(s.root, 'locked'));
    const script = join(parent, 'as-user.sh');
    const outputs = [
      output('a', [{ mode: 'owned', path: 'fine.txt', content: 'x\n' }]),
      output('b', [{ mode: 'owned', path: 'locked/x.txt', content: 'x\n' }]),
    ];
    chownSync(s.root, 65534, 65534);
    chmodSync(parent, 0o777);
    chmodSync(join(s.root, 'locked'), 0o555);
    const before = snapshot(s.root);
    process.seteuid?.(65534);
    try {
      const thrown = await error(s.generate(outputs));
      expect(thrown.message).toMatch(/locked\/x\.txt: no permission to write here; everything was put back/);
    } finally {
      process.seteuid?.(0);
    }
    expect(snapshot(s.root)).toEqual(before);
    expect(existsSync(script)).toBe(false);
  });
});

describe('undo', () => {
  test('keeps a file in which our own change was changed, and takes back the rest', async () => {
    const s = scene();
    writeFileSync(join(s.root, '.gitignore'), 'mine\n');
    const before = snapshot(s.root);
    await s.generate(everyMode(1), { command: 'init' });
    const edited = '[sandbox]\nmode = "mine"\n';
    writeFileSync(join(s.root, 'config.toml'), edited);
    expect(await lastCommand(s.stateFolder)).toMatchObject({
      command: 'init',
      paths: expect.arrayContaining(['.gitignore']),
    });
    const undone = await undo(s.root, { stateFolder: s.stateFolder });
    expect(undone.kept).toEqual([{ path: 'config.toml', reason: 'it was edited since, in the same lines' }]);
    expect(snapshot(s.root)).toEqual({ ...before, 'config.toml': `644 ${edited}` });
  });

  test('goes back command by command, those that belong together at once, and then has nothing more', async () => {
    const s = scene();
    const states = [snapshot(s.root)];
    await s.generate(everyMode(1));
    states.push(snapshot(s.root));
    const first = await s.generate(everyMode(2), { command: 'fix 1' });
    await s.generate([], { command: 'fix 1', joins: first.journal });
    await undo(s.root, { stateFolder: s.stateFolder });
    expect(snapshot(s.root)).toEqual(states[1]);
    await undo(s.root, { stateFolder: s.stateFolder });
    expect(snapshot(s.root)).toEqual(states[0]);
    await expect(undo(s.root, { stateFolder: s.stateFolder })).rejects.toThrow(/nothing to undo/);
  });

  test('leaves a folder that somebody else uses now', async () => {
    const s = scene();
    await s.generate(everyMode(1));
    writeFileSync(join(s.root, 'a/b/mine'), '');
    await undo(s.root, { stateFolder: s.stateFolder });
    expect(Object.keys(snapshot(s.root))).toEqual(['a', 'a/b', 'a/b/mine']);
  });

  test('the journal is for this user alone', async () => {
    const s = scene();
    await s.generate(everyMode(1));
    const journal = join(s.stateFolder, 'journal');
    expect(statSync(s.stateFolder).mode & 0o777).toBe(0o700);
    expect(statSync(journal).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(journal)) expect(statSync(join(journal, name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(s.stateFolder, 'written.json')).mode & 0o777).toBe(0o600);
  });
});

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Step } from '../../src/base/files.ts';
import { lastCommand, nothingToTakeBack, undo } from '../../src/generate/journal.ts';
import { takeLinesBack } from '../../src/generate/lines.ts';
import { takeBack } from '../../src/generate/takeback.ts';
import type { Output } from '../../src/generate/types.ts';
import { jsonDocument, tomlDocument, yamlDocument } from './support/documents.ts';
import { everyMode, output } from './support/outputs.ts';
import { type Scene, scene, snapshot } from './support/scene.ts';

const BESIDE = '.agent-posture-before';
const read = (s: Scene, path: string) => readFileSync(join(s.root, path), 'utf8');
const write = (s: Scene, path: string, text: string) => {
  mkdirSync(dirname(join(s.root, path)), { recursive: true });
  writeFileSync(join(s.root, path), text);
};
const takenBack = (s: Scene) => undo(s.root, { stateFolder: s.stateFolder });
const withoutOurs = (files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('.agent-posture')));

describe('by lines', () => {
  const ours = 'a\nours 1\nours 2\nb\n';
  it.each([
    ['a line before', 'mine\na\nours 1\nours 2\nb\n', 'mine\na\nb\n'],
    ['a line just before ours', 'a\nmine\nours 1\nours 2\nb\n', 'a\nmine\nb\n'],
    ['a line between ours', 'a\nours 1\nmine\nours 2\nb\n', 'a\nmine\nb\n'],
    ['a line just behind ours', 'a\nours 1\nours 2\nmine\nb\n', 'a\nmine\nb\n'],
    ['a line of theirs gone', 'ours 1\nours 2\nb\n', 'b\n'],
    ['one of ours gone', 'a\nours 1\nb\n', 'a\nb\n'],
    ['all of ours gone', 'a\nb\nmine\n', 'a\nb\nmine\n'],
    ['a line of ours changed', 'a\nours 1\nmy own\nb\n', undefined],
  ])('takes lines of ours out where there is %s', (_what, now, expected) => {
    expect(takeLinesBack('a\nb\n', ours, now)).toBe(expected);
  });

  it.each([
    ['nothing else', 'a\nnew\nb\n', 'a\nold\nb\n'],
    ['a line just before', 'a\nmine\nnew\nb\n', 'a\nmine\nold\nb\n'],
    ['a line just behind', 'a\nnew\nmine\nb\n', 'a\nold\nmine\nb\n'],
    ['it put back by hand', 'a\nold\nmine\nb\n', 'a\nold\nmine\nb\n'],
    ['our line changed', 'a\nnewer\nb\n', undefined],
    ['our line gone', 'a\nb\n', undefined],
  ])('puts a line that we had changed back where there is %s', (_what, now, expected) => {
    expect(takeLinesBack('a\nold\nb\n', 'a\nnew\nb\n', now)).toBe(expected);
  });

  it.each([
    ['puts a line back that we took out', 'mine\na\nb\n', 'mine\na\nold\nb\n'],
    ['leaves a line that stands in its place to a person', 'a\nmine\nb\n', undefined],
  ])('%s', (_what, now, expected) => {
    expect(takeLinesBack('a\nold\nb\n', 'a\nb\n', now)).toBe(expected);
  });
});

describe('by keys', () => {
  const back = (was: string | null, wrote: string, now: string, path = 's.json') =>
    takeBack(path, { was, wrote, now, shared: true });

  it('keeps keys and elements of others next to ours, with every byte of theirs', () => {
    const was = '{\n  "a": 1\n}\n';
    const wrote = '{\n  "a": 1,\n  "deny": ["x", "y"]\n}\n';
    const now = '{\n  "a": 2, // mine\n  "deny": ["x", "mine", "y"],\n  "b":  3\n}\n';
    expect(back(was, wrote, now)).toEqual({ text: '{\n  "a": 2, // mine\n  "deny": ["mine"],\n  "b":  3\n}\n' });
  });

  it('takes a file of ours away with its last key, and not with one of theirs in it', () => {
    const wrote = '{\n  "our": { "deny": ["x"] }\n}\n';
    expect(back(null, wrote, '{ "our": { "deny": ["x"] } }')).toEqual({ text: null });
    expect(back(null, wrote, '{\n  "our": { "deny": ["x"], "mine": 1 }\n}\n')).toEqual({
      text: '{\n  "our": { "mine": 1 }\n}\n',
    });
    expect(back(null, wrote, '{\n  // mine\n  "our": { "deny": ["x"] }\n}\n')).toEqual({ text: '{\n  // mine\n}\n' });
  });

  it('leaves a value of ours that was changed since to a person', () => {
    const conflict = { conflict: 'it was edited since, in the same lines' };
    expect(back('{ "a": 1 }', '{ "a": 2 }', '{ "a": 3 }')).toEqual(conflict);
    expect(back('a = 1\n', 'a = 2\n', 'a = 3\n', 'c.toml')).toEqual(conflict);
    expect(back('{ "a": 1 }', '{ "a": 2 }', '{ broken')).toEqual(conflict);
  });
});

const comment = {
  'k/file.json': '// mine\n',
  'k/file.toml': '# mine\n',
  'k/file.yaml': '# mine\n',
  'k/ignore': 'mine\n',
};
const keyed = (format: 'json' | 'toml' | 'yaml'): Output =>
  output(format, [
    {
      mode: 'keys',
      path: `k/file.${format}`,
      format,
      claims: [
        { path: ['our list', 'deny'], elements: ['one', 'two'] },
        { path: ['our', 'key'], value: 'v' },
      ],
    },
  ]);
const shared: Output[] = [
  keyed('json'),
  keyed('toml'),
  keyed('yaml'),
  output('ignore', [{ mode: 'block', path: 'k/ignore', comment: '#', lines: ['.env', '*.pem'] }]),
];
const plainly = (text: string) => !text.startsWith('\ufeff') && !/^(?:---|%)/m.test(text);

test('what was edited elsewhere in a file is all that is left of the change after undo', async () => {
  const documents = fc.record({
    'k/file.json': jsonDocument.filter(plainly),
    'k/file.toml': tomlDocument.filter(plainly),
    'k/file.yaml': yamlDocument.filter(plainly),
    'k/ignore': fc
      .array(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 5 })
      .map(all => all.map(one => `${one}\n`).join('')),
  });
  await fc.assert(
    fc.asyncProperty(documents, fc.constantFrom(0o644, 0o600, 0o755), async (files, mode) => {
      const s = scene();
      for (const [path, text] of Object.entries(files)) {
        write(s, path, text);
        chmodSync(join(s.root, path), mode);
      }
      const made = await s.generate(shared);
      for (const [path, text] of Object.entries(comment))
        if (made.written.includes(path)) write(s, path, text + read(s, path));
      const { kept } = await takenBack(s);
      expect(kept).toEqual([]);
      for (const [path, text] of Object.entries(comment)) {
        const own = files[path as keyof typeof files];
        expect(read(s, path)).toBe(made.written.includes(path) ? text + own : own);
        expect(statSync(join(s.root, path)).mode & 0o777).toBe(mode);
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 60) },
  );
});

/** Every mode, and a value of theirs that we set over. */
const turn = (number: 1 | 2): Output[] => [
  ...everyMode(number).filter(({ id }) => id !== 'toml'),
  output('toml', [
    {
      mode: 'keys',
      path: 'config.toml',
      format: 'toml',
      claims: [{ path: ['sandbox', 'mode'], value: `m${number}`, guard: true }],
    },
  ]),
];

test('an undo with edits that is stopped at any of its operations comes out the same when it is run again', async () => {
  const prepare = async () => {
    const s = scene();
    write(s, '.gitignore', 'node_modules\n');
    write(s, 'config.toml', '[sandbox]\nmode = "before"\n');
    write(s, 'a/b/settings.json', '{ "mine": 1 }\n');
    await s.generate(turn(1));
    write(s, '.gitignore', `${read(s, '.gitignore')}dist\n`);
    write(s, 'a/b/settings.json', read(s, 'a/b/settings.json').replace('"mine": 1', '"mine": 2'));
    write(s, 'config.toml', '[sandbox]\nmode = "mine"\n');
    return s;
  };
  const whole = await prepare();
  let total = 0;
  const counting: Step = (_what, _path, operation) => {
    total++;
    return operation();
  };
  const { kept } = await undo(whole.root, { stateFolder: whole.stateFolder, step: counting });
  expect(kept).toEqual([
    { path: 'config.toml', reason: 'it was edited since, in the same lines', beside: `config.toml${BESIDE}` },
  ]);
  const end = snapshot(whole.root);
  expect(end).toMatchObject({
    '.gitignore': '644 node_modules\ndist\n',
    'a/b/settings.json': '644 { "mine": 2 }\n',
    'config.toml': '644 [sandbox]\nmode = "mine"\n',
    [`config.toml${BESIDE}`]: '644 [sandbox]\nmode = "before"\n',
  });
  for (let at = 0; at < total; at++) {
    const s = await prepare();
    let count = 0;
    const dying: Step = (_what, _path, operation) => {
      if (count++ >= at) throw new Error('power cut');
      return operation();
    };
    await expect(undo(s.root, { stateFolder: s.stateFolder, step: dying })).rejects.toThrow('power cut');
    await takenBack(s);
    expect(snapshot(s.root), `stopped before operation ${at} of ${total}`).toEqual(end);
    expect(await lastCommand(s.stateFolder)).toMatchObject({ paths: ['config.toml', `config.toml${BESIDE}`] });
  }
});

describe('what could not be taken back', () => {
  const changed = async () => {
    const s = scene();
    write(s, 'config.toml', '[sandbox]\nmode = "before"\n');
    const before = snapshot(s.root);
    await s.generate(turn(1));
    const ours = read(s, 'config.toml');
    write(s, 'config.toml', '[sandbox]\nmode = "mine"\n');
    const { kept, edited } = await takenBack(s);
    expect(kept).toHaveLength(1);
    // The copy that is laid is nobody's edit.
    expect(edited).toEqual([]);
    return { s, before, ours };
  };

  it('waits for the next undo, and says the same as long as nothing is done about it', async () => {
    const { s } = await changed();
    const now = snapshot(s.root);
    // So there is nothing to ask before it.
    expect(await nothingToTakeBack(s.stateFolder)).toBe(true);
    const { kept, restored } = await takenBack(s);
    expect(kept).toEqual([
      { path: 'config.toml', reason: 'it was edited since, in the same lines', beside: `config.toml${BESIDE}` },
    ]);
    expect(restored).toEqual([]);
    expect(snapshot(s.root)).toEqual(now);
  });

  it.each([
    ['as it was before', () => '[sandbox]\nmode = "before"\n', ''],
    ['as we wrote it', (ours: string) => ours, ''],
    ['with edits elsewhere', (ours: string) => `# mine\n${ours}`, '# mine\n'],
  ])('is taken back once the file is %s, and the copy beside it goes', async (_what, mended, more) => {
    const { s, before, ours } = await changed();
    write(s, 'config.toml', mended(ours));
    expect(await nothingToTakeBack(s.stateFolder)).toBe(false);
    expect((await takenBack(s)).kept).toEqual([]);
    expect(snapshot(s.root)).toEqual({ ...before, 'config.toml': `644 ${more}[sandbox]\nmode = "before"\n` });
    await expect(takenBack(s)).rejects.toThrow(/nothing to undo/);
  });

  it('is settled when its owner removes the copy beside it', async () => {
    const { s, before } = await changed();
    rmSync(join(s.root, `config.toml${BESIDE}`));
    expect((await takenBack(s)).kept).toEqual([]);
    expect(snapshot(s.root)).toEqual({ ...before, 'config.toml': '644 [sandbox]\nmode = "mine"\n' });
    await expect(takenBack(s)).rejects.toThrow(/nothing to undo/);
  });

  it('stays with --keep, without the copy beside it, and waits no more', async () => {
    const { s, before } = await changed();
    const { kept, removed } = await undo(s.root, { stateFolder: s.stateFolder, keep: true });
    expect(kept).toMatchObject([{ path: 'config.toml' }]);
    expect(removed).toEqual([`config.toml${BESIDE}`]);
    expect(snapshot(s.root)).toEqual({ ...before, 'config.toml': '644 [sandbox]\nmode = "mine"\n' });
    await expect(takenBack(s)).rejects.toThrow(/nothing to undo/);
  });

  it('leaves a copy that its owner has written into', async () => {
    const { s, ours } = await changed();
    write(s, `config.toml${BESIDE}`, 'mine\n');
    write(s, 'config.toml', ours);
    expect((await takenBack(s)).kept).toEqual([]);
    expect(read(s, `config.toml${BESIDE}`)).toBe('mine\n');
  });

  it('holds back what the same command had done to the file before', async () => {
    const s = scene();
    write(s, 'config.toml', '[sandbox]\nmode = "before"\n');
    const before = snapshot(s.root);
    const first = await s.generate(turn(1));
    await s.generate(turn(2), { joins: first.journal });
    write(s, 'config.toml', '[sandbox]\nmode = "mine"\n');
    const { kept } = await takenBack(s);
    expect(kept.map(({ path }) => path)).toEqual(['config.toml']);
    expect(read(s, 'config.toml')).toContain('mine');
    write(s, 'config.toml', '[sandbox]\nmode = "m2"\n');
    expect((await takenBack(s)).kept).toEqual([]);
    expect(snapshot(s.root)).toEqual(before);
  });
});

test('a file that we made and somebody has edited stays whole, as does a script', async () => {
  const s = scene();
  await s.generate([
    output('page', [{ mode: 'owned', path: 'page.md', content: 'one\ntwo\n' }]),
    output('hook', [{ mode: 'block', path: 'hook', comment: '#', lines: ['scan'], executable: true }]),
  ]);
  write(s, 'page.md', 'one\nmine\ntwo\n');
  write(s, 'hook', `${read(s, 'hook')}mine\n`);
  const before = withoutOurs(snapshot(s.root));
  const { kept } = await takenBack(s);
  expect(kept.map(({ path, reason }) => [path, reason]).sort()).toEqual([
    ['hook', 'it was edited since'],
    ['page.md', 'it was edited since'],
  ]);
  expect(withoutOurs(snapshot(s.root))).toEqual(before);
  rmSync(join(s.root, 'page.md'));
  rmSync(join(s.root, 'hook'));
  expect((await takenBack(s)).kept).toEqual([]);
  expect(existsSync(join(s.root, '.agent-posture'))).toBe(false);
});

test('a mode that somebody has set since stays', async () => {
  const s = scene();
  write(s, '.gitignore', 'node_modules\n');
  await s.generate(everyMode(1));
  chmodSync(join(s.root, '.gitignore'), 0o600);
  await takenBack(s);
  expect(snapshot(s.root)).toEqual({ '.gitignore': '600 node_modules\n' });
});

test('what was edited since stays for good where its owner says so, and the command before it can be taken back', async () => {
  const s = scene();
  write(s, 'config.toml', 'a = 1\n');
  await s.generate([output('first', [{ mode: 'owned', path: 'first.md', content: 'one\n' }])]);
  const page = output('page', [{ mode: 'owned', path: 'page.md', content: 'one\n' }]);
  const first = output('first', [{ mode: 'owned', path: 'first.md', content: 'one\n' }]);
  await s.generate([first, page]);
  write(s, 'page.md', 'mine\n');
  for (let again = 0; again < 2; again++) {
    const { kept } = await takenBack(s);
    expect(kept).toEqual([{ path: 'page.md', reason: 'it was edited since' }]);
  }
  const undone = await undo(s.root, { stateFolder: s.stateFolder, keep: true });
  expect(undone.kept.map(({ path }) => path)).toEqual(['page.md']);
  expect(read(s, 'page.md')).toBe('mine\n');
  expect((await takenBack(s)).removed).toContain('first.md');
  expect(read(s, 'page.md')).toBe('mine\n');
  await expect(takenBack(s)).rejects.toThrow(/nothing to undo/);
});

test('a copy that was laid beside such a file goes with it, and one that is a folder by now is left', async () => {
  const s = scene();
  write(s, 'a.md', 'old\n');
  const outputs = [
    output('a', [{ mode: 'keys', path: 'a.json', format: 'json', claims: [{ path: ['x'], value: 1 }] }]),
  ];
  write(s, 'a.json', '{"x": 0}');
  await s.generate(outputs, { restore: true });
  write(s, 'a.json', '{"x": 2}');
  await s.generate([...outputs, output('b', [{ mode: 'owned', path: 'b.md', content: 'b\n' }])]);
  rmSync(join(s.root, 'b.md'));
  mkdirSync(join(s.root, 'b.md'));
  expect((await takenBack(s)).kept.map(({ path }) => path)).toContain('b.md');
  await undo(s.root, { stateFolder: s.stateFolder, keep: true });
  expect(existsSync(join(s.root, `a.json${BESIDE}`))).toBe(false);
  expect(read(s, 'a.json')).toBe('{"x": 2}');
  expect(existsSync(join(s.root, 'b.md'))).toBe(true);
});

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Reader } from '../../src/agents/reader.ts';
import { formatDiff } from '../../src/generate/diff.ts';
import { drift } from '../../src/generate/drift.ts';
import { undo } from '../../src/generate/journal.ts';
import type { Change, Output, Rendered } from '../../src/generate/types.ts';
import { output } from './support/outputs.ts';
import { type Scene, scene, snapshot } from './support/scene.ts';

const owned = (content: string, more: Partial<Output> = {}, path = 'docs/x.md') =>
  output('doc', [{ mode: 'owned', path, content }], more);
const only = (changes: readonly Change[]) => {
  expect(changes).toHaveLength(1);
  return changes[0] as Change;
};
const read = (s: Scene, path: string) => readFileSync(join(s.root, path), 'utf8');
const put = (s: Scene, path: string, text: string, mode?: number) => {
  mkdirSync(join(s.root, path, '..'), { recursive: true });
  writeFileSync(join(s.root, path), text, mode === undefined ? {} : { mode });
};
const v1 = 'a\nb\nc\nd\ne\n';
const v2 = 'A\nb\nc\nd\ne\n';

describe('a file of ours', () => {
  test('that nobody edited follows a new version', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    const { changes } = await s.generate([owned(v2, { templateVersion: 2 })]);
    expect(only(changes)).toMatchObject({ state: 'update', reason: 'newer template' });
    expect(read(s, 'docs/x.md')).toBe(v2);
  });

  test('with an edit keeps it, merged with a new version', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', 'a\nb\nc\nd\nmine\n');
    expect(only((await s.generate([owned(v1)])).changes)).toMatchObject({
      state: 'unchanged',
      reason: 'your edits kept',
    });
    expect(only((await s.generate([owned(v2)])).changes).state).toBe('merge');
    expect(read(s, 'docs/x.md')).toBe('A\nb\nc\nd\nmine\n');
    expect(only((await s.generate([owned(v2)])).changes).state).toBe('unchanged');
    expect(only((await s.generate([owned('A\nb\nC\nd\ne\n')])).changes).state).toBe('merge');
    expect(read(s, 'docs/x.md')).toBe('A\nb\nC\nd\nmine\n');
  });

  test('with an edit of the same lines is left, and ours is laid beside it until its owner has settled it', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', 'mine\nb\nc\nd\ne\n');
    const first = await s.generate([owned(v2)]);
    expect(first.conflicts).toEqual(['docs/x.md']);
    expect(read(s, 'docs/x.md')).toBe('mine\nb\nc\nd\ne\n');
    expect(read(s, 'docs/x.md.agent-posture-new')).toBe(v2);
    const before = snapshot(s.root);
    const second = await s.generate([owned(v2)]);
    expect(second.conflicts).toEqual(['docs/x.md']);
    expect(second.journal).toBeUndefined();
    expect(snapshot(s.root)).toEqual(before);
    rmSync(join(s.root, 'docs/x.md.agent-posture-new'));
    expect(only((await s.generate([owned(v2)])).changes)).toMatchObject({
      state: 'unchanged',
      reason: 'your edits kept',
    });
    await s.generate([owned('A\nb\nc\nd\nE\n')]);
    expect(read(s, 'docs/x.md')).toBe('mine\nb\nc\nd\nE\n');
  });

  test('whose conflict was settled by taking ours loses the copy beside it', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', 'mine\nb\nc\nd\ne\n');
    await s.generate([owned(v2)]);
    put(s, 'docs/x.md', v2);
    await s.generate([owned(v2)]);
    expect(existsSync(join(s.root, 'docs/x.md.agent-posture-new'))).toBe(false);
  });

  test('a copy beside it that was edited is left', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', 'mine\nb\nc\nd\ne\n');
    await s.generate([owned(v2)]);
    put(s, 'docs/x.md.agent-posture-new', 'worked on');
    const { conflicts } = await s.generate([owned('Z\nb\nc\nd\ne\n')]);
    expect(conflicts).toEqual(['docs/x.md']);
    expect(read(s, 'docs/x.md.agent-posture-new')).toBe('worked on');
  });

  test('of which a stranger was there before is never overwritten', async () => {
    const s = scene();
    put(s, 'docs/x.md', 'theirs\n');
    const { conflicts } = await s.generate([owned(v1)]);
    expect(conflicts).toEqual(['docs/x.md']);
    expect(read(s, 'docs/x.md')).toBe('theirs\n');
    expect(read(s, 'docs/x.md.agent-posture-new')).toBe(v1);
  });

  test('that yields to one of theirs leaves it alone, and takes its place once that is gone', async () => {
    const s = scene();
    const example = output('doc', [{ mode: 'owned', path: '.env.test.example', content: 'A=\n', yields: true }]);
    put(s, '.env.test.example', 'B=1\n');
    const { changes, manifest } = await s.generate([example]);
    expect(only(changes)).toMatchObject({ state: 'unchanged', reason: 'yours serves as well' });
    expect(manifest.after).toBeNull();
    expect(read(s, '.env.test.example')).toBe('B=1\n');
    rmSync(join(s.root, '.env.test.example'));
    expect(only((await s.generate([example])).changes).state).toBe('create');
    put(s, '.env.test.example', 'A=\nMINE=\n');
    expect(only((await s.plan([example])).changes).reason).toBe('your edits kept');
  });

  test('that was there with the same content is adopted', async () => {
    const s = scene();
    put(s, 'docs/x.md', v1);
    expect(only((await s.generate([owned(v1)])).changes).state).toBe('unchanged');
    expect(only((await s.generate([owned(v2)])).changes).state).toBe('update');
    const { changes } = await s.generate([]);
    expect(only(changes)).toMatchObject({ state: 'unchanged', reason: expect.stringContaining('there before') });
    expect(read(s, 'docs/x.md')).toBe(v2);
  });

  test('that a formatter went over means the same and is no drift', async () => {
    const s = scene();
    const json = owned('{"a":1,"b":[1,2]}\n', { guard: true }, 'rules.json');
    await s.generate([json]);
    put(s, 'rules.json', '{\n  "b": [\n    1,\n    2\n  ],\n  "a": 1\n}\n');
    const plan = await s.plan([json]);
    expect(only(plan.changes).state).toBe('unchanged');
    expect(drift(plan)).toEqual([]);
    await s.generate([owned('{"a":2,"b":[1,2]}\n', { guard: true }, 'rules.json')]);
    expect(JSON.parse(read(s, 'rules.json'))).toEqual({ a: 2, b: [1, 2] });
  });

  test('of rules, into which somebody put what not every program reads, is reported', async () => {
    const s = scene();
    const json = owned('{"a":1,"b":[1,2]}\n', { guard: true }, 'rules.json');
    await s.generate([json]);
    for (const text of ['{"a":1,"b":[1,2,]}\n', '{"a":1,"b":[1,2]} // mine\n', '\ufeff{"a":1,"b":[1,2]}\n']) {
      put(s, 'rules.json', text);
      expect(drift(await s.plan([json])), text).toHaveLength(1);
    }
  });

  test('with a comment of theirs and another layout is not overwritten by a new version', async () => {
    const s = scene();
    await s.generate([owned('{"a":1}\n', {}, 'rules.json')]);
    put(s, 'rules.json', '{\n  // mine\n  "a": 1\n}\n');
    expect((await s.generate([owned('{"a":2}\n', {}, 'rules.json')])).conflicts).toEqual(['rules.json']);
    expect(read(s, 'rules.json')).toContain('// mine');
  });

  test('checked out with CRLF is not taken for edited, and keeps its line ends', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', v1.replaceAll('\n', '\r\n'));
    expect(drift(await s.plan([owned(v1)]))).toEqual([]);
    await s.generate([owned(v2)]);
    expect(read(s, 'docs/x.md')).toBe(v2.replaceAll('\n', '\r\n'));
  });

  describe('that a newer version lays elsewhere', () => {
    const moved = (content: string, more: Partial<Output> = {}) =>
      output('doc', [{ mode: 'owned', path: 'docs/new/x.md', content, was: ['docs/old.md', 'docs/x.md'] }], more);

    test('moves, with its edits, and undo brings it back', async () => {
      const s = scene();
      await s.generate([owned(v1)]);
      put(s, 'docs/x.md', 'a\nb\nc\nd\nmine\n');
      const before = snapshot(s.root);
      const { changes } = await s.generate([moved(v2)]);
      expect(changes.map(({ state, path, reason }) => [state, path, reason])).toEqual([
        ['create', 'docs/new/x.md', 'moved here from docs/x.md'],
        ['delete', 'docs/x.md', 'moved to docs/new/x.md'],
      ]);
      expect(read(s, 'docs/new/x.md')).toBe('A\nb\nc\nd\nmine\n');
      expect(existsSync(join(s.root, 'docs/x.md'))).toBe(false);
      expect(only((await s.generate([moved(v2)])).changes).state).toBe('unchanged');
      await undo(s.root, { stateFolder: s.stateFolder });
      expect(snapshot(s.root)).toEqual(before);
    });

    test('leaves behind what was changed and cannot be carried over', async () => {
      const s = scene();
      await s.generate([owned(v1)]);
      put(s, 'docs/x.md', 'mine\nb\nc\nd\ne\n');
      const plan = await s.plan([moved(v2)]);
      expect(plan.notes).toEqual([expect.stringContaining('could not be carried over, so the old one stays')]);
      await s.generate([moved(v2)]);
      expect(read(s, 'docs/x.md')).toBe('mine\nb\nc\nd\ne\n');
      expect(read(s, 'docs/new/x.md')).toBe(v2);
      expect((await s.plan([moved(v2)])).notes).toEqual([]);
    });

    test('never over a file that is there', async () => {
      const s = scene();
      await s.generate([owned(v1)]);
      put(s, 'docs/new/x.md', 'a stranger');
      const { conflicts } = await s.generate([moved(v2)]);
      expect(conflicts).toEqual(['docs/new/x.md']);
      expect(read(s, 'docs/new/x.md')).toBe('a stranger');
      expect(existsSync(join(s.root, 'docs/x.md'))).toBe(false);
    });

    test('keeps a guard that was loosened out of the new place', async () => {
      const s = scene();
      const hook = '#!/bin/sh\nrefuse\nexit 1\n';
      await s.generate([owned(hook, { guard: true })]);
      put(s, 'docs/x.md', '#!/bin/sh\nexit 0\n');
      await s.generate([moved(hook, { guard: true })]);
      expect(read(s, 'docs/new/x.md')).toBe(hook);
      expect(read(s, 'docs/x.md')).toBe('#!/bin/sh\nexit 0\n');
    });
  });

  test('keeps its edits where another output of a newer version has it', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', 'a\nb\nc\nd\nmine\n');
    const { changes } = await s.generate([output('page', [{ mode: 'owned', path: 'docs/x.md', content: v2 }])]);
    expect(only(changes)).toMatchObject({ state: 'merge', output: 'page' });
    expect(read(s, 'docs/x.md')).toBe('A\nb\nc\nd\nmine\n');
  });

  test('no longer asked for is removed when it is as we wrote it, and kept when it was edited', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    const { changes } = await s.generate([]);
    expect(only(changes).state).toBe('delete');
    expect(existsSync(join(s.root, 'docs/x.md'))).toBe(false);
    await s.generate([owned(v1)]);
    put(s, 'docs/x.md', `${v1}mine\n`);
    const kept = await s.generate([]);
    expect(only(kept.changes)).toMatchObject({ state: 'unchanged', reason: expect.stringContaining('edits of yours') });
    expect(read(s, 'docs/x.md')).toBe(`${v1}mine\n`);
  });

  test('no longer asked for is kept by a machine that did not write it', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    rmSync(s.stateFolder, { recursive: true });
    const { changes } = await s.generate([]);
    expect(only(changes)).toMatchObject({
      state: 'unchanged',
      reason: expect.stringContaining('not written from this machine'),
    });
    expect(read(s, 'docs/x.md')).toBe(v1);
  });
});

describe('a guard of ours', () => {
  const hook = (text: string): Output =>
    output('hook', [{ mode: 'owned', path: '.githooks/pre-push', content: text, executable: true }], { guard: true });
  const script = '#!/bin/sh\n# guard\nset -e\ncheck one\ncheck two\n';

  test.each([
    ['emptied', '', 'it was emptied'],
    ['only a comment left', '#\n# off\n', 'it was emptied'],
    ['a line gone', '#!/bin/sh\n# guard\nset -e\ncheck two\n', '1 line of it gone or changed: check one'],
    [
      'an early exit',
      '#!/bin/sh\n# guard\nexit 0\nset -e\ncheck one\ncheck two\n',
      'lines were added that may undo it',
    ],
    ['commented out', '#!/bin/sh\n# guard\nset -e\n#check one\ncheck two\n', '1 line of it gone or changed: check one'],
    ['other line ends', script.replaceAll('\n', '\r\n'), '4 lines of it gone or changed: #!/bin/sh'],
  ])('that was weakened is kept and reported: %s', async (_name, text, reason) => {
    const s = scene();
    await s.generate([hook(script)]);
    writeFileSync(join(s.root, '.githooks/pre-push'), text);
    const plan = await s.generate([hook(script)]);
    expect(only(plan.changes)).toMatchObject({ state: 'loosened', reason });
    expect(read(s, '.githooks/pre-push')).toBe(text);
    expect(drift(plan)[0]?.reason).toContain('--restore');
    expect(only((await s.generate([hook(`${script}check three\n`)])).changes).state).toBe('loosened');
    await s.generate([hook(script)], { restore: true });
    // What the owner had to say in comments of his own stays.
    expect(read(s, '.githooks/pre-push')).toBe(text === '#\n# off\n' ? `${script}${text}` : script);
    expect(drift(await s.plan([hook(script)]))).toEqual([]);
  });

  test('is put back, and what its owner wrote before and behind its work stays', async () => {
    const s = scene();
    await s.generate([hook(script)]);
    const mine =
      '# mine\n\n#!not first\n# guard\nset -e\n#check one\nexit 0\n# why\ncheck two\n\nnpm run lint\n# end\n';
    writeFileSync(join(s.root, '.githooks/pre-push'), `#!/bin/sh\n${mine}`);
    await s.generate([hook(script)], { restore: true });
    expect(read(s, '.githooks/pre-push')).toBe(
      // Between the lines of its work nothing is known to be a comment.
      '#!/bin/sh\n# mine\n\n#!not first\n# guard\nset -e\ncheck one\ncheck two\n\nnpm run lint\n# end\n',
    );
    expect(drift(await s.plan([hook(script)]))).toEqual([]);
    writeFileSync(join(s.root, '.githooks/pre-push'), '#!/bin/sh\n# guard\nset -e\ncheck two\nnpm run lint\n');
    await s.generate([hook(`${script.replace('two', 'three')}`)], { restore: true });
    expect(read(s, '.githooks/pre-push')).toContain('check one\n');
  });

  test('with comments, or lines after its work, is an ordinary edit', async () => {
    const s = scene();
    await s.generate([hook(script)]);
    const edited = '#!/bin/sh\n# guard, and mine\nset -e\ncheck one\ncheck two\nnpm run lint\n';
    writeFileSync(join(s.root, '.githooks/pre-push'), edited);
    expect(only((await s.generate([hook(script)])).changes)).toMatchObject({
      state: 'unchanged',
      reason: 'your edits kept',
    });
    expect(read(s, '.githooks/pre-push')).toBe(edited);
  });

  test('whose edit the posture accepts is an ordinary edit until the acceptance ends', async () => {
    const s = scene();
    await s.generate([hook(script)]);
    writeFileSync(join(s.root, '.githooks/pre-push'), '#!/bin/sh\nset -e\ncheck two\n');
    s.posture.accepted = [
      { safeguard: 'GRD-1', target: '.githooks/pre-push', reason: 'slow', owner: 'alice', until: '2027-01-31' },
    ];
    const at = (now: string) => s.plan([hook(script)], { now: new Date(now) });
    expect(only((await at('2027-01-31T12:00:00Z')).changes).state).toBe('unchanged');
    expect(only((await at('2027-02-01T12:00:00Z')).changes).state).toBe('loosened');
  });
});

describe('keys in a file of theirs', () => {
  test('that stood in tables of TOML named by one header only go with the tables that it implied', async () => {
    const s = scene();
    const profile = output('codex', [
      {
        mode: 'keys',
        path: 'config.toml',
        format: 'toml',
        claims: [
          { path: ['permissions', 'ours', 'extends'], value: 'x', guard: true },
          { path: ['default'], value: 'ours', guard: true },
        ],
      },
    ]);
    await s.generate([profile]);
    expect(read(s, 'config.toml')).toContain('[permissions.ours]');
    await s.generate([]);
    expect(existsSync(join(s.root, 'config.toml'))).toBe(false);
    put(s, 'config.toml', 'model = "mine"\n');
    await s.generate([profile]);
    await s.generate([]);
    expect(read(s, 'config.toml').trim()).toBe('model = "mine"');
  });

  test('are refused where the program that reads it would leave the whole file out, and taken away all the same', async () => {
    const s = scene();
    const claims = [{ path: ['deny'], elements: ['a'], guard: true }];
    const rules = (stumbles: Reader['stumbles']) =>
      output('rules', [
        { mode: 'keys', path: 'x.json', format: 'json', claims, reader: { title: 'The agent', stumbles } },
      ]);
    put(s, 'x.json', '{\n  "mine": 1\n}\n');
    await s.generate([rules(['a comment'])]);
    const laid = read(s, 'x.json');
    for (const [kind, text] of [
      ['a comment', laid.replace('{', '{ // why')],
      ['a trailing comma', laid.replace(/\n}\n$/, ',\n}\n')],
      ['a byte order mark', `\ufeff${laid}`],
    ] as const) {
      put(s, 'x.json', text);
      expect(only((await s.plan([rules([])])).changes).state, kind).toBe('unchanged');
      const plan = await s.plan([rules([kind])]);
      expect(only(plan.changes)).toMatchObject({
        state: 'refused',
        line: expect.any(Number),
        reason: expect.stringMatching(new RegExp(`^it holds ${kind} .*and The agent then takes nothing of the file`)),
      });
      expect(drift(plan)).toHaveLength(1);
      expect(read(s, 'x.json')).toBe(text);
    }
    await s.generate([]);
    expect(read(s, 'x.json')).toBe('\ufeff{\n  "mine": 1\n}\n');
  });

  const settings = (deny: readonly string[], value: unknown = true, guard = true) =>
    output('settings', [
      {
        mode: 'keys',
        path: 'settings.json',
        format: 'json',
        claims: [
          { path: ['permissions', 'deny'], elements: deny, guard },
          { path: ['sandbox', 'enabled'], value, guard },
        ],
      },
    ]);

  test('a deny rule taken out by hand is reported with its line, kept out, and put back only when asked', async () => {
    const s = scene();
    await s.generate([settings(['one', 'two'])]);
    put(s, 'settings.json', '{\n  "permissions": {\n    "deny": ["two"]\n  },\n  "sandbox": { "enabled": true }\n}\n');
    const plan = await s.generate([settings(['one', 'two'])]);
    expect(only(plan.changes)).toMatchObject({
      state: 'loosened',
      reason: '1 rule gone from permissions.deny: one',
      line: 3,
    });
    expect(plan.journal).toBeUndefined();
    await s.generate([settings(['one', 'two'])], { restore: true });
    expect(read(s, 'settings.json')).toContain('"deny": ["two", "one"]');
  });

  test.each([
    [
      'json',
      '{\n  // mine\n  "our": { "key": "off", "x": 1 },\n  "deny": ["mine", /* first */ "two"],\n}\n',
      '{\n  // mine\n  "our": { "key": "on", "x": 1 },\n  "deny": ["mine", /* first */ "two", "one"],\n}\n',
    ],
    [
      'toml',
      '# mine\ndeny = [\n  "mine", # first\n  "two",\n]\n\n[our]\nx = 1\nkey = "off" # why\n',
      '# mine\ndeny = [\n  "mine", # first\n  "two",\n  "one",\n]\n\n[our]\nx = 1\nkey = "on" # why\n',
    ],
    [
      'yaml',
      '# mine\nour: { x: 1, key: off } # why\ndeny:\n  - mine # first\n  - two\n\nlast:   1\n',
      '# mine\nour: { x: 1, key: "on" } # why\ndeny:\n  - mine # first\n  - two\n  - one\n\nlast:   1\n',
    ],
  ] as const)('in %s is put back without another byte being touched', async (format, loosened, restored) => {
    const s = scene();
    const path = `settings.${format}`;
    const claims = [
      { path: ['deny'], elements: ['one', 'two'], guard: true },
      { path: ['our', 'key'], value: 'on', guard: true },
    ];
    const guard = [output('settings', [{ mode: 'keys', path, format, claims }])];
    await s.generate(guard);
    put(s, path, loosened);
    expect(only((await s.generate(guard)).changes).state).toBe('loosened');
    await s.generate(guard, { restore: true });
    expect(read(s, path)).toBe(restored);
    expect(drift(await s.plan(guard))).toEqual([]);
  });

  test('a guarding value changed or removed by hand is reported', async () => {
    const s = scene();
    await s.generate([settings(['one'])]);
    put(s, 'settings.json', '{ "permissions": { "deny": ["one"] }, "sandbox": { "enabled": false } }');
    expect(only((await s.plan([settings(['one'])])).changes)).toMatchObject({
      state: 'loosened',
      reason: 'sandbox.enabled is no longer as it was set',
    });
    put(s, 'settings.json', '{ "permissions": { "deny": ["one"] } }');
    expect(only((await s.plan([settings(['one'])])).changes)).toMatchObject({
      state: 'loosened',
      reason: 'sandbox.enabled is gone',
    });
  });

  test('what is no guard is theirs to change', async () => {
    const s = scene();
    await s.generate([settings(['one', 'two'], 1, false)]);
    put(s, 'settings.json', '{ "permissions": { "deny": ["two"] }, "sandbox": { "enabled": 5 } }');
    const { changes, journal } = await s.generate([settings(['one', 'two'], 1, false)]);
    expect(only(changes)).toMatchObject({ state: 'unchanged', reason: expect.stringContaining('yours kept') });
    expect(journal).toBeUndefined();
  });

  test('only what we put there is taken out again', async () => {
    const s = scene();
    const theirs = '{\n  // theirs\n  "permissions": { "deny": ["one", "other"] },\n  "x": 1\n}\n';
    put(s, 'settings.json', theirs);
    await s.generate([settings(['one', 'two'])]);
    expect(read(s, 'settings.json')).toContain('["one", "other", "two"]');
    await s.generate([]);
    expect(read(s, 'settings.json')).toBe(theirs);
    put(s, 'settings.json', '{}\n');
    await s.generate([settings(['one', 'two'])]);
    await s.generate([]);
    expect(read(s, 'settings.json')).toBe('{}\n');
  });

  test('a file that we made goes when nothing else is in it', async () => {
    const s = scene();
    await s.generate([settings(['one'])]);
    await s.generate([]);
    expect(existsSync(join(s.root, 'settings.json'))).toBe(false);
  });

  test('a file that we made keeps what its owner has put into it since, however often we wrote it', async () => {
    const s = scene();
    const rules = (...elements: string[]) =>
      output('agent', [{ mode: 'keys', path: 's.json', format: 'json', claims: [{ path: ['deny'], elements }] }]);
    await s.generate([rules('a')]);
    put(s, 's.json', read(s, 's.json').replace('{', '{ "model": "opus",'));
    await s.generate([rules('a', 'b')]);
    await s.generate([]);
    expect(JSON.parse(read(s, 's.json'))).toEqual({ model: 'opus' });
    put(s, 's.json', '// mine\n{}\n');
    await s.generate([rules('a')]);
    await s.generate([]);
    expect(read(s, 's.json')).toContain('// mine');
  });

  test('an element that leaves the posture leaves the file, theirs stay', async () => {
    const s = scene();
    await s.generate([settings(['one', 'two'])]);
    put(s, 'settings.json', read(s, 'settings.json').replace('"two"', '"two",\n      "mine"'));
    await s.generate([settings(['two'])]);
    expect(JSON.parse(read(s, 'settings.json')).permissions.deny).toEqual(['two', 'mine']);
  });

  test('many rules added to a list on one line get lines of their own', async () => {
    const s = scene();
    put(s, 'settings.json', '{\n  "permissions": { "deny": ["WebFetch"] }\n}\n');
    const rules = Array.from({ length: 8 }, (_, n) => `Read(~/.config/place-${n})`);
    await s.generate([settings(rules)]);
    const lines = read(s, 'settings.json').split('\n');
    expect(lines[1]).toBe('  "permissions": { "deny": ["WebFetch",');
    expect(lines[2]).toBe('    "Read(~/.config/place-0)",');
    expect(lines[10]).toBe('  ] },');
  });

  test('two outputs share a file, and one leaves it', async () => {
    const s = scene();
    const keys = (id: string, elements: string[]) =>
      output(id, [{ mode: 'keys', path: 's.json', format: 'json', claims: [{ path: ['deny'], elements }] }]);
    await s.generate([keys('a', ['1', 'both']), keys('b', ['2', 'both'])]);
    expect(JSON.parse(read(s, 's.json'))).toEqual({ deny: ['1', 'both', '2'] });
    await s.generate([keys('b', ['2', 'both'])]);
    expect(JSON.parse(read(s, 's.json'))).toEqual({ deny: ['both', '2'] });
  });

  test('--only leaves the others alone', async () => {
    const s = scene();
    await s.generate([settings(['one']), owned(v1)]);
    const { changes } = await s.generate([settings(['one']), owned(v2)], { only: ['settings'] });
    expect(only(changes).path).toBe('settings.json');
    expect(read(s, 'docs/x.md')).toBe(v1);
    await expect(s.plan([owned(v1)], { only: ['dox'] })).rejects.toThrow(/no output dox/);
  });
});

describe('lines in a file of theirs', () => {
  const block = (lines: string[], guard = false) =>
    output('ignore', [{ mode: 'block', path: '.gitignore', comment: '#', lines }], { guard });
  const begin = '# BEGIN agent-posture ignore';
  const end = '# END agent-posture ignore';

  test('are replaced in their place, and everything round them stays', async () => {
    const s = scene();
    put(s, '.gitignore', `a\n\n${begin}\n.env\n${end}\r\nb`);
    await s.generate([block(['.env'])]);
    await s.generate([block(['.env', '.env.*'])]);
    expect(read(s, '.gitignore')).toBe(`a\n\n${begin}\n.env\n.env.*\n${end}\nb`);
  });

  test.each([
    ['no end', `a\n${begin}\n.env\nb\n`, 2],
    ['no beginning', `a\n.env\n${end}\nb\n`, 3],
    ['twice', `${begin}\n${end}\n${begin}\n${end}\n`, 3],
    ['the wrong way round', `${end}\n.env\n${begin}\n`, 1],
    ['one in another', `${begin}\n# BEGIN agent-posture x\n# END agent-posture x\n${end}\n`, 1],
    ['half of it gone', `a\n${begin.slice(0, 12)}\n.env\n${end}\n`, 4],
  ])('with markers out of order are refused with the line: %s', async (_name, text, line) => {
    const s = scene();
    await s.generate([block(['.env'])]);
    put(s, '.gitignore', text);
    expect(only((await s.generate([block(['.env', 'x'])])).changes)).toMatchObject({ state: 'refused', line });
    expect(read(s, '.gitignore')).toBe(text);
  });

  test('that guard are reported when they were taken out or changed', async () => {
    const s = scene();
    await s.generate([block(['.env', 'key'], true)]);
    put(s, '.gitignore', `x\n${begin}\n.env\n!.env\nkey\n${end}\n`);
    expect(only((await s.plan([block(['.env', 'key'], true)])).changes)).toMatchObject({ state: 'loosened', line: 4 });
    put(s, '.gitignore', 'x\n');
    expect(only((await s.plan([block(['.env', 'key'], true)])).changes).state).toBe('loosened');
    await s.generate([block(['.env', 'key'], true)], { restore: true });
    expect(read(s, '.gitignore')).toBe(`x\n${begin}\n.env\nkey\n${end}\n`);
  });

  test('that guard are put back without another line being touched, those between the markers included', async () => {
    const s = scene();
    const guard = [block(['.env', '# keys', 'key'], true)];
    await s.generate(guard);
    put(s, '.gitignore', `x\n${begin}\n# mine\n!.env\ndist\n# keys\n#key\nlast\n${end}\ny\n`);
    await s.generate(guard, { restore: true });
    const restored = `x\n${begin}\n.env\n# mine\ndist\n# keys\nkey\nlast\n${end}\ny\n`;
    expect(read(s, '.gitignore')).toBe(restored);
    expect(only((await s.plan(guard)).changes).state).toBe('unchanged');
    await s.generate([block(['*.pem', '.env', '# keys', 'key'], true)]);
    expect(read(s, '.gitignore')).toContain('*.pem\n');
    expect(read(s, '.gitignore')).toContain('dist\n');
  });

  describe('of what is ignored', () => {
    const ours = ['.env*', 'key', '!.env*.example', 'late'];

    test('are not written again where their owner has them, and are once they are gone', async () => {
      const s = scene();
      const guard = [block(ours, true)];
      put(s, '.gitignore', 'dist\n.env*\nlate\n');
      await s.generate(guard);
      // Behind an exception of ours the order counts.
      const written = `${begin}\nkey\n!.env*.example\nlate\n${end}\n`;
      expect(read(s, '.gitignore')).toBe(`dist\n.env*\nlate\n${written}`);
      expect(only((await s.plan(guard)).changes).state).toBe('unchanged');
      // Theirs stood for ours, so that taking it out is loosening the guard.
      put(s, '.gitignore', `dist\n${written}`);
      expect(only((await s.plan(guard)).changes)).toMatchObject({ state: 'loosened', line: 3 });
      await s.generate(guard, { restore: true });
      expect(read(s, '.gitignore')).toBe(`dist\n${begin}\n.env*\nkey\n!.env*.example\nlate\n${end}\n`);
    });

    test('are not written again behind an exception that is ours too, nor is that where nothing of ours is before it', async () => {
      const s = scene();
      const guard = [block(['.env*', '!.env*.example', 'late'], true)];
      const theirs = '.env*\n!.env*.example\n';
      put(s, '.gitignore', theirs);
      await s.generate(guard);
      expect(read(s, '.gitignore')).toBe(`${theirs}${begin}\nlate\n${end}\n`);
      expect(only((await s.plan(guard)).changes).state).toBe('unchanged');
      put(s, '.gitignore', `!.env*.example\n${begin}\nlate\n${end}\n`);
      expect(only((await s.plan(guard)).changes).state).toBe('loosened');
      await s.generate(guard, { restore: true });
      expect(read(s, '.gitignore')).toBe(`!.env*.example\n${begin}\n.env*\n!.env*.example\nlate\n${end}\n`);
      put(s, '.gitignore', `${theirs}${begin}\nlate\n${end}\n`);
      await s.generate([]);
      expect(read(s, '.gitignore')).toBe(theirs);
    });

    test('are written with the exception where something of ours is before it, or theirs comes too early', async () => {
      const s = scene();
      put(s, '.gitignore', '.env*\n!.env*.example\n');
      await s.generate([block(ours, true)]);
      expect(read(s, '.gitignore')).toContain(`${begin}\nkey\n!.env*.example\nlate\n${end}\n`);
      const other = scene();
      put(other, '.gitignore', '!.env*.example\n.env*\n');
      await other.generate([block(['.env*', '!.env*.example'], true)]);
      expect(read(other, '.gitignore')).toContain(`${begin}\n!.env*.example\n${end}\n`);
    });

    test('stay where they are when their owner writes them too, and may then be taken out', async () => {
      const s = scene();
      const guard = [block(ours, true)];
      await s.generate(guard);
      const text = read(s, '.gitignore');
      put(s, '.gitignore', `${text}key\n`);
      expect(only((await s.plan(guard)).changes).state).toBe('unchanged');
      put(s, '.gitignore', `${text.replace('key\n', '')}key\n`);
      expect(only((await s.plan(guard)).changes).state).toBe('unchanged');
    });

    test.each([
      ['it is taken back behind it', '.env*\n!.env.production\n'],
      ['it is a comment', '# .env*\n'],
      ['it stands in the lines of another output', '# BEGIN agent-posture x\n.env*\n# END agent-posture x\n'],
    ])('are written where a line like ours does nothing: %s', async (_what, text) => {
      const s = scene();
      put(s, '.gitignore', text);
      await s.generate([block(ours, true)]);
      expect(read(s, '.gitignore')).toContain(`${begin}\n.env*\nkey\n`);
    });

    test.each([
      ['all of them', ['.env*', 'key']],
      ['some of them', ['.env*', 'dist']],
    ])('go again when no longer asked for, where their owner had %s', async (_what, lines) => {
      const s = scene();
      put(s, '.gitignore', '.env*\nkey\n');
      await s.generate([block(lines, true)]);
      expect(read(s, '.gitignore')).toContain(begin);
      expect(only((await s.plan([block(lines, true)])).changes).state).toBe('unchanged');
      await s.generate([]);
      expect(read(s, '.gitignore')).toBe('.env*\nkey\n');
    });

    test('follow the posture', async () => {
      const s = scene();
      put(s, '.gitignore', '.env*\n');
      await s.generate([block(['.env*', 'key'], true)]);
      await s.generate([block(['.env*', 'pem'], true)]);
      expect(read(s, '.gitignore')).toBe(`.env*\n${begin}\npem\n${end}\n`);
    });
  });

  test('edits in a block that guards nothing are merged', async () => {
    const s = scene();
    await s.generate([block(['a', 'b', 'c', 'd'])]);
    put(s, '.gitignore', `${begin}\na\nb\nc\nmine\n${end}\n`);
    await s.generate([block(['A', 'b', 'c', 'd'])]);
    expect(read(s, '.gitignore')).toBe(`${begin}\nA\nb\nc\nmine\n${end}\n`);
  });

  test('a conflict in a block ends when the copy beside the file is removed', async () => {
    const s = scene();
    await s.generate([block(['a'])]);
    put(s, '.gitignore', `${begin}\nmine\n${end}\n`);
    expect((await s.generate([block(['b'])])).conflicts).toEqual(['.gitignore']);
    expect(read(s, '.gitignore.agent-posture-new')).toBe(`${begin}\nb\n${end}\n`);
    rmSync(join(s.root, '.gitignore.agent-posture-new'));
    expect((await s.generate([block(['b'])])).conflicts).toEqual([]);
    expect(read(s, '.gitignore')).toBe(`${begin}\nmine\n${end}\n`);
  });

  test('go when no longer asked for, down to the line break that we added', async () => {
    const s = scene();
    put(s, '.gitignore', 'a\nb');
    await s.generate([block(['.env'])]);
    await s.generate([]);
    expect(read(s, '.gitignore')).toBe('a\nb');
    rmSync(join(s.root, '.gitignore'));
    await s.generate([block(['.env'])]);
    await s.generate([]);
    expect(existsSync(join(s.root, '.gitignore'))).toBe(false);
  });

  test('a value that would end its own block is an error', async () => {
    const s = scene();
    await expect(s.plan([block([end])])).rejects.toThrow(/end of our own lines/);
  });
});

test.each([
  ['# x\nA=\n', 'B=mine\n', '# x\nA=\nB=\n', '# x\nA=\nB=mine\n'],
  ['# x\nA=\nZ=\n', 'B=mine\n', '# x\nA=\nB=\nZ=\n', '# x\nA=\nZ=\nB=mine\n'],
  ['# x\nA=\n', 'export ZED=1 # mine\n', '# x\nA=\nZED=\n', undefined],
  ['# x\nB=\n', 'C=\n', '# y\nA=\nB=\nC=\n', '# y\nA=\nB=\nC=\n'],
])(
  'a name that was added to an example of variables by hand stands there once: %j + %j',
  async (old, mine, now, wanted) => {
    const s = scene();
    const example = (content: string) => output('env', [{ mode: 'owned', path: '.env.x.example', content }]);
    await s.generate([example(old)]);
    put(s, '.env.x.example', old + mine);
    expect((await s.generate([example(now)])).conflicts).toEqual([]);
    const names = [...read(s, '.env.x.example').matchAll(/^(?:export )?([A-Z]+)=/gm)].map(([, name]) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(read(s, '.env.x.example')).toContain(mine);
    if (wanted !== undefined) expect(read(s, '.env.x.example')).toBe(wanted);
    const text = read(s, '.env.x.example');
    await s.generate([example(now)]);
    expect(read(s, '.env.x.example')).toBe(text);
  },
);

describe('drift and diff', () => {
  test('say what to do, and show what would change', async () => {
    const s = scene();
    const plan = await s.plan([owned(v1)]);
    expect(drift(plan)).toEqual([
      { path: 'docs/x.md', state: 'create', reason: 'docs/x.md is missing; run agent-posture generate and commit it.' },
    ]);
    expect(formatDiff(only(plan.changes))).toContain('+++ b/docs/x.md');
    await s.generate([owned(v1)]);
    expect(drift(await s.plan([owned(v1)]))).toEqual([]);
    rmSync(join(s.root, '.agent-posture'), { recursive: true });
    expect(drift(await s.plan([owned(v1)]))[0]?.path).toBe('.agent-posture/manifest.json');
  });

  test('a manifest that a formatter went over is no drift, and is not written again', async () => {
    const s = scene();
    await s.generate([owned(v1)]);
    put(s, '.agent-posture/manifest.json', JSON.stringify(JSON.parse(read(s, '.agent-posture/manifest.json'))));
    expect(drift(await s.plan([owned(v1)]))).toEqual([]);
    expect((await s.generate([owned(v1)])).journal).toBeUndefined();
  });

  test('a manifest packed by another zlib is no drift', async () => {
    const s = scene();
    const all = [owned(v1), output('ignore', [{ mode: 'block', path: '.gitignore', comment: '#', lines: ['b'] }])];
    await s.generate(all);
    const manifest = JSON.parse(read(s, '.agent-posture/manifest.json'));
    for (const file of manifest.files)
      file.baseline = gzipSync(gunzipSync(Buffer.from(file.baseline, 'base64')), { level: 0 }).toString('base64');
    put(s, '.agent-posture/manifest.json', JSON.stringify(manifest));
    expect(drift(await s.plan(all))).toEqual([]);
  });

  test('new files are readable by all, existing ones keep their mode', async () => {
    const s = scene();
    put(s, '.gitignore', 'a\n', 0o600);
    const both: Rendered[] = [
      { mode: 'owned', path: 'n.txt', content: 'x\n' },
      { mode: 'block', path: '.gitignore', comment: '#', lines: ['b'] },
    ];
    await s.generate([output('o', both)]);
    expect(statSync(join(s.root, 'n.txt')).mode & 0o777).toBe(0o644);
    expect(statSync(join(s.root, '.gitignore')).mode & 0o777).toBe(0o600);
    chmodSync(join(s.root, 'n.txt'), 0o600);
    await s.generate([output('o', [{ mode: 'owned', path: 'n.txt', content: 'y\n' }])]);
    expect(statSync(join(s.root, 'n.txt')).mode & 0o777).toBe(0o600);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaveOut } from '../../src/generate/leave-out.ts';
import { readManifest, writeManifest } from '../../src/generate/manifest.ts';
import { leaving, partsOf, setAside, taking } from '../../src/generate/parts.ts';
import type { Change, ChangeState, Plan } from '../../src/generate/types.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { FULL, Repository } from './outputs/lab.ts';

const change = (output: string, path: string, state: ChangeState = 'create'): Change => ({
  output,
  path,
  state,
  before: null,
  after: Buffer.from(path),
  reason: 'new',
});
const pathsOf = (changes: readonly Change[]) => changes.map(({ path }) => path);

describe('the parts of a plan', () => {
  it('are the files of one output each, in their order, without what is not written and without the posture', () => {
    const changes = [
      change('posture', 'agent-posture.yaml'),
      change('env', '.env.a.example'),
      change('doc', 'docs/x.md'),
      change('env', '.env.b.example'),
      change('same', 's', 'unchanged'),
      change('bad', 'b', 'refused'),
      change('loose', 'l', 'loosened'),
    ];
    expect(partsOf({ changes }).map(part => pathsOf(part.changes))).toEqual([
      ['.env.a.example', '.env.b.example'],
      ['docs/x.md'],
    ]);
  });

  it('join outputs that share a file, however late that is seen', () => {
    const changes = [change('a', 'a1'), change('b', 'b1'), change('c', 'c1'), change('a, b', 'shared')];
    expect(partsOf({ changes }).map(part => pathsOf(part.changes))).toEqual([['a1', 'b1', 'shared'], ['c1']]);
  });

  it('keep hooks and what calls them together, also where only one of them changes', () => {
    const hooks = [
      change('git-hooks', '.githooks/pre-commit'),
      change('doc', 'd'),
      change('git-hook-calls', '.husky/pre-commit'),
    ];
    expect(partsOf({ changes: hooks }).map(part => pathsOf(part.changes))).toEqual([
      ['.githooks/pre-commit', '.husky/pre-commit'],
      ['d'],
    ]);
    expect(partsOf({ changes: hooks.slice(2) })[0]?.outputs).toContain('git-hooks');
  });
});

describe('what names a file of another output', () => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());

  const shapes = (['github', 'gitlab'] as const).flatMap(forge =>
    (['docker', 'bubblewrap', 'srt', 'native'] as const).map((runtime): [string, Posture] => [
      `${forge}, ${runtime}`,
      { ...FULL, repository: { ...FULL.repository, forge }, isolation: { ...FULL.isolation, runtime } },
    ]),
  );

  /** Programs that go by a list of places whether or not they are there: by what they say of these, not by a name. */
  const LISTING =
    /^(\w+-)+settings$|^agents-page$|^agent-hook$|^bwrap-script$|^managed-settings$|^codeowners$|^posture-document$|^review-checklist$/;
  const LISTED = /^\.(gitleaks\.toml|\w+ignore|aider\.conf\.yml|github\/workflows\/.*|gitlab\/.*)$|^opencode\.json$/;

  it.each(shapes)('is left out with it, whichever one leaves out: %s', async (_name, posture) => {
    const plan = await repository.plan(posture);
    for (const { outputs } of partsOf(plan)) {
      const rest = setAside(plan, new Set(outputs.slice(0, 1)));
      const left = (rest.skipped ?? []).filter(({ state }) => state === 'create').map(({ path }) => path);
      const naming = rest.changes.flatMap(({ output, path, after }) =>
        left
          .filter(gone => after?.includes(gone) && !(LISTING.test(output) && LISTED.test(gone)))
          .map(gone => `${path} names ${gone}`),
      );
      expect({ outputs, naming }).toEqual({ outputs, naming: [] });
    }
  });

  it('goes with it, and brings it back; what it names alone can stay', async () => {
    const plan = await repository.plan(shapes[3]?.[1] ?? FULL);
    const asking = ['copilot-settings', 'cline-settings', 'cursor-settings', 'windsurf-settings'];
    expect([...leaving(plan, new Set(), ['agent-hook'])]).toEqual(expect.arrayContaining(asking));
    expect([...leaving(plan, new Set(), ['copilot-settings'])]).not.toContain('agent-hook');
    expect([...leaving(plan, new Set(), ['git-secrets'])]).toEqual(
      expect.arrayContaining(['ci-workflow', 'git-hook-calls', 'git-hooks', 'git-secrets']),
    );
    expect([...leaving(plan, new Set(), ['ci-workflow'])]).not.toContain('git-hooks');
    expect([...leaving(plan, new Set(), ['agents-page'])]).toContain('agents-page-imports');
    const without = leaving(plan, new Set(), ['agent-hook']);
    expect(taking(plan, without, ['cursor-settings']).has('agent-hook')).toBe(false);
    expect(taking(plan, without, ['cursor-settings']).has('cline-settings')).toBe(true);
  });

  it('a box that is handed each place has none that is missing', async () => {
    const plan = await repository.plan(FULL);
    for (const output of ['git-hooks', 'gitleaks', 'gemini-settings', 'claude-code-settings'])
      expect([...leaving(plan, new Set(), [output])]).toEqual(expect.arrayContaining(['container', 'codex-config']));
    repository.write('.claude/mine', '');
    expect([...leaving(plan, new Set(), ['claude-code-settings'])]).not.toContain('container');
  });

  it('a program that is no longer asked for stays as long as what calls it does', async () => {
    await repository.generate({ ...FULL, agents: ['cursor', 'claude-code'] });
    const plan = await repository.plan({ ...FULL, agents: ['claude-code'] });
    const [deleted] = plan.changes.filter(({ path }) => path === '.agent-posture/agent-hook.cjs');
    expect(deleted?.state).toBe('delete');
    const rest = setAside(plan, new Set(['cursor-settings']));
    expect(rest.changes).not.toContain(deleted);
  });
});

const entry = (output: string, path: string) =>
  ({
    mode: 'keys',
    output,
    path,
    template: 1,
    format: 'json',
    sha256: 'a'.repeat(64),
    claims: [],
    created: true,
  }) as never;

describe('what is left out', () => {
  const plan = (before: Buffer | null, after: Buffer | null, changes: Change[]): Plan => ({
    root: '/r',
    changes,
    manifest: { before, after },
    notes: [],
  });
  const bytes = (...entries: [string, string][]): Buffer =>
    writeManifest(
      { version: 1, files: entries.map(([output, path]) => entry(output, path)) },
      { data: null, manifest: { version: 1, files: [] } },
    );
  const listed = (data: Buffer | null) => readManifest(data).files.map(({ output, path }) => `${output} ${path}`);

  it('is not written, and the list of files does not have it', () => {
    const given = plan(null, bytes(['a', 'a1'], ['b', 'b1']), [change('a', 'a1'), change('b', 'b1')]);
    const rest = leaveOut(given, new Set(['a']));
    expect(pathsOf(rest.changes)).toEqual(['b1']);
    expect(pathsOf(rest.skipped ?? [])).toEqual(['a1']);
    expect(listed(rest.manifest.after)).toEqual(['b b1']);
    expect(rest.manifest.before).toBe(given.manifest.before);
  });

  it('stays in the list as it was where an earlier version of it is laid', () => {
    const before = bytes(['a', 'a1'], ['b', 'b1']);
    const given = plan(before, bytes(['a2', 'a1'], ['b', 'b2']), [
      change('a2', 'a1', 'update'),
      change('b', 'b2'),
      change('b', 'b1', 'delete'),
    ]);
    expect(listed(leaveOut(given, new Set(['a2'])).manifest.after)).toEqual(['a a1', 'b b2']);
    expect(listed(leaveOut(given, new Set(['b'])).manifest.after)).toEqual(['a2 a1', 'b b1']);
  });

  it('leaves no trace where all of it is left out: the list is byte for byte the one before, or there is none', () => {
    const before = Buffer.from(JSON.stringify(JSON.parse(bytes(['a', 'a1']).toString()), null, 7));
    const changed = plan(before, bytes(['a', 'a1'], ['b', 'b1']), [change('b', 'b1')]);
    expect(leaveOut(changed, new Set(['b'])).manifest.after?.equals(before)).toBe(true);
    expect(leaveOut(plan(null, bytes(['b', 'b1']), [change('b', 'b1')]), new Set(['b'])).manifest.after).toBeNull();
  });

  it('is judged by the pinned list where the one on the disk cannot be read', () => {
    const given = plan(Buffer.from('<<<<<<< HEAD'), bytes(['a', 'a1'], ['b', 'b1']), [change('b', 'b1')]);
    const rest = leaveOut({ ...given, base: readManifest(bytes(['a', 'a1'])) }, new Set(['b']));
    expect(listed(rest.manifest.after)).toEqual(['a a1']);
  });

  it('is nothing where the plan has none of it', () => {
    const given = plan(null, bytes(['a', 'a1']), [change('a', 'a1')]);
    expect(leaveOut(given, new Set(['x']))).toBe(given);
    expect(setAside(given, new Set(['posture']))).toBe(given);
  });
});

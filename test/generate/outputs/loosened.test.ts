import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agents } from '../../../src/agents/index.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { FULL, Repository, render } from './lab.ts';

const guards = new Set(outputs.filter(({ guard }) => guard).map(({ id }) => id));
const POSTURE: Posture = {
  ...FULL,
  agents: agents.map(({ id }) => id).filter(id => id !== 'amp' && id !== 'goose'),
  managedSettings: true,
  scanning: { engines: ['builtin', 'gitleaks', 'git-secrets'], at: ['commit', 'push', 'ci', 'history'] },
};

/** Lines that some language takes for a comment, and that do something in another. */
const LINES = {
  'a path that begins with two slashes': '//usr/bin/touch /tmp/x; exit 0',
  'a rule of awk that is always true': '// { whole = 1; next }',
  'a no-break space before a number sign': '\u00a0#x;exit 0',
  'a vertical tab before it': '\u000b#x;exit 0',
  'a comment that ends a quotation': "# it's; exit 0",
  'a comment that is put in its place': '# $(exit 0)',
} as const;

let repository: Repository;
let files: { path: string; script: boolean }[];
beforeAll(async () => {
  repository = new Repository();
  const { changes } = await repository.generate(POSTURE);
  files = changes.flatMap(({ output, path, state, executable }) =>
    guards.has(output) && state === 'create' ? [{ path, script: executable === true }] : [],
  );
});
afterAll(() => repository.remove());

/** What the file is called with a line put in at a third of it and in its middle. */
async function statesWith(path: string, line: string): Promise<(string | undefined)[]> {
  const file = join(repository.root, path);
  const whole = readFileSync(file, 'utf8');
  const lines = whole.split('\n');
  const states: (string | undefined)[] = [];
  for (const at of [1, Math.floor(lines.length / 3), Math.floor(lines.length / 2)]) {
    writeFileSync(file, lines.toSpliced(at, 0, line).join('\n'));
    states.push((await repository.plan(POSTURE)).changes.find(change => change.path === path)?.state);
  }
  writeFileSync(file, whole);
  return states;
}

describe('a line that is put into a guard', () => {
  test.each(Object.entries(LINES))('%s: is no comment of a script', async (_name, line) => {
    const scripts = files.filter(({ script }) => script);
    expect(scripts.length).toBeGreaterThan(3);
    for (const { path } of scripts)
      for (const state of await statesWith(path, line)) expect(state, path).toBe('loosened');
  });

  test('does something within a script, where a quotation may hold it, whatever it says', async () => {
    const long = files.filter(
      ({ path, script }) => script && readFileSync(join(repository.root, path), 'utf8').split('\n').length > 40,
    );
    expect(long.length).toBeGreaterThan(3);
    for (const { path } of long)
      for (const line of ['# one a line', '']) expect((await statesWith(path, line))[2], path).toBe('loosened');
  });

  test('is none where the format has no comments', async () => {
    // What agents read in a file that others write to as well is known of each: test/real/reader.test.ts.
    const whole = new Set([...render(POSTURE)].flatMap(([path, { mode }]) => (mode === 'owned' ? [path] : [])));
    const strict = files.filter(
      ({ path }) => whole.has(path) && extname(path) === '.json' && !path.endsWith('devcontainer.json'),
    );
    expect(strict.map(({ path }) => path)).toContain('.github/hooks/agent-posture.json');
    for (const { path } of strict)
      for (const line of ['// c', '# c'])
        for (const state of await statesWith(path, line)) expect(['loosened', 'refused'], path).toContain(state);
    const hash = files.filter(({ path }) => ['.toml', '.yml', '.yaml'].includes(extname(path)));
    expect(hash.map(({ path }) => path)).toContain('.gemini/policies/agent-posture.toml');
    for (const { path } of hash)
      for (const state of await statesWith(path, '// c')) expect(['loosened', 'refused'], path).toContain(state);
  });

  test('may be a comment where it is one', async () => {
    for (const { path, script } of files) {
      const line = path.endsWith('devcontainer.json') ? '// Ada said so' : '# Ada said so';
      if (!script && !/\.(toml|ya?ml)$|devcontainer\.json$/.test(path)) continue;
      // At the second line alone: inside of a quotation nobody writes one.
      expect((await statesWith(path, line))[0], path).toBe('unchanged');
    }
  });
});

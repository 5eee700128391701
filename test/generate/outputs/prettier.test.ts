import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, format, getFileInfo } from 'prettier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drift } from '../../../src/generate/drift.ts';
import { MANIFEST_PATH } from '../../../src/generate/paths.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { FULL, Repository } from './lab.ts';

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

const BOXES = ['docker', 'srt', 'bubblewrap', 'native'] as const;
const box = (runtime: (typeof BOXES)[number]): Posture => ({ ...FULL, isolation: { ...FULL.isolation, runtime } });

/** What a formatter of a team makes of each file that it knows, in a style that is not ours. */
async function formatAll(paths: readonly string[]): Promise<string[]> {
  const style = { tabWidth: 4, singleQuote: true, proseWrap: 'always', printWidth: 60, endOfLine: 'lf' } as const;
  const changed: string[] = [];
  for (const path of paths) {
    const file = join(repository.root, path);
    const { inferredParser } = await getFileInfo(file);
    if (!inferredParser) continue;
    const text = readFileSync(file, 'utf8');
    const options = { ...style, filepath: file };
    if (await check(text, options)) continue;
    const { mode } = statSync(file);
    writeFileSync(file, await format(text, options));
    chmodSync(file, mode);
    changed.push(path);
  }
  return changed;
}

describe('a formatter over everything that is generated', () => {
  test.each(BOXES)('is no drift (%s), and what it formatted follows the posture', async runtime => {
    const posture = box(runtime);
    await repository.generate(posture);
    const { changes } = await repository.plan(posture);
    const paths = [...changes.flatMap(({ path, after }) => (after ? [path] : [])), MANIFEST_PATH];
    const changed = await formatAll(paths);
    expect(changed.length).toBeGreaterThan(5);
    const again = await repository.plan(posture);
    expect(drift(again)).toEqual([]);

    await repository.generate({ ...posture, repository: { ...posture.repository, protected: ['main', 'trunk'] } });
    const next = await repository.plan({
      ...posture,
      repository: { ...posture.repository, protected: ['main', 'trunk'] },
    });
    expect(next.changes.filter(({ state }) => state === 'conflict').map(({ path }) => path)).toEqual([]);
  });

  test('hides no change of a program among its lines', async () => {
    const posture = box('native');
    const path = '.agent-posture/agent-hook.cjs';
    await repository.generate(posture);
    expect(await formatAll([path])).toEqual([path]);
    const file = join(repository.root, path);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('process.exitCode = code', 'process.exitCode = 0'));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    expect(drift(await repository.plan(posture))).toEqual([expect.objectContaining({ path, state: 'loosened' })]);
  });
});

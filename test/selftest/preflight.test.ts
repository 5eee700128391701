import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { preflight } from '../../src/selftest/preflight.ts';
import type { SelftestEvent, Verdict } from '../../src/selftest/types.ts';
import type { Observation } from '../../src/selftest/wire.ts';
import { openWorkspace } from '../../src/selftest/workspace.ts';
import { type Lab, makeLab, tryLab } from '../labs/box.ts';
import { stubSession } from '../labs/stub.ts';

/** The judge of these tests says another verdict for some. */
const wrong = vi.hoisted(() => new Map<string, string>());
vi.mock('../../src/selftest/judge.ts', async original => {
  const real = await original<typeof import('../../src/selftest/judge.ts')>();
  return {
    ...real,
    judge: (...args: Parameters<typeof real.judge>) => {
      const judgement = real.judge(...args);
      return { ...judgement, verdict: (wrong.get(judgement.verdict) ?? judgement.verdict) as Verdict };
    },
  };
});

let lab: Lab;
const path = process.env.PATH;
beforeAll(async () => {
  lab = await makeLab();
});
afterEach(() => {
  wrong.clear();
  process.env.PATH = path;
});
afterAll(() => lab.close());

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    error => error,
  );

describe('a judge that is wrong', () => {
  it('is not so on this machine', async () => {
    expect(await failure(preflight(undefined, undefined))).toBeUndefined();
  });

  it.each([
    ['blocked', 'inconclusive', 'a refusal with every control'],
    ['exposed', 'blocked', 'an effect'],
    ['works', 'broken', 'an effect that is wanted'],
    ['broken', 'works', 'a refusal of what has to work'],
    ['inconclusive', 'blocked', 'a refusal without a control'],
  ])('takes %s for %s: nothing is started, nothing is judged, exit 2', async (right, other, name) => {
    wrong.set(right, other);
    const events: SelftestEvent[] = [];
    const error = await failure(tryLab(lab, { onEvent: event => events.push(event) }));
    expect(error).toMatchObject({ name: 'UserError', exitCode: 2 });
    expect(String(error)).toContain(`does not judge rightly on this machine: ${name} came out wrong`);
    expect(events).toEqual([]);
  });
});

describe('a session that does not bring what is there', () => {
  it('ends the run before anything is judged, exit 2', async () => {
    // A Node that gives another content for every decoy.
    const bin = join(lab.state, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'other'), 'something else\n');
    writeFileSync(
      join(bin, 'other.cjs'),
      `const { promises } = require('node:fs'); const { open } = promises;
      promises.open = (path, ...rest) => open(/decoy-/.test(path) ? ${JSON.stringify(join(bin, 'other'))} : path, ...rest);
      require('node:module').syncBuiltinESMExports();`,
    );
    const node = `#!/bin/sh\nexec ${process.execPath} --require=${join(bin, 'other.cjs')} "$@"\n`;
    writeFileSync(join(bin, 'node'), node, { mode: 0o755 });
    process.env.PATH = `${bin}:${path}`;
    const events: SelftestEvent[] = [];
    const error = await failure(tryLab(lab, { onEvent: event => events.push(event) }));
    expect(error).toMatchObject({ name: 'UserError', exitCode: 2 });
    expect(String(error)).toContain('a decoy that can be read came out wrong (refused masked)');
    expect(events.filter(({ type }) => type === 'row')).toEqual([]);
  });

  it.each<[string, (nth: number) => Partial<Observation>]>([
    ['a decoy that can be read', () => ({ outcome: 'refused', reason: 'masked', matched: false })],
    ['a decoy with other content', () => ({ outcome: 'done', reason: 'read', matched: true })],
    [
      'a decoy that comes back',
      nth =>
        nth === 2
          ? { outcome: 'done', brought: 'of another run' }
          : { outcome: nth === 0 ? 'done' : 'refused', reason: 'masked', matched: nth === 0 },
    ],
  ])('%s', async (name, answer) => {
    const workspace = openWorkspace(lab.root, lab.state);
    try {
      let tries = 0;
      const error = await failure(
        preflight(
          stubSession(() => answer(tries++)),
          workspace,
        ),
      );
      expect(error).toMatchObject({ name: 'UserError', exitCode: 2 });
      expect(String(error)).toContain(`${name} came out wrong`);
    } finally {
      await workspace.close();
    }
  });
});

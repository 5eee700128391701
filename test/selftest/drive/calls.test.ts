import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentCall } from '../../../src/agents/driver.ts';
import { siblingOf, siblingsRead } from '../../../src/selftest/drive/calls.ts';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import type { CallOutcome } from '../../../src/selftest/drive/model.ts';
import type { AgentSession } from '../../../src/selftest/drive/session.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import { triesOf } from '../../../src/selftest/drive/tries.ts';
import { fakeDriver, reading } from './fake.ts';

test('of siblings that are read in one turn, those count that gave back what stands there now, each by its own result', async () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'calls-')));
  const root = join(home, 'shop');
  mkdirSync(root);
  const stage = new Stage({ home, root });
  try {
    const driver = fakeDriver({});
    const ground = new Ground(stage);
    const hands = { driver, ground, denied: { programs: [], pushes: false } };
    const spelled = { driver, contained: true, ...stage.seen, deep: true, has: () => true };
    const list = triesOf([reading('.env')], spelled)
      .filter(({ escape: way }) => ['read-head', 'read-tail', 'read-nl', 'read-sed'].includes(way?.id ?? ''))
      .flatMap(each => {
        const call = siblingOf(each, hands, 'http://127.0.0.1:1');
        return typeof call === 'object' ? [{ try: each, call }] : [];
      });
    expect(list).toHaveLength(4);
    const standing = () => readFileSync(stage.at(list[0]?.call.on.path ?? ''), 'utf8');
    let before = '';
    const turns: string[][] = [];
    const answer = (text: string): CallOutcome => ({ kind: 'returned', text, durationMs: 1, id: 'x' });
    const model = {
      expect() {},
      call: async () => answer(''),
      calls: async (calls: readonly AgentCall[]) => {
        turns.push(calls.map(({ input }) => String(input.command)));
        // Whole, nothing of it, what stood there before, and no result at all.
        return [answer(standing()), answer('no such file'), answer(before), { kind: 'no-result' } as const];
      },
    };
    await siblingsRead(list, hands, { model } as unknown as AgentSession);
    before = standing();
    turns.length = 0;
    const works = await siblingsRead(list, hands, { model } as unknown as AgentSession);
    expect(turns).toHaveLength(1);
    expect(turns[0]).toHaveLength(4);
    expect(works.map(each => list.indexOf(each))).toEqual([0]);
  } finally {
    stage.remove();
    rmSync(home, { recursive: true, force: true });
  }
});

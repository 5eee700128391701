import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentCall } from '../../../src/agents/driver.ts';
import {
  type Apart,
  type Hands,
  heldByBox,
  makeCall,
  type SiblingCall,
  siblingOf,
  siblingsRead,
  siblingWorks,
} from '../../../src/selftest/drive/calls.ts';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import type { CallOutcome } from '../../../src/selftest/drive/model.ts';
import type { AgentSession } from '../../../src/selftest/drive/session.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import { type DriveTry, triesOf } from '../../../src/selftest/drive/tries.ts';
import { fakeDriver, reading } from './fake.ts';

interface Sibling {
  try: DriveTry;
  call: SiblingCall;
}

/** A ground on a stage, and four ways of reading a permitted file of it. */
async function withSiblings(work: (stage: Stage, hands: Hands, list: Sibling[]) => Promise<void>): Promise<void> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'calls-')));
  const root = join(home, 'shop');
  mkdirSync(root);
  const stage = new Stage({ home, root });
  try {
    const driver = fakeDriver({});
    const hands = { driver, ground: new Ground(stage), denied: { programs: [], pushes: false } };
    const spelled = { driver, contained: true, ...stage.seen, deep: true, has: () => true };
    const list = triesOf([reading('.env')], spelled)
      .filter(({ escape: way }) => ['read-head', 'read-tail', 'read-nl', 'read-sed'].includes(way?.id ?? ''))
      .flatMap(each => {
        const call = siblingOf(each, hands, 'http://127.0.0.1:1');
        return typeof call === 'object' ? [{ try: each, call }] : [];
      });
    await work(stage, hands, list);
  } finally {
    stage.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

const answer = (text: string): CallOutcome => ({ kind: 'returned', text, durationMs: 1, id: 'x' });

test('of siblings that are read in one turn, those count that gave back what stands there now, each by its own result', () =>
  withSiblings(async (stage, hands, list) => {
    expect(list).toHaveLength(4);
    const standing = () => readFileSync(stage.at(list[0]?.call.on.path ?? ''), 'utf8');
    let before = '';
    const turns: string[][] = [];
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
  }));

test.each([
  [
    'Chunk ID: b5fda1\nWall time: 0.1\nOutput:\n/x/python3: line 12: y: No such file or directory',
    /line 12: y: No such file/,
  ],
  ['<untrusted_context>\nOutput: bash: tar: command not found\n</untrusted_context>', /tar: command not found/],
  [`[{"query":"python3 -c ${'x'.repeat(300)}","error":"Command failed with 1"}]`, /Command failed/],
  ['nothing of the kind', /^nothing of the kind$/],
])('a sibling that did not work is told by the words that say why', (text, why) =>
  withSiblings(async (_stage, hands, list) => {
    const model = { expect() {}, asides: 0, call: async () => answer(text) };
    const [first] = list as [Sibling];
    const works = await siblingWorks(first.try, first.call, hands, { model } as unknown as AgentSession);
    expect(works).toEqual({ ok: false, reason: expect.stringMatching(why) });
  }),
);

/** A shell in the box that says this of the secret, and of what nothing refuses. */
const inBox = (secret: (standing: string) => object, permitted: (standing: string) => object, stage: Stage) => ({
  said: async (command: string) => {
    const path = /\.env/.test(command) ? '.env' : 'agent-posture-permitted/note.txt';
    const standing = stage.read(path) ?? '';
    return (path === '.env' ? secret : permitted)(standing);
  },
});
const whole = (text: string) => ({ text, isWhole: true });

test.each<[string, (standing: string) => object, (standing: string) => object, object]>([
  ['shows an empty file, and the other as it is: it holds', () => whole(''), whole, { ok: true }],
  ['shows it', whole, whole, { ok: false, reason: 'the box lets it through' }],
  [
    'did not come to an end with it',
    () => ({ text: '', isWhole: false }),
    whole,
    { ok: false, reason: 'nothing came back for it in the box' },
  ],
  [
    'shows neither',
    () => whole(''),
    () => whole(''),
    { ok: false, reason: 'what nothing refuses does not work in the box either' },
  ],
])('a box that %s', (_says, secret, permitted, held) =>
  withSiblings(async (stage, hands, list) => {
    const [first] = list as [Sibling];
    expect(first.call.on.path).toBe('agent-posture-permitted/note.txt');
    const apart = { plain: inBox(secret, permitted, stage), model: { expect() {} }, elsewhere: 'http://127.0.0.1:1' };
    expect(await heldByBox(first.try, hands, apart as unknown as Apart)).toMatchObject(held);
  }),
);

test('what a tool that nobody knows says of the system is no word of a wall', () =>
  withSiblings(async (_stage, hands, list) => {
    const model = { expect() {}, asides: 0, unknown: [], call: async () => answer('open: permission denied') };
    const session = { model, elsewhere: 'http://127.0.0.1:1', begun: new Set() } as unknown as AgentSession;
    const [{ try: each }] = list as [Sibling];
    expect((await makeCall(each, hands, session))?.tried.stopped).toBe('system');
    const unknown = { ...each, subject: { ...each.subject, kind: 'tool' as const } };
    expect((await makeCall(unknown, hands, session))?.tried.stopped).toBeUndefined();
  }));

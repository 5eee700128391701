import { describe, expect, it } from 'vitest';
import { parsePosture } from '../../src/posture/load.ts';
import { editPosture, newPosture } from '../../src/posture/save.ts';
import { cells } from '../../src/ui/lines.ts';
import { Wizard, type WizardRecord } from '../../src/ui/screens/wizard.tsx';
import { postureEdits } from '../../src/wizard/edits.ts';
import { problemOf } from '../../src/wizard/flow.ts';
import { stepsOf } from '../../src/wizard/steps/index.ts';
import type { Given, InitEngine, StepContext } from '../../src/wizard/types.ts';
import { demoEngine, FACTS } from '../support/demo-engine.ts';
import type { Key } from '../support/pty.ts';
import { show } from '../support/screen.tsx';

/** Numbers that look random and are the same for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const KEYS: readonly (Key | { text: string })[] = [
  ...Array.from({ length: 12 }, () => 'enter' as const),
  ...Array.from({ length: 6 }, () => 'down' as const),
  ...([
    'up',
    'left',
    'right',
    'home',
    'end',
    'page-up',
    'page-down',
    'tab',
    'shift-tab',
    'backspace',
    'delete',
    'ctrl-u',
  ] as const),
  ...[
    'a',
    'd',
    'u',
    'o',
    '?',
    '/',
    ' ',
    's',
    'x',
    'orders-db',
    '127.0.0.1:9',
    'none',
    ',',
    '漢',
    '\u000f',
    '\u001b[200~a\nb\u001b[201~',
  ].map(text => ({ text })),
  'escape',
];

const context: StepContext = { facts: FACTS, posture: parsePosture(newPosture('shop-api'), 'agent-posture.yaml') };

describe('whatever is pressed', () => {
  it.each([
    [1, 100, 30],
    [2, 80, 24],
    [3, 40, 12],
    [4, 20, 5],
    [6, 100, 40],
  ] as const)(
    'the wizard lives on, fits its window, and makes a valid posture (seed %i, %i by %i)',
    async (seed, cols, rows) => {
      let done = false;
      const plans: Given[] = [];
      const kept: Given[] = [];
      const record: WizardRecord = {
        before: undefined,
        plan: undefined,
        applied: undefined,
        after: undefined,
        given: { path: 'quick', answers: {} },
        kept: false,
      };
      const demo = demoEngine();
      const engine: InitEngine = {
        ...demo,
        context,
        stepsOf,
        remember: async given => void kept.push(given),
        plan: async given => {
          plans.push(given);
          return demo.plan(given);
        },
      };
      const shown = await show(
        <Wizard
          engine={engine}
          record={record}
          onQuit={() => {}}
          onDone={() => {
            done = true;
          }}
        />,
        { cols, rows },
      );
      const roll = dice(seed);
      await shown.waitFor('Close this');
      await shown.press('down', 'enter');
      for (let at = 0; at < 100 && !done; at++) {
        const key = KEYS[roll(KEYS.length)] as (typeof KEYS)[number];
        await shown.press(key);
        expect(shown.failures).toEqual([]);
        const lines = shown.frame().split('\n');
        // What was printed before stands above, and is the terminal's to scroll.
        for (const line of lines) expect(cells(line)).toBeLessThan(Math.max(cols, 21));
      }
      expect(kept.length).toBeGreaterThan(0);
      for (const { path, answers } of plans) {
        const steps = stepsOf(path);
        for (const step of steps) {
          const answer = answers[step.id];
          if (answer === undefined || !step.applies(context, answers)) continue;
          expect([step.id, problemOf(steps, step, answer, context, answers)]).toEqual([step.id, undefined]);
        }
        parsePosture(editPosture(newPosture('shop-api'), postureEdits(steps, answers, context)), 'agent-posture.yaml');
      }
      shown.unmount();
    },
    120_000,
  );
});

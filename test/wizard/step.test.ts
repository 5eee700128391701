import { expect, it } from 'vitest';
import { parsePosture } from '../../src/posture/load.ts';
import { newPosture } from '../../src/posture/save.ts';
import { remembered } from '../../src/wizard/step.ts';
import type { Answers, StepContext } from '../../src/wizard/types.ts';
import { FACTS } from './facts.ts';

const contextOf = (project: string): StepContext => ({
  facts: FACTS,
  posture: parsePosture(newPosture(project), 'agent-posture.yaml'),
});

it('is worked out once for the same answers in the same context, and anew in another', () => {
  let worked = 0;
  const name = remembered(({ posture }: StepContext, answers: Answers) => {
    worked++;
    return `${posture.project} ${Object.keys(answers).length}`;
  });
  const [one, other] = [contextOf('one'), contextOf('other')];
  const answers: Answers = { agents: [] };

  expect([name(one, answers), name(one, answers), worked]).toEqual(['one 1', 'one 1', 1]);
  expect([name(other, answers), name(one, answers), worked]).toEqual(['other 1', 'one 1', 3]);
  expect([name(one, { ...answers }), name(one, {}), worked]).toEqual(['one 1', 'one 0', 5]);
});

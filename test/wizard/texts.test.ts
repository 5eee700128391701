import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { outputs } from '../../src/generate/outputs/index.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { newPosture } from '../../src/posture/save.ts';
import { demands } from '../../src/safeguards/demands.ts';
import { completed } from '../../src/wizard/flow.ts';
import { partsOf } from '../../src/wizard/step.ts';
import { steps, stepsOf } from '../../src/wizard/steps/index.ts';
import type { Step, StepContext } from '../../src/wizard/types.ts';
import { FACTS } from './facts.ts';

const context: StepContext = {
  facts: { ...FACTS, insideAgent: undefined },
  posture: parsePosture(newPosture('shop-api'), 'agent-posture.yaml'),
};
const answers = completed(stepsOf('whole'), context, {});

/** Everything that a step says on the screen by itself. */
function textsOf(step: Step): string[] {
  const fields = step.kind === 'form' || step.kind === 'list' ? step.fields : [];
  const choices =
    'choices' in step
      ? step.choices(context, answers)
      : fields.flatMap(field => field.choices?.(context, answers, {}) ?? []);
  return [
    step.title,
    step.question(context, answers),
    step.why,
    step.remark?.(context, answers) ?? '',
    ...fields.flatMap(({ title, hint }) => [title, hint]),
    ...choices.flatMap(({ label, hint }) => [label, hint ?? '']),
    ...partsOf(step, step.fallback(context, answers), context, answers),
  ];
}

describe('what the questions say', () => {
  it.each(steps.map(step => [step.id, step] as const))('%s: in letters that every terminal has', (_, step) => {
    for (const text of [...textsOf(step), step.quote ?? '']) expect(text).toMatch(/^[ -~]*$/);
  });

  it('and so do the outputs in the plan', () => {
    for (const { title } of outputs) expect(title).toMatch(/^[ -~]*$/);
  });

  it.each(steps.map(step => [step.id, step] as const))(
    '%s: why, in whole sentences, and short enough to be read',
    (_, step) => {
      expect(step.why).toMatch(/^[A-Z].*[.]$/);
      expect(step.why.length).toBeLessThan(900);
      expect(step.remark?.(context, answers) ?? 'None.').toMatch(/^[A-Z].{0,76}[.]$/);
      expect(step.title.length).toBeLessThan(20);
      expect(step.question(context, answers).length).toBeLessThan(120);
      expect(textsOf(step).join(' ')).not.toMatch(/\bsecure(ly|s)?\b|\bsafe\b/i);
    },
  );

  it('says of what is declared alone, beside the question, that it has no effect yet', () => {
    for (const step of steps)
      if (/until then counts? as not covered/.test(step.why))
        expect(step.remark?.(context, answers), step.id).toContain(' yet.');
  });

  it("quotes the article in its own words, wherever the question is the article's", () => {
    const article = readFileSync(new URL('../fixtures/article.txt', import.meta.url), 'utf8');
    const said = [article, ...demands.flatMap(part => part.demands.map(({ says }) => says))].join('\n');
    for (const { quote } of steps) if (quote !== undefined) expect(said).toContain(quote);
    expect(steps.filter(({ quote }) => quote === undefined).map(({ id }) => id)).toEqual([
      'private',
      'managed',
      'accepted',
    ]);
  });
});

import { type Problem, UserError } from '../base/errors.ts';
import { readBounded } from '../base/files.ts';
import { didYouMean } from '../base/suggest.ts';
import { list, shellLine } from '../base/text.ts';
import { decodePosture, tooLarge } from '../posture/decode.ts';
import { inFileOrder, readTree, shown } from '../posture/tree.ts';
import { announce, asList, type QuickStep } from './steps.ts';
import type { Answer, Answers, Step, StepContext } from './types.ts';

const VERSION = 1;

/** What an answer to a step looks like, in words. */
function form(step: QuickStep): string {
  const among = step.values ? `: ${list(step.values, step.kind === 'multi' ? 'and' : 'or')}` : '';
  if (step.kind === 'multi') return `a list${among || ' of ids'}, [] for none`;
  return step.kind === 'select' ? `one${among}` : 'text';
}

/**
 * Reads an answers file: `version: 1`, then the ids of steps with their answers. UserError with every problem, with its
 * place; whether the answers will do here is for `settleAnswers` to say.
 */
export function parseAnswers(text: string, path: string, steps: readonly QuickStep[]): Answers {
  const { data, problems: found, readable, locate } = readTree(text, path);
  const problems: Problem[] = [...found];
  if (!readable) throw new UserError(inFileOrder(problems));
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new UserError({
      what: 'the answers are no mapping',
      where: locate([]),
      expected: `version: ${VERSION}, then a line for each step: ${list(steps.map(({ id }) => id))}`,
    });
  const given = data as Record<string, unknown>;
  if (given.version !== VERSION)
    problems.push({
      what: given.version === undefined ? '"version" is missing' : `the answers have version ${shown(given.version)}`,
      where: locate(['version']),
      expected: `version: ${VERSION}, which is what this agent-posture reads`,
    });
  const answers: Record<string, Answer> = {};
  const known = ['version', ...steps.map(({ id }) => id)];
  for (const [id, value] of Object.entries(given)) {
    const step = steps.find(one => one.id === id);
    if (step) {
      const answer = asAnswer(step, value);
      if (answer === undefined)
        problems.push({ what: `"${id}" is ${shown(value)}`, where: locate([id]), expected: form(step) });
      else answers[id] = answer;
    } else if (id !== 'version')
      problems.push({
        what: `unknown step ${shown(id)}${didYouMean(id, known)}`,
        where: locate([id], 'key'),
        expected: `one of ${list(known, 'or')}`,
      });
  }
  if (problems.length > 0) throw new UserError(inFileOrder(problems));
  return answers;
}

function asAnswer(step: Step, value: unknown): Answer | undefined {
  if (step.kind !== 'multi') return typeof value === 'string' ? value : undefined;
  const items = typeof value === 'string' ? [value] : value;
  return Array.isArray(items) && items.every(item => typeof item === 'string') ? items : undefined;
}

/** Reads an answers file from the disk (bounded, a regular file). UserError for everything wrong with it. */
export async function loadAnswers(path: string, steps: readonly QuickStep[]): Promise<Answers> {
  const read = await readBounded(path);
  if (!read.ok)
    throw new UserError({
      what: `the answers cannot be read (${read.reason})`,
      where: { path },
      expected: 'a YAML file',
      next: `write one with: version: ${VERSION}, and a line for each of ${list(steps.map(({ id }) => id))}`,
    });
  if (read.truncated) throw tooLarge(path, read.stats.size);
  return parseAnswers(decodePosture(read.data, path), path, steps);
}

/** Answers given as `STEP=VALUE` on the command line; several values of one step with commas. */
export function parseAnswerFlags(flags: readonly string[], steps: readonly QuickStep[]): Answers {
  const answers: Record<string, Answer> = {};
  const known = steps.map(({ id }) => id);
  const problems = flags.flatMap((flag): Problem[] => {
    const sign = flag.indexOf('=');
    const id = sign < 0 ? flag : flag.slice(0, sign);
    const step = steps.find(one => one.id === id);
    if (!step)
      return [
        {
          what: `--answer: unknown step ${shown(id)}${didYouMean(id, known)}; there are ${list(known)}`,
        },
      ];
    if (sign < 0)
      return [{ what: `--answer ${id}: the value is missing`, expected: `--answer ${id}=VALUE: ${form(step)}` }];
    if (Object.hasOwn(answers, id)) return [{ what: `--answer ${id} is given twice`, expected: 'each step once' }];
    const value = flag.slice(sign + 1);
    answers[id] = step.kind === 'multi' ? value.split(',').filter(Boolean) : value;
    return [];
  });
  if (problems.length > 0) throw new UserError(problems);
  return answers;
}

export interface Settled {
  answers: Answers;
  /** One line for each default that was taken, and for each given answer that was not asked for here. */
  announced: string[];
}

/**
 * The answers of a run without a terminal: those given, and with `defaults` the fallbacks of the others, each announced.
 * Every answer passes the step's own check. UserError names all that are missing or will not do, and how to give them.
 */
export function settleAnswers(
  steps: readonly QuickStep[],
  context: StepContext,
  given: Answers,
  { defaults }: { defaults: boolean },
): Settled {
  let answers: Answers = {};
  const announced: string[] = [];
  const problems: Problem[] = [];
  for (const step of steps) {
    const own = given[step.id];
    if (!step.applies(context, answers)) {
      if (own !== undefined)
        announced.push(`${step.title}: "${step.id}" is not asked here, so its answer was left out`);
      continue;
    }
    if (own === undefined && !defaults) {
      problems.push({
        what: `no answer for "${step.id}": ${step.question(context, answers)}`,
        expected: form(step),
        next: `--answer ${step.id}=VALUE, a line "${step.id}: …" in the answers file, or --yes for the default`,
      });
      continue;
    }
    const answer = own ?? step.fallback(context, answers);
    const wrong = step.validate(answer, context, answers);
    if (wrong !== undefined)
      problems.push({
        what: `"${step.id}" will not do: ${wrong}`,
        expected: form(step),
        next: `--answer ${step.id}=VALUE, or a line "${step.id}: …" in the answers file`,
      });
    else if (own === undefined) announced.push(announce(step, answer, context, answers));
    answers = { ...answers, [step.id]: answer };
  }
  if (problems.length > 0) throw new UserError(problems);
  return { answers, announced };
}

/** The one command, quoted for a shell, that repeats a run with these answers. */
export function reproduceCommand(answers: Answers): string {
  return shellLine([
    'agent-posture',
    'init',
    '--yes',
    ...Object.entries(answers).flatMap(([id, answer]) => [
      '--answer',
      `${id}=${typeof answer === 'string' ? answer : asList(answer).join(',')}`,
    ]),
  ]);
}

/** The JSON Schema of the answers file, made from the steps. */
export function answersJsonSchema(steps: readonly QuickStep[]): object {
  const text = (step: QuickStep) => ({ type: 'string', ...(step.values ? { enum: [...step.values] } : {}) });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'agent-posture answers',
    description: 'Answers for agent-posture init --answers FILE.',
    type: 'object',
    properties: {
      version: { type: 'number', const: VERSION },
      ...Object.fromEntries(
        steps.map(step => [
          step.id,
          {
            description: `${step.title}. ${step.why}`,
            ...(step.kind === 'multi' ? { type: 'array', items: text(step), uniqueItems: true } : text(step)),
          },
        ]),
      ),
    },
    required: ['version'],
    additionalProperties: false,
  };
}

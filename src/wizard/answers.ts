import { stringify } from 'yaml';
import { type Problem, UserError } from '../base/errors.ts';
import { readBounded } from '../base/files.ts';
import { didYouMean } from '../base/suggest.ts';
import { list, shellLine } from '../base/text.ts';
import { decodePosture, tooLarge } from '../posture/decode.ts';
import { inFileOrder, readTree, shown } from '../posture/tree.ts';
import { announce, postureProblem } from './edits.ts';
import { problemOf } from './flow.ts';
import { checkAnswer, readAnswer } from './step.ts';
import { withheld } from './steps/credentials.ts';
import { steps as all, stepsOf } from './steps/index.ts';
import type { Answer, Answers, Field, Given, Path, Step, StepContext } from './types.ts';

const VERSION = 1;

/** What an answer to a step looks like, in words. */
function form(step: Step): string {
  switch (step.kind) {
    case 'form':
      return `a mapping: ${step.fields.map(fieldForm).join(', ')}`;
    case 'list':
      return `a list of mappings, [] for none; each with ${step.fields.map(fieldForm).join(', ')}`;
    case 'multi':
    case 'texts': {
      const among = step.values ? `: ${list(step.values)}` : '';
      return `a list${among || (step.kind === 'multi' ? ' of ids' : ' of texts')}, [] for none`;
    }
    default:
      return step.kind === 'select' ? `one${step.values ? `: ${list(step.values, 'or')}` : ''}` : 'text';
  }
}

const fieldForm = ({ id, optional }: Field) => (optional ? `${id}?` : id);

/** The way that answers are of: the quick one where they answer what is asked there alone, or where that is said. */
export function pathOf(answers: Answers, quick: boolean): Path {
  const quickOnly = stepsOf('quick').filter(({ paths }) => !paths.includes('whole'));
  return quick || quickOnly.some(({ id }) => answers[id] !== undefined) ? 'quick' : 'whole';
}

/** An answers file as far as it can be read. */
export interface ReadAnswers {
  answers: Answers;
  /** What of it cannot be read, each with its place. */
  problems: Problem[];
  /** The steps whose answer stands there and cannot be read. */
  unread: ReadonlySet<string>;
}

/**
 * Reads an answers file: `version: 1`, then the ids of steps with their answers. UserError where it is no such file at all;
 * whether the answers will do here is for `settleAnswers` to say, with what could not be read.
 */
export function parseAnswers(text: string, path: string, steps: readonly Step[] = all): ReadAnswers {
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
  const unread = new Set<string>();
  const known = ['version', ...steps.map(({ id }) => id)];
  for (const [id, value] of Object.entries(given)) {
    const step = steps.find(one => one.id === id);
    if (step) {
      const answer = readAnswer(step, value);
      if (answer === undefined) problems.push(...misread(step, value, locate));
      // With what can be read of it, the rest is judged at once.
      const some = answer ?? readAnswer(step, knownOf(step, value));
      if (some === undefined) unread.add(id);
      else answers[id] = some;
    } else if (id !== 'version')
      problems.push({
        what: `unknown step ${shown(id)}${didYouMean(id, known)}`,
        where: locate([id], 'key'),
        expected: `one of ${list(known, 'or')}`,
      });
  }
  return { answers, problems: inFileOrder(problems), unread };
}

/** An answer without the keys that no field has. */
function knownOf(step: Step, value: unknown): unknown {
  if (step.kind !== 'form' && step.kind !== 'list') return value;
  if (Array.isArray(value)) return value.map(entry => (Array.isArray(entry) ? entry : knownOf(step, entry)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => step.fields.some(({ id }) => id === key)));
}

/** What of an answer cannot be read, as near to it as can be told. */
function misread(step: Step, value: unknown, locate: ReturnType<typeof readTree>['locate']): Problem[] {
  const whole = { what: `"${step.id}" is ${shown(value)}`, where: locate([step.id]), expected: form(step) };
  if (step.kind !== 'form' && step.kind !== 'list') return [whole];
  const found: Problem[] = [];
  const entries =
    step.kind === 'list' ? (Array.isArray(value) ? [...value.entries()] : []) : [[undefined, value] as const];
  for (const [index, entry] of entries) {
    const place = index === undefined ? [step.id] : [step.id, index];
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      if (index !== undefined)
        found.push({
          what: `${shown(entry)} is no ${step.kind === 'list' ? step.noun : 'mapping'}`,
          where: locate(place),
          expected: form(step),
        });
      continue;
    }
    const ids = step.fields.map(({ id }) => id);
    for (const [id, one] of Object.entries(entry)) {
      const field = step.fields.find(known => known.id === id);
      if (!field)
        found.push({
          what: `unknown key ${shown(id)} in "${step.id}"${didYouMean(id, ids)}`,
          where: locate([...place, id], 'key'),
          expected: `one of ${list(ids, 'or')}`,
        });
      else if (readAnswer({ ...step, kind: 'form', fields: [field] } as Step, { [id]: one }) === undefined)
        found.push({
          what: `"${id}" is ${shown(one)}`,
          where: locate([...place, id]),
          expected: field.kind === 'multi' || field.kind === 'texts' ? 'a list of texts' : 'a text or a number',
        });
    }
  }
  return found.length > 0 ? found : [whole];
}

/** Reads an answers file from the disk (bounded, a regular file). UserError where there is no such file. */
export async function loadAnswers(path: string, steps: readonly Step[] = all): Promise<ReadAnswers> {
  const read = await readBounded(path);
  if (!read.ok)
    throw new UserError({
      what: `the answers cannot be read (${read.reason})`,
      where: { path },
      expected: 'a YAML file',
      next: `write one with: version: ${VERSION}, and a line for each of ${list(steps.map(({ id }) => id))}`,
    });
  if (read.truncated) throw tooLarge(path, read.stats.size, 'answers');
  return parseAnswers(decodePosture(read.data, path), path, steps);
}

/**
 * Answers given as `STEP=VALUE` on the command line: several values of one step with commas, lists of entries and forms as
 * in a file, on one line (`owners=[{ path: src/**, owners: ["@alice"] }]`).
 */
export function parseAnswerFlags(flags: readonly string[], steps: readonly Step[] = all): Answers {
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
    if (step.kind === 'list' && value.trim() === '') {
      answers[id] = [];
      return [];
    }
    if (step.kind === 'form' || step.kind === 'list') {
      const { data, problems: found } = readTree(value, `--answer ${id}`);
      if (found.length > 0) return [...found];
      const answer = readAnswer(step, data);
      if (answer === undefined) return misread(step, data, () => ({ path: `--answer ${id}` }));
      answers[id] = answer;
      return [];
    }
    const several = step.kind === 'multi' || step.kind === 'texts';
    answers[id] = several ? value.split(',').filter(Boolean) : value;
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

interface Settling {
  /** Whether defaults are taken for what is not answered. */
  defaults: boolean;
  /** What of the answers could not be read, and of which steps: it is told with what will not do. */
  read?: Pick<ReadAnswers, 'problems' | 'unread'> | undefined;
}

/**
 * The answers of a run without a terminal: those given, and with `defaults` the fallbacks of the others, each announced.
 * Every answer passes the step's own check. UserError names all that are missing or will not do, and how to give them.
 */
export function settleAnswers(
  steps: readonly Step[],
  context: StepContext,
  given: Answers,
  options: Settling,
): Settled {
  const unread = options.read?.problems ?? [];
  const { answers, announced, problems } = settle(steps, context, given, options, checkAnswer);
  const broken = problems.length > 0 ? undefined : postureProblem(steps, answers, context);
  // Answers that hold together need one look; of others each is judged with those before it, to tell which one it is.
  if (problems.length > 0 || broken !== undefined) {
    const each = settle(steps, context, given, options, (...about) => problemOf(steps, ...about));
    const found = each.problems.length > 0 ? each.problems : [{ what: broken ?? 'these answers do not hold' }];
    throw new UserError([...unread, ...found]);
  }
  if (unread.length > 0) throw new UserError(unread);
  const kept = withheld(context);
  if (kept !== undefined && steps.some(({ paths }) => !paths.includes('quick'))) announced.push(kept);
  return { answers, announced };
}

type Judge = (step: Step, answer: Answer, context: StepContext, answers: Answers) => string | undefined;

function settle(
  steps: readonly Step[],
  context: StepContext,
  given: Answers,
  { defaults, read }: Settling,
  judge: Judge,
): Settled & { problems: Problem[] } {
  let answers: Answers = {};
  const announced: string[] = [];
  const problems: Problem[] = [];
  for (const step of steps) {
    const own = given[step.id];
    if (!step.applies(context, answers)) {
      if (own !== undefined) notAsked(step, context, announced, problems);
      continue;
    }
    if (own === undefined && read?.unread.has(step.id)) {
      answers = { ...answers, [step.id]: step.fallback(context, answers) };
      continue;
    }
    if (own === undefined && !defaults && !step.mayBeLeftOut?.(answers)) {
      problems.push({
        what: `no answer for "${step.id}": ${step.question(context, answers)}`,
        expected: form(step),
        next: `--answer ${step.id}=VALUE, a line "${step.id}: …" in the answers file, or --yes for the default`,
      });
      continue;
    }
    const answer = own ?? step.fallback(context, answers);
    const wrong = judge(step, answer, context, answers);
    if (wrong !== undefined)
      problems.push({
        what: `"${step.id}" will not do: ${wrong}`,
        expected: form(step),
        next: `--answer ${step.id}=VALUE, or a line "${step.id}: …" in the answers file`,
      });
    else if (own === undefined) announced.push(announce(step, answer, context, answers));
    // What will not do is told once: no later answer is blamed for it.
    answers = { ...answers, [step.id]: wrong === undefined ? answer : step.fallback(context, answers) };
  }
  for (const id of Object.keys(given)) {
    const step = all.find(one => one.id === id);
    if (step && !steps.includes(step)) problems.push(elsewhere(step));
  }
  return { answers, announced, problems };
}

function notAsked({ id, title }: Step, { facts }: StepContext, announced: string[], problems: Problem[]): void {
  if (facts.insideAgent !== undefined && (id === 'credentials' || id === 'managers'))
    problems.push({
      what: `"${id}" is not answered inside a session of ${facts.insideAgent}: whoever asks may be the agent`,
      next: 'run init in a terminal of your own',
    });
  else announced.push(`${title}: "${id}" is not asked here, so its answer was left out`);
}

/** An answer to a question of the other way: never left out in silence. */
function elsewhere({ id, paths }: Step): Problem {
  return paths.includes('quick')
    ? {
        what: `"${id}" is asked on the quick path alone`,
        expected: '"systems" in its place, or --quick and none of the answers that only the whole has',
      }
    : {
        what: `"${id}" is not asked on the quick path`,
        expected: 'no --quick, and "systems" in place of "never-touch" and "address"',
      };
}

/** The one command, quoted for a shell, that repeats a run with these answers. `file`: where they are kept, if they are. */
export function reproduceCommand({ path, answers }: Given, file?: string): string {
  const command = ['agent-posture', 'init'];
  if (path === 'whole' && file !== undefined) return shellLine([...command, '--answers', file]);
  return shellLine([
    ...command,
    '--yes',
    ...(path === 'quick' ? ['--quick'] : []),
    ...Object.entries(answers).flatMap(([id, answer]) => ['--answer', `${id}=${inline(answer)}`]),
  ]);
}

function inline(answer: Answer): string {
  if (typeof answer === 'string') return answer;
  return Array.isArray(answer) && answer.every(item => typeof item === 'string') && answer.length > 0
    ? answer.join(',')
    : Array.isArray(answer) && answer.length === 0
      ? ''
      : JSON.stringify(answer);
}

/** The answers as a file for `--answers`. */
export function answersText({ answers }: Given): string {
  const body = stringify({ version: VERSION, ...answers }, { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Answers for: agent-posture init --answers FILE\n${body}`;
}

/** The JSON Schema of the answers file, made from the steps. */
export function answersJsonSchema(steps: readonly Step[] = all): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'agent-posture answers',
    description: 'Answers for agent-posture init --answers FILE.',
    type: 'object',
    properties: {
      version: { type: 'number', const: VERSION },
      ...Object.fromEntries(
        steps.map(step => [step.id, { description: `${step.title}. ${step.why}`, ...answerSchema(step) }]),
      ),
    },
    required: ['version'],
    additionalProperties: false,
  };
}

/** YAML reads a number where a text of digits is meant, and a truth value where yes or no is. */
const SCALAR = { type: ['string', 'number', 'boolean'] };

function answerSchema(step: Step): object {
  switch (step.kind) {
    case 'form':
      return entrySchema(step.fields);
    case 'list':
      return { type: 'array', items: entrySchema(step.fields) };
    default: {
      const text = step.values ? { enum: [...step.values] } : { type: 'string' };
      return step.kind === 'multi' || step.kind === 'texts' ? { type: 'array', items: text, uniqueItems: true } : text;
    }
  }
}

function entrySchema(fields: readonly Field[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(field => {
        const text = field.values ? { enum: [...field.values] } : SCALAR;
        const several = field.kind === 'multi' || field.kind === 'texts';
        return [
          field.id,
          { description: `${field.title}: ${field.hint}`, ...(several ? { type: 'array', items: text } : text) },
        ];
      }),
    ),
    required: fields.filter(({ optional }) => !optional).map(({ id }) => id),
    additionalProperties: false,
  };
}

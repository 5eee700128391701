import { formatPosition } from '../base/errors.ts';
import { list } from '../base/text.ts';
import type { PostureEdit } from '../posture/model.ts';
import { SECRET_ADVICE, secretShape } from '../posture/secrets.ts';
import { unseenCharacter } from '../posture/tree.ts';
import type { Answer, Answers, Choice, Entry, Field, ListStep, Step, StepContext, Suggestion } from './types.ts';

export function asList(answer: Answer | undefined): readonly string[] {
  if (typeof answer === 'string') return answer === '' ? [] : [answer];
  return Array.isArray(answer) ? answer.filter(item => typeof item === 'string') : [];
}

export function asText(answer: Answer | undefined): string {
  return typeof answer === 'string' ? answer : asList(answer).join(', ');
}

export function asEntries(answer: Answer | undefined): readonly Entry[] {
  return Array.isArray(answer) ? answer.filter(item => typeof item !== 'string') : [];
}

export function asEntry(answer: Answer | undefined): Entry {
  return typeof answer === 'object' && !Array.isArray(answer) ? (answer as Entry) : {};
}

/** Several texts on one line, with commas. */
export function splitTexts(text: string): string[] {
  return [...new Set(text.split(',').map(part => part.trim()))].filter(Boolean);
}

/** A field's value as one text. */
export function fieldText(entry: Entry, id: string): string {
  return asText(entry[id]);
}

/** A field's value as several. */
export function fieldTexts(entry: Entry, id: string): string[] {
  const value = entry[id];
  return typeof value === 'string' ? splitTexts(value) : [...(value ?? [])];
}

/** Why a typed text cannot go into a posture, whatever it is for. */
export function unfit(text: string): string | undefined {
  const unseen = unseenCharacter(text);
  if (unseen || /[\r\n\t]/.test(text)) return `this holds ${unseen?.what ?? 'a line break or a tab'}`;
  const shape = secretShape(text);
  return shape && `this looks like ${shape}: ${SECRET_ADVICE}`;
}

export function notAmong(values: readonly string[], choices: readonly Choice[]): string | undefined {
  const unknown = values.find(value => !choices.some(choice => choice.value === value));
  if (unknown === undefined) return undefined;
  const known = choices.map(({ value }) => value).filter(Boolean);
  const among = known.length > 30 ? `the ${known.length} choices` : list(known, 'or');
  return `"${unfit(unknown) ? '...' : unknown}" is none of ${among || 'the choices: there are none here'}`;
}

/** An answer as the step takes it, from what a file or an earlier run says; undefined where it has another form. */
export function readAnswer(step: Step, value: unknown): Answer | undefined {
  switch (step.kind) {
    case 'select':
    case 'text':
      return asScalar(value);
    case 'multi':
    case 'texts':
      return asScalars(value);
    case 'form':
      return readEntry(step.fields, value);
    case 'list': {
      const entries = Array.isArray(value) ? value.map(item => readEntry(step.fields, item)) : [undefined];
      return entries.every(entry => entry !== undefined) ? entries : undefined;
    }
  }
}

/** YAML reads `8h` as text, but `1` as a number and `yes`, where it is old, as true. */
function asScalar(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : undefined;
}

function asScalars(value: unknown): readonly string[] | undefined {
  const items = (Array.isArray(value) ? value : [value]).map(asScalar);
  return items.every(item => item !== undefined) ? items.filter(item => item !== '') : undefined;
}

function readEntry(fields: readonly Field[], value: unknown): Entry | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const pairs: [string, string | readonly string[]][] = [];
  for (const [id, given] of Object.entries(value)) {
    const field = fields.find(one => one.id === id);
    const read = field && (isSeveral(field) ? asScalars(given) : asScalar(given));
    if (read === undefined) return undefined;
    if (read.length > 0) pairs.push([id, read]);
  }
  return Object.fromEntries(pairs);
}

export function isSeveral({ kind }: Field): boolean {
  return kind === 'texts' || kind === 'multi';
}

/** Why one field of an entry will not do; undefined where it does. */
export function checkField(field: Field, entry: Entry, context: StepContext, answers: Answers): string | undefined {
  const values = isSeveral(field) ? fieldTexts(entry, field.id) : [fieldText(entry, field.id).trim()].filter(Boolean);
  if (values.length === 0) return field.optional ? undefined : `${field.title.toLowerCase()} is missing: ${field.hint}`;
  const wrong = values.map(unfit).find(reason => reason !== undefined);
  if (wrong !== undefined) return wrong;
  if (field.kind === 'select' || field.kind === 'multi') {
    const none = notAmong(values, field.choices?.(context, answers, entry) ?? []);
    if (none !== undefined) return none;
  }
  return values.map(value => field.validate?.(value, context, answers, entry)).find(reason => reason !== undefined);
}

/** The first field of an entry that will not do, and why. */
export function checkEntry(
  fields: readonly Field[],
  entry: Entry,
  context: StepContext,
  answers: Answers,
): { field: string; reason: string } | undefined {
  for (const field of fields) {
    const reason = checkField(field, entry, context, answers);
    if (reason !== undefined) return { field: field.id, reason };
  }
  return undefined;
}

/** Why an answer will not do; undefined where it does. */
export function checkAnswer(step: Step, answer: Answer, context: StepContext, answers: Answers): string | undefined {
  switch (step.kind) {
    case 'form':
      return checkEntry(step.fields, asEntry(answer), context, answers)?.reason;
    case 'list': {
      const seen = new Set<string>();
      for (const [index, entry] of asEntries(answer).entries()) {
        const problem = checkEntry(step.fields, entry, context, answers);
        const name = fieldText(entry, step.key) || `${step.noun} ${index + 1}`;
        if (problem) return `${name}: ${problem.reason}`;
        const key = keyOf(step, entry);
        if (seen.has(key)) return `${name} is here twice`;
        seen.add(key);
      }
      return undefined;
    }
    default:
      return step.validate(typeof answer === 'string' ? answer : asList(answer), context, answers);
  }
}

/** What tells an entry from every other one of its list. */
export function keyOf(step: ListStep, entry: Entry): string {
  return (step.together ?? [step.key]).map(id => fieldText(entry, id)).join('\0');
}

/** How an answer changes the posture. */
export function editsOf(step: Step, answer: Answer, context: StepContext, answers: Answers): PostureEdit[] {
  switch (step.kind) {
    case 'form':
      return step.edits(asEntry(answer), context, answers);
    case 'list':
      return step.edits(asEntries(answer), context, answers);
    default:
      return step.edits(typeof answer === 'string' ? answer : asList(answer), context, answers);
  }
}

/** What stands in a question before it is answered. */
export function standing(step: Step, context: StepContext, answers: Answers): Answer {
  return answers[step.id] ?? step.proposal?.(context, answers) ?? step.fallback(context, answers);
}

/**
 * A pure function of context and answers that works once for each pair: with thousands of entries, what each one may choose
 * from would be put together thousands of times.
 */
export function remembered<T>(
  work: (context: StepContext, answers: Answers) => T,
): (context: StepContext, answers: Answers) => T {
  const known = new WeakMap<Answers, { context: StepContext; made: T }>();
  return (context, answers) => {
    const before = known.get(answers);
    if (before?.context === context) return before.made;
    const made = work(context, answers);
    known.set(answers, { context, made });
    return made;
  };
}

/** What is said beside the name of something to choose: its hint, and where it was found; empty where there is neither. */
export function aboutOf({ hint, seen }: Pick<Choice | Suggestion, 'hint' | 'seen'>): string {
  return [hint, seen && `found in ${formatPosition(seen)}`].filter(Boolean).join('; ');
}

/** An answer in words, as parts of a list. */
export function partsOf(step: Step, answer: Answer, context: StepContext, answers: Answers): string[] {
  switch (step.kind) {
    case 'form': {
      const entry = asEntry(answer);
      return step.fields.flatMap(field => {
        const text = fieldText(entry, field.id);
        return text === '' ? [] : [`${field.title.toLowerCase()} ${text}`];
      });
    }
    case 'list':
      return asEntries(answer).map(entry => step.describe(entry, context, answers).label);
    default: {
      const labels = new Map(step.choices(context, answers).map(choice => [choice.value, choice.label]));
      return asList(answer).map(value => labels.get(value) ?? value);
    }
  }
}

/** A name as part of an id, a path or a host: lower case, with hyphens, at most `most` characters; empty where nothing is left. */
export function slug(text: string, most: number): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, most);
}

import type { Facts, Seen } from '../discover/facts.ts';
import type { Applied, Plan } from '../generate/types.ts';
import type { PostureEdit } from '../posture/model.ts';
import type { Overlay, Posture } from '../posture/schema.ts';
import type { Report, SelftestEvent } from '../selftest/types.ts';

/** The few questions that close most, or all there are. */
export type Path = 'quick' | 'whole';

/** One entry of a list, or a form: a text for each field, and a list of texts for a field that takes several. */
export type Entry = Readonly<Record<string, string | readonly string[]>>;
export type Answer = string | readonly string[] | Entry | readonly Entry[];
export type Answers = Readonly<Record<string, Answer>>;

/** What a step is asked about: facts, and the posture file as it is before the wizard, without its private part (a fresh one on the first run). */
export interface StepContext {
  facts: Facts;
  posture: Posture;
  /** Whether the posture came from here before: then what it leaves out is left out on purpose, and no default adds it. */
  existing?: boolean | undefined;
  /** The private part of the posture. */
  overlay?: Overlay | undefined;
  /** What the first try reached, which somebody may want to take on. */
  reached?: readonly { safeguard: string; target: string }[] | undefined;
}

export interface Choice {
  value: string;
  label: string;
  /** A second, quieter part: what it means, or what it leaves open. */
  hint?: string | undefined;
  /** Where the default was seen. */
  seen?: Seen | undefined;
}

/** One part of an entry or of a form. */
export interface Field {
  id: string;
  title: string;
  /** `texts`: several, with commas. */
  kind: 'text' | 'texts' | 'select' | 'multi';
  /** What is meant, or an example: shown while it is filled in. */
  hint: string;
  /** May be left empty. */
  optional?: boolean;
  /** Asked for in turn where an entry is new, though it may be left empty. */
  asked?: boolean;
  /** All that is ever possible, for the schema of the answers file; undefined where the repository decides. */
  values?: readonly string[];
  /** What there is to choose from; of a text, what is offered. */
  choices?(context: StepContext, answers: Answers, entry: Entry): Choice[];
  /** The reason why a text will not do, or undefined: of several each is asked for, an empty one never. */
  validate?(value: string, context: StepContext, answers: Answers, entry: Entry): string | undefined;
}

/** Entries that were found and are not taken yet. */
export interface Suggestion {
  entry: Entry;
  /** What was found is not all that is to be said: taken, it asks for the rest. */
  asks?: boolean | undefined;
  label: string;
  hint?: string | undefined;
  seen?: Seen | undefined;
}

interface StepBase<A extends Answer> {
  id: string;
  title: string;
  /** The ways through the wizard that it stands on. */
  paths: readonly Path[];
  question(context: StepContext, answers: Answers): string;
  /** What has to be known before it is answered, in one line under it: what is a guess, or has no effect yet. */
  remark?(context: StepContext, answers: Answers): string | undefined;
  /** Why it is asked, and what this version does with the answer: what `?` shows. */
  why: string;
  /** The article's own words for it, shown with it; undefined where the question is ours. */
  quote?: string;
  /** What is taken where nobody answers. With a posture there, what that says. */
  fallback(context: StepContext, answers: Answers): A;
  /** What stands in the question before it is answered, where that is more than the fallback. */
  proposal?(context: StepContext, answers: Answers): A;
  /** Whether it is asked at all. */
  applies(context: StepContext, answers: Answers): boolean;
  /** Whether an answers file may leave it out, as one that was written before it was asked does: its default is taken and announced. */
  mayBeLeftOut?(answers: Answers): boolean;
  /** Steps whose change makes this one's answer void. */
  dependsOn: readonly string[];
}

/** A question with one answer, several, a text, or several texts. */
export interface PlainStep extends StepBase<string | readonly string[]> {
  kind: 'select' | 'multi' | 'text' | 'texts';
  /** All answers that are ever possible, for the schema of the answers file; undefined where the repository decides. */
  values?: readonly string[];
  choices(context: StepContext, answers: Answers): Choice[];
  /** The reason why an answer will not do, or undefined. */
  validate(answer: string | readonly string[], context: StepContext, answers: Answers): string | undefined;
  /** How the answer changes the posture. */
  edits(answer: string | readonly string[], context: StepContext, answers: Answers): PostureEdit[];
  /** What of the answer goes into the private part of the posture: that part whole, as it is to be. */
  overlay?(answer: string | readonly string[], context: StepContext, answers: Answers): Overlay | undefined;
}

/** Several values that belong together. */
export interface FormStep extends StepBase<Entry> {
  kind: 'form';
  fields: readonly Field[];
  edits(answer: Entry, context: StepContext, answers: Answers): PostureEdit[];
}

/** Entries that can be added, changed and removed. */
export interface ListStep extends StepBase<readonly Entry[]> {
  kind: 'list';
  fields: readonly Field[];
  /** What one entry is called: `system`. */
  noun: string;
  /** What several are called, where an s at its end does not say it. */
  nouns?: string;
  /** The field that tells entries apart. */
  key: string;
  /** The fields that do so together, where one is not enough. */
  together?: readonly string[];
  /** An entry in one line: its name, and what is said beside it. */
  describe(entry: Entry, context: StepContext, answers: Answers): { label: string; hint?: string | undefined };
  suggestions?(context: StepContext, answers: Answers): Suggestion[];
  /** What a new entry starts from. */
  blank?(context: StepContext, answers: Answers): Entry;
  edits(answer: readonly Entry[], context: StepContext, answers: Answers): PostureEdit[];
}

/** One question, as data: the screens, `--yes`, `--answers` and the printed command are all made from it. */
export type Step = PlainStep | FormStep | ListStep;

/** Hands the terminal over for as long as `work` runs: for a question that is not one of the screens. */
export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

/** Answers, and the way on which they were given. */
export interface Given {
  path: Path;
  answers: Answers;
}

/** A run that is not at its end: its answers, the question that was open, and lists and forms that will not do yet. */
export interface Begun extends Given {
  at?: string | undefined;
  unfinished?: Answers | undefined;
}

/** What `init` does, for a screen or without one. Built in src/cli from the features. */
export interface InitEngine {
  context: StepContext;
  /** The questions of a path, in their order. */
  stepsOf(path: Path): readonly Step[];
  /** Answers of a run that was left, with their age; undefined without one. */
  resumed: (Begun & { savedAt: Date }) | undefined;
  /** The read-only try before anything is asked. */
  firstTry(onEvent: (event: SelftestEvent) => void, signal: AbortSignal): Promise<Report>;
  remember(begun: Begun): Promise<void>;
  /** The posture's new text, and the files: one plan. */
  plan(given: Given): Promise<Plan>;
  /** What an output of the plan does for the user, in one line; undefined for what speaks for itself. */
  titleOf?(output: string): string | undefined;
  /** The plan without what these outputs would write. */
  leaveOut(plan: Plan, skipped: ReadonlySet<string>): Plan;
  apply(plan: Plan, given: Given): Promise<Applied>;
  /** The same try with the posture in force. */
  secondTry(onEvent: (event: SelftestEvent) => void, signal: AbortSignal, aside?: Aside): Promise<Report>;
  /** The one command that repeats this run. */
  reproduce(given: Given): string;
  /** What to declare next, in one line; undefined where nothing was found that is not declared. */
  next?(): Promise<string | undefined>;
}
